//! Shannon entropy, in nats, of the row normalised to sum 1.
//!
//! Let `p1` be the largest value, `t` the sum of the others, `S` the sum of all and `A` the sum of
//! `p ln p` over the others. Then `H = ln S - (p1 ln p1 + A) / S`. Of a row that is nearly sure
//! only `t` and `A` count, and they must not drown in the rounding of terms near 1:
//!
//! - Rows that sum to 1 within a thousandth, as all checked ones do: `S - 1` is computed as
//!   `(p1 - 1) + t`, whose first difference is exact, and `ln S` and `1 / S` are series in it,
//!   which saves a logarithm and a division. The error is relative to H or to `|S - 1|`, whichever
//!   is larger.
//! - All others: `H = ln(1 + t/p1) + (t ln p1 - A) / S`, whose error is relative to H, however
//!   small, for values of ordinary size; it grows with their logarithms.

use super::about::{About, BOTH};
use crate::coefficients::Coefficients;
use crate::fold::{Apart, Folded, Logarithms, Peak, TailApart};
use crate::formula::{Formula, Once, Twice};
use crate::math::{ln, ln_1p};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "entropy",
    order: Order::Highest,
    inputs: BOTH,
    formula: "-sum p ln p of the row normalised to sum 1",
    range: "0 to ln C nats, to rounding",
    source: "Shannon 1948; Settles 2009",
};

/// Of probabilities.
#[derive(Clone, Copy)]
pub(super) struct OfProbabilities;

impl Formula for OfProbabilities {
    type Sweeps<V: Vector> = Once<Apart<Logarithms>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        let top = ln(row.top);
        if row.recipe.near_one {
            let excess = row.top.sub(row.splat(1.0)).add(row.rest);
            // ln(1 + d) / d and 1 / (1 + d), for |d| <= 1.1e-3.
            let ln_total = excess.polynomial(V::Scalar::LN_1P_NEAR).mul(excess);
            let per_total = excess.polynomial(V::Scalar::PER_1P_NEAR);
            let sum = row.top.mul_add(top, row.logs);
            return ln_total.sub(sum.mul(per_total)).max(row.splat(0.0)).mul(row.splat(row.recipe.entropy_unit));
        }
        let spread = ln_1p(row.rest.div(row.top));
        let mixed = row.rest.mul(top).sub(row.logs);
        spread.add(mixed.div(row.total)).mul(row.splat(row.recipe.entropy_unit))
    }
}

/// Of logits.
#[derive(Clone, Copy)]
pub(super) struct OfLogits;

impl Formula for OfLogits {
    type Sweeps<V: Vector> = Twice<Peak, TailApart<V, Logarithms>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        // ln(1 + t) + A / (1 + t), and to first order what is lost in rounding 1 + t.
        let total = row.splat(1.0).add(row.rest);
        let lost = row.rest.sub(total.sub(row.splat(1.0)));
        ln(total).add(row.logs.add(lost).div(total)).mul(row.splat(row.recipe.entropy_unit))
    }
}
