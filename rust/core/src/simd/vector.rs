//! What a vector can do, whatever the level; the scalars in its lanes, and the kernels over it.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::Half;
use crate::coefficients::{Coefficients, Spread};
use sealed::Lanes;
use std::ops::Neg;

/// A computation that [`Level::run`](super::Level::run) enters once per block of rows.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// The computation. It must be `#[inline(always)]`, and so must all it calls that touches
    /// vectors.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The token of a level, which proves that the CPU has it: [`Level::run`](super::Level::run) alone
/// makes one. It has no size, so it costs nothing to pass on or to keep.
pub trait Simd: Copy + 'static {
    /// Vectors of 16 or 8 lanes.
    type F32: Vector<Scalar = f32, Simd = Self>;
    /// Vectors of 8 or 4 lanes.
    type F64: Vector<Scalar = f64, Simd = Self>;
    /// Whether its vectors are quick to load from half precision. Kernels that would are not
    /// compiled for other levels: see [`Level::widens`](super::Level::widens).
    const WIDENS: bool = false;
    /// Whether rows in adjacent columns, and rows of two classes, have kernels of their own. Where
    /// they have none, the former are copied and the latter read like any others: see
    /// [`Level::every_layout`](super::Level::every_layout).
    const EVERY_LAYOUT: bool = true;

    /// Run a kernel that is compiled apart, once for all who call it: for what takes far longer
    /// than a call and is needed at many places.
    fn call<K: Kernel>(self, kernel: K) -> K::Output;
}

