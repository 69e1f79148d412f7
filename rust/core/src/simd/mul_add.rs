//! `a * b + c`, rounded once, for x86-64 CPUs without the instruction.
//!
//! Of `f32` it is computed in `f64`, where the product is exact, and then rounded to `f32`. That is
//! right but where the sum lies just between two numbers of `f32`, or is tiny. There it is made
//! once more with care: the sum in `f64` is rounded to odd, its last bit set where it is inexact,
//! so that rounding it again to `f32` can't go wrong (Boldo and Melquiond 2008).
//!
//! Of `f64` the product and the sum keep what rounding took of them, and that is rounded to odd
//! before it joins the sum. The library emulates the instruction bit by bit, a lane at a time: by
//! it entropy takes 2.7 times as many instructions.

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

/// Of lanes of `f64`, whatever they are. A CPU may have the instruction and still lack a level.
#[inline(always)]
pub(super) fn f64_lanes(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    if is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has the instruction.
        unsafe { f64_by_instruction(a, b, c) }
    } else {
        f64_emulated(a, b, c)
    }
}

#[inline]
#[target_feature(enable = "fma")]
#[allow(clippy::needless_range_loop)] // a closure might be compiled without the instruction
fn f64_by_instruction(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    let mut fused = [0.0; 4];
    for i in 0..4 {
        fused[i] = a[i].mul_add(b[i], c[i]);
    }
    fused
}

#[inline(always)]
fn f64_emulated(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    let mut fused = [0.0; 4];
    let mut usual = 3;
    for i in [0, 2] {
        // SAFETY: SSE2 is part of every x86-64, and two lanes are there from `i` on.
        unsafe {
            let [a, b, c] = [&a, &b, &c].map(|lanes| _mm_loadu_pd(lanes.as_ptr().add(i)));
            let (two, fine) = exact(a, b, c);
            _mm_storeu_pd(fused.as_mut_ptr().add(i), two);
            usual &= fine;
        }
    }
    if usual == 3 { fused } else { one_by_one(a, b, c) }
}

/// The product and the sum with what rounding took of each, added up in the end with the last bit
/// set where that was inexact; and in which lanes nothing was too large or too small for that.
#[inline(always)]
fn exact(a: __m128d, b: __m128d, c: __m128d) -> (__m128d, i32) {
    // SAFETY: SSE2 is part of every x86-64.
    unsafe {
        // Halves of the digits, whose products are exact (Dekker 1971).
        let halves = |x| {
            let scaled = _mm_mul_pd(x, _mm_set1_pd(134_217_729.0));
            let high = _mm_sub_pd(scaled, _mm_sub_pd(scaled, x));
            (high, _mm_sub_pd(x, high))
        };
        // A sum and what rounding took of it (Knuth 1969).
        let sum_of = |x, y| {
            let sum = _mm_add_pd(x, y);
            let of_y = _mm_sub_pd(sum, x);
            (sum, _mm_add_pd(_mm_sub_pd(x, _mm_sub_pd(sum, of_y)), _mm_sub_pd(y, of_y)))
        };
        let product = _mm_mul_pd(a, b);
        let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
        let below = _mm_sub_pd(_mm_mul_pd(a_high, b_high), product);
        let below = _mm_add_pd(_mm_add_pd(below, _mm_mul_pd(a_high, b_low)), _mm_mul_pd(a_low, b_high));
        let below = _mm_add_pd(below, _mm_mul_pd(a_low, b_low));
        let (sum, error) = sum_of(product, c);
        let (rest, lost) = sum_of(error, below);
        // To odd: towards zero where it was rounded away from it, and the last bit set.
        let inexact = _mm_castpd_si128(_mm_cmpneq_pd(lost, _mm_setzero_pd()));
        let away = _mm_srli_epi64::<63>(_mm_castpd_si128(_mm_xor_pd(rest, lost)));
        let odd = _mm_sub_epi64(_mm_castpd_si128(rest), _mm_and_si128(away, inexact));
        let odd = _mm_or_si128(odd, _mm_and_si128(inexact, _mm_set1_epi64x(1)));
        // So that a sum of -0 stays what it is.
        let fused = _mm_sub_pd(sum, _mm_sub_pd(_mm_setzero_pd(), _mm_castsi128_pd(odd)));
        // The product is a zero of a zero, or of ordinary size, and so are the factors and the sum.
        let size = |x| _mm_andnot_pd(_mm_set1_pd(-0.0), x);
        let large = _mm_set1_pd(LARGE);
        let greatest = _mm_max_pd(_mm_max_pd(size(a), size(b)), size(sum));
        let zero = _mm_cmpeq_pd(_mm_min_pd(size(a), size(b)), _mm_setzero_pd());
        let not_tiny = _mm_or_pd(zero, _mm_cmplt_pd(_mm_set1_pd(SMALL), size(product)));
        let fine = _mm_and_pd(not_tiny, _mm_cmplt_pd(greatest, large));
        (fused, _mm_movemask_pd(fine))
    }
}

