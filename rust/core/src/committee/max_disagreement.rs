//! Largest Kullback-Leibler divergence of a member from the consensus, in nats. See `divergence.rs`
//! for how it keeps its precision.

use super::divergence::divergences;
use super::table::{Needs, Table};
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "max_disagreement",
    order: Order::Highest,
    inputs: BOTH,
    formula: "largest KL(p_m || P), P the mean of p_m",
    range: "0 to ln M nats",
    source: "McCallum & Nigam 1998",
};

pub(super) const NEEDS: Needs = Needs::Distributions;

#[inline(always)]
pub(super) fn score<V: Vector>(table: &Table<V>) -> V {
    divergences(
        table,
        #[inline(always)]
        |largest, one| largest.max(one),
    )
}
