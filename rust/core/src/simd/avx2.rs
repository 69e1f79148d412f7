//! AVX2 and FMA: 256-bit registers.

use super::operand::{first_pd, first_ps, horner, opaque_address, opaque_pd, opaque_ps, step_pd, step_ps};
use super::{Simd, Spread, Vector};
use std::arch::x86_64::*;

/// The AVX2 level.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// The token of the level.
    ///
    /// # Safety
    /// [`Level::supported`](super::Level::supported) must be true of the level.
    #[inline(always)]
    pub(super) unsafe fn new() -> Self {
        Avx2(())
    }
}

impl Simd for Avx2 {
    type F32 = F32;
    type F64 = F64;
}

/// 8 lanes of `f32`.
#[derive(Clone, Copy)]
pub struct F32(__m256);

/// 4 lanes of `f64`.
#[derive(Clone, Copy)]
pub struct F64(__m256d);

/// The operations that differ between the two types only in the name of the intrinsic.
macro_rules! lane_wise {
    ($vector:ident, $float:ty, $register:ty, $lanes:literal, $set:ident, $load:ident, $store:ident, $stream:ident, $add:ident, $sub:ident,
     $mul:ident, $div:ident, $fma:ident, $min:ident, $max:ident, $sqrt:ident, $cmp:ident, $and:ident, $and_not:ident, $movemask:ident, $blend:ident, $or:ident, $first:ident, $step:ident) => {
        type Scalar = $float;
        type Simd = Avx2;
        type Mask = $register;
        const LANES: usize = $lanes;

        #[inline(always)]
        fn simd(self) -> Avx2 {
            Avx2(())
        }

        #[inline(always)]
        fn splat(_: Avx2, value: $float) -> Self {
            // SAFETY: a token proves the level, and so does a vector, which is made by a token: so for all below.
            unsafe { $vector($set(value)) }
        }

        #[inline(always)]
        unsafe fn load(_: Avx2, from: *const $float) -> Self {
            // SAFETY: the caller promises all lanes.
            unsafe { $vector($load(from)) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut $float) {
            // SAFETY: the caller promises all lanes.
            unsafe { $store(to, self.0) }
        }

        #[inline(always)]
        unsafe fn stream(self, to: *mut $float) {
            // SAFETY: the caller promises all lanes and the alignment.
            unsafe { $stream(to, self.0) }
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($add(self.0, other.0)) }
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($sub(self.0, other.0)) }
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($mul(self.0, other.0)) }
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($div(self.0, other.0)) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, term: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($fma(self.0, factor.0, term.0)) }
        }

        #[inline(always)]
        fn min(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($min(self.0, other.0)) }
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($max(self.0, other.0)) }
        }

        #[inline(always)]
        fn or(self, other: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($or(self.0, other.0)) }
        }

        #[inline(always)]
        fn signs(self) -> u32 {
            // SAFETY: as in `splat`.
            unsafe { $movemask(self.0) as u32 }
        }

        #[inline(always)]
        fn polynomial(self, coefficients: &'static [Spread<$float>]) -> Self {
            // SAFETY: as in `splat`.
            $vector(unsafe { horner!(self.0, coefficients, $first, $step) })
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($sqrt(self.0)) }
        }

        #[inline(always)]
        fn lt(self, other: Self) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { $cmp::<_CMP_LT_OQ>(self.0, other.0) }
        }

        #[inline(always)]
        fn le(self, other: Self) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { $cmp::<_CMP_LE_OQ>(self.0, other.0) }
        }

        #[inline(always)]
        fn eq(self, other: Self) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { $cmp::<_CMP_EQ_OQ>(self.0, other.0) }
        }

        #[inline(always)]
        fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask {
            // SAFETY: as in `splat`.
            unsafe { $and(a, b) }
        }

        #[inline(always)]
        fn all(mask: Self::Mask) -> bool {
            // SAFETY: as in `splat`.
            unsafe { $movemask(mask) == (1 << $lanes) - 1 }
        }

        #[inline(always)]
        fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($blend(no.0, yes.0, mask)) }
        }

        #[inline(always)]
        fn zero_where(self, mask: Self::Mask) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($and_not(mask, self.0)) }
        }
    };
}

