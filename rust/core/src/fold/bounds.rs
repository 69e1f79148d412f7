//! Folds for bounds alone. A bound needs no more of a row than what may rule it out, so its fold is
//! cheaper than that of the measure it spares.

use super::row::{Logits, Probabilities};
use super::traits::{Fold, SingleFold, Tail, TailFold};
use crate::math::{Coefficients, over_exp};
use crate::rules::Recipe;
use crate::simd::Vector;

/// Add up two arrays.
#[inline(always)]
fn plus<V: Vector, const N: usize>(mut a: [V; N], b: [V; N]) -> [V; N] {
    for number in 0..N {
        a[number] = a[number].add(b[number]);
    }
    a
}

/// Of probabilities, the sum of p, and the sum of p times a lower bound on its logarithm: the
/// straight line between powers of two.
#[derive(Clone, Copy)]
pub(crate) struct LineSums;

impl<V: Vector> Fold<V> for LineSums {
    type Kept = [V; 2];
    const SIGNED: bool = true;

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
        plus(a, b)
    }
}

impl<V: Vector> SingleFold<V> for LineSums {
    type Row = Probabilities<V>;

    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        LineSums
    }

    #[inline(always)]
    fn row([total, lines]: [V; 2], recipe: &Recipe<V::Scalar>) -> Probabilities<V> {
        let logs = lines.mul(total.full_like(V::Scalar::LINE_UNIT));
        Probabilities { logs, ..Probabilities::summing_to(total, recipe) }
    }
}

/// Of probabilities, the sums of `C p - 1`, of its square and of its cube.
#[derive(Clone, Copy)]
pub(crate) struct PowerSums<V> {
    classes: V,
    absent: V,
}

impl<V: Vector> Fold<V> for PowerSums<V> {
    type Kept = [V; 3];
    const SIGNED: bool = true;

    /// Of `1 / C` all three are nothing, or less than a rounding.
    #[inline(always)]
    fn absent(self, _: V::Simd) -> V {
        self.absent
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
        plus(a, b)
    }
}

impl<V: Vector> SingleFold<V> for PowerSums<V> {
    type Row = Probabilities<V>;

    #[inline(always)]
    fn new(simd: V::Simd, recipe: &Recipe<V::Scalar>) -> Self {
        let [classes, inverse] = recipe.classes;
        PowerSums { classes: V::splat(simd, classes), absent: V::splat(simd, inverse) }
    }

    #[inline(always)]
    fn row([sum, squares, cubes]: [V; 3], recipe: &Recipe<V::Scalar>) -> Probabilities<V> {
        let share = sum.full_like(recipe.classes[1]);
        let total = sum.mul_add(share, sum.full_like(1.0));
        let (squares, cubes) = (squares.mul(share), cubes.mul(share));
        Probabilities { squares, cubes, ..Probabilities::summing_to(total, recipe) }
    }
}

/// Of logits, the sums of `e^d` and of `T d e^d` over all classes, each exponential too large by a
/// factor of up to [`OVER_EXP`](crate::math::OVER_EXP). A NaN reaches the second, and so does an
/// infinite peak.
#[derive(Clone, Copy)]
pub(crate) struct RoughTail<V> {
    peak: V,
    scale: V,
    least: V,
}

impl<V: Vector> Fold<V> for RoughTail<V> {
    type Kept = [V; 2];
    const SIGNED: bool = false;

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
        plus(a, b)
    }
}

impl<V: Vector> TailFold<V> for RoughTail<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        RoughTail {
            peak: tail.peak,
            scale: tail.inverse_temperature.mul(tail.peak.full_like(V::Scalar::OVER_EXP_UNIT)),
            least: tail.temperature.mul(tail.peak.full_like(V::Scalar::EXP_LEAST)),
        }
    }

    #[inline(always)]
    fn row(largest: [V; 2], [rest, logs]: [V; 2], recipe: &Recipe<V::Scalar>) -> Logits<V> {
        Logits { rest, logs, ..Logits::with_largest(largest, logs, recipe) }
    }
}
