//! Folds over probabilities. All but the plain sum keep the largest value apart: of the largest so far and the new one, the smaller (`beaten`)
//! joins the sums. So the sums run over all classes but one largest, in one pass.

use super::{Fold, SingleFold, zero};
use crate::math::Coefficients;
use crate::measure::Formula;
use crate::scan::recipe::{Folded, Recipe};
use crate::simd::{Float, Vector};

/// The sum of the others when there is one class: zero, or NaN where the class is NaN or infinite, for the largest may
/// later hide it.
#[inline(always)]
fn nothing<V: Vector>(value: V) -> V {
    value.sub(value)
}

/// Largest and sum.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Sums;

impl<V: Vector> Fold<V, 2> for Sums {
    const SIGNED: bool = true;
    const LONG: bool = false;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        zero(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 2] {
        [zero(simd); 2]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, value]
    }

    #[inline(always)]
    fn step(self, [top, total]: [V; 2], value: V) -> [V; 2] {
        [top.max(value), total.add(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].max(b[0]), a[1].add(b[1])]
    }
}

impl<V: Vector> SingleFold<V, 2> for Sums {
    #[inline(always)]
    unsafe fn close<M: Formula>(recipe: &Recipe<V::Scalar>, [top, total]: [V; 2], out: *mut V::Scalar) -> (V::Mask, V) {
        let zero = top.full_like(0.0);
        let row = Folded { top, second: zero, rest: zero, logs: zero, squares: zero, cubes: zero, total };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// The two largest, and the sum.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Seconds;

impl<V: Vector> Fold<V, 3> for Seconds {
    const SIGNED: bool = true;
    const LONG: bool = false;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        zero(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 3] {
        [zero(simd); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, value.full_like(0.0), nothing(value)]
    }

    #[inline(always)]
    fn step(self, [top, second, rest]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), second.max(beaten), rest.add(beaten)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].max(b[1]).max(beaten), a[2].add(b[2]).add(beaten)]
    }
}

impl<V: Vector> SingleFold<V, 3> for Seconds {
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [top, second, rest]: [V; 3],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = top.full_like(0.0);
        let row = Folded { top, second, rest, logs: zero, squares: zero, cubes: zero, total: top.add(rest) };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// The largest, and the sums of `p` and `p ln p` over the others, which are at most half of the sum: their logarithms need no accuracy near 0. The second sum
/// is in the unit of [`Coefficients::share`] until the row is closed.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Logarithms;

impl<V: Vector> Fold<V, 3> for Logarithms
where
    V::Scalar: Coefficients,
{
    const SIGNED: bool = true;
    const LONG: bool = true;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        zero(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 3] {
        [zero(simd); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, nothing(value), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest, logs]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), beaten.mul_add(V::Scalar::share(beaten), logs)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].add(b[1]).add(beaten), beaten.mul_add(V::Scalar::share(beaten), a[2].add(b[2]))]
    }
}

impl<V: Vector> SingleFold<V, 3> for Logarithms
where
    V::Scalar: Coefficients,
{
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [top, rest, logs]: [V; 3],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = top.full_like(0.0);
        let mut logs = logs.mul(top.full_like(V::Scalar::SHARE_UNIT));
        if V::Scalar::SHARE_SHIFT != V::Scalar::ZERO {
            logs = rest.mul_add(top.full_like(V::Scalar::SHARE_SHIFT), logs);
        }
        let row = Folded { top, second: zero, rest, logs, squares: zero, cubes: zero, total: top.add(rest) };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// The largest, and the sums of `p` and `p^2` over the others.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Squares;

impl<V: Vector> Fold<V, 3> for Squares {
    const SIGNED: bool = true;
    const LONG: bool = false;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        zero(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 3] {
        [zero(simd); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, nothing(value), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest, squares]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), beaten.mul_add(beaten, squares)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].add(b[1]).add(beaten), beaten.mul_add(beaten, a[2].add(b[2]))]
    }
}

impl<V: Vector> SingleFold<V, 3> for Squares {
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [top, rest, squares]: [V; 3],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = top.full_like(0.0);
        let row = Folded { top, second: zero, rest, logs: zero, squares, cubes: zero, total: top.add(rest) };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}
