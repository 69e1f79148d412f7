//! Entropy of the shares of votes, in nats. Votes are counted as whole numbers, so a unanimous
//! committee scores exactly 0.

use super::entropy::Weights;
use super::formula::{CommitteeFormula, Needs};
use super::table::Table;
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct VoteEntropy;

impl CommitteeFormula for VoteEntropy {
    const ABOUT: About = About {
        name: "vote_entropy",
        order: Order::Highest,
        inputs: BOTH,
        formula: "entropy of the shares of votes",
        range: "0 to ln min(M, C) nats",
        source: "Dagan & Engelson 1995",
    };
    const NEEDS: Needs = Needs::Votes;

    #[inline(always)]
    fn score<V: Vector>(table: &Table<V>) -> V {
        let mut spread = Weights::start(table.splat(0.0));
        for class in 0..table.classes() {
            spread = spread.step(table.votes(class));
        }
        spread.entropy()
    }
}
