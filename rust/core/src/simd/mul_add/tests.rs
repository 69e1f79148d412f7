//! Against the library, whose fused multiply-add is exact.

use super::*;
use crate::coefficients::Coefficients;
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
    let [expected, found] = [a.mul_add(b, c), emulated([a; 4], [b; 4], [c; 4])[3]];
    let alike = expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan());
    assert!(alike, "{a:e} * {b:e} + {c:e} is {expected:e}, and not {found:e}");
}

#[test]
fn special_wide_numbers_are_fused_as_by_the_instruction() {
    let more = [1.0 + f64::EPSILON, f64::MIN_POSITIVE, f64::MAX, 5e-324, 1e271, 1e-271, 1e-300, -1e300];
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

/// Polynomials, by the library.
fn horner<T: Copy, const N: usize>(x: [T; N], c: &[Spread<T>], fused: impl Fn(T, T, T) -> T) -> [T; N] {
    let (last, rest) = c.split_last().expect("a coefficient");
    x.map(|x| rest.iter().rev().fold(last.number(), |sum, c| fused(sum, x, c.number())))
}

/// Lanes of arbitrary bits, between 0 and 1 with many digits and with few, and special ones.
fn lanes<const N: usize>(kind: u64, step: u64) -> [f64; N] {
    let usual = |bits: u64| (bits >> 11) as f64 / 2f64.powi(53);
    std::array::from_fn(|lane| match (kind, hash(27 + kind, step, lane as u64)) {
        (0, bits) => f64::from_bits(bits),
        (1, bits) => usual(bits),
        (2, bits) => (bits % 64) as f64 / 64.0 - 0.25,
        (3, bits) => usual(bits) * 2f64.powi(-((bits % 1100) as i32)),
        (_, bits) => SPECIAL[(bits % 14) as usize].into(),
    })
}

#[test]
fn polynomials_are_fused_as_by_the_instruction() {
    let narrow = [f32::LN_TAIL, f32::SHARE_TAIL, f32::LN_1P_NEAR, f32::EXP_TAIL, &f32::LN_TAIL[..1]];
    let wide = [f64::LN_TAIL, f64::SHARE_TAIL, f64::LN_1P_NEAR, f64::EXP_TAIL, &f64::LN_TAIL[..1]];
    assert!(narrow.into_iter().flatten().all(|c| f64::from(c.number()).abs() >= ORDINARY));
    assert!(wide.into_iter().flatten().all(|c| c.number().abs() >= ORDINARY));
    for i in 0..10_000 {
        for kind in 0..5 {
            let (c, other) = (wide[i as usize % 5], (kind + i / 5) % 5);
            let [x, factor, term] = [lanes::<4>(kind, i), lanes(other, 3 * i + 1), lanes(other, 5 * i + 2)];
            let expected = horner(x, c, f64::mul_add);
            assert_eq!(emulated_polynomial(x, c).map(bits_of), expected.map(bits_of), "{x:?}, {c:?}");
            assert_eq!(f64_polynomial(x, c).map(bits_of), expected.map(bits_of), "{x:?}, {c:?}");
            let found = f64_polynomial_mul_add(x, c, factor, term);
            let expected: [f64; 4] = std::array::from_fn(|i| factor[i].mul_add(expected[i], term[i]));
            assert_eq!(found.map(bits_of), expected.map(bits_of), "{factor:?} * {expected:?} + {term:?}");

            let c = narrow[i as usize % 5];
            let [x, factor, term] =
                [lanes::<8>(kind, i), lanes(other, 3 * i + 1), lanes(other, 5 * i + 2)].map(|x| x.map(|x| x as f32));
            let expected = horner(x, c, f32::mul_add);
            assert_eq!(f32_polynomial(x, c).map(bits_of), expected.map(bits_of), "{x:?}, {c:?}");
            let found = f32_polynomial_mul_add(x, c, factor, term);
            let expected: [f32; 8] = std::array::from_fn(|i| factor[i].mul_add(expected[i], term[i]));
            assert_eq!(found.map(bits_of), expected.map(bits_of), "{factor:?} * {expected:?} + {term:?}");
        }
    }
}

/// The bits, where all NaNs are alike.
fn bits_of(x: impl Into<f64>) -> u64 {
    let x: f64 = x.into();
    if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
}
