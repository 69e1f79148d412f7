//! Largest Kullback-Leibler divergence of a member from the consensus, in nats. See `divergence.rs`
//! for how it keeps its precision.

use super::divergence::Divergences;
use super::formula::{CommitteeFormula, Needs};
use super::table::Table;
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct MaxDisagreement;

impl CommitteeFormula for MaxDisagreement {
    const ABOUT: About = About {
        name: "max_disagreement",
        order: Order::Highest,
        inputs: BOTH,
        formula: "largest KL(p_m || P), P the mean of p_m",
        range: "0 to ln M nats",
        source: "McCallum & Nigam 1998",
    };
    const NEEDS: Needs = Needs::Distributions;

    #[inline(always)]
    fn score<V: Vector>(table: &Table<V>) -> V {
        let divergences = Divergences::new(table);
        let mut largest = table.splat(0.0);
        for member in 0..table.members() {
            largest = largest.max(divergences.of(member));
        }
        largest
    }
}
