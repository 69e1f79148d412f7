//! Least confidence: one minus the largest probability. From logits `t / (1 + t)`, which keeps its accuracy where the
//! textbook form cancels.

use super::{About, BOTH, Formula, Logits, Named, Needs, Probabilities};
use crate::order::Order;
use crate::simd::Vector;

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
    const NEEDS: Option<Needs> = Some(Needs::Sum);

    #[inline(always)]
    fn of_probabilities<V: Vector>(row: &Probabilities<V>) -> V {
        row.scaled(row.unit.sub(row.top))
    }

    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        row.rest.div(row.splat(1.0).add(row.rest))
    }
}
