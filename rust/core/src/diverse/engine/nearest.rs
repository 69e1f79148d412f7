//! Rows of a pool as the core reads them, and the points so far: labelled rows, then picks.

use crate::distance::centred::Origin;
use crate::distance::{Centres, GROUP, LANES, Metric, Tile};
use crate::diverse::candidates::Candidates;
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd};

/// Rows of a pool, and points of which there is one more after each step.
pub(crate) struct Nearest<'a, E> {
    pub(super) candidates: Candidates<'a, E>,
    pub(super) metric: Metric,
    pub(super) level: Level,
    /// The points, one after the other, and packed for the truth about a row.
    pub(super) points: Tile,
    centres: Centres,
    /// Where rows are dear to reach (in a file), how many may be held in memory.
    pub(super) held: Option<usize>,
}

impl<'a, E: Element> Nearest<'a, E> {
    /// Starts with the labelled rows.
    pub(crate) fn new(
        candidates: Candidates<'a, E>,
        metric: Metric,
        labelled: Option<&Matrix<'_, f64>>,
        held: Option<usize>,
        level: Level,
    ) -> Result<Self> {
        let features = candidates.features();
        let (points, centres) = (Tile::new(metric, features), Centres::new(metric, features));
        let mut found = Nearest { candidates, metric, level, points, centres, held };
        if let Some(labelled) = labelled {
            for row in 0..labelled.rows() {
                found.add(labelled, row)?;
            }
        }
        Ok(found)
    }

    /// A row of a matrix becomes a point.
    pub(super) fn add<F: Element>(&mut self, matrix: &Matrix<'_, F>, row: usize) -> Result<()> {
        let point = Tile::of_row(self.metric, matrix, row, self.level)?;
        self.points.push_prepared(point.row(0), point.zero(0));
        self.centres.push(point.row(0), point.zero(0));
        Ok(())
    }

    /// What is subtracted from all rows before they are rounded, so that what is lost is small. Any
    /// would do.
    pub(super) fn origin(&self) -> Vec<f64> {
        let matrix = self.candidates.matrix();
        let mut origin =
            if matrix.rows() == 0 { Vec::new() } else { Origin::amid::<f32, E>(matrix, self.metric).point };
        room::resize(&mut origin, self.candidates.features().next_multiple_of(LANES), 0.0);
        origin
    }

    /// The distance of a prepared row to the nearest of the points from `seen` on: the truth.
    #[inline(always)]
    pub(super) fn truth<S: Simd>(&self, simd: S, row: &[f64], zero: bool, seen: usize) -> f64 {
        let mut nearest = f64::INFINITY;
        for group in seen / GROUP..self.points.len().div_ceil(GROUP) {
            let sums = self.centres.sums(simd, row, zero, group);
            for (lane, &sum) in sums.iter().enumerate() {
                // Where there is no point yet a sum is infinite.
                if sum < nearest && group * GROUP + lane >= seen {
                    nearest = sum;
                }
            }
        }
        self.metric.finish(nearest)
    }
}

/// The true distance of a row to the nearest of the points from `seen` on.
pub(super) struct Truth<'n, 'a, E> {
    pub(super) near: &'n Nearest<'a, E>,
    pub(super) tile: &'n mut Tile,
    pub(super) row: usize,
    pub(super) seen: usize,
}

impl<E: Element> Kernel for Truth<'_, '_, E> {
    type Output = Result<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<f64> {
        self.tile.clear();
        self.near.candidates.push(simd, self.tile, self.row)?;
        Ok(self.near.truth(simd, self.tile.row(0), self.tile.zero(0), self.seen))
    }
}
