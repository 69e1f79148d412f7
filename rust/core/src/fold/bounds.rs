//! Folds for bounds alone. A bound needs no more of a row than what may rule it out, so its fold is
//! cheaper than that of the measure it spares.

use super::row::Folded;
use super::traits::{Fold, Kept, SingleFold, Tail, TailFold};
use crate::coefficients::Coefficients;
use crate::math::over_exp;
use crate::rules::Recipe;
use crate::simd::Vector;

/// Of probabilities, the sum of p, and the sum of p times a lower bound on its logarithm: the
/// straight line between powers of two.
#[derive(Clone, Copy)]
pub(crate) struct LineSums;

impl<V: Vector> Fold<V> for LineSums {
    const KEPT: usize = 2;
    const SIGNED: bool = true;

    #[inline(always)]
    fn step(self, [sum, lines, none]: Kept<V>, value: V) -> Kept<V> {
        [sum.add(value), value.mul_add(value.power_to_line(), lines), none]
    }
}

impl<V: Vector> SingleFold<V> for LineSums {
    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        LineSums
    }

    #[inline(always)]
    fn row([total, lines, _]: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V> {
        let logs = lines.mul(total.full_like(V::Scalar::LINE_UNIT));
        Folded { logs, ..Folded::summing_to(total, recipe) }
    }
}

/// Of probabilities, the sums of `C p - 1`, of its square and of its cube.
#[derive(Clone, Copy)]
pub(crate) struct PowerSums<V> {
    classes: V,
    absent: V,
}

impl<V: Vector> Fold<V> for PowerSums<V> {
    const KEPT: usize = 3;
    const SIGNED: bool = true;

    /// Of `1 / C` all three are nothing, or less than a rounding.
    #[inline(always)]
    fn absent(self, _: V::Simd) -> V {
        self.absent
    }

    #[inline(always)]
    fn step(self, [sum, squares, cubes]: Kept<V>, value: V) -> Kept<V> {
        let excess = value.mul_add(self.classes, value.full_like(-1.0));
        let square = excess.mul(excess);
        [sum.add(excess), squares.add(square), square.mul_add(excess, cubes)]
    }
}

impl<V: Vector> SingleFold<V> for PowerSums<V> {
    #[inline(always)]
    fn new(simd: V::Simd, recipe: &Recipe<V::Scalar>) -> Self {
        let [classes, inverse] = recipe.classes;
        PowerSums { classes: V::splat(simd, classes), absent: V::splat(simd, inverse) }
    }

    #[inline(always)]
    fn row([sum, squares, cubes]: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V> {
        let share = sum.full_like(recipe.classes[1]);
        let total = sum.mul_add(share, sum.full_like(1.0));
        let (squares, cubes) = (squares.mul(share), cubes.mul(share));
        Folded { squares, cubes, ..Folded::summing_to(total, recipe) }
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
    const KEPT: usize = 2;
    const UNORDERED: bool = true;

    #[inline(always)]
    fn step(self, [weights, logs, none]: Kept<V>, value: V) -> Kept<V> {
        let below = self.least.max(value.sub(self.peak));
        let weight = over_exp(below, self.scale);
        [weights.add(weight), weight.mul_add(below, logs), none]
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
    fn row(largest: [V; 2], [rest, logs, _]: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V> {
        Folded { rest, logs, ..Folded::with_largest(largest, logs, recipe) }
    }
}
