//! Free energy of a row of logits: minus the temperature times their log-sum-exp. Rows unlike the training data have the highest.

use super::{About, Formula, Logits, Needs, Probabilities, splat};
use crate::math::ln_1p;
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct Energy;

impl Formula for Energy {
    const ABOUT: About = About {
        name: "energy",
        order: Order::Highest,
        inputs: &["logits"],
        formula: "-T ln sum e^(z/T)",
        range: "any number",
        source: "Liu et al. 2020",
    };
    const NEEDS: Needs = Needs::Sum;

    /// Not defined: probabilities have lost the scale of the logits. `Scorer::new` refuses the combination.
    #[inline(always)]
    fn of_probabilities<V: Vector>(_: &Probabilities<V>) -> V {
        V::splat(crate::simd::Float::NAN)
    }

    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        splat::<V>(0.0).sub(row.temperature.mul_add(ln_1p(row.rest), row.top))
    }
}
