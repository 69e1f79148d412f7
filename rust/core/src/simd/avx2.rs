//! AVX2 and FMA: two 256-bit registers a vector.

use super::{Simd, Vector};
use std::arch::x86_64::*;

/// The AVX2 level.
#[derive(Clone, Copy)]
pub struct Avx2;

impl Simd for Avx2 {
    type F32 = F32;
    type F64 = F64;
}

/// 16 lanes of `f32`.
#[derive(Clone, Copy)]
pub struct F32([__m256; 2]);

/// 8 lanes of `f64`.
#[derive(Clone, Copy)]
pub struct F64([__m256d; 2]);

/// The operations that differ between the two types only in the name of the intrinsic.
macro_rules! lane_wise {
    ($vector:ident, $float:ty, $register:ty, $half:literal, $set:ident, $load:ident, $store:ident, $stream:ident, $add:ident, $sub:ident,
     $mul:ident, $div:ident, $fma:ident, $min:ident, $max:ident, $cmp:ident, $and:ident, $and_not:ident, $movemask:ident, $blend:ident) => {
        type Scalar = $float;
        type Mask = [$register; 2];

        #[inline(always)]
        fn splat(value: $float) -> Self {
            // SAFETY: only entered at the AVX2 level; so for every intrinsic on registers below.
            unsafe { $vector([$set(value); 2]) }
        }

        #[inline(always)]
        unsafe fn load(from: *const $float) -> Self {
            // SAFETY: the caller promises all lanes.
            unsafe { $vector([$load(from), $load(from.add($half))]) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut $float) {
            // SAFETY: the caller promises all lanes.
            unsafe {
                $store(to, self.0[0]);
                $store(to.add($half), self.0[1]);
            }
        }

        #[inline(always)]
        unsafe fn stream(self, to: *mut $float) {
            // SAFETY: the caller promises all lanes and the alignment.
            unsafe {
                $stream(to, self.0[0]);
                $stream(to.add($half), self.0[1]);
            }
        }

        #[inline(always)]
        fn fence() {
            // SAFETY: SSE is part of the level.
            unsafe { _mm_sfence() }
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector([$add(self.0[0], other.0[0]), $add(self.0[1], other.0[1])]) }
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector([$sub(self.0[0], other.0[0]), $sub(self.0[1], other.0[1])]) }
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector([$mul(self.0[0], other.0[0]), $mul(self.0[1], other.0[1])]) }
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector([$div(self.0[0], other.0[0]), $div(self.0[1], other.0[1])]) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, term: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe {
                $vector([
                    $fma(self.0[0], factor.0[0], term.0[0]),
                    $fma(self.0[1], factor.0[1], term.0[1]),
                ])
            }
        }

        #[inline(always)]
        fn min(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector([$min(self.0[0], other.0[0]), $min(self.0[1], other.0[1])]) }
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector([$max(self.0[0], other.0[0]), $max(self.0[1], other.0[1])]) }
        }

        #[inline(always)]
        fn lt(self, other: Self) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { [$cmp::<_CMP_LT_OQ>(self.0[0], other.0[0]), $cmp::<_CMP_LT_OQ>(self.0[1], other.0[1])] }
        }

        #[inline(always)]
        fn le(self, other: Self) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { [$cmp::<_CMP_LE_OQ>(self.0[0], other.0[0]), $cmp::<_CMP_LE_OQ>(self.0[1], other.0[1])] }
        }

        #[inline(always)]
        fn eq(self, other: Self) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { [$cmp::<_CMP_EQ_OQ>(self.0[0], other.0[0]), $cmp::<_CMP_EQ_OQ>(self.0[1], other.0[1])] }
        }

        #[inline(always)]
        fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { [$and(a[0], b[0]), $and(a[1], b[1])] }
        }

        #[inline(always)]
        fn all(mask: Self::Mask) -> bool {
            // SAFETY: as in `splat`.
            unsafe { $movemask($and(mask[0], mask[1])) == (1 << $half) - 1 }
        }

        #[inline(always)]
        fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe {
                $vector([
                    $blend(no.0[0], yes.0[0], mask[0]),
                    $blend(no.0[1], yes.0[1], mask[1]),
                ])
            }
        }

        #[inline(always)]
        fn zero_where(self, mask: Self::Mask) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector([$and_not(mask[0], self.0[0]), $and_not(mask[1], self.0[1])]) }
        }
    };
}

