//! Exponential of arguments up to zero.
//!
//! `x = n ln 2 + r` with `|r| <= ln 2 / 2`; then `e^x = 2^n (1 + r + r^2 P(r))`.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use crate::coefficients::Coefficients;
use crate::simd::{Kernel, Simd, Vector};

/// `2^n` and `e^r - 1` of each.
#[inline(always)]
fn parts<V: Vector, const N: usize>(x: [V; N]) -> ([V; N], [V; N]) {
    if const { V::LARGE } { x[0].simd().call(Parts(x)) } else { parts_inlined(x) }
}

/// Parts of so many instructions that they are compiled once and called.
struct Parts<V, const N: usize>([V; N]);

impl<V: Vector, const N: usize> Kernel for Parts<V, N> {
    type Output = ([V; N], [V; N]);

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> ([V; N], [V; N]) {
        parts_inlined(self.0)
    }
}

/// The loops are short, so that what waits for nothing comes next.
#[inline(always)]
fn parts_inlined<V: Vector, const N: usize>(x: [V; N]) -> ([V; N], [V; N]) {
    let [high, low] = V::Scalar::LN_2_PARTS;
    let (mut power, mut minus, mut r) = (x, x, x);
    for i in 0..N {
        power[i] = x[i].mul_add(x[i].full_like(V::Scalar::LOG2_E), x[i].full_like(V::Scalar::ROUNDER));
    }
    for i in 0..N {
        minus[i] = x[i].full_like(-1.0).mul(power[i].sub(x[i].full_like(V::Scalar::ROUNDER)));
    }
    for i in 0..N {
        r[i] = minus[i].mul_add(x[i].full_like(high), x[i]);
    }
    for i in 0..N {
        r[i] = minus[i].mul_add(x[i].full_like(low), r[i]);
    }
    let mut square = r;
    for i in 0..N {
        square[i] = r[i].mul(r[i]);
        power[i] = power[i].power_of_two();
    }
    (power, V::polynomial_mul_add_of_each(r, V::Scalar::EXP_TAIL, square, r))
}

/// e^x of each, for `x` from `EXP_ZERO` to 0, or NaN: see [`exp`]. One exponential is a chain of
/// some sixty cycles, and a CPU does not look far enough ahead to begin many such chains in a row.
/// So the chains of all go side by side.
#[inline(always)]
pub fn exp_each<V: Vector, const N: usize>(x: [V; N]) -> [V; N] {
    let (power, mut less_one) = parts(x);
    for i in 0..N {
        less_one[i] = power[i].mul_add(less_one[i], power[i]);
    }
    less_one
}

/// e^x for x <= 0. Zero where it would be less than half of the least normal number, so for
/// `x = -inf`; NaN for NaN. Error of normal numbers at most 2e-7 (`f32`), 4e-16 (`f64`).
#[inline(always)]
pub fn exp<V: Vector>(x: V) -> V {
    let [weight] = exp_each([x.full_like(V::Scalar::EXP_ZERO).max(x)]);
    weight
}

/// e^x - 1 for x <= 0, accurate relative to itself for small x.
#[inline(always)]
pub fn exp_m1<V: Vector>(x: V) -> V {
    let ([power], [less_one]) = parts([x.full_like(V::Scalar::EXP_LEAST).max(x)]);
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

    /// The third of several.
    #[derive(Clone, Copy)]
    struct ThirdExp;
    impl<T: Float> Function<T> for ThirdExp {
        #[inline(always)]
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V {
            let zero = x.full_like(0.0);
            let [_, _, third, _] = exp_each([zero, x.mul(x.full_like(0.5)), x, zero.max(x)]);
            third
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
    fn several_at_once_are_as_one_by_one() {
        let values: Vec<f32> = (0..10_001).map(|i| (-88.0 * f64::from(i) / 10_000.0) as f32).collect();
        for level in crate::simd::Level::ALL.into_iter().filter(|level| level.supported()) {
            let several = level.run(super::super::tests::Map { values: &values, function: ThirdExp });
            assert_eq!(several, level.run(super::super::tests::Map { values: &values, function: Exp }));
        }
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