/// All-ones then all-zero: a window into it is the mask of a first few lanes.
static FIRST: [i64; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

impl Vector for F32 {
    lane_wise!(
        F32,
        f32,
        __m256,
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_stream_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_div_ps,
        _mm256_fmadd_ps,
        _mm256_min_ps,
        _mm256_max_ps,
        _mm256_sqrt_ps,
        _mm256_cmp_ps,
        _mm256_and_ps,
        _mm256_andnot_ps,
        _mm256_movemask_ps,
        _mm256_blendv_ps,
        _mm256_or_ps,
        first_ps,
        step_ps
    );

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize, fill: Self) -> Self {
        // SAFETY: the window of 32 bytes that starts `count` 4-byte units before the zeros lies inside the table, and masked-out lanes are not
        // read.
        unsafe {
            let mask = _mm256_loadu_si256(FIRST.as_ptr().cast::<i32>().add(16 - count).cast());
            let loaded = _mm256_maskload_ps(from, mask);
            F32(_mm256_blendv_ps(fill.0, loaded, _mm256_castsi256_ps(mask)))
        }
    }

    #[inline(always)]
    unsafe fn load_columns(_: Avx2, from: *const f32, stride: usize) -> [Self; 4] {
        /// Rows `i` and `i + 4` of four values.
        ///
        /// # Safety
        /// Both must be readable.
        #[inline(always)]
        unsafe fn rows(from: *const f32, far: *const f32, offset: usize) -> __m256 {
            // SAFETY: the caller's promise.
            unsafe {
                let low = _mm256_castps128_ps256(_mm_loadu_ps(from.add(offset)));
                _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(far.add(offset)))
            }
        }

        // SAFETY: the caller promises four values at the start of each of the 8 rows.
        unsafe {
            let (from, far) = (opaque_address(from), opaque_address(from.add(4 * stride)));
            let (a, b) = (rows(from, far, 0), rows(from, far, stride));
            let (c, d) = (rows(from, far, 2 * stride), rows(from, far, 3 * stride));
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
    unsafe fn load_pairs(_: Avx2, from: *const f32) -> [Self; 2] {
        // SAFETY: the caller promises 16 values.
        unsafe {
            let (a, b) =
                (_mm256_castps128_ps256(_mm_loadu_ps(from)), _mm256_castps128_ps256(_mm_loadu_ps(from.add(4))));
            let a = _mm256_insertf128_ps::<1>(a, _mm_loadu_ps(from.add(8)));
            let b = _mm256_insertf128_ps::<1>(b, _mm_loadu_ps(from.add(12)));
            // Opaque, for the compiler would add the two by an instruction that takes three times as long.
            [F32(opaque_ps(_mm256_shuffle_ps::<0x88>(a, b))), F32(_mm256_shuffle_ps::<0xdd>(a, b))]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            if STEP < 2 {
                let even = _mm256_shuffle_ps::<0x88>(self.0, other.0);
                [F32(even), F32(_mm256_shuffle_ps::<0xdd>(self.0, other.0))]
            } else {
                let low = _mm256_permute2f128_ps::<0x20>(self.0, other.0);
                [F32(low), F32(_mm256_permute2f128_ps::<0x31>(self.0, other.0))]
            }
        }
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: as in `splat`.
        unsafe {
            let low = _mm256_set1_epi32(0x3f35_04f3);
            let above = _mm256_sub_epi32(_mm256_castps_si256(self.0), low);
            let mantissa = _mm256_and_si256(above, _mm256_set1_epi32(0x007f_ffff));
            (
                F32(_mm256_cvtepi32_ps(_mm256_srai_epi32::<23>(above))),
                F32(_mm256_castsi256_ps(_mm256_add_epi32(mantissa, low))),
            )
        }
    }

    #[inline(always)]
    fn octave(self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let one = opaque_ps(_mm256_set1_ps(1.0));
            let above = _mm256_sub_epi32(bits, _mm256_castps_si256(one));
            let fraction = _mm256_and_si256(bits, _mm256_set1_epi32(0x007f_ffff));
            let mantissa = _mm256_or_ps(_mm256_castsi256_ps(fraction), one);
            [F32(_mm256_cvtepi32_ps(above)), F32(_mm256_sub_ps(mantissa, one))]
        }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let shifted = _mm256_slli_epi32::<23>(_mm256_castps_si256(self.0));
            F32(_mm256_castsi256_ps(_mm256_add_epi32(shifted, _mm256_set1_epi32(0x3f80_0000))))
        }
    }

    #[inline(always)]
    fn line_to_power(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { F32(_mm256_castsi256_ps(_mm256_slli_epi32::<9>(_mm256_castps_si256(self.0)))) }
    }

    #[inline(always)]
    fn power_to_line(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let above = _mm256_sub_epi32(_mm256_castps_si256(self.0), _mm256_set1_epi32(0x3f80_0000));
            F32(_mm256_cvtepi32_ps(above))
        }
    }
}

impl Vector for F64 {
    lane_wise!(
        F64,
        f64,
        __m256d,
        4,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_stream_pd,
        _mm256_add_pd,
        _mm256_sub_pd,
        _mm256_mul_pd,
        _mm256_div_pd,
        _mm256_fmadd_pd,
        _mm256_min_pd,
        _mm256_max_pd,
        _mm256_sqrt_pd,
        _mm256_cmp_pd,
        _mm256_and_pd,
        _mm256_andnot_pd,
        _mm256_movemask_pd,
        _mm256_blendv_pd,
        _mm256_or_pd,
        first_pd,
        step_pd
    );

