//! AVX2 and FMA: 256-bit registers.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::lane_wise::{horner, lane_wise};
use super::operand::{first_pd, first_ps, opaque_address, opaque_pd, opaque_ps, step_pd, step_ps};
use super::windows::{DOWN, FIRST};
use super::{Half, Kernel, Simd, Spread, Vector};
use std::arch::x86_64::*;

/// The token of the AVX2 level.
#[derive(Clone, Copy)]
pub struct Avx2(());

/// Whether the CPU has the level.
pub(super) fn supported() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
}

/// Enter a kernel at the level, with the token that is made nowhere else.
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2")]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

impl Simd for Avx2 {
    type F32 = F32;
    type F64 = F64;
    const WIDENS: bool = true;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: the token proves the level.
        unsafe { enter(kernel) }
    }
}

/// 8 lanes of `f32`.
#[derive(Clone, Copy)]
pub struct F32(__m256);

/// 4 lanes of `f64`.
#[derive(Clone, Copy)]
pub struct F64(__m256d);

/// 2^52, under whose bits a whole number below it is set to be converted.
const TWO_52: f64 = 4_503_599_627_370_496.0;

/// Numbers of half precision, widened.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn widened<H: Half>(numbers: __m128i) -> F32 {
    F32(match H::UPPER {
        true => _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(numbers))),
        false => _mm256_cvtph_ps(numbers),
    })
}

impl Vector for F32 {
    type Scalar = f32;
    type Mask = __m256;
    type Simd = Avx2;
    const LANES: usize = 8;

