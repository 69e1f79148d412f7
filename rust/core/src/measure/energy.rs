//! Free energy of a row of logits: minus the temperature times their log-sum-exp. It is highest for
//! rows unlike the training data.

use super::about::{About, Named};
use crate::fold::{Logits, Peak, Probabilities, TailSum};
use crate::formula::{Formula, Twice, Undefined};
use crate::math::ln_1p;
use crate::order::Order;
use crate::simd::Vector;

#[derive(Clone, Copy)]
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
    type OfProbabilities<V: Vector> = Undefined<Probabilities<V>>;
    type OfLogits<V: Vector> = Twice<Peak, TailSum<V>>;

    #[inline(always)]
    fn of_logits<V: Vector>(self, row: &Logits<V>) -> V {
        row.splat(0.0).sub(row.temperature().mul_add(ln_1p(row.rest), row.top))
    }
}
