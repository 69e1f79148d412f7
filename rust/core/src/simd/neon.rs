//! NEON: 128-bit registers, two for a vector. Every AArch64 CPU has them.

use super::lane_wise::{horner, lane_wise};
use super::{Kernel, Simd, Spread, Vector};
use std::arch::aarch64::*;
use std::arch::asm;
use std::ptr::read;

/// The token of the NEON level.
#[derive(Clone, Copy)]
pub struct Neon(());

/// Enter a kernel at the level, with the token that is made nowhere else.
#[inline(always)]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Neon(()))
}

impl Simd for Neon {
    type F32 = F32;
    type F64 = F64;
}

/// 8 lanes of `f32`.
#[derive(Clone, Copy)]
pub struct F32([float32x4_t; 2]);

/// 4 lanes of `f64`.
#[derive(Clone, Copy)]
pub struct F64([float64x2_t; 2]);

/// Ask for a cache line.
#[inline(always)]
pub(super) fn prefetch<T>(from: *const T) {
    // SAFETY: a prefetch of any address has no effect but on speed.
    unsafe { asm!("prfm pldl1keep, [{}]", in(reg) from, options(nomem, nostack, preserves_flags)) }
}

/// An intrinsic on both registers.
macro_rules! both {
    ($name:ident $(::<$number:literal>)?, $($x:expr),+) => {
        [$name$(::<$number>)?($($x[0]),+), $name$(::<$number>)?($($x[1]),+)]
    };
}

/// The steps of a polynomial. `fmla` adds to the register of the coefficient, so both registers of
/// it are read from memory by one instruction, where the compiler would copy it twice.
macro_rules! steps {
    ($first:ident, $step:ident, $float:ty, $register:ty, $lanes:literal) => {
        /// Coefficient `I`.
        ///
        /// # Safety
        /// It must be readable.
        #[inline(always)]
        unsafe fn $first<const I: usize>(from: *const Spread<$float>) -> [$register; 2] {
            // SAFETY: the caller's promise; a spread constant is as large as two registers.
            unsafe { both!(read, [from.add(I).cast::<$register>(), from.add(I).cast::<$register>()]) }
        }

        /// `sum * x` and coefficient `I`.
        ///
        /// # Safety
        /// It must be readable.
        #[inline(always)]
        unsafe fn $step<const I: usize>(sum: [$register; 2], x: [$register; 2], from: *const Spread<$float>) -> [$register; 2] {
            let (low, high);
            // SAFETY: as above.
            unsafe {
                asm!(
                    "ldp {low:q}, {high:q}, [{from}, #64 * {i}]",
                    concat!("fmla {low:v}.", $lanes, ", {sum:v}.", $lanes, ", {x:v}.", $lanes),
                    concat!("fmla {high:v}.", $lanes, ", {more:v}.", $lanes, ", {y:v}.", $lanes),
                    low = out(vreg) low, high = out(vreg) high, from = in(reg) from, i = const I,
                    sum = in(vreg) sum[0], x = in(vreg) x[0], more = in(vreg) sum[1], y = in(vreg) x[1],
                    options(pure, readonly, nostack, preserves_flags)
                );
            }
            [low, high]
        }
    };
}

steps!(first_f32, step_f32, f32, float32x4_t, "4s");
steps!(first_f64, step_f64, f64, float64x2_t, "2d");

/// So many values of a register, `fill` in the other lanes.
///
/// # Safety
/// They must be readable.
#[inline(always)]
unsafe fn few(from: *const f32, count: usize, fill: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let two = || vreinterpretq_f32_f64(vld1q_lane_f64::<0>(from.cast(), vreinterpretq_f64_f32(fill)));
        match count {
            0 => fill,
            1 => vld1q_lane_f32::<0>(from, fill),
            2 => two(),
            3 => vld1q_lane_f32::<2>(from.add(2), two()),
            _ => vld1q_f32(from),
        }
    }
}

impl F32 {
    #[inline(always)]
    fn bits(self) -> [uint32x4_t; 2] {
        // SAFETY: a vector proves the level.
        unsafe { both!(vreinterpretq_u32_f32, self.0) }
    }

    #[inline(always)]
    fn of(bits: [uint32x4_t; 2]) -> Self {
        // SAFETY: a vector proves the level.
        F32(unsafe { both!(vreinterpretq_f32_u32, bits) })
    }
}

