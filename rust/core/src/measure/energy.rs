//! Free energy of a row of logits: minus the temperature times their log-sum-exp. Rows unlike the training data have the highest.

use super::{About, Formula, Logits, Named, Needs};
use crate::math::ln_1p;
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct Energy;

impl Named for Energy {
    const ABOUT: About = About {
        name: "energy",
        order: Order::Highest,
        inputs: &["logits"],
        formula: "-T ln sum e^(z/T)",
        range: "any number",
        source: "Liu et al. 2020",
    };
}

impl Formula for Energy {
    /// Probabilities have lost the scale of the logits. `Scorer::new` refuses the combination.
    const NEEDS: Option<Needs> = None;
    const NEEDS_OF_LOGITS: Option<Needs> = Some(Needs::Sum);

    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        row.splat(0.0).sub(row.temperature.mul_add(ln_1p(row.rest), row.top))
    }
}