    #[inline(always)]
    unsafe fn load_first(from: *const f64, count: usize, fill: Self) -> Self {
        // SAFETY: the window of 32 bytes that starts `count` 8-byte units before the zeros lies inside the table, and masked-out lanes are not
        // read.
        unsafe {
            let mask = _mm256_loadu_si256(FIRST.as_ptr().add(8 - count).cast());
            let loaded = _mm256_maskload_pd(from, mask);
            F64(_mm256_blendv_pd(fill.0, loaded, _mm256_castsi256_pd(mask)))
        }
    }

    #[inline(always)]
    unsafe fn load_columns(_: Avx2, from: *const f64, stride: usize) -> [Self; 4] {
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

        // SAFETY: the caller promises four values at the start of each of the 4 rows.
        unsafe {
            let (a, b) = (rows(from, stride, 0), rows(from, stride, 1));
            let (c, d) = (rows(from.add(2), stride, 0), rows(from.add(2), stride, 1));
            [
                F64(_mm256_unpacklo_pd(a, b)),
                F64(_mm256_unpackhi_pd(a, b)),
                F64(_mm256_unpacklo_pd(c, d)),
                F64(_mm256_unpackhi_pd(c, d)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn load_pairs(_: Avx2, from: *const f64) -> [Self; 2] {
        // SAFETY: the caller promises 8 values.
        unsafe {
            let (a, b) =
                (_mm256_castpd128_pd256(_mm_loadu_pd(from)), _mm256_castpd128_pd256(_mm_loadu_pd(from.add(2))));
            let a = _mm256_insertf128_pd::<1>(a, _mm_loadu_pd(from.add(4)));
            let b = _mm256_insertf128_pd::<1>(b, _mm_loadu_pd(from.add(6)));
            [F64(opaque_pd(_mm256_unpacklo_pd(a, b))), F64(_mm256_unpackhi_pd(a, b))]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            if STEP == 0 {
                [F64(_mm256_unpacklo_pd(self.0, other.0)), F64(_mm256_unpackhi_pd(self.0, other.0))]
            } else {
                let low = _mm256_permute2f128_pd::<0x20>(self.0, other.0);
                [F64(low), F64(_mm256_permute2f128_pd::<0x31>(self.0, other.0))]
            }
        }
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // There is no 64-bit arithmetic shift nor conversion here: the exponent, made positive, is set under the bits of 2^52.
        // SAFETY: as in `splat`.
        unsafe {
            let low = _mm256_set1_epi64x(0x3fe6_a09e_667f_3bcd);
            let above = _mm256_sub_epi64(_mm256_castpd_si256(self.0), low);
            let mantissa = _mm256_and_si256(above, _mm256_set1_epi64x(0x000f_ffff_ffff_ffff));
            let positive = _mm256_add_epi64(above, _mm256_set1_epi64x(1024 << 52));
            let under = _mm256_or_si256(_mm256_srli_epi64::<52>(positive), _mm256_set1_epi64x(0x4330_0000_0000_0000));
            (
                F64(_mm256_sub_pd(_mm256_castsi256_pd(under), _mm256_set1_pd(4_503_599_627_370_496.0 + 1024.0))),
                F64(_mm256_castsi256_pd(_mm256_add_epi64(mantissa, low))),
            )
        }
    }

    #[inline(always)]
    fn octave(self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            let bits = _mm256_castpd_si256(self.0);
            let under = _mm256_or_si256(_mm256_srli_epi64::<52>(bits), _mm256_set1_epi64x(0x4330_0000_0000_0000));
            let mantissa = _mm256_or_si256(
                _mm256_and_si256(bits, _mm256_set1_epi64x(0x000f_ffff_ffff_ffff)),
                _mm256_set1_epi64x(0x3ff0_0000_0000_0000),
            );
            [
                F64(_mm256_sub_pd(_mm256_castsi256_pd(under), _mm256_set1_pd(4_503_599_627_370_496.0 + 1023.0))),
                F64(_mm256_castsi256_pd(mantissa)),
            ]
        }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let shifted = _mm256_slli_epi64::<52>(_mm256_castpd_si256(self.0));
            F64(_mm256_castsi256_pd(_mm256_add_epi64(shifted, _mm256_set1_epi64x(0x3ff0_0000_0000_0000))))
        }
    }

    #[inline(always)]
    fn line_to_power(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { F64(_mm256_castsi256_pd(_mm256_slli_epi64::<32>(_mm256_castpd_si256(self.0)))) }
    }

    #[inline(always)]
    fn power_to_line(self) -> Self {
        // The upper half of the bits, set under those of 2^52.
        // SAFETY: as in `splat`.
        unsafe {
            let upper = _mm256_srli_epi64::<32>(_mm256_castpd_si256(self.0));
            let under = _mm256_or_si256(upper, _mm256_set1_epi64x(0x4330_0000_0000_0000));
            F64(_mm256_sub_pd(_mm256_castsi256_pd(under), _mm256_set1_pd(4_503_599_627_370_496.0 + 1_072_693_248.0)))
        }
    }
}
