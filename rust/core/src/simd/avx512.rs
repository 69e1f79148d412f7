//! AVX-512: 512-bit registers.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::operand::opaque_address;
use super::{Half, Kernel, Simd, Vector, lane_wise};
use std::arch::x86_64::*;

/// The token of the AVX-512 level.
#[derive(Clone, Copy)]
pub struct Avx512(());

/// Whether the CPU has the level.
pub(super) fn supported() -> bool {
    super::avx2::supported()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
}

/// Enter a kernel at the level, with the token that is made nowhere else.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,f16c,bmi1,bmi2")]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512(()))
}

impl Simd for Avx512 {
    type F32 = F32;
    type F64 = F64;
    const WIDENS: bool = true;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: the token proves the level.
        unsafe { enter(kernel) }
    }
}

/// 16 lanes of `f32`.
#[derive(Clone, Copy)]
pub struct F32(__m512);

/// 8 lanes of `f64`.
#[derive(Clone, Copy)]
pub struct F64(__m512d);

/// Numbers of half precision, widened.
#[inline]
#[target_feature(enable = "avx512f")]
fn widened<H: Half>(numbers: __m256i) -> F32 {
    F32(match H::UPPER {
        true => _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(numbers))),
        false => _mm512_cvtph_ps(numbers),
    })
}

impl Vector for F32 {
    type Scalar = f32;
    type Mask = __mmask16;
    type Simd = Avx512;
    const LANES: usize = 16;

