//! Margin, best versus second best: the difference of the two largest probabilities. The
//! informative rows have the lowest.

use super::about::{About, BOTH};
use crate::fold::{Folded, Peaks, Seconds, TailSum};
use crate::formula::{Formula, Once, Twice};
use crate::math::exp_m1;
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "margin",
    order: Order::Lowest,
    inputs: BOTH,
    formula: "p1 - p2 (one class: 0)",
    range: "0 to 1",
    source: "Scheffer et al. 2001; Joshi et al. 2009",
};

/// Of probabilities.
#[derive(Clone, Copy)]
pub(super) struct OfProbabilities;

impl Formula for OfProbabilities {
    const ORDER: Order = ABOUT.order;
    type Sweeps<V: Vector> = Once<Seconds>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        if row.recipe.single {
            return row.splat(0.0);
        }
        row.scaled(row.top.sub(row.second))
    }
}

/// Of logits.
#[derive(Clone, Copy)]
pub(super) struct OfLogits;

impl Formula for OfLogits {
    const ORDER: Order = ABOUT.order;
    type Sweeps<V: Vector> = Twice<Peaks, TailSum<V>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        if row.recipe.single {
            return row.splat(0.0);
        }
        let gap = row.splat(0.0).sub(exp_m1(row.second));
        gap.div(row.splat(1.0).add(row.rest))
    }
}
