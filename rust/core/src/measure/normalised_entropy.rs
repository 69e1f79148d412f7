//! Entropy as a share of the greatest possible: divided by ln C, so that pools with other numbers of classes compare. It has the loops of entropy, which multiply by
//! the unit of either.

use super::entropy::Entropy;
use super::{About, BOTH, Formula, Logits, Needs, Probabilities};
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct NormalisedEntropy;

impl Formula for NormalisedEntropy {
    const ABOUT: About = About {
        name: "normalised_entropy",
        order: Order::Highest,
        inputs: BOTH,
        formula: "entropy / ln C (one class: 0)",
        range: "0 to 1, to rounding",
        source: "Shannon 1948 (efficiency)",
    };
    const NEEDS: Needs = Needs::Logs;

    #[inline(always)]
    fn of_probabilities<V: Vector>(row: &Probabilities<V>) -> V {
        Entropy::of_probabilities(row)
    }

    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        Entropy::of_logits(row)
    }
}
