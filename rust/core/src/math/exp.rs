//! Exponential of arguments up to zero.
//!
//! `x = n ln 2 + r` with `|r| <= ln 2 / 2`; then `e^x = 2^n (1 + r + r^2 P(r))`.

use crate::coefficients::Coefficients;
use crate::simd::Vector;

/// `2^n` and `e^r - 1`.
#[inline(always)]
fn parts<V: Vector>(x: V) -> (V, V) {
    let shifted = x.mul_add(x.full_like(V::Scalar::LOG2_E), x.full_like(V::Scalar::ROUNDER));
    let whole = shifted.sub(x.full_like(V::Scalar::ROUNDER));
    let minus = x.full_like(-1.0).mul(whole);
    let [high, low] = V::Scalar::LN_2_PARTS;
    let r = minus.mul_add(x.full_like(low), minus.mul_add(x.full_like(high), x));
    (shifted.power_of_two(), r.polynomial_mul_add(V::Scalar::EXP_TAIL, r.mul(r), r))
}

/// e^x for x <= 0. Zero where it would be less than half of the least normal number, so for
/// `x = -inf`; NaN for NaN. Error of normal numbers at most 2e-7 (`f32`), 4e-16 (`f64`).
#[inline(always)]
pub fn exp<V: Vector>(x: V) -> V {
    let (power, less_one) = parts(x.full_like(V::Scalar::EXP_ZERO).max(x));
    power.mul_add(less_one, power)
}

/// e^x - 1 for x <= 0, accurate relative to itself for small x.
#[inline(always)]
pub fn exp_m1<V: Vector>(x: V) -> V {
    let (power, less_one) = parts(x.full_like(V::Scalar::EXP_LEAST).max(x));
    power.mul_add(less_one, power.sub(x.full_like(1.0)))
}

/// The greatest factor by which [`over_exp`] is too large, with room for roundings: `(1 + f) / 2^f`
/// is at most 1.0615 for `f` from 0 to 1.
pub const OVER_EXP: f64 = 1.0618;

/// e^x, too large by a factor of 1 to [`OVER_EXP`] but for 1e-4 of rounding, for
/// `x = d * scale / OVER_EXP_UNIT` between the logarithm of the least normal number and 0. It is a
/// straight line between powers of two: the logarithm to base 2, moved up to the place of the
/// exponent (Schraudolph 1999).
#[inline(always)]
pub fn over_exp<V: Vector>(d: V, scale: V) -> V {
    d.mul_add(scale, d.full_like(V::Scalar::OVER_EXP_ONE)).line_to_power()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Function, worst};
    use super::*;
    use crate::simd::Float;

    #[derive(Clone, Copy)]
    struct Exp;
    impl<T: Float> Function<T> for Exp {
        #[inline(always)]
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V {
            exp(x)
        }
    }

    #[derive(Clone, Copy)]
    struct ExpM1;
    impl<T: Float> Function<T> for ExpM1 {
        #[inline(always)]
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V {
            exp_m1(x)
        }
    }

    #[derive(Clone, Copy)]
    struct OverExp;
    impl<T: Float> Function<T> for OverExp {
        #[inline(always)]
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V {
            over_exp(x, x.full_like(T::OVER_EXP_UNIT))
        }
    }

    #[test]
    fn the_line_is_above_the_exponential_and_near() {
        let check = |values: &[f64], found: &[f64]| {
            for (&x, &y) in values.iter().zip(found) {
                let factor = y / x.exp();
                assert!((1.0 - 1e-4..=OVER_EXP).contains(&factor), "{x}: {factor}");
            }
        };
        let values: Vec<f64> = (0..200_001).map(|i| -87.3 * f64::from(i) / 200_000.0).collect();
        let narrow: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        for level in crate::simd::Level::ALL.into_iter().filter(|level| level.supported()) {
            check(&values, &level.run(super::super::tests::Map { values: &values, function: OverExp }));
            let found = level.run(super::super::tests::Map { values: &narrow, function: OverExp });
            let wider = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
            check(&wider(&narrow), &wider(&found));
        }
    }

    #[test]
    fn exponential_is_within_its_bound() {
        let values: Vec<f64> = (0..200_001).map(|i| -708.3 * f64::from(i) / 200_000.0).collect();
        assert!(worst(&values, Exp, f64::exp) < 4e-16);
        let values: Vec<f32> = (0..200_001).map(|i| (-87.3 * f64::from(i) / 200_000.0) as f32).collect();
        assert!(worst(&values, Exp, f64::exp) < 2e-7);
    }

    #[test]
    fn less_one_keeps_small_arguments() {
        let values: Vec<f64> = (0..100_001).map(|i| -(1e-30f64.powf(f64::from(i) / 100_000.0)) * 40.0).collect();
        assert!(worst(&values, ExpM1, f64::exp_m1) < 5e-16);
        let values: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        assert!(worst(&values, ExpM1, f64::exp_m1) < 2e-7);
    }

    #[test]
    fn what_is_too_small_is_zero() {
        let found = crate::simd::Level::best()
            .run(super::super::tests::Map { values: &[f64::NEG_INFINITY, -1e300, -708.8, 0.0], function: Exp });
        assert_eq!(found, [0.0, 0.0, 0.0, 1.0]);
    }
}