/// A vector of some level. Methods that read or write memory are unsafe, all others are plain
/// lane-wise arithmetic.
pub trait Vector: Copy + 'static {
    /// The type of a lane.
    type Scalar: Float;
    /// The token of its level.
    type Simd: Simd;
    /// A truth value for each lane.
    type Mask: Copy;
    /// The number of lanes: [`Float::LANES`], or half as many.
    const LANES: usize;
    /// Whether shifts keep the sign, and whole numbers may be negative; `f64` of most levels can't.
    const SIGNED: bool = size_of::<Self::Scalar>() == 4;

    /// Whether it takes so many registers that two at a time are too many for a loop.
    const LARGE: bool = false;

    /// The token of its level, which a vector proves as well as the token it was made with.
    fn simd(self) -> Self::Simd;

    /// The same value in every lane.
    fn splat(simd: Self::Simd, value: Self::Scalar) -> Self;

    /// A vector of the same kind with a number, rounded to the type of a lane, in every lane.
    #[inline(always)]
    fn full_like(self, number: impl Into<f64>) -> Self {
        Self::splat(self.simd(), Self::Scalar::from_f64(number.into()))
    }

    /// All lanes, from a slice of as many.
    #[inline(always)]
    fn from_slice(simd: Self::Simd, lanes: &[Self::Scalar]) -> Self {
        assert!(lanes.len() == Self::LANES);
        // SAFETY: as many as there are lanes [a vector from too few lanes].
        unsafe { Self::load(simd, lanes.as_ptr()) }
    }

    /// Write all lanes to a slice of as many.
    #[inline(always)]
    fn to_slice(self, lanes: &mut [Self::Scalar]) {
        assert!(lanes.len() == Self::LANES);
        // SAFETY: as many as there are lanes [a vector to too few lanes].
        unsafe { self.store(lanes.as_mut_ptr()) }
    }

    /// All lanes, from memory.
    ///
    /// # Safety
    /// All lanes must be readable at `from`.
    unsafe fn load(simd: Self::Simd, from: *const Self::Scalar) -> Self;

    /// The first `count` lanes from memory, `fill` in the others.
    ///
    /// # Safety
    /// `count` values must be readable at `from`; no more is read.
    unsafe fn load_first(from: *const Self::Scalar, count: usize, fill: Self) -> Self;

    /// All lanes, from numbers of half precision.
    ///
    /// # Safety
    /// As many as there are lanes must be readable at `from`.
    #[inline(always)]
    unsafe fn load_half<H: Half>(simd: Self::Simd, from: *const H) -> Self {
        let mut lanes = [Self::Scalar::ZERO; 16];
        for i in 0..Self::LANES {
            // SAFETY: the caller's promise.
            lanes[i] = Self::Scalar::from_f64(unsafe { *from.add(i) }.widened().into());
        }
        Self::from_slice(simd, &lanes[..Self::LANES])
    }

    /// Two vectors of adjacent numbers of half precision, in any order.
    ///
    /// # Safety
    /// Twice as many as there are lanes must be readable at `from`.
    #[inline(always)]
    unsafe fn load_halves<H: Half>(simd: Self::Simd, from: *const H) -> [Self; 2] {
        // SAFETY: the caller's promise.
        unsafe { [Self::load_half(simd, from), Self::load_half(simd, from.add(Self::LANES))] }
    }

    /// The first `count` lanes from numbers of half precision, `fill` in the others.
    ///
    /// # Safety
    /// As many numbers as there are lanes must be readable before `from + count`; no other is read.
    #[inline(always)]
    unsafe fn load_first_half<H: Half>(from: *const H, count: usize, fill: Self) -> Self {
        let mut lanes = [Self::Scalar::ZERO; 16];
        fill.to_slice(&mut lanes[..Self::LANES]);
        for i in 0..count {
            // SAFETY: the caller's promise [masked lanes of half precision at the portable level].
            lanes[i] = Self::Scalar::from_f64(unsafe { *from.add(i) }.widened().into());
        }
        Self::from_slice(fill.simd(), &lanes[..Self::LANES])
    }

    /// Eight columns of as many rows of half precision as there are lanes, `stride` numbers apart:
    /// lane `r` of column `j` is `from[r * stride + j]`.
    ///
    /// # Safety
    /// Eight numbers must be readable at the start of each of the rows.
    #[inline(always)]
    unsafe fn load_half_columns<H: Half>(simd: Self::Simd, from: *const H, stride: usize) -> [Self; 8] {
        let mut columns = [Self::splat(simd, Self::Scalar::ZERO); 8];
        for j in 0..8 {
            let mut lanes = [Self::Scalar::ZERO; 16];
            for row in 0..Self::LANES {
                // SAFETY: the caller's promise.
                lanes[row] = Self::Scalar::from_f64(unsafe { *from.add(row * stride + j) }.widened().into());
            }
            columns[j] = Self::from_slice(simd, &lanes[..Self::LANES]);
        }
        columns
    }

    /// Four columns of as many rows as there are lanes, `stride` values apart: lane `r` of column
    /// `j` is `from[r * stride + j]`.
    ///
    /// # Safety
    /// Four values must be readable at the start of each of the rows.
    unsafe fn load_columns(simd: Self::Simd, from: *const Self::Scalar, stride: usize) -> [Self; 4];

    /// The two columns of adjacent rows of two values: lane `r` of column `j` is `from[2 * r + j]`.
    ///
    /// # Safety
    /// `2 * LANES` values must be readable at `from`.
    unsafe fn load_pairs(simd: Self::Simd, from: *const Self::Scalar) -> [Self; 2];

    /// All lanes from whole numbers in memory.
    ///
    /// # Safety
    /// As many as there are lanes must be readable at `from`.
    #[inline(always)]
    unsafe fn load_wholes(simd: Self::Simd, from: *const i16) -> Self {
        let mut lanes = [Self::Scalar::ZERO; 16];
        let mut lane = 0;
        while lane < Self::LANES {
            // SAFETY: the caller's promise.
            lanes[lane] = Self::Scalar::from_f64(f64::from(unsafe { *from.add(lane) }));
            lane += 1;
        }
        Self::from_slice(simd, &lanes[..Self::LANES])
    }

    /// A step of the tree that merges the lanes of rows: two vectors that hold, lane by lane, what
    /// is to be merged. At each step a row has half as many lanes, and twice as many rows share a
    /// vector. With as many lanes as [`Float::LANES`] the first step pairs lane `l` with the one
    /// half of the lanes after it. All other steps pair neighbours, lanes `2 l` and `2 l + 1` of a
    /// row; in which order the pairs come is the level's own, but after the last step lane `r` is
    /// row `r`.
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2];

    /// The place of a row in its group, so that [`Vector::pair`] ends with row `r` in lane `r`. At
    /// each step it makes place `i` of places `2 i` and `2 i + 1`.
    #[inline(always)]
    fn pair_place(row: usize) -> usize {
        row
    }

    /// Write all lanes to memory.
    ///
    /// # Safety
    /// All lanes must be writable at `to`.
    unsafe fn store(self, to: *mut Self::Scalar);

    /// Write all lanes to memory past the caches, for output that is not read again soon.
    ///
    /// # Safety
    /// All lanes must be writable at `to`, which must be aligned to the size of the vector;
    /// [`fence`](super::fence) must follow before another thread reads them.
    unsafe fn stream(self, to: *mut Self::Scalar);

    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`.
    fn div(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The smaller. Where `other` is NaN, a NaN; where `self` alone is NaN, that or `other`; of two
    /// zeros either. What kernels make of a NaN or of a zero's sign must not depend on which.
    fn min(self, other: Self) -> Self;
    /// The larger, with the same freedom as [`Vector::min`].
    fn max(self, other: Self) -> Self;

    /// `|self - other|`, rounded once; the sign of a zero is the level's own.
    #[inline(always)]
    fn apart(self, other: Self) -> Self {
        self.sub(other).max(other.sub(self))
    }

    /// The bits set in either.
    fn or(self, other: Self) -> Self;
    /// The sign bits, that of lane `i` as bit `i`.
    fn signs(self) -> u32;

    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// Where `self < other`; not where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// Where `self <= other`; not where either is NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// Where `self == other`; not where either is NaN.
    fn eq(self, other: Self) -> Self::Mask;
    /// Where both masks hold.
    fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// Whether a mask holds in every lane.
    fn all(mask: Self::Mask) -> bool;
    /// Lanes of `yes` where the mask holds, of `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Zero where the mask holds, `self` elsewhere.
    fn zero_where(self, mask: Self::Mask) -> Self;

    /// The polynomial in `self` with these coefficients, the constant first, by Horner's rule:
    /// `c[0] + self (c[1] + self (...))`, each step a [`Vector::mul_add`].
    #[inline(always)]
    fn polynomial(self, coefficients: &'static [Spread<Self::Scalar>]) -> Self {
        let (last, rest) = coefficients.split_last().expect("a polynomial has a coefficient");
        let mut sum = Self::splat(self.simd(), last.number());
        for coefficient in rest.iter().rev() {
            sum = sum.mul_add(self, Self::splat(self.simd(), coefficient.number()));
        }
        sum
    }

    /// `factor` times that polynomial and `term`, another [`Vector::mul_add`].
    #[inline(always)]
    fn polynomial_mul_add(self, coefficients: &'static [Spread<Self::Scalar>], factor: Self, term: Self) -> Self {
        factor.mul_add(self.polynomial(coefficients), term)
    }

    /// The same of each: step by step of all, where there are registers for that.
    #[inline(always)]
    fn polynomial_mul_add_of_each<const N: usize>(
        x: [Self; N],
        coefficients: &'static [Spread<Self::Scalar>],
        factor: [Self; N],
        term: [Self; N],
    ) -> [Self; N] {
        let mut sums = x;
        if Self::LANES < Self::Scalar::LANES {
            for i in 0..N {
                sums[i] = x[i].polynomial_mul_add(coefficients, factor[i], term[i]);
            }
            return sums;
        }
        let (last, rest) = coefficients.split_last().expect("a polynomial has a coefficient");
        for i in 0..N {
            sums[i] = Self::splat(x[i].simd(), last.number());
        }
        for coefficient in rest.iter().rev() {
            for i in 0..N {
                sums[i] = sums[i].mul_add(x[i], Self::splat(x[i].simd(), coefficient.number()));
            }
        }
        for i in 0..N {
            sums[i] = factor[i].mul_add(sums[i], term[i]);
        }
        sums
    }

    // The bits of lanes, as whole numbers. The bits of `x = (1 + f) 2^e` are those of `e`, with a
    // bias, above those of `f`; so read as a whole number they are a straight line between powers
    // of two, near the logarithm to base 2.

    /// The sum of the bits, without what overflows.
    fn bits_add(self, other: Self) -> Self;
    /// The difference of the bits, without what overflows.
    fn bits_sub(self, other: Self) -> Self;
    /// The bits set in both.
    fn bits_and(self, other: Self) -> Self;
    /// The bits moved down by the width of the mantissa: those of the exponent come last. The
    /// places above are filled with the sign where [`Vector::SIGNED`], with zeros elsewhere.
    fn exponent_down(self) -> Self;
    /// The bits moved up by the width of the mantissa: the last ones come to the exponent's place.
    fn exponent_up(self) -> Self;
    /// All bits (`f32`) or the upper half of them (`f64`), moved down to the last place.
    fn line_down(self) -> Self;
    /// The bits as a whole number less `less`, in the type of the lane: of `f32` with a sign, and
    /// rounded; of `f64` the bits must be below 2^52 unless [`Vector::SIGNED`], and it is exact.
    fn whole_less(self, less: u32) -> Self;

    /// The same vector, but the compiler can't tell its value: for constants that a level's
    /// compiled code makes too much of.
    #[inline(always)]
    fn opaque(self) -> Self {
        self
    }

    /// Exponent `e` and mantissa `m` with `self = m 2^e` and `m` in `[low, 2 low)`, `low` a
    /// constant near the square root of one half. Defined for positive normal numbers; finite for
    /// zero and subnormal ones.
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let simd = self.simd();
        let least = Self::splat(simd, Self::Scalar::SPLIT_LEAST);
        let above = self.bits_sub(least);
        let exponent = if Self::SIGNED {
            above.exponent_down().whole_less(0)
        } else {
            // Larger by 1024 on the way: 2 has these bits in the exponent's place.
            above.bits_add(self.full_like(2.0)).exponent_down().whole_less(1024)
        };
        let mantissa = above.bits_and(Self::splat(simd, Self::Scalar::MANTISSA));
        (exponent, mantissa.bits_add(least))
    }

    /// `1 + f` of `self = (1 + f) 2^e`, `0 <= f < 1`, where `one` is 1.
    #[inline(always)]
    fn mantissa(self, one: Self) -> Self {
        self.bits_and(Self::splat(self.simd(), Self::Scalar::MANTISSA)).or(one)
    }

    /// `2^n` for `self = n + ROUNDER`, see
    /// [`Coefficients`](crate::coefficients::Coefficients::ROUNDER): `n` is a whole number, and
    /// `2^n` normal.
    #[inline(always)]
    fn power_of_two(self) -> Self {
        self.exponent_up().bits_add(self.full_like(1.0))
    }

    /// About `2^x` for `self = OVER_EXP_ONE + x 2^14` (`f32`) or `+ x 2^20` (`f64`), see
    /// [`Coefficients`](crate::coefficients::Coefficients::OVER_EXP_ONE), with `2^x` a normal
    /// number: the bits of `x` moved up to the place of exponent and mantissa.
    fn line_to_power(self) -> Self;

    /// The other way: for `self = (1 + f) 2^e` the number `e + f`, which is at most the logarithm
    /// to base 2, in units of 2^-23 and rounded (`f32`), or of 2^-20 and rounded down (`f64`).
    /// Defined for positive normal numbers; finite for zero and subnormal ones.
    #[inline(always)]
    fn power_to_line(self) -> Self {
        self.line_down().whole_less(Self::Scalar::LINE_OF_ONE)
    }
}