/// All-ones then all-zero: a window into it is the mask of a first few lanes.
static FIRST: [i64; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

impl Vector for F32 {
    lane_wise!(
        F32, f32, __m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_stream_ps, _mm256_add_ps, _mm256_sub_ps,
        _mm256_mul_ps, _mm256_div_ps, _mm256_fmadd_ps, _mm256_min_ps, _mm256_max_ps, _mm256_cmp_ps, _mm256_and_ps, _mm256_andnot_ps,
        _mm256_movemask_ps, _mm256_blendv_ps
    );

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize, fill: Self) -> Self {
        #[inline(always)]
        fn part(from: *const f32, count: usize, offset: usize, fill: __m256) -> __m256 {
            let lanes = count.saturating_sub(offset).min(8);
            // SAFETY: the window of 32 bytes that starts `lanes` 4-byte units before the zeros lies inside the table, and masked-out lanes
            // are not read.
            unsafe {
                let window = FIRST.as_ptr().cast::<i32>().add(16 - lanes);
                let mask = _mm256_loadu_si256(window.cast());
                let loaded = _mm256_maskload_ps(from.wrapping_add(offset), mask);
                _mm256_blendv_ps(fill, loaded, _mm256_castsi256_ps(mask))
            }
        }
        F32([part(from, count, 0, fill.0[0]), part(from, count, 8, fill.0[1])])
    }

    #[inline(always)]
    unsafe fn load_columns(from: *const f32, stride: usize) -> [Self; 4] {
        /// Rows `i` and `i + 4` of four values.
        ///
        /// # Safety
        /// Both must be readable.
        #[inline(always)]
        unsafe fn rows(from: *const f32, stride: usize, i: usize) -> __m256 {
            // SAFETY: the caller's promise.
            unsafe {
                let low = _mm256_castps128_ps256(_mm_loadu_ps(from.add(i * stride)));
                _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(from.add((i + 4) * stride)))
            }
        }

        /// # Safety
        /// Eight rows of four values must be readable.
        #[inline(always)]
        unsafe fn part(from: *const f32, stride: usize) -> [__m256; 4] {
            // SAFETY: the caller's promise.
            unsafe {
                let (a, b) = (rows(from, stride, 0), rows(from, stride, 1));
                let (c, d) = (rows(from, stride, 2), rows(from, stride, 3));
                let (ab_low, cd_low) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
                let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
                [
                    _mm256_shuffle_ps::<0x44>(ab_low, cd_low),
                    _mm256_shuffle_ps::<0xee>(ab_low, cd_low),
                    _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
                    _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
                ]
            }
        }
        // SAFETY: the caller promises four values at the start of each of the 16 rows.
        let (a, b) = unsafe { (part(from, stride), part(from.add(8 * stride), stride)) };
        [F32([a[0], b[0]]), F32([a[1], b[1]]), F32([a[2], b[2]]), F32([a[3], b[3]])]
    }

    #[inline(always)]
    unsafe fn load_pairs(from: *const f32) -> [Self; 2] {
        /// # Safety
        /// 16 values must be readable.
        #[inline(always)]
        unsafe fn part(from: *const f32) -> [__m256; 2] {
            // SAFETY: the caller's promise.
            unsafe {
                let (a, b) = (_mm256_castps128_ps256(_mm_loadu_ps(from)), _mm256_castps128_ps256(_mm_loadu_ps(from.add(4))));
                let a = _mm256_insertf128_ps::<1>(a, _mm_loadu_ps(from.add(8)));
                let b = _mm256_insertf128_ps::<1>(b, _mm_loadu_ps(from.add(12)));
                [_mm256_shuffle_ps::<0x88>(a, b), _mm256_shuffle_ps::<0xdd>(a, b)]
            }
        }
        // SAFETY: the caller promises 32 values.
        let (a, b) = unsafe { (part(from), part(from.add(16))) };
        [F32([a[0], b[0]]), F32([a[1], b[1]])]
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        #[inline(always)]
        fn part(x: __m256) -> (__m256, __m256) {
            // SAFETY: as in `splat`.
            unsafe {
                let low = _mm256_set1_epi32(0x3f35_04f3);
                let above = _mm256_sub_epi32(_mm256_castps_si256(x), low);
                let mantissa = _mm256_and_si256(above, _mm256_set1_epi32(0x007f_ffff));
                (
                    _mm256_cvtepi32_ps(_mm256_srai_epi32::<23>(above)),
                    _mm256_castsi256_ps(_mm256_add_epi32(mantissa, low)),
                )
            }
        }
        let (first, second) = (part(self.0[0]), part(self.0[1]));
        (F32([first.0, second.0]), F32([first.1, second.1]))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        #[inline(always)]
        fn part(x: __m256) -> __m256 {
            // SAFETY: as in `splat`.
            unsafe {
                let shifted = _mm256_slli_epi32::<23>(_mm256_castps_si256(x));
                _mm256_castsi256_ps(_mm256_add_epi32(shifted, _mm256_set1_epi32(0x3f80_0000)))
            }
        }
        F32([part(self.0[0]), part(self.0[1])])
    }
}

impl Vector for F64 {
    lane_wise!(
        F64, f64, __m256d, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_stream_pd, _mm256_add_pd, _mm256_sub_pd,
        _mm256_mul_pd, _mm256_div_pd, _mm256_fmadd_pd, _mm256_min_pd, _mm256_max_pd, _mm256_cmp_pd, _mm256_and_pd, _mm256_andnot_pd,
        _mm256_movemask_pd, _mm256_blendv_pd
    );

