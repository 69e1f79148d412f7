//! Part uncertainty, part diversity: the next pick is the highest `b u + (1 - b) d / D`, the
//! "70/30" rule for b = 0.7.
//!
//! u is the uncertainty of a row, scaled to lie between 0 and 1 over the pool; d is its distance to
//! the nearest labelled or picked row, and D is the largest d at the first step that has such a
//! row. Both scales are frozen there, so that values stay comparable from pick to pick.

use crate::diverse::engine::by_distance::DistanceWorth;
use crate::room;

/// How much uncertainty and diversity weigh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of uncertainty; 0 or more.
    pub uncertainty: f64,
    /// Of diversity; 0 or more.
    pub diversity: f64,
}

/// What the mix makes of a distance and an uncertainty. Until the distance scale is frozen, the
/// distance alone counts.
pub(crate) struct DiverseUncertain<'a> {
    /// Scaled and weighed already.
    uncertainty: &'a [f64],
    diversity: f64,
    scale: Option<f64>,
}

impl<'a> DiverseUncertain<'a> {
    /// `uncertainty` is scaled and weighed.
    pub(crate) fn new(uncertainty: &'a [f64], diversity: f64) -> Self {
        DiverseUncertain { uncertainty, diversity, scale: None }
    }

    /// Divide distances by `largest` from now on.
    pub(crate) fn freeze(&mut self, largest: f64) {
        self.scale = Some(if largest > 0.0 { largest } else { 1.0 });
    }
}

impl DistanceWorth for DiverseUncertain<'_> {
    #[inline(always)]
    fn key(&self, row: usize, distance: f64) -> f64 {
        match self.scale {
            Some(scale) if distance > f64::NEG_INFINITY => {
                self.uncertainty[row] + self.diversity * (distance / scale).min(f64::MAX)
            }
            _ => distance,
        }
    }
}

/// Uncertainty scaled to lie between 0 and 1 over the pool, times its weight; zeros where it is the
/// same for all rows.
pub(crate) fn weighed(uncertainty: &[f64], weight: f64) -> Vec<f64> {
    let low = uncertainty.iter().copied().fold(f64::INFINITY, f64::min);
    let high = uncertainty.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = high - low;
    room::collected(uncertainty.iter().map(|u| if range > 0.0 { weight * ((u - low) / range) } else { 0.0 }))
}
