//! Entropy of the consensus, in nats: of the mean of the members' distributions.

use super::entropy::entropy;
use super::table::{Needs, Table};
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "consensus_entropy",
    order: Order::Highest,
    inputs: BOTH,
    formula: "H(P), P the mean of p_m",
    range: "0 to ln C nats",
    source: "Settles 2009",
};

pub(super) const NEEDS: Needs = Needs::Distributions;

#[inline(always)]
pub(super) fn score<V: Vector>(table: &Table<V>) -> V {
    entropy(
        table,
        #[inline(always)]
        |class| table.mean(class),
    )
}
