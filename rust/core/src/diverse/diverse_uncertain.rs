//! Part uncertainty, part diversity: the next pick is the highest `b u + (1 - b) d / D`, the "70/30" rule for b = 0.7.
//!
//! u is the uncertainty of a row, scaled to lie between 0 and 1 over the pool; d is its distance to the nearest labelled or picked row,
//! and D the largest d there is when there first is one. Both scales are frozen there, so that values stay comparable from pick to pick.

use super::point_set::PointSet;
use super::{Objective, Stale};
use crate::error::Result;

/// How much uncertainty and diversity weigh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of uncertainty; 0 or more.
    pub uncertainty: f64,
    /// Of diversity; 0 or more.
    pub diversity: f64,
}

/// The mix as an objective: the value of a row is its distance to the nearest point. Until the distance scale is frozen its key is that, too.
pub(crate) struct DiverseUncertain<'a, N> {
    points: N,
    /// Weighed already.
    uncertainty: &'a [f64],
    diversity: f64,
    scale: Option<f64>,
}

impl<'a, N: PointSet> DiverseUncertain<'a, N> {
    /// `uncertainty` is scaled and weighed.
    pub(crate) fn new(points: N, uncertainty: &'a [f64], diversity: f64) -> Self {
        debug_assert_eq!(uncertainty.len(), points.rows());
        DiverseUncertain { points, uncertainty, diversity, scale: None }
    }

    /// Divide distances by `largest` from now on.
    pub(crate) fn freeze(&mut self, largest: f64) {
        self.scale = Some(if largest > 0.0 { largest } else { 1.0 });
    }
}

impl<N: PointSet> Objective for DiverseUncertain<'_, N> {
    type Scratch = N::Scratch;

    fn rows(&self) -> usize {
        self.points.rows()
    }

    fn steps(&self) -> usize {
        self.points.steps()
    }

    fn scratch(&self) -> N::Scratch {
        self.points.scratch()
    }

    /// Every operation is monotone as rounded, so a larger distance never makes a smaller key.
    #[inline(always)]
    fn key(&self, row: usize, distance: f64) -> f64 {
        match self.scale {
            Some(scale) if distance > f64::NEG_INFINITY => {
                self.uncertainty[row] + self.diversity * (distance / scale).min(f64::MAX)
            }
            _ => distance,
        }
    }

    fn refresh(&self, scratch: &mut N::Scratch, rows: &mut [Stale], floor: f64) -> Result<u64> {
        self.points.refresh(scratch, rows, floor == f64::INFINITY, |row, distance| self.key(row, distance) < floor)
    }

    fn cost(&self, behind: usize) -> usize {
        self.points.cost(behind)
    }

    fn pick(&mut self, row: usize) -> Result<()> {
        self.points.pick(row)
    }
}

/// Uncertainty scaled to lie between 0 and 1 over the pool, times its weight; zeros where it is the same for all rows.
pub(crate) fn weighed(uncertainty: &[f64], weight: f64) -> Vec<f64> {
    let low = uncertainty.iter().copied().fold(f64::INFINITY, f64::min);
    let high = uncertainty.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = high - low;
    uncertainty.iter().map(|u| if range > 0.0 { weight * ((u - low) / range) } else { 0.0 }).collect()
}
