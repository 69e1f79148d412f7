//! The summaries that rows are folded into, which formulas read. A lane is a row.

use crate::rules::Recipe;
use crate::simd::Vector;

/// What rows of probabilities were folded into. What a fold does not keep is 0.
#[derive(Clone, Copy)]
pub(crate) struct Probabilities<V: Vector> {
    /// The largest probability.
    pub(crate) top: V,
    /// The second largest.
    pub(crate) second: V,
    /// Sum over all classes but one largest.
    pub(crate) rest: V,
    /// Sum of `p ln p` over all classes but one largest, or of no more than that over all.
    pub(crate) logs: V,
    /// Sum of squares over all classes but one largest; with `cubes`, the mean of `(C p - 1)^2`.
    pub(crate) squares: V,
    /// The mean of `(C p - 1)^3`.
    pub(crate) cubes: V,
    /// Sum over all classes.
    pub(crate) total: V,
    /// The rules for the row.
    pub(crate) recipe: Recipe<V::Scalar>,
}

impl<V: Vector> Probabilities<V> {
    /// Rows that sum to this, and of which nothing else is known.
    #[inline(always)]
    pub(crate) fn summing_to(total: V, recipe: &Recipe<V::Scalar>) -> Self {
        let zero = total.full_like(0.0);
        Probabilities {
            top: zero,
            second: zero,
            rest: zero,
            logs: zero,
            squares: zero,
            cubes: zero,
            total,
            recipe: *recipe,
        }
    }

    /// A number in every lane.
    #[inline(always)]
    pub(crate) fn splat(&self, number: impl Into<f64>) -> V {
        self.total.full_like(number)
    }

    /// What counts as the whole: 1 for the row as it is, its total when it is to be renormalised.
    #[inline(always)]
    pub(crate) fn unit(&self) -> V {
        if self.recipe.renormalise { self.total } else { self.splat(1.0) }
    }

    /// A value in proportion to the probabilities, divided by the total where that was asked for.
    #[inline(always)]
    pub(crate) fn scaled(&self, value: V) -> V {
        if self.recipe.renormalise { value.div(self.total) } else { value }
    }

    /// What an entropy in nats is multiplied by.
    #[inline(always)]
    pub(crate) fn entropy_unit(&self) -> V {
        self.splat(self.recipe.entropy_unit)
    }

    /// Which rows are valid, but for signs. A NaN or an infinity among the probabilities reaches
    /// the sum, and so fails its test.
    #[inline(always)]
    pub(crate) fn valid(&self) -> V::Mask {
        let [least, greatest] = self.recipe.sums;
        V::and(self.splat(least).le(self.total), self.total.le(self.splat(greatest)))
    }
}

/// What rows of logits were folded into, with `d = (z - z_max) / T` and sums over all classes but
/// one largest. What a fold does not keep is 0.
#[derive(Clone, Copy)]
pub(crate) struct Logits<V: Vector> {
    /// The largest logit.
    pub(crate) top: V,
    /// The second largest `d`.
    pub(crate) second: V,
    /// Sum of `e^d`.
    pub(crate) rest: V,
    /// Sum of `-d e^d`.
    pub(crate) logs: V,
    /// Sum of `e^2d`.
    pub(crate) squares: V,
    /// NaN where the row is invalid.
    pub(super) sound: V,
    /// The rules for the row.
    pub(crate) recipe: Recipe<V::Scalar>,
}

impl<V: Vector> Logits<V> {
    /// Rows with these two largest logits, of which nothing else is known.
    #[inline(always)]
    pub(crate) fn with_largest([top, second]: [V; 2], sound: V, recipe: &Recipe<V::Scalar>) -> Self {
        let zero = top.full_like(0.0);
        let second = second.sub(top).mul(top.full_like(recipe.inverse_temperature));
        Logits { top, second, rest: zero, logs: zero, squares: zero, sound, recipe: *recipe }
    }

    /// A number in every lane.
    #[inline(always)]
    pub(crate) fn splat(&self, number: impl Into<f64>) -> V {
        self.top.full_like(number)
    }

    /// What logits are divided by.
    #[inline(always)]
    pub(crate) fn temperature(&self) -> V {
        self.splat(self.recipe.temperature)
    }

    /// What an entropy in nats is multiplied by.
    #[inline(always)]
    pub(crate) fn entropy_unit(&self) -> V {
        self.splat(self.recipe.entropy_unit)
    }

    /// Which rows are valid.
    #[inline(always)]
    pub(crate) fn valid(&self) -> V::Mask {
        self.sound.eq(self.sound)
    }
}
