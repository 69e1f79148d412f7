//! `a * b + c`, rounded once, for CPUs without the instruction: from additions and multiplications that each keep what they round off.
//!
//! ```text
//! f32   a * b is exact in f64; the sum with c, rounded to odd in f64, rounds to f32 as the exact sum would
//! f64   a * b = high + low (Dekker 1971); high + low + c in sums that keep their errors (Knuth), the last of them rounded to odd
//! ```
//! Rounding to odd (Boldo and Melquiond 2008): where a result is inexact its last bit is set, and then to round it again can't go wrong.
//! Loops over plain arrays, for the compiler to find the vectors in; a call of the library for each lane takes ten to forty times as long.

/// `a + b` and what its rounding left off, exactly.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// A sum with an error, rounded to odd: towards zero, and the last bit set, where the error is not zero.
#[inline(always)]
fn to_odd((sum, error): (f64, f64)) -> f64 {
    let bits = sum.to_bits();
    // One unit towards zero, where the error has the other sign than the sum: the sum was rounded away from zero.
    let away = u64::from((error < 0.0) != (sum < 0.0));
    let odd = (bits - away) | 1;
    f64::from_bits(if error == 0.0 || !sum.is_finite() { bits } else { odd })
}

/// Of lanes of `f32`, whatever they are.
#[inline(always)]
pub(super) fn f32_lanes<const N: usize>(a: [f32; N], b: [f32; N], c: [f32; N]) -> [f32; N] {
    let mut fused = [0.0; N];
    for i in 0..N {
        let product = f64::from(a[i]) * f64::from(b[i]);
        fused[i] = to_odd(two_sum(product, f64::from(c[i]))) as f32;
    }
    fused
}

/// Beyond these a step of the exact product overflows, or what it keeps falls below the smallest number.
const LARGEST: f64 = f64::from_bits((1023 + 990) << 52);
const SMALLEST: f64 = f64::from_bits((1023 - 960) << 52);

/// Of lanes of `f64`; `None` where one of them is too large or too small, or no number.
#[inline(always)]
fn moderate<const N: usize>(a: [f64; N], b: [f64; N], c: [f64; N]) -> Option<[f64; N]> {
    let mut moderate = true;
    for i in 0..N {
        let product = (a[i] * b[i]).abs();
        let zero = (a[i] == 0.0) | (b[i] == 0.0);
        moderate &= (a[i].abs() <= LARGEST) & (b[i].abs() <= LARGEST) & (c[i].abs() <= LARGEST);
        moderate &= (product <= LARGEST) & ((product >= SMALLEST) | zero);
    }
    if !moderate {
        return None;
    }
    let mut fused = [0.0; N];
    for i in 0..N {
        let high = a[i] * b[i];
        let (a_high, a_low) = halves(a[i]);
        let (b_high, b_low) = halves(b[i]);
        let low = a_low * b_low - (((high - a_high * b_high) - a_low * b_high) - a_high * b_low);
        let (third, third_error) = two_sum(c[i], low);
        let (sum, error) = two_sum(high, third);
        let exact = sum + to_odd(two_sum(third_error, error));
        // The sum of zeros has a sign that the errors would spoil.
        fused[i] = if high == 0.0 { high + c[i] } else { exact };
    }
    Some(fused)
}

/// The upper and the lower half of the digits (Veltkamp 1968).
#[inline(always)]
fn halves(x: f64) -> (f64, f64) {
    const SPLITTER: f64 = 134_217_729.0; // 2^27 + 1
    let scaled = SPLITTER * x;
    let high = scaled - (scaled - x);
    (high, x - high)
}

/// Of lanes of `f64`, whatever they are.
#[inline(always)]
pub(super) fn f64_lanes<const N: usize>(a: [f64; N], b: [f64; N], c: [f64; N]) -> [f64; N] {
    moderate(a, b, c).unwrap_or_else(|| one_by_one(a, b, c))
}

#[cold]
#[inline(never)]
fn one_by_one<const N: usize>(a: [f64; N], b: [f64; N], c: [f64; N]) -> [f64; N] {
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;

    const SPECIAL: [f64; 16] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        1.0 + f64::EPSILON,
        1.0 - f32::EPSILON as f64,
        f64::MIN_POSITIVE,
        5e-324,
        1e-45,
        f32::MIN_POSITIVE as f64,
        f32::MAX as f64,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e-150,
    ];

    /// What `mul_add` of the library, which is exact, says too; all NaNs are alike.
    macro_rules! holds {
        ($name:ident, $float:ty, $bits:ty, $lanes:ident, $exponent:literal) => {
            #[test]
            fn $name() {
                let check = |a: $float, b: $float, c: $float| {
                    let [expected, found] = [a.mul_add(b, c), $lanes([a; 3], [b; 3], [c; 3])[2]];
                    let alike = expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan());
                    assert!(alike, "{a:e} * {b:e} + {c:e} is {expected:e}, and not {found:e}");
                };
                for a in SPECIAL {
                    for b in SPECIAL {
                        for c in SPECIAL {
                            check(a as $float, b as $float, c as $float);
                        }
                    }
                }
                let any = |step, i| <$float>::from_bits(hash(7, step, i) as $bits);
                // Numbers of ordinary size, with few digits now and then, so that sums are ties.
                let moderate = |step, i| {
                    let bits = hash(8, step, i);
                    let digits = (bits >> 20) as $bits & (<$bits>::MAX >> ($exponent + 1 + bits % 3 * 8));
                    let x = <$float>::from_bits((1.0 as $float).to_bits() | (digits << (bits % 3 * 8)));
                    let x = if bits & 64 == 0 { x } else { -x };
                    x * (2.0 as $float).powi((bits >> 8) as i32 % 64 - 32)
                };
                for i in 0..100_000 {
                    check(any(0, i), any(1, i), any(2, i));
                    let (a, b) = (moderate(0, i), moderate(1, i));
                    check(a, b, moderate(2, i));
                    check(a, b, -(a * b));
                    check(a, b, -(a * b) * (1.0 + <$float>::EPSILON));
                    check(a, b, a * b * (2.0 as $float).powi((i % 120) as i32 - 60));
                    check(a, any(3, i), b);
                }
            }
        };
    }

    holds!(every_f32_is_fused_as_by_the_instruction, f32, u32, f32_lanes, 8);
    holds!(every_f64_is_fused_as_by_the_instruction, f64, u64, f64_lanes, 11);
}
