//! Bringing the distances of a part's rows up to date, as few as can be.

use super::Worth;
use crate::blocks::Watch;
use crate::distance::{Metric, min_distances};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::Level;

/// Points that rows are compared with before it is asked whether they still matter.
pub(super) const TOGETHER: usize = 64;

/// Rows that are compared in one call, whatever they have seen.
const FEW: usize = 1024;

/// The rows of a part, and how far each has come through the points.
pub(super) struct CatchUp<'a, E> {
    pub(super) matrix: Matrix<'a, E>,
    pub(super) points: Matrix<'a, f64>,
    pub(super) worth: Worth<'a>,
    pub(super) metric: Metric,
    pub(super) level: Level,
    pub(super) threads: usize,
    /// The distance to the nearest of the points each row has seen; −∞ for rows that are picked.
    pub(super) nearest: Vec<f64>,
    /// How many of the points each row has seen.
    pub(super) seen: Vec<u32>,
    /// Distances computed.
    pub(super) computed: u64,
}

impl<E: Element> CatchUp<'_, E> {
    /// What a row is worth now, by a distance that may be out of date: at most this.
    pub(super) fn key(&self, row: usize) -> f64 {
        self.worth.key(row, self.nearest[row], self.points.rows())
    }

    /// Brings rows, which ascend, up to date: each until it has seen the first `until` points or is
    /// worth less than `floor`.
    pub(super) fn bring(&mut self, mut rows: Vec<i64>, floor: f64, until: usize, watch: &mut dyn Watch) -> Result<()> {
        loop {
            rows.retain(|&row| {
                let key = self.key(row as usize);
                (self.seen[row as usize] as usize) < until && key >= floor && key > f64::NEG_INFINITY
            });
            let seen = |row: &i64| self.seen[*row as usize] as usize;
            let Some(start) = rows.iter().map(seen).min() else { return Ok(()) };
            // Those that are furthest behind; ends are the same for all, so that rows meet there. A
            // few rows are better compared again with what some of them have seen than in several
            // calls.
            let stop = ((start / TOGETHER + 1) * TOGETHER).min(until);
            let mut some = room::gathered(rows.iter().copied().filter(|row| seen(row) < stop));
            if some.len() > FEW {
                some.retain(|row| seen(row) == start);
            }
            self.compare(&some, start, stop, watch)?;
        }
    }

    /// Compares rows with some of the points.
    fn compare(&mut self, rows: &[i64], start: usize, stop: usize, watch: &mut dyn Watch) -> Result<()> {
        let points = self.points.slice(start..stop);
        let (mut sums, mut indices) = (room::filled(0.0, rows.len()), room::filled(0, rows.len()));
        let among = (rows.len() < self.matrix.rows()).then_some(rows);
        let Self { matrix, metric, level, threads, .. } = self;
        min_distances(matrix, among, &points, *metric, *level, &mut sums, &mut indices, *threads, watch)?;
        for (&row, sum) in rows.iter().zip(sums) {
            let nearest = &mut self.nearest[row as usize];
            *nearest = nearest.min(metric.finish(sum));
            self.seen[row as usize] = stop as u32;
        }
        self.computed += (rows.len() * (stop - start)) as u64;
        Ok(())
    }
}
