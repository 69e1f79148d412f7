//! Natural logarithm.
//!
//! With `x = m 2^e` and `m` in `[sqrt 1/2, sqrt 2)`, `ln x = e ln 2 + 2 atanh(t / 2)`, where
//! `t = 2 (m - 1) / (m + 1)` and `|t| <= 0.344`. And `2 atanh(t / 2) = t + t^3 P(t^2)`, where three
//! (`f32`) or six (`f64`) terms of P are enough. The division costs less than the terms it saves,
//! little is left to do once it is done, and near `x = 1` the result stays accurate relative to
//! itself.

use crate::coefficients::Coefficients;
use crate::simd::{Kernel, Simd, Vector};

/// ln x for positive normal x. For zero and subnormal x it is finite, about the logarithm of the
/// least normal number, so that `x ln x` is right for them too. Error at most 3e-7 (`f32`), 6e-16
/// (`f64`).
#[inline(always)]
pub fn ln<V: Vector>(x: V) -> V {
    if const { V::LARGE } { x.simd().call(Ln(x)) } else { ln_inlined(x) }
}

/// A logarithm of so many instructions that it is compiled once and called.
struct Ln<V>(V);

impl<V: Vector> Kernel for Ln<V> {
    type Output = V;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> V {
        ln_inlined(self.0)
    }
}

#[inline(always)]
fn ln_inlined<V: Vector>(x: V) -> V {
    let one = x.full_like(1.0);
    let half = x.full_like(0.5);
    let (exponent, mantissa) = x.split();
    let t = mantissa.sub(one).div(mantissa.mul_add(half, half));
    let square = t.mul(t);
    let tail = square.polynomial(V::Scalar::LN_TAIL);
    t.mul(square).mul_add(tail, exponent.mul_add(x.full_like(V::Scalar::LN_2), t))
}

/// ln(1 + x) for x >= 0, accurate relative to itself for small x.
#[inline(always)]
pub fn ln_1p<V: Vector>(x: V) -> V {
    let one = x.full_like(1.0);
    let sum = one.add(x);
    // Plus, to first order, what was lost in rounding the sum.
    ln(sum).add(x.sub(sum.sub(one)).div(sum))
}

/// The logarithm of a share x of a whole, in units of [`Coefficients::SHARE_UNIT`] and less
/// [`Coefficients::SHARE_SHIFT`]. It is cheaper than [`ln`], and accurate enough where x is at most
/// a half: its error is at most 4e-7 (`f32`), 9e-16 (`f64`) of the logarithm or of ln 2, whichever
/// is larger.
///
/// Of `f32` it is `log2 x = (e + f) + f P(f)`, in units of 2^-23; of `f64`
/// `log2 x - 1/2 = e + t P(t^2)`, `t = (m - sqrt 2) / (m + sqrt 2)`, `1 <= m < 2`.
#[inline(always)]
pub fn share<V: Vector>(x: V) -> V {
    let tail = V::Scalar::SHARE_TAIL;
    if V::Scalar::SHARE_BY_QUOTIENT {
        let mantissa = x.mantissa(x.full_like(1.0));
        let exponent = x.exponent_down().whole_less(1023);
        let middle = x.full_like(std::f64::consts::SQRT_2);
        let t = mantissa.sub(middle).div(mantissa.add(middle));
        return t.mul(t).polynomial_mul_add(tail, t, exponent);
    }
    // Opaque: the compiler adds -1 rather than subtract a 1 that it knows, and so would keep both
    // in registers.
    let one = x.full_like(1.0).opaque();
    let linear = x.bits_sub(one).whole_less(0);
    let fraction = x.mantissa(one).sub(one);
    fraction.polynomial_mul_add(tail, fraction, linear)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Function, worst};
    use super::*;
    use crate::simd::Float;

    #[derive(Clone, Copy)]
    struct Ln;
    impl<T: Float> Function<T> for Ln {
        #[inline(always)]
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V {
            ln(x)
        }
    }

    #[derive(Clone, Copy)]
    struct Ln1p;
    impl<T: Float> Function<T> for Ln1p {
        #[inline(always)]
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V {
            ln_1p(x)
        }
    }

    fn grid(least: f64, most: f64) -> Vec<f64> {
        (0..200_001).map(|i| (least.ln() + (most / least).ln() * f64::from(i) / 200_000.0).exp()).collect()
    }

    #[test]
    fn logarithm_is_within_its_bound() {
        let wide = grid(1e-37, 1e38);
        let near = (0..100_001).map(|i| 0.5 + f64::from(i) / 100_000.0 * 1.5);
        let values: Vec<f64> = wide.into_iter().chain(near).collect();
        assert!(worst(&values, Ln, f64::ln) < 6e-16);
        let values: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        assert!(worst(&values, Ln, f64::ln) < 3e-7);
    }

    #[derive(Clone, Copy)]
    struct Share;
    impl<T: Float> Function<T> for Share {
        #[inline(always)]
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V {
            share(x).mul_add(x.full_like(T::SHARE_UNIT), x.full_like(T::SHARE_SHIFT))
        }
    }

    #[test]
    fn logarithm_of_a_share_is_within_its_bound() {
        let values: Vec<f64> = grid(1e-37, 0.5);
        assert!(worst(&values, Share, f64::ln) < 9e-16);
        let values: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        assert!(worst(&values, Share, f64::ln) < 4e-7);
    }

    #[test]
    fn logarithm_of_one_plus_keeps_small_arguments() {
        let values: Vec<f64> = std::iter::once(0.0).chain(grid(1e-30, 1e6)).collect();
        assert!(worst(&values, Ln1p, f64::ln_1p) < 9e-16);
        let values: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        assert!(worst(&values, Ln1p, f64::ln_1p) < 3e-7);
    }

    #[test]
    fn zero_and_subnormals_have_a_finite_logarithm() {
        let found = crate::simd::Level::Portable
            .run(super::super::tests::Map { values: &[0.0f32, 1e-45, f32::MIN_POSITIVE / 2.0], function: Ln });
        assert!(found.iter().all(|x| (-89.0..-80.0).contains(x)), "{found:?}");
    }
}