impl F64 {
    #[inline(always)]
    fn bits(self) -> [uint64x2_t; 2] {
        // SAFETY: a vector proves the level.
        unsafe { both!(vreinterpretq_u64_f64, self.0) }
    }

    #[inline(always)]
    fn of(bits: [uint64x2_t; 2]) -> Self {
        // SAFETY: a vector proves the level.
        F64(unsafe { both!(vreinterpretq_f64_u64, bits) })
    }
}

impl Vector for F32 {
    type Scalar = f32;
    type Mask = [uint32x4_t; 2];
    type Simd = Neon;
    const LANES: usize = 8;

    lane_wise! {
        #![inline(always)]
        fn simd(self) -> Neon = Neon(());
        fn splat(_: Neon, value: f32) -> Self = F32([vdupq_n_f32(value); 2]);
        unsafe fn load(_: Neon, from: *const f32) -> Self = F32([vld1q_f32(from), vld1q_f32(from.add(4))]);
        unsafe fn load_first(from: *const f32, count: usize, fill: Self) -> Self =
            if count < 4 {
                F32([few(from, count, fill.0[0]), fill.0[1]])
            } else {
                F32([vld1q_f32(from), few(from.add(4), count - 4, fill.0[1])])
            };
        unsafe fn load_columns(_: Neon, from: *const f32, stride: usize) -> [Self; 4] = {
            let [low, high] = both!(four_rows, [from, from.add(4 * stride)], [stride; 2]);
            [F32([low[0], high[0]]), F32([low[1], high[1]]), F32([low[2], high[2]]), F32([low[3], high[3]])]
        };
        unsafe fn load_pairs(_: Neon, from: *const f32) -> [Self; 2] = {
            let [low, high] = both!(vld2q_f32, [from, from.add(8)]);
            [F32([low.0, high.0]), F32([low.1, high.1])]
        };
        unsafe fn store(self, to: *mut f32) = { both!(vst1q_f32, [to, to.add(4)], self.0); };
        unsafe fn stream(self, to: *mut f32) = self.store(to);

        fn add(self, y: Self) -> Self = F32(both!(vaddq_f32, self.0, y.0));
        fn sub(self, y: Self) -> Self = F32(both!(vsubq_f32, self.0, y.0));
        fn mul(self, y: Self) -> Self = F32(both!(vmulq_f32, self.0, y.0));
        fn div(self, y: Self) -> Self = F32(both!(vdivq_f32, self.0, y.0));
        fn min(self, y: Self) -> Self = F32(both!(vminq_f32, self.0, y.0));
        fn max(self, y: Self) -> Self = F32(both!(vmaxq_f32, self.0, y.0));
        fn mul_add(self, factor: Self, term: Self) -> Self = F32(both!(vfmaq_f32, term.0, self.0, factor.0));
        fn apart(self, y: Self) -> Self = F32(both!(vabdq_f32, self.0, y.0));
        fn sqrt(self) -> Self = F32(both!(vsqrtq_f32, self.0));

        fn lt(self, y: Self) -> Self::Mask = both!(vcltq_f32, self.0, y.0);
        fn le(self, y: Self) -> Self::Mask = both!(vcleq_f32, self.0, y.0);
        fn eq(self, y: Self) -> Self::Mask = both!(vceqq_f32, self.0, y.0);
        fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask = both!(vandq_u32, a, b);
        fn all(mask: Self::Mask) -> bool = vminvq_u32(vandq_u32(mask[0], mask[1])) != 0;
        fn select(mask: Self::Mask, yes: Self, no: Self) -> Self = F32(both!(vbslq_f32, mask, yes.0, no.0));
        fn zero_where(self, mask: Self::Mask) -> Self = F32::of(both!(vbicq_u32, self.bits(), mask));

        fn signs(self) -> u32 = {
            let [low, high] = both!(vshrq_n_u32::<31>, self.bits());
            let eight = vorrq_u32(low, vshlq_n_u32::<4>(high));
            vaddvq_u32(vshlq_u32(eight, vld1q_s32([0, 1, 2, 3].as_ptr())))
        };
        fn or(self, y: Self) -> Self = F32::of(both!(vorrq_u32, self.bits(), y.bits()));
        fn bits_and(self, y: Self) -> Self = F32::of(both!(vandq_u32, self.bits(), y.bits()));
        fn bits_add(self, y: Self) -> Self = F32::of(both!(vaddq_u32, self.bits(), y.bits()));
        fn bits_sub(self, y: Self) -> Self = F32::of(both!(vsubq_u32, self.bits(), y.bits()));
        fn exponent_down(self) -> Self = {
            let whole = both!(vshrq_n_s32::<23>, both!(vreinterpretq_s32_f32, self.0));
            F32(both!(vreinterpretq_f32_s32, whole))
        };
        fn exponent_up(self) -> Self = F32::of(both!(vshlq_n_u32::<23>, self.bits()));
        fn line_to_power(self) -> Self = F32::of(both!(vshlq_n_u32::<9>, self.bits()));
        fn line_down(self) -> Self = self;
        fn whole_less(self, less: u32) -> Self = {
            let whole = both!(vsubq_u32, self.bits(), [vdupq_n_u32(less); 2]);
            F32(both!(vcvtq_f32_s32, both!(vreinterpretq_s32_u32, whole)))
        };

        fn polynomial(self, coefficients: &'static [Spread<f32>]) -> Self =
            F32(horner!(self.0, coefficients, first_f32, step_f32));
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, y: Self) -> [Self; 2] {
        let (low, high) = ([self.0[0], y.0[0]], [self.0[1], y.0[1]]);
        // SAFETY: a vector proves the level.
        unsafe { [F32(both!(vuzp1q_f32, low, high)), F32(both!(vuzp2q_f32, low, high))] }
    }
}

impl Vector for F64 {
    type Scalar = f64;
    type Mask = [uint64x2_t; 2];
    type Simd = Neon;
    const LANES: usize = 4;
    const SIGNED: bool = true;

