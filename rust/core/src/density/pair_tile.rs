//! Similarities of some rows with some others.

use super::similarity::Similarities;
use crate::Level;
use crate::distance::centred::{Origin, Rounding, RowNumbers, largest};
use crate::distance::tiles::{Multiply, NegatedDifference, Panels, Product, ROWS, RowBlock};
use crate::distance::{Metric, Pair, apart, row_fault};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::Float;

/// Rows and columns of a tile: what takes half of the second-level cache, and whole groups and
/// panels.
pub(super) fn side<T>(features: usize) -> usize {
    if features * size_of::<T>() > 1024 { 192 } else { 384 }
}

/// Whether the filter's sums stand for squares of distances.
fn squared(metric: Metric) -> bool {
    matches!(metric, Metric::Euclidean | Metric::SqEuclidean)
}

/// How far the filter may put a similarity off, as a share of it, before the pair is compared
/// directly.
fn tolerance<T: Float>() -> f64 {
    if size_of::<T>() == 4 { 1e-4 } else { 1e-11 }
}

/// Rows ready for the filter.
struct Side<T> {
    block: RowBlock<T>,
    norms: Vec<f64>,
}

impl<T: Float> Side<T> {
    fn new(features: usize) -> Self {
        let rows = side::<T>(features);
        Side { block: RowBlock::new(rows, features), norms: room::empty(rows) }
    }

    /// Read rows, and what a pair's distance starts from for each: `unit` under metrics that don't
    /// start from the norms.
    fn fill<E: Element>(
        &mut self,
        origin: &Origin,
        x: &Matrix<'_, E>,
        rows: RowNumbers<'_>,
        (starts, unit): (&mut [T], f64),
        level: Level,
    ) -> Result<()> {
        self.block.resize(rows.len());
        self.norms.clear();
        self.norms.resize(rows.len(), 0.0);
        origin.subtract(x, rows, &mut self.block, &mut self.norms, level).map_err(|row| row_fault(x, row))?;
        starts.fill(T::from_f64(f64::INFINITY));
        for (start, norm) in starts.iter_mut().zip(&self.norms) {
            *start = T::from_f64(match origin.metric() {
                Metric::Euclidean | Metric::SqEuclidean if *norm <= largest::<T>() => norm * norm,
                _ => unit,
            });
        }
        Ok(())
    }
}

/// What a thread works with.
pub(super) struct PairTile<T> {
    rows: Side<T>,
    columns: Side<T>,
    panels: Panels<T>,
    unfinished: Vec<T>,
    pub(super) found: Similarities<T>,
}

impl<T: Float> PairTile<T> {
    pub(super) fn new(features: usize, metric: Metric) -> Self {
        let starts = room::filled(T::ZERO, Panels::<T>::padded(side::<T>(features)));
        PairTile {
            rows: Side::new(features),
            columns: Side::new(features),
            panels: Panels::new(side::<T>(features), features),
            unfinished: Vec::new(),
            found: Similarities {
                row_starts: starts.clone(),
                column_starts: starts,
                scale: T::from_f64(if squared(metric) { -2.0 } else { -1.0 }),
                root: metric == Metric::Euclidean,
                close: T::ZERO,
                by_row: Vec::new(),
                squares: Vec::new(),
                by_column: Vec::new(),
                noted: Vec::new(),
            },
        }
    }

    /// Read the rows of the next tiles.
    pub(super) fn rows<E: Element>(
        &mut self,
        origin: &Origin,
        x: &Matrix<'_, E>,
        rows: RowNumbers<'_>,
        level: Level,
    ) -> Result<()> {
        self.rows.fill(origin, x, rows, (&mut self.found.row_starts, 0.0), level)
    }

    /// Whether a row is nothing but zeros.
    pub(super) fn zero(&self, row: usize) -> bool {
        self.rows.norms[row] == 0.0
    }

    /// Read the columns and sum up the similarities of all pairs but those noted; with the sums of
    /// squares, if asked for.
    pub(super) fn columns<E: Element>(
        &mut self,
        origin: &Origin,
        x: &Matrix<'_, E>,
        columns: RowNumbers<'_>,
        squares: bool,
        level: Level,
    ) -> Result<()> {
        let metric = origin.metric();
        let unit = if metric == Metric::Cosine { 1.0 } else { 0.0 };
        let PairTile { rows, columns: side, panels, unfinished, found } = self;
        side.fill(origin, x, columns, (&mut found.column_starts, unit), level)?;
        panels.resize(columns.len());
        for column in 0..columns.len() {
            panels.set(column, side.block.row(column));
        }
        let whole = rows.block.rows().next_multiple_of(ROWS) * T::LANES;
        for (lanes, wanted) in [
            (&mut found.by_row, whole),
            (&mut found.squares, if squares { whole } else { 0 }),
            (&mut found.by_column, Panels::<T>::padded(columns.len())),
        ] {
            lanes.clear();
            room::resize(lanes, wanted, T::ZERO);
        }
        found.noted.clear();
        let norm = rows.norms.iter().chain(&side.norms).fold(0.0, |a, &b| f64::max(a, b));
        found.close = T::from_f64(close::<T>(metric, origin.features(), norm));
        if metric == Metric::Manhattan {
            level.run(Multiply::new(&rows.block, panels, unfinished, found, NegatedDifference));
        } else {
            level.run(Multiply::new(&rows.block, panels, unfinished, found, Product));
        }
        Ok(())
    }

    /// The sum of a row's similarities, and of their squares.
    pub(super) fn row_sums(&self, row: usize) -> (f64, f64) {
        let lanes = row * T::LANES..(row + 1) * T::LANES;
        let squares = if self.found.squares.is_empty() { 0.0 } else { merge(&self.found.squares[lanes.clone()]) };
        (merge(&self.found.by_row[lanes]), squares)
    }
}

/// Sums of lanes, one after the other.
fn merge<T: Float>(lanes: &[T]) -> f64 {
    lanes.iter().fold(0.0, |sum, &lane| sum + lane.into())
}

/// Pairs below that distance, or square of it, are compared directly: the filter might put their
/// similarity off by more than [`tolerance`], or they are one row.
fn close<T: Float>(metric: Metric, features: usize, norm: f64) -> f64 {
    if norm > largest::<T>() {
        return f64::INFINITY;
    }
    let margin = Rounding::new::<T>(metric, features).margin(norm, norm);
    let off = if squared(metric) { 2.0 * margin } else { margin };
    let share = off / tolerance::<T>();
    let least = match metric {
        // A root s of what is off by `off` is off by off/2s, and 1/(1 + s) by a share of off/(2s (1
        // + s)).
        Metric::Euclidean => (0.5 * ((1.0 + 2.0 * share).sqrt() - 1.0)).powi(2),
        _ => share - 1.0,
    };
    least.max(2.0 * off)
}

/// The similarity of two rows by their direct distance.
pub(super) fn similarity<E: Element>(
    x: &Matrix<'_, E>,
    metric: Metric,
    row: usize,
    other: usize,
    pair: &mut Pair,
    level: Level,
) -> f64 {
    if row == other { 1.0 } else { 1.0 / (1.0 + apart(x, metric, (row, other), pair, level)) }
}
