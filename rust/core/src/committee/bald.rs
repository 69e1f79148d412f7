//! Mutual information between the label and the member (BALD), in nats: the mean Kullback-Leibler
//! divergence of the members from the consensus. Computed so, it is never negative; the difference
//! `H(P) - mean H(p_m)` would cancel. See `divergence.rs`.

use super::divergence::divergences;
use super::table::{Needs, Table};
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "bald",
    order: Order::Highest,
    inputs: BOTH,
    formula: "mean KL(p_m || P) = H(P) - mean H(p_m)",
    range: "0 to ln min(M, C) nats",
    source: "Houlsby et al. 2011",
};

pub(super) const NEEDS: Needs = Needs::Distributions;

#[inline(always)]
pub(super) fn score<V: Vector>(table: &Table<V>) -> V {
    let sum = divergences(
        table,
        #[inline(always)]
        |sum, one| sum.add(one),
    );
    sum.div(table.splat(table.members() as f64))
}
