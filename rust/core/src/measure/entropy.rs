//! Shannon entropy, in nats, of the row normalised to sum 1.
//!
//! With `p1` the largest value, `t` the sum of the others, `S` of all and `A` of `p ln p` over the others,
//! `H = ln(1 + t/p1) + (t ln p1 - A) / S`. Unlike `ln S - sum(p ln p) / S` it does not cancel on rows that are
//! nearly sure, so the error is relative to the entropy itself however small.

use super::{About, BOTH, Formula, Logits, Needs, Probabilities, splat};
use crate::math::{ln, ln_1p};
use crate::order::Order;
use crate::simd::Vector;

pub(super) struct Entropy;

impl Formula for Entropy {
    const ABOUT: About = About {
        name: "entropy",
        order: Order::Highest,
        inputs: BOTH,
        formula: "-sum p ln p of the row normalised to sum 1",
        range: "0 to ln C nats",
        source: "Shannon 1948; Settles 2009",
    };
    const NEEDS: Needs = Needs::Logs;

    #[inline(always)]
    fn of_probabilities<V: Vector>(row: &Probabilities<V>) -> V {
        let spread = ln_1p(row.rest.div(row.top));
        let mixed = row.rest.mul(ln(row.top)).sub(row.logs);
        spread.add(mixed.div(row.total))
    }

    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        ln_1p(row.rest).add(row.logs.div(splat::<V>(1.0).add(row.rest)))
    }
}
