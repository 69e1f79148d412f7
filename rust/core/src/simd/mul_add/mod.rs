//! `a * b + c`, rounded once, and polynomials of such steps, for x86-64 CPUs without the
//! instruction. Of lanes of `f32` or `f64`, whatever they are.
//!
//! Of `f32` it is computed in `f64`, where the product is exact, and then rounded to `f32`. That is
//! right but where the sum lies just between two numbers of `f32`, or is tiny. There it is made
//! once more with care: the sum in `f64` is rounded to odd, its last bit set where it is inexact,
//! so that rounding it again to `f32` can't go wrong (Boldo and Melquiond 2008).
//!
//! Of `f64` the product and the sum keep what rounding took of them. What both took is added up,
//! and joins the sum twice, once a little larger and once a little smaller than it is: where both
//! give the same number that is the one (Ziv 1991). The library emulates the instruction bit by
//! bit, a lane at a time, which takes many times as many instructions: it is for the rest.

use super::Spread;
use std::arch::x86_64::*;

/// Lanes of `f32`, widened: two in each.
type Wide = [__m128d; 4];

#[inline(always)]
fn wide(lanes: &[f32; 8]) -> Wide {
    // SAFETY: SSE2 is part of every x86-64, and there are eight lanes.
    let two = |i: usize| unsafe { _mm_cvtps_pd(_mm_castpd_ps(_mm_load_sd(lanes.as_ptr().add(2 * i).cast()))) };
    [two(0), two(1), two(2), two(3)]
}

/// The sums, in `f64`.
#[inline(always)]
fn sums(a: Wide, b: Wide, c: Wide) -> Wide {
    // SAFETY: SSE2 is part of every x86-64.
    let two = |i: usize| unsafe { _mm_add_pd(_mm_mul_pd(a[i], b[i]), c[i]) };
    [two(0), two(1), two(2), two(3)]
}

/// Rounded to `f32`.
#[inline(always)]
fn narrow(wide: Wide) -> [f32; 8] {
    let mut lanes = [0.0; 8];
    for i in [0, 2] {
        // SAFETY: SSE2 is part of every x86-64, and four lanes are there from `2 * i` on.
        unsafe {
            let four = _mm_movelh_ps(_mm_cvtpd_ps(wide[i]), _mm_cvtpd_ps(wide[i + 1]));
            _mm_storeu_ps(lanes.as_mut_ptr().add(2 * i), four);
        }
    }
    lanes
}

/// Which sums may lie just between two normal numbers of `f32`: of the 29 bits that it lacks the
/// first is set, and no other.
#[inline(always)]
fn between(sums: Wide) -> __m128i {
    // SAFETY: SSE2 is part of every x86-64.
    let four = |i: usize| unsafe {
        let last = _mm_shuffle_ps::<0x88>(_mm_castpd_ps(sums[i]), _mm_castpd_ps(sums[i + 1]));
        _mm_cmpeq_epi32(_mm_slli_epi32::<3>(_mm_castps_si128(last)), _mm_set1_epi32(i32::MIN))
    };
    // SAFETY: as above.
    unsafe { _mm_or_si128(four(0), four(2)) }
}

/// Which sums are nearer to 0 than normal numbers of `f32`, which have more bits, and are not 0: as
/// sums of products of `f32` are whose exponent has no bit.
#[inline(always)]
fn tiny(sums: Wide) -> __m128i {
    const LEAST: i32 = ((1023 - 126) << 21) - 1;
    // SAFETY: SSE2 is part of every x86-64.
    let four = |i: usize| unsafe {
        let first = _mm_shuffle_ps::<0xdd>(_mm_castpd_ps(sums[i]), _mm_castpd_ps(sums[i + 1]));
        let size = _mm_slli_epi32::<1>(_mm_castps_si128(first));
        // Less one, and compared without a sign.
        _mm_cmpgt_epi32(_mm_set1_epi32(LEAST + i32::MIN), _mm_add_epi32(size, _mm_set1_epi32(i32::MAX)))
    };
    // SAFETY: as above.
    unsafe { _mm_or_si128(four(0), four(2)) }
}

#[inline(always)]
pub(super) fn f32_lanes(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
    let sums = sums(wide(&a), wide(&b), wide(&c));
    // SAFETY: SSE2 is part of every x86-64.
    let doubtful = unsafe { _mm_movemask_epi8(_mm_or_si128(between(sums), tiny(sums))) };
    if doubtful != 0 { with_care(a, b, c) } else { narrow(sums) }
}

