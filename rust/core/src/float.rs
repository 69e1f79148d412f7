//! The number types: what a matrix may hold, and what the kernels compute in.

#![allow(unsafe_code)]

pub use crate::simd::Float;
use crate::simd::{Half, Vector};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// A type a matrix may hold. Half precision is widened exactly and computed in `f32`.
pub trait Element: Copy + Send + Sync + 'static {
    /// What rows of this type are computed in.
    type Compute: Float + Element<Compute = Self::Compute>;
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
    /// Whether numbers are widened when they are loaded.
    const WIDENED: bool;
    /// How many columns of adjacent rows are loaded together.
    const COLUMNS: usize;
    /// [`Element::COLUMNS`] columns of as many rows as a vector has lanes, `stride` apart, widened;
    /// then zeros.
    ///
    /// # Safety
    /// So many numbers must be readable at the start of each of the rows.
    unsafe fn load_columns<V: Vector<Scalar = Self::Compute>>(
        simd: V::Simd,
        from: *const Self,
        stride: usize,
    ) -> [V; 8];
    /// A vector of adjacent numbers, widened.
    ///
    /// # Safety
    /// As many as it has lanes must be readable at `from`.
    unsafe fn load<V: Vector<Scalar = Self::Compute>>(simd: V::Simd, from: *const Self) -> V;
    /// Two vectors of adjacent numbers, widened, in any order.
    ///
    /// # Safety
    /// Twice as many as one has lanes must be readable at `from`.
    unsafe fn load_both<V: Vector<Scalar = Self::Compute>>(simd: V::Simd, from: *const Self) -> [V; 2];
    /// The first `count` lanes from adjacent numbers, `fill` in the others.
    ///
    /// # Safety
    /// As many numbers as there are lanes must be readable before `from + count`; no other is read.
    unsafe fn load_first<V: Vector<Scalar = Self::Compute>>(from: *const Self, count: usize, fill: V) -> V;
}

macro_rules! as_they_are {
    ($compute:ty) => {
        const WIDENED: bool = false;
        const COLUMNS: usize = 4;
        #[inline(always)]
        unsafe fn load_columns<V: Vector<Scalar = $compute>>(
            simd: V::Simd,
            from: *const Self,
            stride: usize,
        ) -> [V; 8] {
            // SAFETY: the caller's promise.
            let [a, b, c, d] = unsafe { V::load_columns(simd, from, stride) };
            let none = V::splat(simd, 0.0);
            [a, b, c, d, none, none, none, none]
        }
        #[inline(always)]
        unsafe fn load<V: Vector<Scalar = $compute>>(simd: V::Simd, from: *const Self) -> V {
            // SAFETY: the caller's promise.
            unsafe { V::load(simd, from) }
        }
        #[inline(always)]
        unsafe fn load_both<V: Vector<Scalar = $compute>>(simd: V::Simd, from: *const Self) -> [V; 2] {
            // SAFETY: the caller's promise.
            unsafe { [V::load(simd, from), V::load(simd, from.add(V::LANES))] }
        }
        #[inline(always)]
        unsafe fn load_first<V: Vector<Scalar = $compute>>(from: *const Self, count: usize, fill: V) -> V {
            // SAFETY: the caller's promise.
            unsafe { V::load_first(from, count, fill) }
        }
    };
}

macro_rules! widened {
    ($compute:ty) => {
        const WIDENED: bool = true;
        const COLUMNS: usize = 8;
        #[inline(always)]
        unsafe fn load_columns<V: Vector<Scalar = $compute>>(
            simd: V::Simd,
            from: *const Self,
            stride: usize,
        ) -> [V; 8] {
            // SAFETY: the caller's promise.
            unsafe { V::load_half_columns(simd, from, stride) }
        }
        #[inline(always)]
        unsafe fn load<V: Vector<Scalar = $compute>>(simd: V::Simd, from: *const Self) -> V {
            // SAFETY: the caller's promise.
            unsafe { V::load_half(simd, from) }
        }
        #[inline(always)]
        unsafe fn load_both<V: Vector<Scalar = $compute>>(simd: V::Simd, from: *const Self) -> [V; 2] {
            // SAFETY: the caller's promise.
            unsafe { V::load_halves(simd, from) }
        }
        #[inline(always)]
        unsafe fn load_first<V: Vector<Scalar = $compute>>(from: *const Self, count: usize, fill: V) -> V {
            // SAFETY: the caller's promise.
            unsafe { V::load_first_half(from, count, fill) }
        }
    };
}

macro_rules! element {
    ($type:ty, $compute:ty, $tolerance:literal, $widen:expr, $widen_all:expr, $same:expr, $loads:ident) => {
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
                if !Self::WIDENED {
                    from.iter().zip(to).for_each(|(x, to)| *to = x.widen().into());
                    return;
                }
                // By way of a buffer that stays in cache, so that each dtype is widened by its own
                // fast loop.
                let mut buffer = [<$compute>::ZERO; 64];
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
            $loads! { $compute }
        }
    };
}

fn one_by_one<E: Element>(from: &[E], to: &mut [E::Compute]) {
    from.iter().zip(to).for_each(|(&from, to)| *to = from.widen());
}

element!(f64, f64, 1e-4, |x| x, |from, to: &mut [f64]| to.copy_from_slice(from), Some, as_they_are);
element!(f32, f32, 1e-3, |x| x, |from, to: &mut [f32]| to.copy_from_slice(from), Some, as_they_are);
element!(
    f16,
    f32,
    1e-2,
    Half::widened,
    |from: &[f16], to: &mut [f32]| from.convert_to_f32_slice(to),
    |_| None,
    widened
);
element!(bf16, f32, 3e-2, Half::widened, one_by_one, |_| None, widened);