    #[inline(always)]
    unsafe fn load_first(from: *const f64, count: usize, fill: Self) -> Self {
        #[inline(always)]
        fn part(from: *const f64, count: usize, offset: usize, fill: __m256d) -> __m256d {
            let lanes = count.saturating_sub(offset).min(4);
            // SAFETY: the window of 32 bytes that starts `lanes` 8-byte units before the zeros lies inside the table, and masked-out lanes
            // are not read.
            unsafe {
                let mask = _mm256_loadu_si256(FIRST.as_ptr().add(8 - lanes).cast());
                let loaded = _mm256_maskload_pd(from.wrapping_add(offset), mask);
                _mm256_blendv_pd(fill, loaded, _mm256_castsi256_pd(mask))
            }
        }
        F64([part(from, count, 0, fill.0[0]), part(from, count, 4, fill.0[1])])
    }

    #[inline(always)]
    unsafe fn load_columns(from: *const f64, stride: usize) -> [Self; 4] {
        /// Rows `i` and `i + 2` of two values.
        ///
        /// # Safety
        /// Both must be readable.
        #[inline(always)]
        unsafe fn rows(from: *const f64, stride: usize, i: usize) -> __m256d {
            // SAFETY: the caller's promise.
            unsafe {
                let low = _mm256_castpd128_pd256(_mm_loadu_pd(from.add(i * stride)));
                _mm256_insertf128_pd::<1>(low, _mm_loadu_pd(from.add((i + 2) * stride)))
            }
        }

        /// # Safety
        /// Four rows of four values must be readable.
        #[inline(always)]
        unsafe fn part(from: *const f64, stride: usize) -> [__m256d; 4] {
            // SAFETY: the caller's promise.
            unsafe {
                let (a, b) = (rows(from, stride, 0), rows(from, stride, 1));
                let (c, d) = (rows(from.add(2), stride, 0), rows(from.add(2), stride, 1));
                [
                    _mm256_unpacklo_pd(a, b),
                    _mm256_unpackhi_pd(a, b),
                    _mm256_unpacklo_pd(c, d),
                    _mm256_unpackhi_pd(c, d),
                ]
            }
        }
        // SAFETY: the caller promises four values at the start of each of the 8 rows.
        let (a, b) = unsafe { (part(from, stride), part(from.add(4 * stride), stride)) };
        [F64([a[0], b[0]]), F64([a[1], b[1]]), F64([a[2], b[2]]), F64([a[3], b[3]])]
    }

    #[inline(always)]
    unsafe fn load_pairs(from: *const f64) -> [Self; 2] {
        /// # Safety
        /// 8 values must be readable.
        #[inline(always)]
        unsafe fn part(from: *const f64) -> [__m256d; 2] {
            // SAFETY: the caller's promise.
            unsafe {
                let (a, b) = (_mm256_castpd128_pd256(_mm_loadu_pd(from)), _mm256_castpd128_pd256(_mm_loadu_pd(from.add(2))));
                let a = _mm256_insertf128_pd::<1>(a, _mm_loadu_pd(from.add(4)));
                let b = _mm256_insertf128_pd::<1>(b, _mm_loadu_pd(from.add(6)));
                [_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b)]
            }
        }
        // SAFETY: the caller promises 16 values.
        let (a, b) = unsafe { (part(from), part(from.add(8))) };
        [F64([a[0], b[0]]), F64([a[1], b[1]])]
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // There is no 64-bit arithmetic shift nor conversion here: the exponent, made positive, is set under the bits of 2^52.
        #[inline(always)]
        fn part(x: __m256d) -> (__m256d, __m256d) {
            // SAFETY: as in `splat`.
            unsafe {
            let low = _mm256_set1_epi64x(0x3fe6_a09e_667f_3bcd);
            let above = _mm256_sub_epi64(_mm256_castpd_si256(x), low);
            let mantissa = _mm256_and_si256(above, _mm256_set1_epi64x(0x000f_ffff_ffff_ffff));
            let positive = _mm256_add_epi64(above, _mm256_set1_epi64x(1024 << 52));
            let under = _mm256_or_si256(_mm256_srli_epi64::<52>(positive), _mm256_set1_epi64x(0x4330_0000_0000_0000));
            (
                _mm256_sub_pd(_mm256_castsi256_pd(under), _mm256_set1_pd(4_503_599_627_370_496.0 + 1024.0)),
                _mm256_castsi256_pd(_mm256_add_epi64(mantissa, low)),
            )
            }
        }
        let (first, second) = (part(self.0[0]), part(self.0[1]));
        (F64([first.0, second.0]), F64([first.1, second.1]))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        #[inline(always)]
        fn part(x: __m256d) -> __m256d {
            // SAFETY: as in `splat`.
            unsafe {
                let shifted = _mm256_slli_epi64::<52>(_mm256_castpd_si256(x));
                _mm256_castsi256_pd(_mm256_add_epi64(shifted, _mm256_set1_epi64x(0x3ff0_0000_0000_0000)))
            }
        }
        F64([part(self.0[0]), part(self.0[1])])
    }
}
