//! Least confidence: one minus the largest probability. From logits `t / (1 + t)`, which keeps its
//! accuracy where the textbook form cancels.

use super::about::{About, BOTH};
use crate::fold::{Folded, Peak, Sums, TailSum};
use crate::formula::{Formula, Once, Twice};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "least_confident",
    order: Order::Highest,
    inputs: BOTH,
    formula: "1 - p1",
    range: "0 to 1 - 1/C",
    source: "Lewis & Gale 1994",
};

/// Of probabilities.
#[derive(Clone, Copy)]
pub(super) struct OfProbabilities;

impl Formula for OfProbabilities {
    type Sweeps<V: Vector> = Once<Sums>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        row.scaled(row.unit().sub(row.top))
    }
}

/// Of logits.
#[derive(Clone, Copy)]
pub(super) struct OfLogits;

impl Formula for OfLogits {
    type Sweeps<V: Vector> = Twice<Peak, TailSum<V>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        row.rest.div(row.splat(1.0).add(row.rest))
    }
}
