//! The number types: what a matrix may hold, and what the kernels compute in.

pub use crate::simd::Float;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// A type a matrix may hold. Half precision is widened exactly and computed in `f32`.
pub trait Element: Copy + Send + Sync + 'static {
    /// What rows of this type are computed in.
    type Compute: crate::simd::Float;
    /// How far from 1 a row of probabilities may sum before it counts as invalid.
    const SUM_TOLERANCE: f64;
    /// The same number in the type computed in.
    fn widen(self) -> Self::Compute;
    /// [`Element::widen`] for adjacent numbers.
    fn widen_all(from: &[Self], to: &mut [Self::Compute]);
    /// Adjacent numbers in `f64`, exactly.
    fn widen_to_f64(from: &[Self], to: &mut [f64]);
    /// The storage as the compute type itself, when they are one and the same.
    fn as_compute(pointer: *const Self) -> Option<*const Self::Compute>;
}

macro_rules! element {
    ($type:ty, $compute:ty, $tolerance:literal, $widen:expr, $widen_all:expr, $same:expr) => {
        impl Element for $type {
            type Compute = $compute;
            const SUM_TOLERANCE: f64 = $tolerance;
            #[inline(always)]
            fn widen(self) -> $compute {
                $widen(self)
            }
            #[inline(always)]
            fn widen_all(from: &[$type], to: &mut [$compute]) {
                $widen_all(from, to)
            }
            #[inline(always)]
            fn widen_to_f64(from: &[$type], to: &mut [f64]) {
                // By way of a buffer that stays in cache, so that each dtype is widened by its own
                // fast loop.
                let mut buffer = [<$compute as crate::simd::Float>::ZERO; 64];
                for (from, to) in from.chunks(64).zip(to.chunks_mut(64)) {
                    let buffer = &mut buffer[..from.len()];
                    Self::widen_all(from, buffer);
                    for (&wide, to) in buffer.iter().zip(to) {
                        *to = wide.into();
                    }
                }
            }
            #[inline(always)]
            fn as_compute(pointer: *const Self) -> Option<*const $compute> {
                $same(pointer)
            }
        }
    };
}

fn one_by_one<E: Element>(from: &[E], to: &mut [E::Compute]) {
    from.iter().zip(to).for_each(|(&from, to)| *to = from.widen());
}

element!(f64, f64, 1e-4, |x| x, |from, to: &mut [f64]| to.copy_from_slice(from), Some);
element!(f32, f32, 1e-3, |x| x, |from, to: &mut [f32]| to.copy_from_slice(from), Some);
element!(f16, f32, 1e-2, f16::to_f32, |from: &[f16], to: &mut [f32]| from.convert_to_f32_slice(to), |_| None);
// A shift, and not `to_f32`: that one quiets NaN in a branch, which keeps the loop from
// vectorising.
element!(bf16, f32, 3e-2, |x: bf16| f32::from_bits(u32::from(x.to_bits()) << 16), one_by_one, |_| None);