    lane_wise! {
        #![inline(always)]
        fn simd(self) -> Avx512 = Avx512(());
        fn splat(_: Avx512, value: f32) -> Self = F32(_mm512_set1_ps(value));
        unsafe fn load(_: Avx512, from: *const f32) -> Self = F32(_mm512_loadu_ps(from));
        // SAFETY: no other lane is read [masked lanes of float32 at AVX-512].
        unsafe fn load_first(from: *const f32, count: usize, fill: Self) -> Self =
            F32(_mm512_mask_loadu_ps(fill.0, ((1u32 << count) - 1) as __mmask16, from));
        unsafe fn store(self, to: *mut f32) = _mm512_storeu_ps(to, self.0);
        unsafe fn stream(self, to: *mut f32) = _mm512_stream_ps(to, self.0);

        fn add(self, y: Self) -> Self = F32(_mm512_add_ps(self.0, y.0));
        fn sub(self, y: Self) -> Self = F32(_mm512_sub_ps(self.0, y.0));
        fn mul(self, y: Self) -> Self = F32(_mm512_mul_ps(self.0, y.0));
        fn div(self, y: Self) -> Self = F32(_mm512_div_ps(self.0, y.0));
        fn min(self, y: Self) -> Self = F32(_mm512_min_ps(self.0, y.0));
        fn max(self, y: Self) -> Self = F32(_mm512_max_ps(self.0, y.0));
        fn mul_add(self, factor: Self, term: Self) -> Self = F32(_mm512_fmadd_ps(self.0, factor.0, term.0));
        fn sqrt(self) -> Self = F32(_mm512_sqrt_ps(self.0));

        fn lt(self, y: Self) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, y.0);
        fn le(self, y: Self) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(self.0, y.0);
        fn eq(self, y: Self) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, y.0);
        fn and(a: __mmask16, b: __mmask16) -> __mmask16 = a & b;
        fn all(mask: __mmask16) -> bool = mask == __mmask16::MAX;
        fn select(mask: __mmask16, yes: Self, no: Self) -> Self = F32(_mm512_mask_blend_ps(mask, no.0, yes.0));
        fn zero_where(self, mask: __mmask16) -> Self = F32(_mm512_maskz_mov_ps(!mask, self.0));

        fn signs(self) -> u32 = _mm512_movepi32_mask(_mm512_castps_si512(self.0)).into();
        fn or(self, y: Self) -> Self = F32(_mm512_or_ps(self.0, y.0));
        fn bits_and(self, y: Self) -> Self = F32(_mm512_and_ps(self.0, y.0));
        fn bits_add(self, y: Self) -> Self =
            F32(_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(self.0), _mm512_castps_si512(y.0))));
        fn bits_sub(self, y: Self) -> Self =
            F32(_mm512_castsi512_ps(_mm512_sub_epi32(_mm512_castps_si512(self.0), _mm512_castps_si512(y.0))));
        fn exponent_down(self) -> Self = F32(_mm512_castsi512_ps(_mm512_srai_epi32::<23>(_mm512_castps_si512(self.0))));
        fn exponent_up(self) -> Self = F32(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(self.0))));
        fn line_to_power(self) -> Self = F32(_mm512_castsi512_ps(_mm512_slli_epi32::<9>(_mm512_castps_si512(self.0))));
        fn line_down(self) -> Self = self;
        fn whole_less(self, less: u32) -> Self = {
            let whole = _mm512_sub_epi32(_mm512_castps_si512(self.0), _mm512_set1_epi32(less as i32));
            F32(_mm512_cvtepi32_ps(whole))
        };

        unsafe fn load_wholes(_: Avx512, from: *const i16) -> Self =
            F32(_mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256(from.cast()))));
        unsafe fn load_pairs(_: Avx512, from: *const f32) -> [Self; 2] = {
            let [a, b] = [_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(16))];
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
            [F32(_mm512_permutex2var_ps(a, even, b)), F32(_mm512_permutex2var_ps(a, odd, b))]
        };
        unsafe fn load_half<H: Half>(_: Avx512, from: *const H) -> Self = widened::<H>(_mm256_loadu_si256(from.cast()));
        // SAFETY: no other lane is read [masked lanes of half precision at AVX-512].
        unsafe fn load_first_half<H: Half>(from: *const H, count: usize, fill: Self) -> Self = {
            let mask = ((1u32 << count) - 1) as __mmask16;
            let first = widened::<H>(_mm256_maskz_loadu_epi16(mask, from.cast()));
            F32(_mm512_mask_blend_ps(mask, fill.0, first.0))
        };
        // Rows `i` and `i + 4` share a vector first.
        fn pair_place(row: usize) -> usize = (row & 8) | ((row & 3) << 1) | ((row >> 2) & 1);
    }

    #[inline(always)]
    unsafe fn load_halves<H: Half>(simd: Avx512, from: *const H) -> [Self; 2] {
        // SAFETY: the caller promises twice as many numbers as there are lanes.
        unsafe {
            if !H::UPPER {
                return [Self::load_half(simd, from), Self::load_half(simd, from.add(Self::LANES))];
            }
            // Those at odd places are where they belong.
            let both = _mm512_loadu_si512(from.cast());
            let upper = _mm512_and_si512(both, _mm512_set1_epi32(-1 << 16));
            [F32(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(both))), F32(_mm512_castsi512_ps(upper))]
        }
    }

    #[inline(always)]
    unsafe fn load_half_columns<H: Half>(_: Avx512, from: *const H, stride: usize) -> [Self; 8] {
        /// Eight numbers each, `offset` after the start of rows 0, 4, 8 and 12, which are `fours`.
        #[inline(always)]
        unsafe fn rows<H: Half>(fours: [*const H; 4], offset: usize) -> __m512i {
            // SAFETY: the caller's promise.
            unsafe {
                let first = _mm512_castsi128_si512(_mm_loadu_si128(fours[0].add(offset).cast()));
                let second = _mm512_inserti32x4::<1>(first, _mm_loadu_si128(fours[1].add(offset).cast()));
                let third = _mm512_inserti32x4::<2>(second, _mm_loadu_si128(fours[2].add(offset).cast()));
                _mm512_inserti32x4::<3>(third, _mm_loadu_si128(fours[3].add(offset).cast()))
            }
        }
        // SAFETY: the caller promises eight numbers at the start of each of the 16 rows.
        unsafe {
            let mut columns = [F32(_mm512_setzero_ps()); 8];
            let first = opaque_address(from);
            let second = opaque_address(first.add(4 * stride));
            let third = opaque_address(second.add(4 * stride));
            let fours = [first, second, third, opaque_address(third.add(4 * stride))];
            let (a, b) = (rows(fours, 0), rows(fours, stride));
            let (c, d) = (rows(fours, 2 * stride), rows(fours, 3 * stride));
            if H::UPPER {
                // Two numbers of a row stay together, and are taken apart in the end.
                let (ab_low, cd_low) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
                let (ab_high, cd_high) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
                let pairs = [
                    _mm512_unpacklo_epi64(ab_low, cd_low),
                    _mm512_unpackhi_epi64(ab_low, cd_low),
                    _mm512_unpacklo_epi64(ab_high, cd_high),
                    _mm512_unpackhi_epi64(ab_high, cd_high),
                ];
                for i in 0..4 {
                    let upper = _mm512_and_si512(pairs[i], _mm512_set1_epi32(-1 << 16));
                    columns[2 * i] = F32(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs[i])));
                    columns[2 * i + 1] = F32(_mm512_castsi512_ps(upper));
                }
                return columns;
            }
            // Four rows of a column in each 64 bits; then the columns of each two come apart.
            let (ab_low, cd_low) = (_mm512_unpacklo_epi16(a, b), _mm512_unpacklo_epi16(c, d));
            let (ab_high, cd_high) = (_mm512_unpackhi_epi16(a, b), _mm512_unpackhi_epi16(c, d));
            let pairs = [
                _mm512_unpacklo_epi32(ab_low, cd_low),
                _mm512_unpackhi_epi32(ab_low, cd_low),
                _mm512_unpacklo_epi32(ab_high, cd_high),
                _mm512_unpackhi_epi32(ab_high, cd_high),
            ];
            let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
            for i in 0..4 {
                let apart = _mm512_permutexvar_epi64(order, pairs[i]);
                columns[2 * i] = widened::<H>(_mm512_castsi512_si256(apart));
                columns[2 * i + 1] = widened::<H>(_mm512_extracti64x4_epi64::<1>(apart));
            }
            columns
        }
    }

    #[inline(always)]
    unsafe fn load_columns(_: Avx512, from: *const f32, stride: usize) -> [Self; 4] {
        /// Four values each, `offset` after the start of rows 0, 4, 8 and 12, which are `fours`.
        #[inline(always)]
        unsafe fn rows(fours: [*const f32; 4], offset: usize) -> __m512 {
            // SAFETY: the caller's promise.
            unsafe {
                let first = _mm512_castps128_ps512(_mm_loadu_ps(fours[0].add(offset)));
                let second = _mm512_insertf32x4::<1>(first, _mm_loadu_ps(fours[1].add(offset)));
                let third = _mm512_insertf32x4::<2>(second, _mm_loadu_ps(fours[2].add(offset)));
                _mm512_insertf32x4::<3>(third, _mm_loadu_ps(fours[3].add(offset)))
            }
        }
        // SAFETY: the caller promises four values at the start of each of the 16 rows.
        unsafe {
            // Four addresses reach all rows: left to itself the compiler keeps one for each row.
            let first = opaque_address(from);
            let second = opaque_address(first.add(4 * stride));
            let third = opaque_address(second.add(4 * stride));
            let fours = [first, second, third, opaque_address(third.add(4 * stride))];
            let (a, b) = (rows(fours, 0), rows(fours, stride));
            let (c, d) = (rows(fours, 2 * stride), rows(fours, 3 * stride));
            let (ab_low, cd_low) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
            [
                F32(_mm512_shuffle_ps::<0x44>(ab_low, cd_low)),
                F32(_mm512_shuffle_ps::<0xee>(ab_low, cd_low)),
                F32(_mm512_shuffle_ps::<0x44>(ab_high, cd_high)),
                F32(_mm512_shuffle_ps::<0xee>(ab_high, cd_high)),
            ]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        let (a, b) = (self.0, other.0);
        // SAFETY: a vector proves the level.
        unsafe {
            match STEP {
                // The halves; then pairs inside each 128 bits; then the 128 bits.
                0 => [F32(_mm512_shuffle_f32x4::<0x44>(a, b)), F32(_mm512_shuffle_f32x4::<0xee>(a, b))],
                1 | 2 => [F32(_mm512_shuffle_ps::<0x88>(a, b)), F32(_mm512_shuffle_ps::<0xdd>(a, b))],
                _ => [F32(_mm512_shuffle_f32x4::<0x88>(a, b)), F32(_mm512_shuffle_f32x4::<0xdd>(a, b))],
            }
        }
    }
}