/// The polynomial with these coefficients by Horner's rule, and which lanes are in doubt. The
/// coefficients must be of ordinary size, [`ORDINARY`] or more: then what cancels a product with
/// the next of them leaves 0 or a number that is not tiny, as it ends where the product does.
#[inline(always)]
fn horner_f32(x: &[f32; 8], c: &[Spread<f32>]) -> (Wide, __m128i) {
    // SAFETY: SSE2 is part of every x86-64, and a spread constant is there eight times.
    unsafe {
        let two = |c: &Spread<f32>| _mm_castpd_ps(_mm_load_sd(std::ptr::from_ref(c).cast()));
        let spread = |c: &Spread<f32>| [_mm_cvtps_pd(two(c)); 4];
        let (last, rest) = c.split_last().expect("a polynomial has a coefficient");
        let (x, mut sum, mut doubtful) = (wide(x), spread(last), _mm_setzero_si128());
        for c in rest.iter().rev() {
            let found = sums(sum, x, spread(c));
            doubtful = _mm_or_si128(doubtful, between(found));
            sum = found.map(|two| _mm_cvtps_pd(_mm_cvtpd_ps(two)));
        }
        (sum, doubtful)
    }
}

#[cold]
#[inline(never)]
fn horner_with_care(x: [f32; 8], c: &[Spread<f32>]) -> [f32; 8] {
    let (last, rest) = c.split_last().expect("a polynomial has a coefficient");
    rest.iter().rev().fold([last.number(); 8], |sum, c| with_care(sum, x, [c.number(); 8]))
}

#[inline(always)]
pub(super) fn f32_polynomial(x: [f32; 8], c: &[Spread<f32>]) -> [f32; 8] {
    let (sum, doubtful) = horner_f32(&x, c);
    // SAFETY: SSE2 is part of every x86-64.
    if unsafe { _mm_movemask_epi8(doubtful) } == 0 { narrow(sum) } else { horner_with_care(x, c) }
}

/// `factor` times the polynomial, and `term`.
#[inline(always)]
pub(super) fn f32_polynomial_mul_add(x: [f32; 8], c: &[Spread<f32>], factor: [f32; 8], term: [f32; 8]) -> [f32; 8] {
    let (sum, doubtful) = horner_f32(&x, c);
    let found = sums(wide(&factor), sum, wide(&term));
    // SAFETY: SSE2 is part of every x86-64.
    match unsafe { _mm_movemask_epi8(_mm_or_si128(doubtful, _mm_or_si128(between(found), tiny(found)))) } {
        0 => narrow(found),
        _ => with_care(factor, horner_with_care(x, c), term),
    }
}

/// What the coefficients of polynomials must reach.
#[cfg(test)]
const ORDINARY: f64 = 1e-12;

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

/// A CPU may have the instruction and still lack a level.
#[inline(always)]
pub(super) fn f64_lanes(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    if is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has the instruction.
        unsafe { by_instruction(a, b, c) }
    } else {
        emulated(a, b, c)
    }
}

#[inline(always)]
pub(super) fn f64_polynomial(x: [f64; 4], c: &[Spread<f64>]) -> [f64; 4] {
    if is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has the instruction.
        unsafe { horner_by_instruction(x, c) }
    } else {
        emulated_polynomial(x, c)
    }
}

#[inline(always)]
pub(super) fn f64_polynomial_mul_add(x: [f64; 4], c: &[Spread<f64>], factor: [f64; 4], term: [f64; 4]) -> [f64; 4] {
    f64_lanes(factor, f64_polynomial(x, c), term)
}

#[inline]
#[target_feature(enable = "fma")]
#[allow(clippy::needless_range_loop)] // a closure might be compiled without the instruction
fn by_instruction(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    let mut fused = [0.0; 4];
    for i in 0..4 {
        fused[i] = a[i].mul_add(b[i], c[i]);
    }
    fused
}

#[inline]
#[target_feature(enable = "fma")]
fn horner_by_instruction(x: [f64; 4], c: &[Spread<f64>]) -> [f64; 4] {
    let (last, rest) = c.split_last().expect("a polynomial has a coefficient");
    let mut sum = [last.number(); 4];
    for c in rest.iter().rev() {
        sum = by_instruction(sum, x, [c.number(); 4]);
    }
    sum
}

/// Numbers and halves of their digits, whose products are exact (Dekker 1971). NaN beyond 2^996.
#[derive(Clone, Copy)]
struct Halves {
    whole: __m128d,
    high: __m128d,
    low: __m128d,
}

#[inline(always)]
fn halves(whole: __m128d) -> Halves {
    // SAFETY: SSE2 is part of every x86-64.
    unsafe {
        let scaled = _mm_mul_pd(whole, _mm_set1_pd(134_217_729.0));
        let high = _mm_sub_pd(scaled, _mm_sub_pd(scaled, whole));
        Halves { whole, high, low: _mm_sub_pd(whole, high) }
    }
}

