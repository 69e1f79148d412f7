//! NEON: 128-bit registers, two for a vector. Every AArch64 CPU has them.

use super::lane_wise::{horner, lane_wise};
use super::windows::{DOWN, FIRST};
use super::{Half, Kernel, Simd, Spread, Vector};
use std::arch::aarch64::*;
use std::arch::asm;
use std::ptr::read;

/// The token of the NEON level.
#[derive(Clone, Copy)]
pub struct Neon(());

/// Enter a kernel at the level, with the token that is made nowhere else.
#[inline(never)]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Neon(()))
}

impl Simd for Neon {
    type F32 = narrow::F32;
    type F64 = wide::F64;
    const WIDENS: bool = true;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        enter(kernel)
    }
}

/// An intrinsic on both registers.
macro_rules! both {
    ($name:ident $(::<$number:literal>)?, $($x:expr),+) => {
        [$name$(::<$number>)?($($x[0]),+), $name$(::<$number>)?($($x[1]),+)]
    };
}

// After the macro, which it uses.
mod loads;
pub(super) use loads::prefetch;
use loads::{few, four_rows, two_rows, widened};

/// The vectors of one type in a module of their own, where the intrinsics of the type have short
/// names. They are those of the type, lanes in a register, arrangement in assembly, last bit, bits
/// of the mantissa, and how far a line moves up to be a power. Last come methods that are the
/// type's own.
macro_rules! vectors {
    ($module:ident, $vector:ident, $float:ty, $rows:ident, $lanes:literal, $arranged:literal, $last:literal, $mantissa:literal, $line:literal,
     {$($intrinsic:ident as $name:ident),+ $(,)?}, {$($own:tt)*}) => {
        pub(super) mod $module {
            use crate::simd::neon::*;
            use std::arch::aarch64::{$($intrinsic as $name),+};

            /// Two registers.
            #[derive(Clone, Copy)]
            pub struct $vector([Register; 2]);

            /// Coefficient `I` of a polynomial.
            ///
            /// # Safety
            /// It must be readable.
            #[inline(always)]
            unsafe fn first<const I: usize>(from: *const Spread<$float>) -> [Register; 2] {
                // SAFETY: the caller's promise; a spread constant is as large as two registers.
                unsafe { both!(read, [from.add(I).cast::<Register>(), from.add(I).cast::<Register>()]) }
            }

            /// `sum * x` and coefficient `I`. `fmla` adds to the register of the coefficient, so
            /// both registers of it are read from memory by one instruction, where the compiler
            /// would copy it twice.
            ///
            /// # Safety
            /// It must be readable.
            #[inline(always)]
            unsafe fn step<const I: usize>(sum: [Register; 2], x: [Register; 2], from: *const Spread<$float>) -> [Register; 2] {
                let (low, high);
                // SAFETY: as above.
                unsafe {
                    asm!(
                        "ldp {low:q}, {high:q}, [{from}, #64 * {i}]",
                        concat!("fmla {low:v}.", $arranged, ", {sum:v}.", $arranged, ", {x:v}.", $arranged),
                        concat!("fmla {high:v}.", $arranged, ", {more:v}.", $arranged, ", {y:v}.", $arranged),
                        low = out(vreg) low, high = out(vreg) high, from = in(reg) from, i = const I,
                        sum = in(vreg) sum[0], x = in(vreg) x[0], more = in(vreg) sum[1], y = in(vreg) x[1],
                        options(pure, readonly, nostack, preserves_flags)
                    );
                }
                [low, high]
            }

            impl $vector {
                lane_wise! {
                    #![inline(always)]
                    fn bits(self) -> [Bits; 2] = both!(to_bits, self.0);
                    fn of(bits: [Bits; 2]) -> Self = $vector(both!(of_bits, bits));
                }
            }

            impl Vector for $vector {
                type Scalar = $float;
                type Mask = [Bits; 2];
                type Simd = Neon;
                const LANES: usize = 2 * $lanes;
                const SIGNED: bool = true;

                lane_wise! {
                    #![inline(always)]
                    fn simd(self) -> Neon = Neon(());
                    fn splat(_: Neon, value: $float) -> Self = $vector([spread(value); 2]);
                    unsafe fn load(_: Neon, from: *const $float) -> Self =
                        $vector(both!(load_register, [from, from.add($lanes)]));
                    unsafe fn load_pairs(_: Neon, from: *const $float) -> [Self; 2] = {
                        let [low, high] = both!(load_apart, [from, from.add(2 * $lanes)]);
                        [$vector([low.0, high.0]), $vector([low.1, high.1])]
                    };
                    unsafe fn load_columns(_: Neon, from: *const $float, stride: usize) -> [Self; 4] = {
                        let [[a, b, c, d], [e, f, g, h]] = both!($rows, [from, from.add($lanes * stride)], [stride; 2]);
                        [$vector([a, e]), $vector([b, f]), $vector([c, g]), $vector([d, h])]
                    };
                    unsafe fn store(self, to: *mut $float) =
                        { both!(store_register, [to, to.add($lanes)], self.0); };
                    unsafe fn stream(self, to: *mut $float) = self.store(to);

                    fn add(self, y: Self) -> Self = $vector(both!(sum, self.0, y.0));
                    fn sub(self, y: Self) -> Self = $vector(both!(difference, self.0, y.0));
                    fn mul(self, y: Self) -> Self = $vector(both!(product, self.0, y.0));
                    fn div(self, y: Self) -> Self = $vector(both!(quotient, self.0, y.0));
                    fn min(self, y: Self) -> Self = $vector(both!(smaller, self.0, y.0));
                    fn max(self, y: Self) -> Self = $vector(both!(larger, self.0, y.0));
                    fn mul_add(self, factor: Self, term: Self) -> Self = $vector(both!(fused, term.0, self.0, factor.0));
                    fn apart(self, y: Self) -> Self = $vector(both!(distance, self.0, y.0));
                    fn sqrt(self) -> Self = $vector(both!(root, self.0));

                    fn lt(self, y: Self) -> Self::Mask = both!(less, self.0, y.0);
                    fn le(self, y: Self) -> Self::Mask = both!(at_most, self.0, y.0);
                    fn eq(self, y: Self) -> Self::Mask = both!(equal, self.0, y.0);
                    fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask = both!(bits_of_both, a, b);
                    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self = $vector(both!(either, mask, yes.0, no.0));
                    fn zero_where(self, mask: Self::Mask) -> Self = $vector::of(both!(bits_without, self.bits(), mask));

                    fn or(self, y: Self) -> Self = $vector::of(both!(bits_of_either, self.bits(), y.bits()));
                    fn bits_and(self, y: Self) -> Self = $vector::of(both!(bits_of_both, self.bits(), y.bits()));
                    fn bits_add(self, y: Self) -> Self = $vector::of(both!(bits_sum, self.bits(), y.bits()));
                    fn bits_sub(self, y: Self) -> Self = $vector::of(both!(bits_difference, self.bits(), y.bits()));
                    fn exponent_down(self) -> Self =
                        $vector(both!(of_signed, both!(down_signed::<$mantissa>, both!(to_signed, self.0))));
                    fn exponent_up(self) -> Self = $vector::of(both!(up::<$mantissa>, self.bits()));
                    fn line_to_power(self) -> Self = $vector::of(both!(up::<$line>, self.bits()));
                    fn signs(self) -> u32 = {
                        let [low, high] = both!(down::<$last>, self.bits());
                        let all = bits_of_either(low, up::<$lanes>(high));
                        bits_total(up_each(all, load_signed([0, 1, 2, 3].as_ptr()))) as u32
                    };

                    fn polynomial(self, coefficients: &'static [Spread<$float>]) -> Self =
                        $vector(horner!(self.0, coefficients, first, step));

                    $($own)*
                }

                #[inline(always)]
                fn pair<const STEP: usize>(self, y: Self) -> [Self; 2] {
                    let (low, high) = ([self.0[0], y.0[0]], [self.0[1], y.0[1]]);
                    // SAFETY: a vector proves the level.
                    unsafe { [$vector(both!(even, low, high)), $vector(both!(odd, low, high))] }
                }
            }
        }
    };
}

vectors!(
    narrow, F32, f32, four_rows, 4, "4s", 31, 23, 9,
    {
        float32x4_t as Register, uint32x4_t as Bits, vreinterpretq_u32_f32 as to_bits, vreinterpretq_f32_u32 as of_bits,
        vdupq_n_f32 as spread, vld1q_f32 as load_register, vld2q_f32 as load_apart, vst1q_f32 as store_register,
        vaddq_f32 as sum, vsubq_f32 as difference, vmulq_f32 as product, vdivq_f32 as quotient, vminq_f32 as smaller,
        vmaxq_f32 as larger, vfmaq_f32 as fused, vabdq_f32 as distance, vsqrtq_f32 as root, vcltq_f32 as less,
        vcleq_f32 as at_most, vceqq_f32 as equal, vbslq_f32 as either, vbicq_u32 as bits_without,
        vandq_u32 as bits_of_both, vorrq_u32 as bits_of_either, vaddq_u32 as bits_sum, vsubq_u32 as bits_difference,
        vshlq_n_u32 as up, vshrq_n_u32 as down, vshrq_n_s32 as down_signed, vreinterpretq_s32_f32 as to_signed,
        vreinterpretq_f32_s32 as of_signed, vshlq_u32 as up_each, vld1q_s32 as load_signed, vaddvq_u32 as bits_total,
        vuzp1q_f32 as even, vuzp2q_f32 as odd,
    },
    {
        fn all(mask: Self::Mask) -> bool = vminvq_u32(vandq_u32(mask[0], mask[1])) != 0;
        fn line_down(self) -> Self = self;
        fn whole_less(self, less: u32) -> Self = {
            let whole = both!(vsubq_u32, self.bits(), [vdupq_n_u32(less); 2]);
            F32(both!(vcvtq_f32_s32, both!(vreinterpretq_s32_u32, whole)))
        };
        unsafe fn load_first(from: *const f32, count: usize, fill: Self) -> Self =
            if count < 4 {
                F32([few(from, count, fill.0[0]), fill.0[1]])
            } else {
                F32([vld1q_f32(from), few(from.add(4), count - 4, fill.0[1])])
            };
        unsafe fn load_half<H: Half>(_: Neon, from: *const H) -> Self = F32(widened::<H>(vld1q_u16(from.cast())));
        // The last 8 numbers, moved down so that the first of those wanted comes first.
        unsafe fn load_first_half<H: Half>(from: *const H, count: usize, fill: Self) -> Self = {
            let last = vld1q_u8(from.sub(8 - count).cast());
            let down = vld1q_u8(DOWN.as_ptr().add(2 * (8 - count)).cast());
            let mask = FIRST.as_ptr().cast::<u32>().add(16 - count);
            let wide = F32(widened::<H>(vreinterpretq_u16_u8(vqtbl1q_u8(last, down))));
            F32::select(both!(vld1q_u32, [mask, mask.add(4)]), wide, fill)
        };
        // F32 numbers of a row stay together at first.
        unsafe fn load_half_columns<H: Half>(simd: Neon, from: *const H, stride: usize) -> [Self; 8] = {
            let [low, high] = both!(four_rows, [from, from.add(4 * stride)], [stride; 2]);
            let mut columns = [F32::splat(simd, 0.0); 8];
            for i in 0..4 {
                let [low, high] = both!(vreinterpretq_u16_f32, [low[i], high[i]]);
                columns[2 * i] = F32(widened::<H>(vuzp1q_u16(low, high)));
                columns[2 * i + 1] = F32(widened::<H>(vuzp2q_u16(low, high)));
            }
            columns
        };
        unsafe fn load_wholes(_: Neon, from: *const i16) -> Self = {
            let eight = vld1q_s16(from);
            F32(both!(vcvtq_f32_s32, [vmovl_s16(vget_low_s16(eight)), vmovl_high_s16(eight)]))
        };
    }
);

vectors!(
    wide, F64, f64, two_rows, 2, "2d", 63, 52, 32,
    {
        float64x2_t as Register, uint64x2_t as Bits, vreinterpretq_u64_f64 as to_bits, vreinterpretq_f64_u64 as of_bits,
        vdupq_n_f64 as spread, vld1q_f64 as load_register, vld2q_f64 as load_apart, vst1q_f64 as store_register,
        vaddq_f64 as sum, vsubq_f64 as difference, vmulq_f64 as product, vdivq_f64 as quotient, vminq_f64 as smaller,
        vmaxq_f64 as larger, vfmaq_f64 as fused, vabdq_f64 as distance, vsqrtq_f64 as root, vcltq_f64 as less,
        vcleq_f64 as at_most, vceqq_f64 as equal, vbslq_f64 as either, vbicq_u64 as bits_without,
        vandq_u64 as bits_of_both, vorrq_u64 as bits_of_either, vaddq_u64 as bits_sum, vsubq_u64 as bits_difference,
        vshlq_n_u64 as up, vshrq_n_u64 as down, vshrq_n_s64 as down_signed, vreinterpretq_s64_f64 as to_signed,
        vreinterpretq_f64_s64 as of_signed, vshlq_u64 as up_each, vld1q_s64 as load_signed, vaddvq_u64 as bits_total,
        vuzp1q_f64 as even, vuzp2q_f64 as odd,
    },
    {
        fn all(mask: Self::Mask) -> bool = vminvq_u32(vreinterpretq_u32_u64(vandq_u64(mask[0], mask[1]))) != 0;
        fn line_down(self) -> Self = F64::of(both!(vshrq_n_u64::<32>, self.bits()));
        fn whole_less(self, less: u32) -> Self = {
            let whole = both!(vcvtq_f64_s64, both!(vreinterpretq_s64_f64, self.0));
            F64(both!(vsubq_f64, whole, [vdupq_n_f64(f64::from(less)); 2]))
        };
        unsafe fn load_first(from: *const f64, count: usize, fill: Self) -> Self = match count {
            0 => fill,
            1 => F64([vld1q_lane_f64::<0>(from, fill.0[0]), fill.0[1]]),
            2 => F64([vld1q_f64(from), fill.0[1]]),
            3 => F64([vld1q_f64(from), vld1q_lane_f64::<0>(from.add(2), fill.0[1])]),
            _ => F64(both!(vld1q_f64, [from, from.add(2)])),
        };
    }
);
