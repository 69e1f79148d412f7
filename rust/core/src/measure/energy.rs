//! Free energy of a row of logits: minus the temperature times their log-sum-exp. It is highest for
//! rows unlike the training data.

use super::about::About;
use crate::fold::{Folded, Peak, TailSum};
use crate::formula::{Formula, Twice};
use crate::math::ln_1p;
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "energy",
    order: Order::Highest,
    inputs: &["logits"],
    formula: "-T ln sum e^(z/T)",
    range: "any number",
    source: "Liu et al. 2020",
};

/// Of logits: probabilities have lost their scale. `Scorer::new` refuses the combination.
#[derive(Clone, Copy)]
pub(super) struct OfLogits;

impl Formula for OfLogits {
    type Sweeps<V: Vector> = Twice<Peak, TailSum<V>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        row.splat(0.0).sub(row.splat(row.recipe.temperature).mul_add(ln_1p(row.rest), row.top))
    }
}
