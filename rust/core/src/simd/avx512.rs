//! AVX-512: 512-bit registers.

use super::operand::opaque_address;
use super::{Simd, Vector};
use std::arch::x86_64::*;

/// The AVX-512 level.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// The token of the level.
    ///
    /// # Safety
    /// [`Level::supported`](super::Level::supported) must be true of the level.
    #[inline(always)]
    pub(super) unsafe fn new() -> Self {
        Avx512(())
    }
}

impl Simd for Avx512 {
    type F32 = F32;
    type F64 = F64;
}

/// 16 lanes of `f32`.
#[derive(Clone, Copy)]
pub struct F32(__m512);

/// 8 lanes of `f64`.
#[derive(Clone, Copy)]
pub struct F64(__m512d);

/// The sign bits.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn signs_ps(x: __m512) -> __mmask16 {
    _mm512_movepi32_mask(_mm512_castps_si512(x))
}

/// The sign bits.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn signs_pd(x: __m512d) -> __mmask8 {
    _mm512_movepi64_mask(_mm512_castpd_si512(x))
}

/// The operations that differ between the two types only in the name of the intrinsic.
macro_rules! lane_wise {
    ($vector:ident, $float:ty, $lanes:literal, $mask:ty, $set:ident, $load:ident, $mask_load:ident, $store:ident, $stream:ident, $add:ident,
     $sub:ident, $mul:ident, $div:ident, $fma:ident, $min:ident, $max:ident, $sqrt:ident, $cmp:ident, $blend:ident, $masked:ident, $or:ident, $signs:ident) => {
        type Scalar = $float;
        type Simd = Avx512;
        type Mask = $mask;
        const LANES: usize = $lanes;

        #[inline(always)]
        fn simd(self) -> Avx512 {
            Avx512(())
        }

        #[inline(always)]
        fn splat(_: Avx512, value: $float) -> Self {
            // SAFETY: a token proves the level, and so does a vector, which is made by a token: so for all below.
            unsafe { $vector($set(value)) }
        }

        #[inline(always)]
        unsafe fn load(_: Avx512, from: *const $float) -> Self {
            // SAFETY: the caller promises all lanes.
            unsafe { $vector($load(from)) }
        }

        #[inline(always)]
        unsafe fn load_first(from: *const $float, count: usize, fill: Self) -> Self {
            let mask = ((1u32 << count) - 1) as $mask;
            // SAFETY: masked-out lanes are not read.
            unsafe { $vector($mask_load(fill.0, mask, from)) }
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
            unsafe { $signs(self.0).into() }
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
            a & b
        }

        #[inline(always)]
        fn all(mask: Self::Mask) -> bool {
            mask == <$mask>::MAX
        }

        #[inline(always)]
        fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($blend(mask, no.0, yes.0)) }
        }

        #[inline(always)]
        fn zero_where(self, mask: Self::Mask) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $vector($masked(!mask, self.0)) }
        }
    };
}

impl Vector for F32 {
    lane_wise!(
        F32,
        f32,
        16,
        __mmask16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_mask_loadu_ps,
        _mm512_storeu_ps,
        _mm512_stream_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_div_ps,
        _mm512_fmadd_ps,
        _mm512_min_ps,
        _mm512_max_ps,
        _mm512_sqrt_ps,
        _mm512_cmp_ps_mask,
        _mm512_mask_blend_ps,
        _mm512_maskz_mov_ps,
        _mm512_or_ps,
        signs_ps
    );