/// `a * b + c`; the sum as it is rounded at first; and in which lanes a bit tells that the first is
/// in doubt. It is right where no bit does and either the product is 0 or 2^-960 at least, so that
/// what rounding took of it is a number, or `c` is 2^-901 at least, next to which a smaller product
/// is nothing.
#[inline(always)]
fn fused(a: Halves, b: Halves, c: __m128d) -> (__m128d, __m128d, __m128d) {
    // SAFETY: SSE2 is part of every x86-64.
    unsafe {
        // What rounding adds to the product, and then to the sum (Knuth 1969). Not what it takes
        // away: so a sum of -0 stays what it is.
        let product = _mm_mul_pd(a.whole, b.whole);
        let added = _mm_sub_pd(product, _mm_mul_pd(a.high, b.high));
        let added = _mm_sub_pd(_mm_sub_pd(added, _mm_mul_pd(a.high, b.low)), _mm_mul_pd(a.low, b.high));
        let added = _mm_sub_pd(added, _mm_mul_pd(a.low, b.low));
        let sum = _mm_add_pd(product, c);
        let of_c = _mm_sub_pd(sum, product);
        let more = _mm_add_pd(_mm_sub_pd(_mm_sub_pd(sum, of_c), product), _mm_sub_pd(of_c, c));
        let added = _mm_add_pd(more, added);
        // That is rounded too, by less than these differ from it.
        let least = _mm_sub_pd(sum, _mm_mul_pd(added, _mm_set1_pd(1.0 + 2.0 * f64::EPSILON)));
        let most = _mm_sub_pd(sum, _mm_mul_pd(added, _mm_set1_pd(1.0 - 2.0 * f64::EPSILON)));
        // What is too large for all this is infinite or NaN, and so is this difference.
        (least, sum, _mm_sub_pd(most, least))
    }
}

/// Whether no bit is set.
#[inline(always)]
fn none([a, b]: [__m128d; 2]) -> bool {
    // SAFETY: SSE2 is part of every x86-64.
    unsafe {
        let bits = _mm_castpd_si128(_mm_or_pd(a, b));
        _mm_movemask_epi8(_mm_cmpeq_epi32(bits, _mm_setzero_si128())) == 0xffff
    }
}

#[inline(always)]
fn emulated(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    const SMALL: f64 = f64::from_bits((1023 - 900) << 52);
    let mut found = [0.0; 4];
    // SAFETY: SSE2 is part of every x86-64.
    let mut doubtful = unsafe { [_mm_setzero_pd(); 2] };
    for (i, doubtful) in doubtful.iter_mut().enumerate() {
        // SAFETY: SSE2 is part of every x86-64, and two lanes are there from `2 * i` on.
        unsafe {
            let load = |lanes: &[f64; 4]| _mm_loadu_pd(lanes.as_ptr().add(2 * i));
            let (a, b) = (halves(load(&a)), halves(load(&b)));
            let (two, sum, doubt) = fused(a, b, load(&c));
            _mm_storeu_pd(found.as_mut_ptr().add(2 * i), two);
            let size = |x| _mm_andnot_pd(_mm_set1_pd(-0.0), x);
            let product = _mm_cmpneq_pd(_mm_min_pd(size(a.whole), size(b.whole)), _mm_setzero_pd());
            let small = _mm_cmplt_pd(size(sum), _mm_set1_pd(SMALL));
            *doubtful = _mm_or_pd(doubt, _mm_and_pd(product, small));
        }
    }
    if none(doubtful) { found } else { one_by_one(a, b, c) }
}

/// The coefficients must be of ordinary size, as those of `f32`.
#[inline(always)]
fn emulated_polynomial(x: [f64; 4], c: &[Spread<f64>]) -> [f64; 4] {
    let (last, rest) = c.split_last().expect("a polynomial has a coefficient");
    let mut found = [0.0; 4];
    // SAFETY: SSE2 is part of every x86-64.
    let mut doubtful = unsafe { [_mm_setzero_pd(); 2] };
    for (i, doubtful) in doubtful.iter_mut().enumerate() {
        // SAFETY: SSE2 is part of every x86-64, and two lanes are there from `2 * i` on.
        unsafe {
            let (x, mut sum) = (halves(_mm_loadu_pd(x.as_ptr().add(2 * i))), _mm_set1_pd(last.number()));
            for c in rest.iter().rev() {
                let (next, _, doubt) = fused(halves(sum), x, _mm_set1_pd(c.number()));
                (sum, *doubtful) = (next, _mm_or_pd(*doubtful, doubt));
            }
            _mm_storeu_pd(found.as_mut_ptr().add(2 * i), sum);
        }
    }
    match none(doubtful) {
        true => found,
        false => rest.iter().rev().fold([last.number(); 4], |sum, c| one_by_one(sum, x, [c.number(); 4])),
    }
}

#[cold]
#[inline(never)]
fn one_by_one(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

#[cfg(test)]
mod tests;