    lane_wise! {
        #![inline(always)]
        fn simd(self) -> Avx2 = Avx2(());
        fn splat(_: Avx2, value: f32) -> Self = F32(_mm256_set1_ps(value));
        unsafe fn load(_: Avx2, from: *const f32) -> Self = F32(_mm256_loadu_ps(from));
        unsafe fn store(self, to: *mut f32) = _mm256_storeu_ps(to, self.0);
        unsafe fn stream(self, to: *mut f32) = _mm256_stream_ps(to, self.0);

        fn add(self, y: Self) -> Self = F32(_mm256_add_ps(self.0, y.0));
        fn sub(self, y: Self) -> Self = F32(_mm256_sub_ps(self.0, y.0));
        fn mul(self, y: Self) -> Self = F32(_mm256_mul_ps(self.0, y.0));
        fn div(self, y: Self) -> Self = F32(_mm256_div_ps(self.0, y.0));
        fn min(self, y: Self) -> Self = F32(_mm256_min_ps(self.0, y.0));
        fn max(self, y: Self) -> Self = F32(_mm256_max_ps(self.0, y.0));
        fn mul_add(self, factor: Self, term: Self) -> Self = F32(_mm256_fmadd_ps(self.0, factor.0, term.0));
        fn sqrt(self) -> Self = F32(_mm256_sqrt_ps(self.0));

        fn lt(self, y: Self) -> Self::Mask = _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, y.0);
        fn le(self, y: Self) -> Self::Mask = _mm256_cmp_ps::<_CMP_LE_OQ>(self.0, y.0);
        fn eq(self, y: Self) -> Self::Mask = _mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, y.0);
        fn and(a: __m256, b: __m256) -> Self::Mask = _mm256_and_ps(a, b);
        fn all(mask: __m256) -> bool = _mm256_movemask_ps(mask) == 0xff;
        fn select(mask: __m256, yes: Self, no: Self) -> Self = F32(_mm256_blendv_ps(no.0, yes.0, mask));
        fn zero_where(self, mask: __m256) -> Self = F32(_mm256_andnot_ps(mask, self.0));

        fn signs(self) -> u32 = _mm256_movemask_ps(self.0) as u32;
        fn or(self, y: Self) -> Self = F32(_mm256_or_ps(self.0, y.0));
        fn bits_and(self, y: Self) -> Self = F32(_mm256_and_ps(self.0, y.0));
        fn bits_add(self, y: Self) -> Self =
            F32(_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(self.0), _mm256_castps_si256(y.0))));
        fn bits_sub(self, y: Self) -> Self =
            F32(_mm256_castsi256_ps(_mm256_sub_epi32(_mm256_castps_si256(self.0), _mm256_castps_si256(y.0))));
        fn exponent_down(self) -> Self = F32(_mm256_castsi256_ps(_mm256_srai_epi32::<23>(_mm256_castps_si256(self.0))));
        fn exponent_up(self) -> Self = F32(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(self.0))));
        fn line_to_power(self) -> Self = F32(_mm256_castsi256_ps(_mm256_slli_epi32::<9>(_mm256_castps_si256(self.0))));
        fn line_down(self) -> Self = self;
        fn whole_less(self, less: u32) -> Self = {
            let whole = _mm256_sub_epi32(_mm256_castps_si256(self.0), _mm256_set1_epi32(less as i32));
            F32(_mm256_cvtepi32_ps(whole))
        };
        fn opaque(self) -> Self = F32(opaque_ps(self.0));

        fn polynomial(self, coefficients: &'static [Spread<f32>]) -> Self =
            F32(horner!(self.0, coefficients, first_ps, step_ps));

        // SAFETY: the window of 32 bytes from `count` units of 4 bytes before the zeros on lies
        // inside the table, and lanes that are masked out are not read [masked lanes of float32 at
        // AVX2].
        unsafe fn load_first(from: *const f32, count: usize, fill: Self) -> Self = {
            let mask = _mm256_loadu_si256(FIRST.as_ptr().cast::<i32>().add(16 - count).cast());
            F32(_mm256_blendv_ps(fill.0, _mm256_maskload_ps(from, mask), _mm256_castsi256_ps(mask)))
        };
        unsafe fn load_half<H: Half>(_: Avx2, from: *const H) -> Self = widened::<H>(_mm_loadu_si128(from.cast()));
        // SAFETY: the last 8 numbers are read [masked lanes of half precision at AVX2], and moved
        // down so that the first of those wanted comes first.
        unsafe fn load_first_half<H: Half>(from: *const H, count: usize, fill: Self) -> Self = {
            let last = _mm_loadu_si128(from.sub(8 - count).cast());
            let down = _mm_loadu_si128(DOWN.as_ptr().add(2 * (8 - count)).cast());
            let mask = _mm256_loadu_ps(FIRST.as_ptr().cast::<f32>().add(16 - count));
            F32(_mm256_blendv_ps(fill.0, widened::<H>(_mm_shuffle_epi8(last, down)).0, mask))
        };
        unsafe fn load_wholes(_: Avx2, from: *const i16) -> Self =
            F32(_mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128(from.cast()))));
        // Opaque: to add the two, the compiler would take an instruction that is three times as
        // slow.
        unsafe fn load_pairs(_: Avx2, from: *const f32) -> [Self; 2] = {
            let a = _mm256_loadu2_m128(from.add(8), from);
            let b = _mm256_loadu2_m128(from.add(12), from.add(4));
            [F32(opaque_ps(_mm256_shuffle_ps::<0x88>(a, b))), F32(_mm256_shuffle_ps::<0xdd>(a, b))]
        };
    }

    #[inline(always)]
    unsafe fn load_half_columns<H: Half>(_: Avx2, from: *const H, stride: usize) -> [Self; 8] {
        // SAFETY: the caller promises eight numbers at the start of each of the 8 rows.
        unsafe {
            let mut columns = [F32(_mm256_setzero_ps()); 8];
            // Two addresses reach all rows.
            let (from, far) = (opaque_address(from), opaque_address(from.add(4 * stride)));
            // Rows `i` and `i + 4` of eight numbers.
            let a = _mm256_loadu2_m128i(far.cast(), from.cast());
            let b = _mm256_loadu2_m128i(far.add(stride).cast(), from.add(stride).cast());
            let c = _mm256_loadu2_m128i(far.add(2 * stride).cast(), from.add(2 * stride).cast());
            let d = _mm256_loadu2_m128i(far.add(3 * stride).cast(), from.add(3 * stride).cast());
            if H::UPPER {
                // Two numbers of a row stay together, and are taken apart in the end.
                let (ab_low, cd_low) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
                let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
                let pairs = [
                    _mm256_unpacklo_epi64(ab_low, cd_low),
                    _mm256_unpackhi_epi64(ab_low, cd_low),
                    _mm256_unpacklo_epi64(ab_high, cd_high),
                    _mm256_unpackhi_epi64(ab_high, cd_high),
                ];
                for i in 0..4 {
                    let upper = _mm256_and_si256(pairs[i], _mm256_set1_epi32(-1 << 16));
                    columns[2 * i] = F32(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(pairs[i])));
                    columns[2 * i + 1] = F32(_mm256_castsi256_ps(upper));
                }
                return columns;
            }
            // Four rows of a column in each 64 bits; then the columns of each two come apart.
            let (ab_low, cd_low) = (_mm256_unpacklo_epi16(a, b), _mm256_unpacklo_epi16(c, d));
            let (ab_high, cd_high) = (_mm256_unpackhi_epi16(a, b), _mm256_unpackhi_epi16(c, d));
            let pairs = [
                _mm256_unpacklo_epi32(ab_low, cd_low),
                _mm256_unpackhi_epi32(ab_low, cd_low),
                _mm256_unpacklo_epi32(ab_high, cd_high),
                _mm256_unpackhi_epi32(ab_high, cd_high),
            ];
            for i in 0..4 {
                let apart = _mm256_permute4x64_epi64::<0b11_01_10_00>(pairs[i]);
                columns[2 * i] = widened::<H>(_mm256_castsi256_si128(apart));
                columns[2 * i + 1] = widened::<H>(_mm256_extracti128_si256::<1>(apart));
            }
            columns
        }
    }

    #[inline(always)]
    unsafe fn load_columns(_: Avx2, from: *const f32, stride: usize) -> [Self; 4] {
        // SAFETY: the caller promises four values at the start of each of the 8 rows.
        unsafe {
            // Two addresses reach all rows.
            let (from, far) = (opaque_address(from), opaque_address(from.add(4 * stride)));
            // Rows `i` and `i + 4` of four values.
            let a = _mm256_loadu2_m128(far, from);
            let b = _mm256_loadu2_m128(far.add(stride), from.add(stride));
            let c = _mm256_loadu2_m128(far.add(2 * stride), from.add(2 * stride));
            let d = _mm256_loadu2_m128(far.add(3 * stride), from.add(3 * stride));
            let (ab_low, cd_low) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            [
                F32(_mm256_shuffle_ps::<0x44>(ab_low, cd_low)),
                F32(_mm256_shuffle_ps::<0xee>(ab_low, cd_low)),
                F32(_mm256_shuffle_ps::<0x44>(ab_high, cd_high)),
                F32(_mm256_shuffle_ps::<0xee>(ab_high, cd_high)),
            ]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        let (a, b) = (self.0, other.0);
        // SAFETY: a vector proves the level.
        unsafe {
            match STEP {
                0 | 1 => [F32(_mm256_shuffle_ps::<0x88>(a, b)), F32(_mm256_shuffle_ps::<0xdd>(a, b))],
                _ => [F32(_mm256_permute2f128_ps::<0x20>(a, b)), F32(_mm256_permute2f128_ps::<0x31>(a, b))],
            }
        }
    }
}

