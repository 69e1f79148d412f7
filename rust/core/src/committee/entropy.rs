//! Entropy of weights that are folded in one class after the other.
//!
//! Let `w1` be the largest weight, `t` the sum of the others, `S` the sum of all and `A` the sum of
//! `w ln w` over the others. Then `H = ln(1 + t/w1) + (t ln w1 - A) / S`, which does not cancel
//! where nearly all weight is on one class.

use crate::math::{ln, ln_1p};
use crate::simd::Vector;

/// What is kept of the weights so far.
#[derive(Clone, Copy)]
pub(super) struct Weights<V> {
    top: V,
    rest: V,
    logs: V,
}

impl<V: Vector> Weights<V> {
    /// No weights, from a vector of zeros.
    #[inline(always)]
    pub(super) fn start(zero: V) -> Self {
        Weights { top: zero, rest: zero, logs: zero }
    }

    /// Take the next weight.
    #[inline(always)]
    pub(super) fn step(self, weight: V) -> Self {
        let beaten = self.top.min(weight);
        Weights { top: self.top.max(weight), rest: self.rest.add(beaten), logs: beaten.mul_add(ln(beaten), self.logs) }
    }

    /// The entropy of the weights divided by their sum.
    #[inline(always)]
    pub(super) fn entropy(self) -> V {
        let mixed = self.rest.mul(ln(self.top)).sub(self.logs);
        ln_1p(self.rest.div(self.top)).add(mixed.div(self.top.add(self.rest)))
    }
}