/// 2^900, and its inverse.
const LARGE: f64 = f64::from_bits((1023 + 900) << 52);
const SMALL: f64 = f64::from_bits((1023 - 900) << 52);

#[cold]
#[inline(never)]
fn one_by_one(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
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

    /// The same for `f64`.
    fn check_wide(a: f64, b: f64, c: f64) {
        let [expected, found] = [a.mul_add(b, c), f64_emulated([a; 4], [b; 4], [c; 4])[3]];
        let alike = expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan());
        assert!(alike, "{a:e} * {b:e} + {c:e} is {expected:e}, and not {found:e}");
    }

    #[test]
    fn special_wide_numbers_are_fused_as_by_the_instruction() {
        let more = [1.0 + f64::EPSILON, f64::MIN_POSITIVE, f64::MAX, 5e-324, LARGE, SMALL, 1e-300, -1e300];
        let special: Vec<f64> = SPECIAL.into_iter().map(f64::from).chain(more).collect();
        for &a in &special {
            for &b in &special {
                special.iter().for_each(|&c| check_wide(a, b, c));
            }
        }
    }

    #[test]
    fn every_kind_of_wide_number_is_fused_as_by_the_instruction() {
        let any = |step, i| f64::from_bits(hash(17, step, i));
        // Of ordinary size, with few digits now and then, so that sums are ties.
        let moderate = |step, i| {
            let (bits, digits) = (hash(18, step, i), hash(19, step, i) & ((1 << 52) - 1));
            let dropped = bits % 3 * 24;
            let x = f64::from_bits(1f64.to_bits() | (digits >> dropped.min(51) << dropped.min(51)));
            let x = x * 2f64.powi((bits >> 8) as i32 % 64 - 32);
            if bits & 64 == 0 { x } else { -x }
        };
        for i in 0..200_000 {
            check_wide(any(0, i), any(1, i), any(2, i));
            let (a, b) = (moderate(0, i), moderate(1, i));
            check_wide(a, b, moderate(2, i));
            check_wide(a, b, -(a * b));
            check_wide(a, b, -(a * b) * (1.0 + f64::EPSILON));
            check_wide(a, b, -(a * b) * moderate(3, i));
            check_wide(a, b, a * b * 2f64.powi((i % 240) as i32 - 120));
            check_wide(a, b, a * b * f64::EPSILON / 2.0);
            check_wide(a, b, -a * b * f64::EPSILON / 4.0 * (1.0 + f64::EPSILON));
            check_wide(a, any(3, i), b);
        }
    }

    #[test]
    fn lanes_stay_in_their_places() {
        let lanes = |step| std::array::from_fn(|i| hash(9, step, i as u64) as f32);
        let [a, b, c] = [0, 1, 2].map(lanes);
        assert_eq!(f32_lanes(a, b, c), std::array::from_fn(|i| a[i].mul_add(b[i], c[i])));
    }
}
