//! Rows of a pool as the core reads them, and the points so far: labelled rows, then picks.

use super::by_distance::{DistanceWorth, PointSet};
use super::packed::Packed;
use crate::blocks::Watch;
use crate::distance::centred::Origin;
use crate::distance::{Centres, GROUP, LANES, Metric, Tile};
use crate::diverse::candidates::Candidates;
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::{Level, Simd};

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
    fn add<F: Element>(&mut self, matrix: &Matrix<'_, F>, row: usize) -> Result<()> {
        let point = Tile::of_row(self.metric, matrix, row, self.level)?;
        self.points.push_prepared(point.row(0), point.zero(0));
        self.centres.push(point.row(0), point.zero(0));
        Ok(())
    }

    /// What is subtracted from all rows before they are rounded, so that what is lost is small. Any
    /// would do.
    pub(super) fn origin(&self) -> Vec<f64> {
        let matrix = self.candidates.matrix();
        let mut origin = if matrix.rows() == 0 { Vec::new() } else { Origin::amid::<f32, E>(matrix, self.metric).point };
        origin.resize(self.candidates.features().next_multiple_of(LANES), 0.0);
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

impl<'a, E: Element> PointSet for Nearest<'a, E> {
    type Greedy<W: DistanceWorth> = Packed<'a, E, W>;

    fn rows(&self) -> usize {
        self.candidates.rows()
    }

    fn id(&self, position: usize) -> u64 {
        self.candidates.id(position) as u64
    }

    fn steps(&self) -> usize {
        self.points.len()
    }

    fn pick(&mut self, position: usize) -> Result<()> {
        let matrix = *self.candidates.matrix();
        self.add(&matrix, self.candidates.id(position))
    }

    fn greedy<W: DistanceWorth>(
        self,
        worth: W,
        out: &[usize],
        wanted: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Packed<'a, E, W>> {
        Packed::new(self, worth, out, wanted, threads, watch)
    }
}
