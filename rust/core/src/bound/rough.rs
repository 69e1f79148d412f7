//! Entropy, margin and least confidence of logits by rough exponentials, each too large by a factor of up to [`OVER_EXP`]. With `W` their sum over all classes, of
//! which one is the largest with 1, and `B` that of `-d e^d`, the sum Z of true ones is at most W, and at least W / 1.0618. So the margin `(1 - r) / Z` is at least `(1 - r) / W`, the
//! least confidence `1 - 1/Z` at most `1 - 1/W`, and the entropy `ln Z + A / Z` at most `ln W + 1.0618 B / W`.

use super::sought::Sought;
use crate::math::{OVER_EXP, exp_m1, ln};
use crate::measure::{Formula, Logits, Needs};
use crate::simd::Vector;

/// For entropy.
pub(super) struct RoughEntropy;

/// For margin and least confidence.
pub(super) struct RoughMargin;

/// What the roughness of [`crate::math::over_exp`] leaves to rounding, with room.
const ROUNDING: f64 = 2e-4;

/// What the parts of the sums below are multiplied by.
pub(super) fn limits(sought: Sought, temperature: f64, slack: f64) -> Option<[f64; 3]> {
    let room = ROUNDING + 2.0 * slack;
    let limits = match sought {
        Sought::Entropy(entropy) => [entropy - room, OVER_EXP * (1.0 + 2.0 * room) / temperature, 0.0],
        Sought::Margin(margin) => [margin * (1.0 + room), 0.0, 1.0],
        Sought::LeastConfident(unsure) => [1.0 + room, (1.0 - slack) / (1.0 - unsure), 0.0],
    };
    limits.iter().all(|limit| limit.abs() < 1e30).then_some(limits)
}

impl Formula for RoughEntropy {
    const NEEDS: Option<Needs> = None;
    const NEEDS_OF_LOGITS: Option<Needs> = Some(Needs::Rough);

    /// Times W, which spares the division.
    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        let [entropy, factor, _] = row.limits;
        row.rest.mul(ln(row.rest).sub(entropy)).sub(factor.mul(row.logs))
    }
}

impl Formula for RoughMargin {
    const NEEDS: Option<Needs> = None;
    const NEEDS_OF_LOGITS: Option<Needs> = Some(Needs::RoughSecond);

    /// The smaller of what the two measures ask, of which one asks nothing.
    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        let [factor, least, gap] = row.limits;
        let apart = row.splat(0.0).sub(exp_m1(row.second));
        row.rest.mul_add(factor, row.splat(0.0).sub(least)).sub(gap.mul(apart))
    }
}
