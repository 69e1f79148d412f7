//! Bounds on entropy, margin and least confidence of logits by rough exponentials, each too large
//! by a factor of up to [`OVER_EXP`].
//!
//! With `W` their sum over all classes, of which the largest gives 1, and `B` that of `-d e^d`, the
//! sum Z of true exponentials is at most W, and at least W / 1.0618. So the margin `(1 - r) / Z` is
//! at least `(1 - r) / W`, the least confidence `1 - 1/Z` at most `1 - 1/W`, and the entropy
//! `ln Z + A / Z` at most `ln W + 1.0618 B / W`.

use super::sought::Setting;
use crate::fold::{Folded, Peak, Peaks, RoughTail};
use crate::formula::{Formula, Twice};
use crate::math::{OVER_EXP, exp_m1, ln};
use crate::simd::Vector;

/// The error of [`crate::math::over_exp`] beyond that factor, with room.
const ROUNDING: f64 = 2e-4;

/// Whether numbers stay finite in either type.
fn finite(numbers: &[f64]) -> bool {
    numbers.iter().all(|number| number.abs() < 1e30)
}

/// The bound for rows with at least that entropy.
pub(super) fn entropy(entropy: f64, Setting { temperature, slack, .. }: Setting) -> Option<RoughEntropy> {
    let room = ROUNDING + 2.0 * slack;
    let (entropy, factor) = (entropy - room, OVER_EXP * (1.0 + 2.0 * room) / temperature);
    finite(&[entropy, factor]).then_some(RoughEntropy { entropy, factor })
}

/// The bound for rows with at most that margin.
pub(super) fn margin(margin: f64, Setting { slack, .. }: Setting) -> Option<RoughMargin> {
    let factor = margin * (1.0 + ROUNDING + 2.0 * slack);
    finite(&[factor]).then_some(RoughMargin { factor, least: 0.0, gap: 1.0 })
}

/// The bound for rows with at least that least confidence.
pub(super) fn least_confident(unsure: f64, Setting { slack, .. }: Setting) -> Option<RoughMargin> {
    let (factor, least) = (1.0 + ROUNDING + 2.0 * slack, (1.0 - slack) / (1.0 - unsure));
    finite(&[factor, least]).then_some(RoughMargin { factor, least, gap: 0.0 })
}

/// The bound on entropy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RoughEntropy {
    entropy: f64,
    /// What B is multiplied by.
    factor: f64,
}

impl Formula for RoughEntropy {
    type Sweeps<V: Vector> = Twice<Peak, RoughTail<V>>;

    /// Times W, which spares the division.
    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        row.rest.mul(ln(row.rest).sub(row.splat(self.entropy))).sub(row.splat(self.factor).mul(row.logs))
    }
}

/// The bound on margin and on least confidence: `factor W - least - gap (1 - r)`, of which each
/// leaves out a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RoughMargin {
    factor: f64,
    least: f64,
    gap: f64,
}

impl Formula for RoughMargin {
    type Sweeps<V: Vector> = Twice<Peaks, RoughTail<V>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        let (factor, least, gap) = (row.splat(self.factor), row.splat(self.least), row.splat(self.gap));
        let apart = row.splat(0.0).sub(exp_m1(row.second));
        row.rest.mul_add(factor, row.splat(0.0).sub(least)).sub(gap.mul(apart))
    }
}
