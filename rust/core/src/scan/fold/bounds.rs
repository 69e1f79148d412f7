//! Folds for bounds alone, which need no more of a row than what may rule it out: cheaper than those of the measures they spare.

use super::{Fold, SingleFold, Tail, TailFold, least, zero};
use crate::math::{Coefficients, over_exp};
use crate::measure::Formula;
use crate::scan::recipe::{Folded, Recipe};
use crate::simd::Vector;

/// Of probabilities, the sum, and that of p times the straight line between powers of two below its logarithm.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Lines;

impl<V: Vector> Fold<V, 2> for Lines {
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
        [value, value.mul(value.power_to_line())]
    }

    #[inline(always)]
    fn step(self, [sum, lines]: [V; 2], value: V) -> [V; 2] {
        [sum.add(value), value.mul_add(value.power_to_line(), lines)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].add(b[0]), a[1].add(b[1])]
    }
}

impl<V: Vector> SingleFold<V, 2> for Lines {
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [total, lines]: [V; 2],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = total.full_like(0.0);
        let logs = lines.mul(total.full_like(V::Scalar::LINE_UNIT));
        let row = Folded { top: zero, second: zero, rest: zero, logs, squares: zero, cubes: zero, total };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// Of probabilities, the sums of `C p - 1`, of its square and of its cube.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Powers<V> {
    classes: V,
    absent: V,
}

impl<V: Vector> Powers<V> {
    #[inline(always)]
    pub(in crate::scan) fn new(simd: V::Simd, recipe: &Recipe<V::Scalar>) -> Self {
        let [classes, inverse] = recipe.classes;
        Powers { classes: V::splat(simd, classes), absent: V::splat(simd, inverse) }
    }
}

impl<V: Vector> Fold<V, 3> for Powers<V> {
    const SIGNED: bool = true;
    const LONG: bool = false;

    /// Of `1 / C` all three are nothing, or less than a rounding.
    #[inline(always)]
    fn absent(self, _: V::Simd) -> V {
        self.absent
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 3] {
        [zero(simd); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        let excess = value.mul_add(self.classes, value.full_like(-1.0));
        let square = excess.mul(excess);
        [excess, square, square.mul(excess)]
    }

    #[inline(always)]
    fn step(self, [sum, squares, cubes]: [V; 3], value: V) -> [V; 3] {
        let excess = value.mul_add(self.classes, value.full_like(-1.0));
        let square = excess.mul(excess);
        [sum.add(excess), squares.add(square), square.mul_add(excess, cubes)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        [a[0].add(b[0]), a[1].add(b[1]), a[2].add(b[2])]
    }
}

impl<V: Vector> SingleFold<V, 3> for Powers<V> {
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [sum, squares, cubes]: [V; 3],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = sum.full_like(0.0);
        let share = sum.full_like(recipe.classes[1]);
        let row = Folded {
            top: zero,
            second: zero,
            rest: zero,
            logs: zero,
            squares: squares.mul(share),
            cubes: cubes.mul(share),
            total: sum.mul_add(share, sum.full_like(1.0)),
        };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// Of logits, the sums of `e^d` and of `T d e^d` over all classes, each exponential too large by a factor of up to
/// [`OVER_EXP`](crate::math::OVER_EXP). A NaN reaches the second, and so does an infinite peak.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Rough<V: Vector> {
    peak: V,
    scale: V,
    least: V,
}

impl<V: Vector> Fold<V, 2> for Rough<V> {
    const SIGNED: bool = false;
    const LONG: bool = false;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        least(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 2] {
        [zero(simd); 2]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        let below = self.least.max(value.sub(self.peak));
        let weight = over_exp(below, self.scale);
        [weight, weight.mul(below)]
    }

    #[inline(always)]
    fn step(self, [weights, logs]: [V; 2], value: V) -> [V; 2] {
        let below = self.least.max(value.sub(self.peak));
        let weight = over_exp(below, self.scale);
        [weights.add(weight), weight.mul_add(below, logs)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].add(b[0]), a[1].add(b[1])]
    }
}

impl<V: Vector> TailFold<V, 2> for Rough<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        Rough {
            peak: tail.peak,
            scale: tail.inverse_temperature.mul(tail.peak.full_like(V::Scalar::OVER_EXP_UNIT)),
            least: tail.temperature.mul(tail.peak.full_like(V::Scalar::EXP_LEAST)),
        }
    }

    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        peaks: [V; 2],
        [weights, logs]: [V; 2],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = peaks[0].full_like(0.0);
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>(peaks, weights, logs, zero, logs, out) }
    }
}
