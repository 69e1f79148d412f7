//! Distances to the nearest of a growing list of points, for rules that don't care who computes them.

use super::nearest::{Nearest, NearestScratch};
use super::objective::Stale;
use crate::error::{Error, Result};
use crate::float::Element;
use std::ops::Range;

/// The distance of each row of a pool to the nearest of the points so far.
pub(crate) trait PointSet: Sync {
    /// What a thread needs.
    type Scratch: Send;
    /// Rows of the pool.
    fn rows(&self) -> usize;
    /// Points so far.
    fn steps(&self) -> usize;
    /// A fresh scratch.
    fn scratch(&self) -> Self::Scratch;
    /// See [`Objective::cost`](super::Objective::cost).
    fn cost(&self, behind: usize) -> usize;
    /// The row at a position becomes a point.
    fn pick(&mut self, position: usize) -> Result<()>;
    /// See [`Nearest::refresh`].
    fn refresh(
        &self,
        scratch: &mut Self::Scratch,
        rows: &mut [Stale],
        first: bool,
        below: impl Fn(usize, f64) -> bool,
    ) -> Result<u64>;
}

impl<E: Element> PointSet for Nearest<'_, E> {
    type Scratch = NearestScratch;

    fn rows(&self) -> usize {
        self.candidates().rows()
    }

    fn steps(&self) -> usize {
        self.steps()
    }

    fn scratch(&self) -> NearestScratch {
        self.scratch()
    }

    fn cost(&self, behind: usize) -> usize {
        self.cost(behind)
    }

    fn pick(&mut self, position: usize) -> Result<()> {
        self.pick(position)
    }

    fn refresh(
        &self,
        scratch: &mut NearestScratch,
        rows: &mut [Stale],
        first: bool,
        below: impl Fn(usize, f64) -> bool,
    ) -> Result<u64> {
        self.refresh(scratch, rows, first, below)
    }
}

/// Somebody else who knows distances: a function of the user's, say.
pub trait Distances: Sync {
    /// Rows of the pool.
    fn rows(&self) -> usize;
    /// The distance of each of some rows to the nearest of some points: the labelled rows, then the picked ones, in order.
    fn nearest(&self, rows: &[u32], points: Range<usize>) -> Result<Vec<f64>>;
    /// The row becomes a point.
    fn pick(&mut self, row: usize) -> Result<()>;
}

/// Points that rows are compared with in one call.
const TOGETHER: usize = 64;

/// [`Distances`] in the role of [`Nearest`].
pub(crate) struct Told<D> {
    distances: D,
    steps: usize,
}

impl<D: Distances> Told<D> {
    /// `labelled` is the number of points from the start.
    pub(crate) fn new(distances: D, labelled: usize) -> Self {
        Told { distances, steps: labelled }
    }
}

impl<D: Distances> PointSet for Told<D> {
    type Scratch = ();

    fn rows(&self) -> usize {
        self.distances.rows()
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn scratch(&self) {}

    /// Nothing: the calls are made by the calling thread.
    fn cost(&self, _: usize) -> usize {
        0
    }

    fn pick(&mut self, position: usize) -> Result<()> {
        self.distances.pick(position)?;
        self.steps += 1;
        Ok(())
    }

    fn refresh(&self, (): &mut (), rows: &mut [Stale], _: bool, below: impl Fn(usize, f64) -> bool) -> Result<u64> {
        let mut computed = 0;
        let mut done = vec![false; rows.len()];
        for start in (0..self.steps).step_by(TOGETHER) {
            let points = start..self.steps.min(start + TOGETHER);
            let behind: Vec<usize> =
                (0..rows.len()).filter(|&i| !done[i] && (rows[i].seen as usize) < points.end).collect();
            if behind.is_empty() {
                continue;
            }
            let ids: Vec<u32> = behind.iter().map(|&i| rows[i].row).collect();
            let distances = self.distances.nearest(&ids, points.clone())?;
            computed += ids.len() * points.len();
            for (&i, distance) in behind.iter().zip(distances) {
                let row = &mut rows[i];
                if !(0.0..f64::INFINITY).contains(&distance) {
                    let sentence =
                        format!("metric gave {distance} for row {}; accepted are finite numbers, 0 or more", row.row);
                    return Err(Error::Argument(sentence));
                }
                row.value = row.value.min(distance);
                row.seen = points.end as u32;
                done[i] = below(row.row as usize, row.value);
            }
        }
        Ok(computed as u64)
    }
}
