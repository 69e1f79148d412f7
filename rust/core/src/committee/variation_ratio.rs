//! Variation ratio: the share of votes that differ from the most frequent one.

use super::table::{Needs, Table};
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "variation_ratio",
    order: Order::Highest,
    inputs: BOTH,
    formula: "1 - largest share of votes",
    range: "0 to 1 - 1/min(M, C)",
    source: "Freeman 1965",
};

pub(super) const NEEDS: Needs = Needs::Votes;

#[inline(always)]
pub(super) fn score<V: Vector>(table: &Table<V>) -> V {
    let mut most = table.splat(0.0);
    for class in 0..table.classes() {
        most = most.max(table.votes(class));
    }
    let members = table.splat(table.members() as f64);
    members.sub(most).div(members)
}