impl Vector for F64 {
    type Scalar = f64;
    type Mask = __m256d;
    type Simd = Avx2;
    const LANES: usize = 4;

    lane_wise! {
        #![inline(always)]
        fn simd(self) -> Avx2 = Avx2(());
        fn splat(_: Avx2, value: f64) -> Self = F64(_mm256_set1_pd(value));
        unsafe fn load(_: Avx2, from: *const f64) -> Self = F64(_mm256_loadu_pd(from));
        unsafe fn store(self, to: *mut f64) = _mm256_storeu_pd(to, self.0);
        unsafe fn stream(self, to: *mut f64) = _mm256_stream_pd(to, self.0);

        fn add(self, y: Self) -> Self = F64(_mm256_add_pd(self.0, y.0));
        fn sub(self, y: Self) -> Self = F64(_mm256_sub_pd(self.0, y.0));
        fn mul(self, y: Self) -> Self = F64(_mm256_mul_pd(self.0, y.0));
        fn div(self, y: Self) -> Self = F64(_mm256_div_pd(self.0, y.0));
        fn min(self, y: Self) -> Self = F64(_mm256_min_pd(self.0, y.0));
        fn max(self, y: Self) -> Self = F64(_mm256_max_pd(self.0, y.0));
        fn mul_add(self, factor: Self, term: Self) -> Self = F64(_mm256_fmadd_pd(self.0, factor.0, term.0));
        fn sqrt(self) -> Self = F64(_mm256_sqrt_pd(self.0));

        fn lt(self, y: Self) -> __m256d = _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, y.0);
        fn le(self, y: Self) -> __m256d = _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, y.0);
        fn eq(self, y: Self) -> __m256d = _mm256_cmp_pd::<_CMP_EQ_OQ>(self.0, y.0);
        fn and(a: __m256d, b: __m256d) -> __m256d = _mm256_and_pd(a, b);
        fn all(mask: __m256d) -> bool = _mm256_movemask_pd(mask) == 0xf;
        fn select(mask: __m256d, yes: Self, no: Self) -> Self = F64(_mm256_blendv_pd(no.0, yes.0, mask));
        fn zero_where(self, mask: __m256d) -> Self = F64(_mm256_andnot_pd(mask, self.0));

        fn signs(self) -> u32 = _mm256_movemask_pd(self.0) as u32;
        fn or(self, y: Self) -> Self = F64(_mm256_or_pd(self.0, y.0));
        fn bits_and(self, y: Self) -> Self = F64(_mm256_and_pd(self.0, y.0));
        fn bits_add(self, y: Self) -> Self =
            F64(_mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(self.0), _mm256_castpd_si256(y.0))));
        fn bits_sub(self, y: Self) -> Self =
            F64(_mm256_castsi256_pd(_mm256_sub_epi64(_mm256_castpd_si256(self.0), _mm256_castpd_si256(y.0))));
        fn exponent_down(self) -> Self = F64(_mm256_castsi256_pd(_mm256_srli_epi64::<52>(_mm256_castpd_si256(self.0))));
        fn exponent_up(self) -> Self = F64(_mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(self.0))));
        fn line_to_power(self) -> Self = F64(_mm256_castsi256_pd(_mm256_slli_epi64::<32>(_mm256_castpd_si256(self.0))));
        fn line_down(self) -> Self = F64(_mm256_castsi256_pd(_mm256_srli_epi64::<32>(_mm256_castpd_si256(self.0))));
        fn whole_less(self, less: u32) -> Self = {
            let under = _mm256_or_pd(self.0, _mm256_set1_pd(TWO_52));
            F64(_mm256_sub_pd(under, _mm256_set1_pd(TWO_52 + f64::from(less))))
        };

        fn polynomial(self, coefficients: &'static [Spread<f64>]) -> Self =
            F64(horner!(self.0, coefficients, first_pd, step_pd));

        // SAFETY: the window of 32 bytes from `count` units of 8 bytes before the zeros on lies
        // inside the table, and lanes that are masked out are not read [masked lanes of float64 at
        // AVX2].
        unsafe fn load_first(from: *const f64, count: usize, fill: Self) -> Self = {
            let mask = _mm256_loadu_si256(FIRST.as_ptr().add(8 - count).cast());
            F64(_mm256_blendv_pd(fill.0, _mm256_maskload_pd(from, mask), _mm256_castsi256_pd(mask)))
        };
        // Opaque: to add the two, the compiler would take an instruction that is three times as
        // slow.
        unsafe fn load_pairs(_: Avx2, from: *const f64) -> [Self; 2] = {
            let a = _mm256_loadu2_m128d(from.add(4), from);
            let b = _mm256_loadu2_m128d(from.add(6), from.add(2));
            [F64(opaque_pd(_mm256_unpacklo_pd(a, b))), F64(_mm256_unpackhi_pd(a, b))]
        };
    }

    #[inline(always)]
    unsafe fn load_columns(_: Avx2, from: *const f64, stride: usize) -> [Self; 4] {
        // SAFETY: the caller promises four values at the start of each of the 4 rows.
        unsafe {
            // Rows `i` and `i + 2` of two values.
            let a = _mm256_loadu2_m128d(from.add(2 * stride), from);
            let b = _mm256_loadu2_m128d(from.add(3 * stride), from.add(stride));
            let c = _mm256_loadu2_m128d(from.add(2 * stride + 2), from.add(2));
            let d = _mm256_loadu2_m128d(from.add(3 * stride + 2), from.add(stride + 2));
            [
                F64(_mm256_unpacklo_pd(a, b)),
                F64(_mm256_unpackhi_pd(a, b)),
                F64(_mm256_unpacklo_pd(c, d)),
                F64(_mm256_unpackhi_pd(c, d)),
            ]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        let (a, b) = (self.0, other.0);
        // SAFETY: a vector proves the level.
        unsafe {
            match STEP {
                0 => [F64(_mm256_unpacklo_pd(a, b)), F64(_mm256_unpackhi_pd(a, b))],
                _ => [F64(_mm256_permute2f128_pd::<0x20>(a, b)), F64(_mm256_permute2f128_pd::<0x31>(a, b))],
            }
        }
    }
}
