//! Entropy as a share of the greatest possible: divided by ln C, so that pools with other numbers of classes compare. It has the loops of entropy, which multiply by
//! the unit of either.

use super::about::{About, BOTH, Named};
use crate::order::Order;

pub(super) struct NormalisedEntropy;

impl Named for NormalisedEntropy {
    const ABOUT: About = About {
        name: "normalised_entropy",
        order: Order::Highest,
        inputs: BOTH,
        formula: "entropy / ln C (one class: 0)",
        range: "0 to 1, to rounding",
        source: "Shannon 1948 (efficiency)",
    };
}