    #[inline(always)]
    unsafe fn load_columns(_: Avx512, from: *const f32, stride: usize) -> [Self; 4] {
        /// Rows `i`, `i + 4`, `i + 8` and `i + 12` of four values, where `fours` has rows 0, 4, 8 and 12 and
        /// row `i` lies `offset` values after the first.
        ///
        /// # Safety
        /// All must be readable.
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
            // Four addresses reach all 16 rows. Left to itself the compiler keeps one for each row through
            // the loop over classes, and spills them.
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
    unsafe fn load_pairs(_: Avx512, from: *const f32) -> [Self; 2] {
        // SAFETY: the caller promises 32 values.
        unsafe {
            let [a, b] = [_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(16))];
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
            [F32(_mm512_permutex2var_ps(a, even, b)), F32(_mm512_permutex2var_ps(a, odd, b))]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            match STEP {
                // The halves; then pairs inside each 128 bits; then the 128 bits.
                0 => {
                    let low = _mm512_shuffle_f32x4::<0x44>(self.0, other.0);
                    [F32(low), F32(_mm512_shuffle_f32x4::<0xee>(self.0, other.0))]
                }
                1 | 2 => {
                    let even = _mm512_shuffle_ps::<0x88>(self.0, other.0);
                    [F32(even), F32(_mm512_shuffle_ps::<0xdd>(self.0, other.0))]
                }
                _ => {
                    let even = _mm512_shuffle_f32x4::<0x88>(self.0, other.0);
                    [F32(even), F32(_mm512_shuffle_f32x4::<0xdd>(self.0, other.0))]
                }
            }
        }
    }

    #[inline(always)]
    fn pair_place(row: usize) -> usize {
        // Rows `i` and `i + 4` share a vector first.
        (row & 8) | ((row & 3) << 1) | ((row >> 2) & 1)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: as in `splat`.
        unsafe {
            let low = _mm512_set1_epi32(0x3f35_04f3);
            let above = _mm512_sub_epi32(_mm512_castps_si512(self.0), low);
            let mantissa = _mm512_and_si512(above, _mm512_set1_epi32(0x007f_ffff));
            (
                F32(_mm512_cvtepi32_ps(_mm512_srai_epi32::<23>(above))),
                F32(_mm512_castsi512_ps(_mm512_add_epi32(mantissa, low))),
            )
        }
    }

    #[inline(always)]
    fn octave(self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            let bits = _mm512_castps_si512(self.0);
            let above = _mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f80_0000));
            let fraction = _mm512_and_si512(bits, _mm512_set1_epi32(0x007f_ffff));
            let mantissa = _mm512_or_si512(fraction, _mm512_set1_epi32(0x3f80_0000));
            let one = _mm512_set1_ps(1.0);
            [F32(_mm512_cvtepi32_ps(above)), F32(_mm512_sub_ps(_mm512_castsi512_ps(mantissa), one))]
        }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let shifted = _mm512_slli_epi32::<23>(_mm512_castps_si512(self.0));
            F32(_mm512_castsi512_ps(_mm512_add_epi32(shifted, _mm512_set1_epi32(0x3f80_0000))))
        }
    }

    #[inline(always)]
    fn line_to_power(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { F32(_mm512_castsi512_ps(_mm512_slli_epi32::<9>(_mm512_castps_si512(self.0)))) }
    }

    #[inline(always)]
    fn power_to_line(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let above = _mm512_sub_epi32(_mm512_castps_si512(self.0), _mm512_set1_epi32(0x3f80_0000));
            F32(_mm512_cvtepi32_ps(above))
        }
    }
}

impl Vector for F64 {
    lane_wise!(
        F64,
        f64,
        8,
        __mmask8,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_mask_loadu_pd,
        _mm512_storeu_pd,
        _mm512_stream_pd,
        _mm512_add_pd,
        _mm512_sub_pd,
        _mm512_mul_pd,
        _mm512_div_pd,
        _mm512_fmadd_pd,
        _mm512_min_pd,
        _mm512_max_pd,
        _mm512_sqrt_pd,
        _mm512_cmp_pd_mask,
        _mm512_mask_blend_pd,
        _mm512_maskz_mov_pd,
        _mm512_or_pd,
        signs_pd
    );