impl Vector for F64 {
    type Scalar = f64;
    type Mask = __mmask8;
    type Simd = Avx512;
    const LANES: usize = 8;
    const SIGNED: bool = true;

    lane_wise! {
        #![inline(always)]
        fn simd(self) -> Avx512 = Avx512(());
        fn splat(_: Avx512, value: f64) -> Self = F64(_mm512_set1_pd(value));
        unsafe fn load(_: Avx512, from: *const f64) -> Self = F64(_mm512_loadu_pd(from));
        // SAFETY: no other lane is read [masked lanes of float64 at AVX-512].
        unsafe fn load_first(from: *const f64, count: usize, fill: Self) -> Self =
            F64(_mm512_mask_loadu_pd(fill.0, ((1u32 << count) - 1) as __mmask8, from));
        unsafe fn store(self, to: *mut f64) = _mm512_storeu_pd(to, self.0);
        unsafe fn stream(self, to: *mut f64) = _mm512_stream_pd(to, self.0);

        fn add(self, y: Self) -> Self = F64(_mm512_add_pd(self.0, y.0));
        fn sub(self, y: Self) -> Self = F64(_mm512_sub_pd(self.0, y.0));
        fn mul(self, y: Self) -> Self = F64(_mm512_mul_pd(self.0, y.0));
        fn div(self, y: Self) -> Self = F64(_mm512_div_pd(self.0, y.0));
        fn min(self, y: Self) -> Self = F64(_mm512_min_pd(self.0, y.0));
        fn max(self, y: Self) -> Self = F64(_mm512_max_pd(self.0, y.0));
        fn mul_add(self, factor: Self, term: Self) -> Self = F64(_mm512_fmadd_pd(self.0, factor.0, term.0));
        fn sqrt(self) -> Self = F64(_mm512_sqrt_pd(self.0));

        fn lt(self, y: Self) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, y.0);
        fn le(self, y: Self) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, y.0);
        fn eq(self, y: Self) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(self.0, y.0);
        fn and(a: __mmask8, b: __mmask8) -> __mmask8 = a & b;
        fn all(mask: __mmask8) -> bool = mask == __mmask8::MAX;
        fn select(mask: __mmask8, yes: Self, no: Self) -> Self = F64(_mm512_mask_blend_pd(mask, no.0, yes.0));
        fn zero_where(self, mask: __mmask8) -> Self = F64(_mm512_maskz_mov_pd(!mask, self.0));

        fn signs(self) -> u32 = _mm512_movepi64_mask(_mm512_castpd_si512(self.0)).into();
        fn or(self, y: Self) -> Self = F64(_mm512_or_pd(self.0, y.0));
        fn bits_and(self, y: Self) -> Self = F64(_mm512_and_pd(self.0, y.0));
        fn bits_add(self, y: Self) -> Self =
            F64(_mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(self.0), _mm512_castpd_si512(y.0))));
        fn bits_sub(self, y: Self) -> Self =
            F64(_mm512_castsi512_pd(_mm512_sub_epi64(_mm512_castpd_si512(self.0), _mm512_castpd_si512(y.0))));
        fn exponent_down(self) -> Self = F64(_mm512_castsi512_pd(_mm512_srai_epi64::<52>(_mm512_castpd_si512(self.0))));
        fn exponent_up(self) -> Self = F64(_mm512_castsi512_pd(_mm512_slli_epi64::<52>(_mm512_castpd_si512(self.0))));
        fn line_to_power(self) -> Self = F64(_mm512_castsi512_pd(_mm512_slli_epi64::<32>(_mm512_castpd_si512(self.0))));
        fn line_down(self) -> Self = F64(_mm512_castsi512_pd(_mm512_srli_epi64::<32>(_mm512_castpd_si512(self.0))));
        fn whole_less(self, less: u32) -> Self = {
            let whole = _mm512_cvtepi64_pd(_mm512_castpd_si512(self.0));
            F64(_mm512_sub_pd(whole, _mm512_set1_pd(f64::from(less))))
        };

        unsafe fn load_pairs(_: Avx512, from: *const f64) -> [Self; 2] = {
            let [a, b] = [_mm512_loadu_pd(from), _mm512_loadu_pd(from.add(8))];
            let even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
            let odd = _mm512_add_epi64(even, _mm512_set1_epi64(1));
            [F64(_mm512_permutex2var_pd(a, even, b)), F64(_mm512_permutex2var_pd(a, odd, b))]
        };
        // Rows `i` and `i + 2` share a vector first.
        fn pair_place(row: usize) -> usize = (row & 4) | ((row & 1) << 1) | ((row >> 1) & 1);
    }

    #[inline(always)]
    unsafe fn load_columns(_: Avx512, from: *const f64, stride: usize) -> [Self; 4] {
        /// Two values each of rows 0, 2, 4 and 6 from `near`; `far` is row 4.
        #[inline(always)]
        unsafe fn rows(near: *const f64, far: *const f64, stride: usize) -> __m512d {
            // SAFETY: the caller's promise.
            unsafe {
                let first = _mm512_castpd128_pd512(_mm_loadu_pd(near));
                let second = _mm512_insertf64x2::<1>(first, _mm_loadu_pd(near.add(2 * stride)));
                let third = _mm512_insertf64x2::<2>(second, _mm_loadu_pd(far));
                _mm512_insertf64x2::<3>(third, _mm_loadu_pd(far.add(2 * stride)))
            }
        }
        // SAFETY: the caller promises four values at the start of each of the 8 rows.
        unsafe {
            // Two addresses reach all rows.
            let near = opaque_address(from);
            let far = opaque_address(near.add(4 * stride));
            let (a, b) = (rows(near, far, stride), rows(near.add(stride), far.add(stride), stride));
            let (near, far) = (near.add(2), far.add(2));
            let (c, d) = (rows(near, far, stride), rows(near.add(stride), far.add(stride), stride));
            [
                F64(_mm512_unpacklo_pd(a, b)),
                F64(_mm512_unpackhi_pd(a, b)),
                F64(_mm512_unpacklo_pd(c, d)),
                F64(_mm512_unpackhi_pd(c, d)),
            ]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        let (a, b) = (self.0, other.0);
        // SAFETY: a vector proves the level.
        unsafe {
            match STEP {
                // The halves; then pairs inside each 128 bits; then the 128 bits.
                0 => [F64(_mm512_shuffle_f64x2::<0x44>(a, b)), F64(_mm512_shuffle_f64x2::<0xee>(a, b))],
                1 => [F64(_mm512_unpacklo_pd(a, b)), F64(_mm512_unpackhi_pd(a, b))],
                _ => [F64(_mm512_shuffle_f64x2::<0x88>(a, b)), F64(_mm512_shuffle_f64x2::<0xdd>(a, b))],
            }
        }
    }
}
