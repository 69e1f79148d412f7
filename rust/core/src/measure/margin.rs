//! Margin, best versus second best: the difference of the two largest probabilities. The
//! informative rows have the lowest.

use super::about::{About, BOTH, Named};
use crate::fold::{Logits, Peaks, Probabilities, Seconds, TailSum};
use crate::formula::{Formula, Once, Twice};
use crate::math::exp_m1;
use crate::order::Order;
use crate::simd::Vector;

#[derive(Clone, Copy)]
pub(super) struct Margin;

impl Named for Margin {
    const ABOUT: About = About {
        name: "margin",
        order: Order::Lowest,
        inputs: BOTH,
        formula: "p1 - p2 (one class: 0)",
        range: "0 to 1",
        source: "Scheffer et al. 2001; Joshi et al. 2009",
    };
}

impl Formula for Margin {
    const ORDER: Order = Self::ABOUT.order;
    type OfProbabilities<V: Vector> = Once<Seconds>;
    type OfLogits<V: Vector> = Twice<Peaks, TailSum<V>>;

    #[inline(always)]
    fn of_probabilities<V: Vector>(self, row: &Probabilities<V>) -> V {
        if row.recipe.single {
            return row.splat(0.0);
        }
        row.scaled(row.top.sub(row.second))
    }

    #[inline(always)]
    fn of_logits<V: Vector>(self, row: &Logits<V>) -> V {
        if row.recipe.single {
            return row.splat(0.0);
        }
        let gap = row.splat(0.0).sub(exp_m1(row.second));
        gap.div(row.splat(1.0).add(row.rest))
    }
}
