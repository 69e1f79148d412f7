//! Ratio of the second largest probability to the largest.

use super::about::{About, BOTH, Named};
use crate::fold::{Gaps, Logits, Probabilities, Seconds};
use crate::formula::{Formula, Once};
use crate::math::exp;
use crate::order::Order;
use crate::simd::Vector;

#[derive(Clone, Copy)]
pub(super) struct Ratio;

impl Named for Ratio {
    const ABOUT: About = About {
        name: "ratio",
        order: Order::Highest,
        inputs: BOTH,
        formula: "p2 / p1 (one class: 0)",
        range: "0 to 1",
        source: "the margin of Scheffer et al. 2001 as a quotient",
    };
}

impl Formula for Ratio {
    type OfProbabilities<V: Vector> = Once<Seconds>;
    type OfLogits<V: Vector> = Once<Gaps>;

    #[inline(always)]
    fn of_probabilities<V: Vector>(self, row: &Probabilities<V>) -> V {
        row.second.div(row.top)
    }

    #[inline(always)]
    fn of_logits<V: Vector>(self, row: &Logits<V>) -> V {
        exp(row.second)
    }
}
