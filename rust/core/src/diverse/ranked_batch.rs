//! Ranked batch: uncertain rows unlike each other and unlike what is labelled (Cardoso et al. 2017).
//!
//! With n_U rows left to pick from and n_L points (labelled or picked rows), the next pick is the highest
//! `a (1 - 1 / (1 + d)) + (1 - a) u`, `a = n_U / (n_U + n_L)`, u the uncertainty of a row and d its distance to the nearest point. Every pick
//! lowers a, so the keys of rows of high uncertainty rise: by no more than what a has lost times the highest uncertainty.

use super::point_set::PointSet;
use super::{Objective, Stale};
use crate::error::Result;

/// a: how much distance weighs at a step, and uncertainty the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alpha(f64);

impl Alpha {
    /// Once there are so many points. `all` counts the rows of the pool and the labelled rows,
    /// which together are as many at every step.
    pub(super) fn after(points: usize, all: usize) -> Alpha {
        Alpha((all as f64 - points as f64) / all as f64)
    }

    /// What a row is worth. Every operation is monotone as rounded, so a larger distance never
    /// makes a smaller key.
    #[inline(always)]
    pub(super) fn key(self, distance: f64, uncertainty: f64) -> f64 {
        if distance == f64::NEG_INFINITY {
            return distance;
        }
        self.0 * (1.0 - 1.0 / (1.0 + distance)) + (1.0 - self.0) * uncertainty
    }
}

/// Ranked batch as an objective: the value of a row is its distance to the nearest point.
pub(crate) struct RankedBatch<'a, N> {
    points: N,
    uncertainty: &'a [f64],
    all: usize,
    /// Points that rows have seen before the first of `points`.
    before: usize,
    alpha: Alpha,
    highest: f64,
    rounding: f64,
}

impl<'a, N: PointSet> RankedBatch<'a, N> {
    /// `labelled` points are no rows of the pool; all others are picks.
    pub(crate) fn new(points: N, uncertainty: &'a [f64], labelled: usize) -> Self {
        let all = points.rows() + labelled;
        RankedBatch::going_on(points, uncertainty, all, 0)
    }

    /// Where the first `before` labelled and picked rows are known only by what they left of the
    /// values: `points` are those that came since. `all` is as in [`Alpha::after`].
    pub(super) fn going_on(points: N, uncertainty: &'a [f64], all: usize, before: usize) -> Self {
        debug_assert_eq!(uncertainty.len(), points.rows());
        let highest = uncertainty.iter().copied().fold(0.0, f64::max);
        let largest = uncertainty.iter().map(|u| u.abs()).fold(1.0, f64::max);
        let alpha = Alpha::after(before + points.steps(), all);
        RankedBatch { points, uncertainty, all, before, alpha, highest, rounding: 8.0 * f64::EPSILON * largest }
    }

    fn alpha_after(&self, steps: usize) -> Alpha {
        Alpha::after(self.before + steps, self.all)
    }
}

impl<N: PointSet> Objective for RankedBatch<'_, N> {
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

    #[inline(always)]
    fn key(&self, row: usize, distance: f64) -> f64 {
        self.alpha.key(distance, self.uncertainty[row])
    }

    fn rise(&self, since: usize) -> f64 {
        (self.alpha_after(since).0 - self.alpha.0) * self.highest + self.rounding
    }

    fn refresh(&self, scratch: &mut N::Scratch, rows: &mut [Stale], floor: f64) -> Result<u64> {
        self.points.refresh(scratch, rows, floor == f64::INFINITY, |row, distance| self.key(row, distance) < floor)
    }

    fn cost(&self, behind: usize) -> usize {
        self.points.cost(behind)
    }

    fn pick(&mut self, row: usize) -> Result<()> {
        self.points.pick(row)?;
        self.alpha = self.alpha_after(self.points.steps());
        Ok(())
    }
}
