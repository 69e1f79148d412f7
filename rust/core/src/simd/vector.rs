//! What a vector can do, whatever the level.

use super::Simd;

/// A type the kernels compute in: `f32` or `f64`.
pub trait Float: Copy + PartialOrd + Send + Sync + Into<f64> + std::fmt::Debug + sealed::Lanes + 'static {
    /// Virtual lanes: the number that sums of many classes are spread over, and rows are handled in multiples of. A vector of the
    /// level has as many or half as many.
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

    /// The vector type of a scalar at a level.
    pub trait Lanes: Sized + crate::math::Coefficients {
        type Vector<S: Simd>: Vector<Scalar = Self, Simd = S>;
    }
}

/// A constant as an instruction can take it from memory at a level that does not spread a single number over the lanes.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Spread<T>([T; 8]);

impl<T: Copy> Spread<T> {
    /// Some constants.
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

impl sealed::Lanes for f32 {
    type Vector<S: Simd> = S::F32;
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

impl sealed::Lanes for f64 {
    type Vector<S: Simd> = S::F64;
}

/// A virtual vector. Methods that read or write memory are unsafe, all others are plain lane-wise arithmetic.
pub trait Vector: Copy + 'static {
    /// The type of a lane.
    type Scalar: Float;
    /// The token of its level.
    type Simd: Simd;
    /// One truth value a lane.
    type Mask: Copy;
    /// Lanes: [`Float::LANES`], or half of them.
    const LANES: usize;

    /// The token of the level, which any vector proves.
    fn simd(self) -> Self::Simd;

    /// The same value in every lane.
    fn splat(simd: Self::Simd, value: Self::Scalar) -> Self;

    /// A vector like this one with the same number in every lane, rounded to the type of a lane.
    #[inline(always)]
    fn full_like(self, number: impl Into<f64>) -> Self {
        Self::splat(self.simd(), Self::Scalar::from_f64(number.into()))
    }

    /// All lanes, from a slice of as many.
    #[inline(always)]
    fn from_slice(simd: Self::Simd, lanes: &[Self::Scalar]) -> Self {
        assert!(lanes.len() == Self::LANES);
        // SAFETY: as many as there are lanes.
        unsafe { Self::load(simd, lanes.as_ptr()) }
    }

    /// Writes all lanes to a slice of as many.
    #[inline(always)]
    fn to_slice(self, lanes: &mut [Self::Scalar]) {
        assert!(lanes.len() == Self::LANES);
        // SAFETY: as many as there are lanes.
        unsafe { self.store(lanes.as_mut_ptr()) }
    }

    /// # Safety
    /// All lanes must be readable at `from`.
    unsafe fn load(simd: Self::Simd, from: *const Self::Scalar) -> Self;

    /// The first `count` lanes from memory, `fill` in the others.
    ///
    /// # Safety
    /// `count` values must be readable at `from`; no more is read.
    unsafe fn load_first(from: *const Self::Scalar, count: usize, fill: Self) -> Self;

    /// Four columns of a block with one row per lane: lane `r` of column `j` is `from[r * stride + j]`.
    ///
    /// # Safety
    /// Four values must be readable at the start of each of the rows.
    unsafe fn load_columns(simd: Self::Simd, from: *const Self::Scalar, stride: usize) -> [Self; 4];

    /// The two columns of a block whose rows are two values wide and adjacent.
    ///
    /// # Safety
    /// `2 * LANES` values must be readable at `from`.
    unsafe fn load_pairs(simd: Self::Simd, from: *const Self::Scalar) -> [Self; 2];

    /// The lanes to be merged at a step of the tree that sums over lanes end in, of two vectors in one: at each step a row has half as many lanes, and
    /// twice as many rows share a vector. With as many lanes as [`Float::LANES`] the first step takes lane `l` and the one half of the lanes after it;
    /// all other steps take neighbours, whose order in the vectors is the level's own, but that after the last one lane `r` is row `r`.
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2];

    /// Where a row of a group is to stand, so that [`Vector::pair`] takes places `2 i` and `2 i + 1` to `i` at each step.
    #[inline(always)]
    fn pair_place(row: usize) -> usize {
        row
    }

    /// # Safety
    /// All lanes must be writable at `to`.
    unsafe fn store(self, to: *mut Self::Scalar);

    /// Store past the caches, for output that will not be read again soon.
    ///
    /// # Safety
    /// All lanes must be writable at `to`, which must be aligned to the size of the vector; [`fence`](super::fence) must follow before another thread reads.
    unsafe fn stream(self, to: *mut Self::Scalar);

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `if self < other { self } else { other }`: a NaN in `self` yields `other`.
    fn min(self, other: Self) -> Self;
    /// `if self > other { self } else { other }`: a NaN in `self` yields `other`.
    fn max(self, other: Self) -> Self;

    /// The bits set in either.
    fn or(self, other: Self) -> Self;
    /// The sign bits, that of lane `i` as bit `i`.
    fn signs(self) -> u32;

    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;

    fn lt(self, other: Self) -> Self::Mask;
    fn le(self, other: Self) -> Self::Mask;
    fn eq(self, other: Self) -> Self::Mask;
    fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn all(mask: Self::Mask) -> bool;
    /// Lanes of `yes` where the mask holds, of `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Zero where the mask holds, `self` elsewhere.
    fn zero_where(self, mask: Self::Mask) -> Self;

    /// The polynomial in `self` with these coefficients, the constant first: `c[0] + self (c[1] + self (...))`, each step a [`Vector::mul_add`].
    #[inline(always)]
    fn polynomial(self, coefficients: &'static [Spread<Self::Scalar>]) -> Self {
        let (last, rest) = coefficients.split_last().expect("a polynomial has a coefficient");
        let mut sum = Self::splat(self.simd(), last.number());
        for coefficient in rest.iter().rev() {
            sum = sum.mul_add(self, Self::splat(self.simd(), coefficient.number()));
        }
        sum
    }

    /// Exponent `e` and mantissa `m` with `self = m 2^e` and `m` in `[low, 2 low)`, `low` a constant near
    /// the square root of one half. Defined for positive normal numbers; finite for zero and subnormal ones.
    fn split(self) -> (Self, Self);

    /// For `self = (1 + f) 2^e`, `0 <= f < 1`, what a logarithm to base 2 of limited relative accuracy starts from: of `f32` `e + f`, rounded, in
    /// units of 2^-23, as one conversion to floating point gives it, and of `f64`, which has no such conversion at every level, `e`; and
    /// `1 + f`. Defined for positive normal numbers; finite for zero and subnormal ones.
    fn octave(self) -> [Self; 2];

    /// `2^n` for `self = n + `[`Coefficients::ROUNDER`](crate::math::Coefficients::ROUNDER), `n` a whole number of a normal power.
    fn power_of_two(self) -> Self;

    /// About `2^x` for `self =` [`OVER_EXP_ONE`](crate::math::Coefficients::OVER_EXP_ONE) ` + x 2^14` (`f32`) or `x 2^20` (`f64`), with `2^x` a normal number:
    /// the bits of `x` at the place of exponent and mantissa.
    fn line_to_power(self) -> Self;

    /// The other way, rounded: for `self = (1 + f) 2^e` the number `e + f`, which is at most the logarithm to base 2, in units of 2^-23 (`f32`) or, rounded down,
    /// 2^-20 (`f64`). Defined for normal numbers from 0 on; finite for zero and subnormal ones.
    fn power_to_line(self) -> Self;
}
