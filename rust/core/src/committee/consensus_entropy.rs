//! Entropy of the consensus, in nats: of the mean of the members' distributions.

use super::entropy::Weights;
use super::formula::{CommitteeFormula, Needs};
use super::table::Table;
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct ConsensusEntropy;

impl CommitteeFormula for ConsensusEntropy {
    const ABOUT: About = About {
        name: "consensus_entropy",
        order: Order::Highest,
        inputs: BOTH,
        formula: "H(P), P the mean of p_m",
        range: "0 to ln C nats",
        source: "Settles 2009",
    };
    const NEEDS: Needs = Needs::Distributions;

    #[inline(always)]
    fn score<V: Vector>(table: &Table<V>) -> V {
        let mut spread = Weights::start(table.splat(0.0));
        for class in 0..table.classes() {
            spread = spread.step(table.mean(class));
        }
        spread.entropy()
    }
}