/// A type the kernels compute in: `f32` or `f64`.
pub trait Float:
    Copy + PartialOrd + Neg<Output = Self> + Send + Sync + Into<f64> + std::fmt::Debug + Lanes + 'static
{
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
    /// The largest number of this type that is at most `x`.
    fn at_most(x: f64) -> Self;
}

pub mod sealed {
    use crate::simd::vector::{Coefficients, Simd, Vector};

    /// The vector type of a scalar at a level, and the constants of the methods of [`Vector`] that
    /// take numbers apart.
    pub trait Lanes: Coefficients {
        type Vector<S: Simd>: Vector<Scalar = Self, Simd = S>;
        /// All bits of the mantissa set, and no other.
        const MANTISSA: Self;
        /// The least mantissa that a split gives: about the square root of one half.
        const SPLIT_LEAST: Self;
        /// What [`Vector::line_down`] makes of 1.
        const LINE_OF_ONE: u32;
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
    #[inline(always)]
    fn at_most(x: f64) -> Self {
        let nearest = x as f32;
        if f64::from(nearest) > x { nearest.next_down() } else { nearest }
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
    #[inline(always)]
    fn at_most(x: f64) -> Self {
        x
    }
}

impl Lanes for f64 {
    type Vector<S: Simd> = S::F64;
    const MANTISSA: Self = f64::from_bits(0x000f_ffff_ffff_ffff);
    const SPLIT_LEAST: Self = f64::from_bits(0x3fe6_a09e_667f_3bcd);
    const LINE_OF_ONE: u32 = 0x3ff0_0000;
}
