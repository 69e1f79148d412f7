//! Rules by distance: the value of a row is its distance to the nearest point, and a rule says what
//! such a distance is worth at this step.

use super::objective::{Objective, Stale};
use super::point_set::PointSet;
use crate::error::Result;

/// What a distance to the nearest point is worth.
pub(crate) trait DistanceWorth: Sync {
    /// See [`Objective::key`]. Every operation is monotone as rounded, so that a larger distance
    /// never makes a smaller key.
    fn key(&self, row: usize, distance: f64) -> f64;

    /// See [`Objective::rise`].
    fn rise(&self, since: usize) -> f64 {
        let _ = since;
        0.0
    }

    /// See [`Objective::round`].
    fn round(&self) -> Option<usize> {
        None
    }

    /// There are so many points now.
    fn stepped(&mut self, steps: usize) {
        let _ = steps;
    }
}

/// Points, and what the distance to the nearest of them is worth.
pub(crate) struct ByDistance<P, W> {
    pub(crate) points: P,
    pub(crate) worth: W,
}

impl<P: PointSet, W: DistanceWorth> Objective for ByDistance<P, W> {
    type Scratch = P::Scratch;

    fn rows(&self) -> usize {
        self.points.rows()
    }

    fn steps(&self) -> usize {
        self.points.steps()
    }

    fn scratch(&self) -> P::Scratch {
        self.points.scratch()
    }

    #[inline(always)]
    fn key(&self, row: usize, distance: f64) -> f64 {
        self.worth.key(row, distance)
    }

    fn rise(&self, since: usize) -> f64 {
        self.worth.rise(since)
    }

    fn refresh(&self, scratch: &mut P::Scratch, rows: &mut [Stale], floor: f64) -> Result<u64> {
        let first = floor == f64::INFINITY;
        self.points.refresh(scratch, rows, first, |row, distance| self.worth.key(row, distance) < floor)
    }

    fn cost(&self, behind: usize) -> usize {
        self.points.cost(behind)
    }

    fn round(&self) -> Option<usize> {
        self.worth.round()
    }

    fn hold(&mut self, rows: &[u32]) {
        self.points.hold(rows);
    }

    fn let_go(&mut self) {
        self.points.let_go();
    }

    fn pick(&mut self, row: usize) -> Result<()> {
        self.points.pick(row)?;
        self.worth.stepped(self.points.steps());
        Ok(())
    }
}