    #[inline(always)]
    unsafe fn load_columns(_: Avx512, from: *const f64, stride: usize) -> [Self; 4] {
        /// Rows `i`, `i + 2`, `i + 4` and `i + 6` of two values, where `near` is row `i` and `far` row `i + 4`.
        ///
        /// # Safety
        /// All must be readable.
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
            // As of `f32`: two addresses reach all 8 rows.
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
    unsafe fn load_pairs(_: Avx512, from: *const f64) -> [Self; 2] {
        // SAFETY: the caller promises 16 values.
        unsafe {
            let [a, b] = [_mm512_loadu_pd(from), _mm512_loadu_pd(from.add(8))];
            let even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
            let odd = _mm512_add_epi64(even, _mm512_set1_epi64(1));
            [F64(_mm512_permutex2var_pd(a, even, b)), F64(_mm512_permutex2var_pd(a, odd, b))]
        }
    }

    #[inline(always)]
    fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            match STEP {
                // The halves; then pairs inside each 128 bits; then the 128 bits.
                0 => {
                    let low = _mm512_shuffle_f64x2::<0x44>(self.0, other.0);
                    [F64(low), F64(_mm512_shuffle_f64x2::<0xee>(self.0, other.0))]
                }
                1 => [F64(_mm512_unpacklo_pd(self.0, other.0)), F64(_mm512_unpackhi_pd(self.0, other.0))],
                _ => {
                    let even = _mm512_shuffle_f64x2::<0x88>(self.0, other.0);
                    [F64(even), F64(_mm512_shuffle_f64x2::<0xdd>(self.0, other.0))]
                }
            }
        }
    }

    #[inline(always)]
    fn pair_place(row: usize) -> usize {
        // Rows `i` and `i + 2` share a vector first.
        (row & 4) | ((row & 1) << 1) | ((row >> 1) & 1)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: as in `splat`.
        unsafe {
            let low = _mm512_set1_epi64(0x3fe6_a09e_667f_3bcd);
            let above = _mm512_sub_epi64(_mm512_castpd_si512(self.0), low);
            let mantissa = _mm512_and_si512(above, _mm512_set1_epi64(0x000f_ffff_ffff_ffff));
            (
                F64(_mm512_cvtepi64_pd(_mm512_srai_epi64::<52>(above))),
                F64(_mm512_castsi512_pd(_mm512_add_epi64(mantissa, low))),
            )
        }
    }

    #[inline(always)]
    fn octave(self) -> [Self; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            let bits = _mm512_castpd_si512(self.0);
            let biased = _mm512_cvtepu64_pd(_mm512_srli_epi64::<52>(bits));
            let mantissa = _mm512_or_si512(
                _mm512_and_si512(bits, _mm512_set1_epi64(0x000f_ffff_ffff_ffff)),
                _mm512_set1_epi64(0x3ff0_0000_0000_0000),
            );
            [F64(_mm512_sub_pd(biased, _mm512_set1_pd(1023.0))), F64(_mm512_castsi512_pd(mantissa))]
        }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let shifted = _mm512_slli_epi64::<52>(_mm512_castpd_si512(self.0));
            F64(_mm512_castsi512_pd(_mm512_add_epi64(shifted, _mm512_set1_epi64(0x3ff0_0000_0000_0000))))
        }
    }

    #[inline(always)]
    fn line_to_power(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { F64(_mm512_castsi512_pd(_mm512_slli_epi64::<32>(_mm512_castpd_si512(self.0)))) }
    }

    #[inline(always)]
    fn power_to_line(self) -> Self {
        // The upper half of the bits, set under those of 2^52.
        // SAFETY: as in `splat`.
        unsafe {
            let upper = _mm512_srli_epi64::<32>(_mm512_castpd_si512(self.0));
            let under = _mm512_or_si512(upper, _mm512_set1_epi64(0x4330_0000_0000_0000));
            F64(_mm512_sub_pd(_mm512_castsi512_pd(under), _mm512_set1_pd(4_503_599_627_370_496.0 + 1_072_693_248.0)))
        }
    }
}
