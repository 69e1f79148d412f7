//! Ratio of the second largest probability to the largest.

use super::{About, BOTH, Formula, Logits, Named, Needs, Probabilities};
use crate::math::exp;
use crate::order::Order;
use crate::simd::Vector;

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
    const NEEDS: Option<Needs> = Some(Needs::Second);
    const NEEDS_OF_LOGITS: Option<Needs> = Some(Needs::Gap);

    #[inline(always)]
    fn of_probabilities<V: Vector>(row: &Probabilities<V>) -> V {
        row.second.div(row.top)
    }

    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        exp(row.second)
    }
}
