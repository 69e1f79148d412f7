//! Ratio of the second largest probability to the largest.

use super::about::{About, BOTH};
use crate::fold::{Folded, Gaps, Seconds};
use crate::formula::{Formula, Once};
use crate::math::exp;
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "ratio",
    order: Order::Highest,
    inputs: BOTH,
    formula: "p2 / p1 (one class: 0)",
    range: "0 to 1",
    source: "the margin of Scheffer et al. 2001 as a quotient",
};

/// Of probabilities.
#[derive(Clone, Copy)]
pub(super) struct OfProbabilities;

impl Formula for OfProbabilities {
    type Sweeps<V: Vector> = Once<Seconds>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        row.second.div(row.top)
    }
}

/// Of logits.
#[derive(Clone, Copy)]
pub(super) struct OfLogits;

impl Formula for OfLogits {
    type Sweeps<V: Vector> = Once<Gaps>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        exp(row.second)
    }
}
