//! Kullback-Leibler divergences of the members from their mean.
//!
//! For distributions `p` and `q`, `KL(p || q) = sum q f(p/q - 1)` with
//! `f(x) = (1 + x) ln(1 + x) - x`. No term is negative, and to first order the sum does not change
//! where those of `p` or `q` are a little off 1. If `x` and `f(x)` are accurate relative to
//! themselves, so is the divergence, however close the members are. Members that are equal have
//! exactly 0.

use super::table::Table;
use crate::coefficients::Coefficients;
use crate::simd::Vector;

/// The divergences of all members, folded one after the other into 0.
#[inline(always)]
pub(super) fn divergences<V: Vector>(table: &Table<V>, fold: impl Fn(V, V) -> V) -> V {
    let least = table.splat(f64::from(f32::MIN_POSITIVE));
    for class in 0..table.classes() {
        let centre = table.centre(class);
        // At least this: a class that no member gives probability has deviations 0, and adds 0.
        table.keep(class, centre, table.splat(1.0).div(least.max(centre.mean)));
    }
    let mut all = table.splat(0.0);
    for member in 0..table.members() {
        let mut sum = table.splat(0.0);
        for class in 0..table.classes() {
            let (centre, inverse) = table.kept(class);
            let x = table.deviation(member, class, centre).mul(inverse);
            sum = centre.mean.mul_add(excess(x), sum);
        }
        all = fold(all, sum);
    }
    all
}

/// `f(x) = (1 + x) ln(1 + x) - x` for x >= -1, accurate relative to itself.
///
/// With `1 + x = m 2^e` and `s = (m - 1) / (m + 1)`, `ln(1 + x) = e ln 2 + 2s + A(s)`, where
/// `A = 2 (atanh s - s)`. Where `e = 0`, `m - 1` is `x` and `2 s (1 + x) - x = s x`, so
/// `f = s x + (1 + x) A`, in which nothing cancels.
#[inline(always)]
fn excess<V: Vector>(x: V) -> V {
    let zero = x.full_like(0.0);
    let one = x.full_like(1.0);
    // Not below 0, where the rounding of x would put it.
    let ratio = zero.max(one.add(x));
    let (exponent, mantissa) = ratio.split();
    let near = exponent.eq(zero);
    let s = V::select(near, x, mantissa.sub(one)).div(mantissa.add(one));
    let square = s.mul(s);
    let tail = s.mul(square).mul(atanh_tail(square));
    let ln = exponent.mul_add(x.full_like(V::Scalar::LN_2), s.add(s).add(tail));
    V::select(near, ratio.mul_add(tail, s.mul(x)), ratio.mul(ln).sub(x))
}

/// `2 (atanh s - s) / s^3` from `s^2`, for |s| up to 0.172: the terms of the series that are not
/// below the type's rounding.
#[inline(always)]
fn atanh_tail<V: Vector>(square: V) -> V {
    let terms = if size_of::<V::Scalar>() == 4 { 4 } else { 10 };
    let mut sum = square.full_like(2.0 / (2 * terms + 1) as f64);
    let mut term = terms - 1;
    while term > 0 {
        sum = sum.mul_add(square, square.full_like(2.0 / (2 * term + 1) as f64));
        term -= 1;
    }
    sum
}
