//! Mutual information between the label and the member (BALD), in nats: the mean Kullback-Leibler
//! divergence of the members from the consensus. Computed so, it is never negative; the difference
//! `H(P) - mean H(p_m)` would cancel. See `divergence.rs`.

use super::divergence::Divergences;
use super::formula::{CommitteeFormula, Needs};
use super::table::Table;
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct Bald;

impl CommitteeFormula for Bald {
    const ABOUT: About = About {
        name: "bald",
        order: Order::Highest,
        inputs: BOTH,
        formula: "mean KL(p_m || P) = H(P) - mean H(p_m)",
        range: "0 to ln min(M, C) nats",
        source: "Houlsby et al. 2011",
    };
    const NEEDS: Needs = Needs::Distributions;

    #[inline(always)]
    fn score<V: Vector>(table: &Table<V>) -> V {
        let divergences = Divergences::new(table);
        let mut sum = table.splat(0.0);
        for member in 0..table.members() {
            sum = sum.add(divergences.of(member));
        }
        sum.div(table.splat(table.members() as f64))
    }
}
