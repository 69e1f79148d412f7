//! Entropy of the shares of votes, in nats. Votes are counted as whole numbers, so a unanimous
//! committee scores exactly 0.

use super::entropy::entropy;
use super::table::{Needs, Table};
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "vote_entropy",
    order: Order::Highest,
    inputs: BOTH,
    formula: "entropy of the shares of votes",
    range: "0 to ln min(M, C) nats",
    source: "Dagan & Engelson 1995",
};

pub(super) const NEEDS: Needs = Needs::Votes;

#[inline(always)]
pub(super) fn score<V: Vector>(table: &Table<V>) -> V {
    entropy(
        table,
        #[inline(always)]
        |class| table.votes(class),
    )
}
