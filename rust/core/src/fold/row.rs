//! The summary that rows are folded into, which formulas read. A lane is a row.

use crate::rules::Recipe;
use crate::simd::Vector;

/// What rows were folded into: probabilities, or logits with `d = (z - z_max) / T`. What a fold
/// does not keep is 0.
#[derive(Clone, Copy)]
pub(crate) struct Folded<V: Vector> {
    /// The largest probability or logit.
    pub(crate) top: V,
    /// The second largest probability, or `d`.
    pub(crate) second: V,
    /// Sum of the probabilities, or of `e^d`, over all classes but one largest.
    pub(crate) rest: V,
    /// Sum of `p ln p`, or of `-d e^d`, over all classes but one largest, or of no more than that
    /// over all.
    pub(crate) logs: V,
    /// Sum of the squares of what `rest` sums; with `cubes`, the mean of `(C p - 1)^2`.
    pub(crate) squares: V,
    /// The mean of `(C p - 1)^3`.
    pub(crate) cubes: V,
    /// Sum of the probabilities of all classes.
    pub(crate) total: V,
    /// Which rows are valid, but for the signs of probabilities.
    pub(crate) valid: V::Mask,
    /// The rules for the row.
    pub(crate) recipe: Recipe<V::Scalar>,
}

impl<V: Vector> Folded<V> {
    /// Rows of probabilities that sum to this, and of which nothing else is known. A NaN or an
    /// infinity among them reaches the sum, and so fails its test.
    #[inline(always)]
    pub(crate) fn summing_to(total: V, recipe: &Recipe<V::Scalar>) -> Self {
        let [least, greatest] = recipe.sums;
        let valid = V::and(total.full_like(least).le(total), total.le(total.full_like(greatest)));
        Folded { total, ..Folded::unknown(total.full_like(0.0), valid, recipe) }
    }

    /// Rows with these two largest logits, of which nothing else is known; `sound` is NaN where a
    /// row is invalid.
    #[inline(always)]
    pub(crate) fn with_largest([top, second]: [V; 2], sound: V, recipe: &Recipe<V::Scalar>) -> Self {
        let second = second.sub(top).mul(top.full_like(recipe.inverse_temperature));
        Folded { top, second, ..Folded::unknown(top.full_like(0.0), sound.eq(sound), recipe) }
    }

    #[inline(always)]
    fn unknown(zero: V, valid: V::Mask, recipe: &Recipe<V::Scalar>) -> Self {
        let [top, second, rest, logs, squares, cubes, total] = [zero; 7];
        Folded { top, second, rest, logs, squares, cubes, total, valid, recipe: *recipe }
    }

    /// A number in every lane.
    #[inline(always)]
    pub(crate) fn splat(&self, number: impl Into<f64>) -> V {
        self.total.full_like(number)
    }

    /// What counts as the whole of probabilities: 1 for the row as it is, its total when it is to
    /// be renormalised.
    #[inline(always)]
    pub(crate) fn unit(&self) -> V {
        if self.recipe.renormalise { self.total } else { self.splat(1.0) }
    }

    /// A value in proportion to the probabilities, divided by the total where that was asked for.
    #[inline(always)]
    pub(crate) fn scaled(&self, value: V) -> V {
        if self.recipe.renormalise { value.div(self.total) } else { value }
    }
}
