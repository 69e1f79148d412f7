//! Gini impurity. With the largest value apart,
//! `1 - sum p^2 = (1 - p1)(1 + p1) - sum of the other squares`, which does not cancel on rows that
//! are nearly sure.

use super::about::{About, BOTH};
use crate::fold::{Apart, Folded, Peak, Squares, TailApart};
use crate::formula::{Formula, Once, Twice};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "gini",
    order: Order::Highest,
    inputs: BOTH,
    formula: "1 - sum p^2",
    range: "0 to 1 - 1/C",
    source: "Gini 1912; Breiman et al. 1984",
};

/// Of probabilities.
#[derive(Clone, Copy)]
pub(super) struct OfProbabilities;

impl Formula for OfProbabilities {
    type Sweeps<V: Vector> = Once<Apart<Squares>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        let apart = row.unit().sub(row.top).mul(row.unit().add(row.top));
        row.scaled(row.scaled(apart.sub(row.squares)))
    }
}

/// Of logits.
#[derive(Clone, Copy)]
pub(super) struct OfLogits;

impl Formula for OfLogits {
    type Sweeps<V: Vector> = Twice<Peak, TailApart<V, Squares>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        let total = row.splat(1.0).add(row.rest);
        // (2t + t^2 - Q) / (1 + t)^2, divided twice so that nothing overflows for any number of
        // classes.
        let others = row.rest.mul(row.rest).sub(row.squares);
        row.splat(2.0).mul_add(row.rest, others).div(total).div(total)
    }
}
