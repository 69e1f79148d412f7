//! Entropy of weights that are folded in one class after the other.
//!
//! Let `w1` be the largest weight, `t` the sum of the others, `S` the sum of all and `A` the sum of
//! `w ln w` over the others. Then `H = ln(1 + t/w1) + (t ln w1 - A) / S`, which does not cancel
//! where nearly all weight is on one class.

use super::table::Table;
use crate::math::{ln, ln_1p};
use crate::simd::Vector;

/// The entropy of the weights of all classes, divided by their sum.
#[inline(always)]
pub(super) fn entropy<V: Vector>(table: &Table<V>, weight: impl Fn(usize) -> V) -> V {
    let [mut top, mut rest, mut logs] = [table.splat(0.0); 3];
    for class in 0..table.classes() {
        let weight = weight(class);
        let beaten = top.min(weight);
        (top, rest) = (top.max(weight), rest.add(beaten));
        logs = beaten.mul_add(ln(beaten), logs);
    }
    let mixed = rest.mul(ln(top)).sub(logs);
    ln_1p(rest.div(top)).add(mixed.div(top.add(rest)))
}
