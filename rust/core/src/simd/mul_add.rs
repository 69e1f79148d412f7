//! `a * b + c` of `f32`, rounded once, for x86-64 CPUs without the instruction.
//!
//! It is computed in `f64`, where the product is exact, and then rounded to `f32`. That is right
//! but where the sum lies just between two numbers of `f32`, or is tiny. There it is made once more
//! with care: the sum in `f64` is rounded to odd, its last bit set where it is inexact, so that
//! rounding it again to `f32` can't go wrong (Boldo and Melquiond 2008).
//!
//! The library emulates the instruction bit by bit, a lane at a time. For `f64` that is still the
//! quickest: an exact product and sums that keep their errors (Dekker, Knuth) take some 57
//! operations for two lanes, and were slower.

use std::arch::x86_64::*;

/// Of lanes of `f32`, whatever they are.
#[inline(always)]
pub(super) fn f32_lanes(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
    let mut fused = [0.0; 8];
    let mut doubtful = 0;
    for i in [0, 4] {
        // SAFETY: SSE2 is part of every x86-64, and four lanes are there from `i` on.
        unsafe {
            let [a, b, c] = [&a, &b, &c].map(|lanes| _mm_loadu_ps(lanes.as_ptr().add(i)));
            let (four, doubt) = quick(a, b, c);
            _mm_storeu_ps(fused.as_mut_ptr().add(i), four);
            doubtful |= doubt;
        }
    }
    if doubtful != 0 { with_care(a, b, c) } else { fused }
}

/// Rounded to `f64` and then to `f32`, and which lanes that may have got wrong.
#[inline(always)]
fn quick(a: __m128, b: __m128, c: __m128) -> (__m128, i32) {
    // SAFETY: SSE2 is part of every x86-64.
    unsafe {
        let wide = |x| [_mm_cvtps_pd(x), _mm_cvtps_pd(_mm_movehl_ps(x, x))];
        let ([a_low, a_high], [b_low, b_high], [c_low, c_high]) = (wide(a), wide(b), wide(c));
        let low = _mm_add_pd(_mm_mul_pd(a_low, b_low), c_low);
        let high = _mm_add_pd(_mm_mul_pd(a_high, b_high), c_high);
        let fused = _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
        // The 29 bits that `f32` lacks: a one and then zeros is just between two of its numbers.
        let last = _mm_castps_si128(_mm_shuffle_ps::<0x88>(_mm_castpd_ps(low), _mm_castpd_ps(high)));
        let dropped = _mm_and_si128(last, _mm_set1_epi32((1 << 29) - 1));
        let between = _mm_castsi128_ps(_mm_cmpeq_epi32(dropped, _mm_set1_epi32(1 << 28)));
        // Numbers below the normal ones have fewer bits.
        let size = _mm_andnot_ps(_mm_set1_ps(-0.0), fused);
        let tiny = _mm_cmple_ps(size, _mm_set1_ps(f32::MIN_POSITIVE));
        let zero = _mm_setzero_pd();
        let [low, high] = [_mm_cmpeq_pd(low, zero), _mm_cmpeq_pd(high, zero)].map(|mask| _mm_castpd_ps(mask));
        let tiny = _mm_andnot_ps(_mm_shuffle_ps::<0x88>(low, high), tiny);
        (fused, _mm_movemask_ps(_mm_or_ps(between, tiny)))
    }
}

#[cold]
#[inline(never)]
fn with_care(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
    std::array::from_fn(|i| {
        let (product, term) = (f64::from(a[i]) * f64::from(b[i]), f64::from(c[i]));
        let sum = product + term;
        let of_term = sum - product;
        let error = (product - (sum - of_term)) + (term - of_term);
        // To odd: towards zero where it was rounded away from it, and the last bit set.
        let away = u64::from((error < 0.0) != (sum < 0.0));
        let exact = error == 0.0 || !sum.is_finite();
        f64::from_bits(if exact { sum.to_bits() } else { (sum.to_bits() - away) | 1 }) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;

    const SPECIAL: [f32; 14] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        1.0 + f32::EPSILON,
        1.0 - f32::EPSILON,
        f32::MIN_POSITIVE,
        1e-45,
        -3e-40,
        f32::MAX,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        1e-20,
    ];

    /// What `mul_add` of the library, which is exact, says too; all NaNs are alike.
    fn check(a: f32, b: f32, c: f32) {
        let [expected, found] = [a.mul_add(b, c), f32_lanes([a; 8], [b; 8], [c; 8])[7]];
        let alike = expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan());
        assert!(alike, "{a:e} * {b:e} + {c:e} is {expected:e}, and not {found:e}");
    }

    #[test]
    fn special_numbers_are_fused_as_by_the_instruction() {
        for a in SPECIAL {
            for b in SPECIAL {
                SPECIAL.into_iter().for_each(|c| check(a, b, c));
            }
        }
    }

    #[test]
    fn every_kind_of_number_is_fused_as_by_the_instruction() {
        let any = |step, i| f32::from_bits(hash(7, step, i) as u32);
        // Of ordinary size, with few digits now and then, so that sums are ties.
        let moderate = |step, i| {
            let bits = hash(8, step, i);
            let dropped = bits % 3 * 8;
            let digits = ((bits >> 20) as u32 & ((1 << 23) - 1)) >> dropped << dropped;
            let x = f32::from_bits(1f32.to_bits() | digits) * 2f32.powi((bits >> 8) as i32 % 64 - 32);
            if bits & 64 == 0 { x } else { -x }
        };
        for i in 0..100_000 {
            check(any(0, i), any(1, i), any(2, i));
            let (a, b) = (moderate(0, i), moderate(1, i));
            check(a, b, moderate(2, i));
            check(a, b, -(a * b));
            check(a, b, -(a * b) * (1.0 + f32::EPSILON));
            check(a, b, a * b * 2f32.powi((i % 120) as i32 - 60));
            check(a, any(3, i), b);
        }
    }

    #[test]
    fn lanes_stay_in_their_places() {
        let lanes = |step| std::array::from_fn(|i| hash(9, step, i as u64) as f32);
        let [a, b, c] = [0, 1, 2].map(lanes);
        assert_eq!(f32_lanes(a, b, c), std::array::from_fn(|i| a[i].mul_add(b[i], c[i])));
    }
}