    lane_wise! {
        #![inline(always)]
        fn simd(self) -> Neon = Neon(());
        fn splat(_: Neon, value: f64) -> Self = F64([vdupq_n_f64(value); 2]);
        unsafe fn load(_: Neon, from: *const f64) -> Self = F64([vld1q_f64(from), vld1q_f64(from.add(2))]);
        unsafe fn load_first(from: *const f64, count: usize, fill: Self) -> Self = match count {
            0 => fill,
            1 => F64([vld1q_lane_f64::<0>(from, fill.0[0]), fill.0[1]]),
            2 => F64([vld1q_f64(from), fill.0[1]]),
            3 => F64([vld1q_f64(from), vld1q_lane_f64::<0>(from.add(2), fill.0[1])]),
            _ => F64([vld1q_f64(from), vld1q_f64(from.add(2))]),
        };
        unsafe fn load_columns(_: Neon, from: *const f64, stride: usize) -> [Self; 4] = {
            let [low, high] = both!(two_rows, [from, from.add(2 * stride)], [stride; 2]);
            [F64([low[0], high[0]]), F64([low[1], high[1]]), F64([low[2], high[2]]), F64([low[3], high[3]])]
        };
        unsafe fn load_pairs(_: Neon, from: *const f64) -> [Self; 2] = {
            let [low, high] = both!(vld2q_f64, [from, from.add(4)]);
            [F64([low.0, high.0]), F64([low.1, high.1])]
        };
        unsafe fn store(self, to: *mut f64) = { both!(vst1q_f64, [to, to.add(2)], self.0); };
        unsafe fn stream(self, to: *mut f64) = self.store(to);

        fn add(self, y: Self) -> Self = F64(both!(vaddq_f64, self.0, y.0));
        fn sub(self, y: Self) -> Self = F64(both!(vsubq_f64, self.0, y.0));
        fn mul(self, y: Self) -> Self = F64(both!(vmulq_f64, self.0, y.0));
        fn div(self, y: Self) -> Self = F64(both!(vdivq_f64, self.0, y.0));
        fn min(self, y: Self) -> Self = F64(both!(vminq_f64, self.0, y.0));
        fn max(self, y: Self) -> Self = F64(both!(vmaxq_f64, self.0, y.0));
        fn mul_add(self, factor: Self, term: Self) -> Self = F64(both!(vfmaq_f64, term.0, self.0, factor.0));
        fn apart(self, y: Self) -> Self = F64(both!(vabdq_f64, self.0, y.0));
        fn sqrt(self) -> Self = F64(both!(vsqrtq_f64, self.0));

        fn lt(self, y: Self) -> Self::Mask = both!(vcltq_f64, self.0, y.0);
        fn le(self, y: Self) -> Self::Mask = both!(vcleq_f64, self.0, y.0);
        fn eq(self, y: Self) -> Self::Mask = both!(vceqq_f64, self.0, y.0);
        fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask = both!(vandq_u64, a, b);
        fn all(mask: Self::Mask) -> bool =
            vminvq_u32(vreinterpretq_u32_u64(vandq_u64(mask[0], mask[1]))) != 0;
        fn select(mask: Self::Mask, yes: Self, no: Self) -> Self = F64(both!(vbslq_f64, mask, yes.0, no.0));
        fn zero_where(self, mask: Self::Mask) -> Self = F64::of(both!(vbicq_u64, self.bits(), mask));

        fn signs(self) -> u32 = {
            let [low, high] = both!(vshrq_n_u64::<63>, self.bits());
            let four = vorrq_u64(low, vshlq_n_u64::<2>(high));
            vaddvq_u64(vshlq_u64(four, vld1q_s64([0, 1].as_ptr()))) as u32
        };
        fn or(self, y: Self) -> Self = F64::of(both!(vorrq_u64, self.bits(), y.bits()));
        fn bits_and(self, y: Self) -> Self = F64::of(both!(vandq_u64, self.bits(), y.bits()));
        fn bits_add(self, y: Self) -> Self = F64::of(both!(vaddq_u64, self.bits(), y.bits()));
        fn bits_sub(self, y: Self) -> Self = F64::of(both!(vsubq_u64, self.bits(), y.bits()));
        fn exponent_down(self) -> Self = {
            let whole = both!(vshrq_n_s64::<52>, both!(vreinterpretq_s64_f64, self.0));
            F64(both!(vreinterpretq_f64_s64, whole))
        };
        fn exponent_up(self) -> Self = F64::of(both!(vshlq_n_u64::<52>, self.bits()));
        fn line_to_power(self) -> Self = F64::of(both!(vshlq_n_u64::<32>, self.bits()));
        fn line_down(self) -> Self = F64::of(both!(vshrq_n_u64::<32>, self.bits()));
        fn whole_less(self, less: u32) -> Self = {
            let whole = both!(vcvtq_f64_s64, both!(vreinterpretq_s64_f64, self.0));
            F64(both!(vsubq_f64, whole, [vdupq_n_f64(f64::from(less)); 2]))
        };

        fn polynomial(self, coefficients: &'static [Spread<f64>]) -> Self =
            F64(horner!(self.0, coefficients, first_f64, step_f64));
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, y: Self) -> [Self; 2] {
        let (low, high) = ([self.0[0], y.0[0]], [self.0[1], y.0[1]]);
        // SAFETY: a vector proves the level.
        unsafe { [F64(both!(vuzp1q_f64, low, high)), F64(both!(vuzp2q_f64, low, high))] }
    }
}

/// Four columns of four rows.
///
/// # Safety
/// Four values must be readable at the start of each.
#[inline(always)]
unsafe fn four_rows(from: *const f32, stride: usize) -> [float32x4_t; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let (a, b) = (vld1q_f32(from), vld1q_f32(from.add(stride)));
        let (c, d) = (vld1q_f32(from.add(2 * stride)), vld1q_f32(from.add(3 * stride)));
        let [ab, cd] = [vtrnq_f32(a, b), vtrnq_f32(c, d)];
        let [even, odd] = both!(vreinterpretq_f64_f32, [ab.0, ab.1]);
        let [even_below, odd_below] = both!(vreinterpretq_f64_f32, [cd.0, cd.1]);
        [
            vreinterpretq_f32_f64(vzip1q_f64(even, even_below)),
            vreinterpretq_f32_f64(vzip1q_f64(odd, odd_below)),
            vreinterpretq_f32_f64(vzip2q_f64(even, even_below)),
            vreinterpretq_f32_f64(vzip2q_f64(odd, odd_below)),
        ]
    }
}

/// Four columns of two rows.
///
/// # Safety
/// Four values must be readable at the start of each.
#[inline(always)]
unsafe fn two_rows(from: *const f64, stride: usize) -> [float64x2_t; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let [a, b] = both!(vld1q_f64, [from, from.add(2)]);
        let [c, d] = both!(vld1q_f64, [from.add(stride), from.add(stride + 2)]);
        [vzip1q_f64(a, c), vzip2q_f64(a, c), vzip1q_f64(b, d), vzip2q_f64(b, d)]
    }
}
