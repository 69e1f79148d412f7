//! Least confidence: one minus the largest probability. From logits `t / (1 + t)`, which keeps its
//! accuracy where the textbook form cancels.

use super::about::{About, BOTH, Named};
use crate::fold::{Logits, Peak, Probabilities, Sums, TailSum};
use crate::formula::{Formula, Once, Twice};
use crate::order::Order;
use crate::simd::Vector;

#[derive(Clone, Copy)]
pub(super) struct LeastConfident;

impl Named for LeastConfident {
    const ABOUT: About = About {
        name: "least_confident",
        order: Order::Highest,
        inputs: BOTH,
        formula: "1 - p1",
        range: "0 to 1 - 1/C",
        source: "Lewis & Gale 1994",
    };
}

impl Formula for LeastConfident {
    type OfProbabilities<V: Vector> = Once<Sums>;
    type OfLogits<V: Vector> = Twice<Peak, TailSum<V>>;

    #[inline(always)]
    fn of_probabilities<V: Vector>(self, row: &Probabilities<V>) -> V {
        row.scaled(row.unit().sub(row.top))
    }

    #[inline(always)]
    fn of_logits<V: Vector>(self, row: &Logits<V>) -> V {
        row.rest.div(row.splat(1.0).add(row.rest))
    }
}
