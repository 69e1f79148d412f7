//! The scalars that kernels compute in, and their constants.

use super::{Simd, Vector};
use sealed::Lanes;

/// A type the kernels compute in: `f32` or `f64`.
pub trait Float: Copy + PartialOrd + Send + Sync + Into<f64> + std::fmt::Debug + Lanes + 'static {
    /// The number of virtual lanes: sums of many classes are spread over so many, and rows are
    /// handled in multiples of it. A vector has as many lanes, or half as many.
    const LANES: usize;
    /// The quiet NaN that marks an invalid row.
    const NAN: Self;
    /// Zero.
    const ZERO: Self;
    /// The distance from 1 to the next number.
    const EPSILON: Self;
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
}

pub mod sealed {
    use super::{Simd, Vector};

    /// The vector type of a scalar at a level, and the constants of the methods of [`Vector`] that
    /// take numbers apart.
    pub trait Lanes: Sized + crate::math::Coefficients {
        type Vector<S: Simd>: Vector<Scalar = Self, Simd = S>;
        /// All bits of the mantissa set, and no other.
        const MANTISSA: Self;
        /// The least mantissa that a split gives: about the square root of one half.
        const SPLIT_LEAST: Self;
        /// What [`Vector::line_down`] makes of 1.
        const LINE_OF_ONE: u32;
    }
}

/// A constant, repeated: an instruction of AVX2 takes an operand from memory, but does not spread
/// one number over its lanes.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Spread<T>([T; 8]);

impl<T: Copy> Spread<T> {
    /// The constants, each repeated.
    pub const fn all<const N: usize>(constants: [T; N]) -> [Spread<T>; N] {
        let mut spread = [Spread([constants[0]; 8]); N];
        let mut i = 0;
        while i < N {
            spread[i] = Spread([constants[i]; 8]);
            i += 1;
        }
        spread
    }

    /// The number.
    #[inline(always)]
    pub(super) fn number(&self) -> T {
        self.0[0]
    }
}

impl Float for f32 {
    const LANES: usize = 16;
    const NAN: Self = f32::NAN;
    const ZERO: Self = 0.0;
    const EPSILON: Self = f32::EPSILON;
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Lanes for f32 {
    type Vector<S: Simd> = S::F32;
    const MANTISSA: Self = f32::from_bits(0x007f_ffff);
    const SPLIT_LEAST: Self = f32::from_bits(0x3f35_04f3);
    const LINE_OF_ONE: u32 = 0x3f80_0000;
}

impl Float for f64 {
    const LANES: usize = 8;
    const NAN: Self = f64::NAN;
    const ZERO: Self = 0.0;
    const EPSILON: Self = f64::EPSILON;
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl Lanes for f64 {
    type Vector<S: Simd> = S::F64;
    const MANTISSA: Self = f64::from_bits(0x000f_ffff_ffff_ffff);
    const SPLIT_LEAST: Self = f64::from_bits(0x3fe6_a09e_667f_3bcd);
    const LINE_OF_ONE: u32 = 0x3ff0_0000;
}
