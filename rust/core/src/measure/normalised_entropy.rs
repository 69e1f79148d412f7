//! Entropy as a share of the greatest possible: divided by ln C, so that pools with different
//! numbers of classes compare. Entropy's loops compute both, in a unit that is 1 or 1 / ln C.

use super::about::{About, BOTH};
use crate::order::Order;

pub(super) const ABOUT: About = About {
    name: "normalised_entropy",
    order: Order::Highest,
    inputs: BOTH,
    formula: "entropy / ln C (one class: 0)",
    range: "0 to 1, to rounding",
    source: "Shannon 1948 (efficiency)",
};
