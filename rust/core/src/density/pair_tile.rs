//! Similarities of some rows with some others.

use super::similarity::Similarities;
use crate::Level;
use crate::distance::centred::{Origin, Rounding, RowNumbers, largest};
use crate::distance::tiles::{Multiply, NegatedDifference, Panels, Product, ROWS, RowBlock};
use crate::distance::{Best, Direct, Metric, Pair, row_fault};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::Float;

/// Rows and columns of a tile: what takes half of the second-level cache, and whole groups and panels.
pub(super) fn side<T>(features: usize) -> usize {
    if features * size_of::<T>() > 1024 { 192 } else { 384 }
}

/// How far the filter may put a similarity off, as a share of it, before the pair is compared directly.
fn tolerance<T: Float>() -> f64 {
    if size_of::<T>() == 4 { 1e-4 } else { 1e-11 }
}

/// Rows ready for the filter.
struct Side<T> {
    block: RowBlock<T>,
    norms: Vec<f64>,
    starts: Vec<T>,
}

impl<T: Float> Side<T> {
    fn new(features: usize) -> Self {
        let rows = side::<T>(features);
        Side {
            block: RowBlock::new(rows, features),
            norms: Vec::with_capacity(rows),
            starts: vec![T::ZERO; Panels::<T>::padded(rows)],
        }
    }

    /// Read rows; `unit` is what a pair's distance starts from under metrics that don't start from the norms.
    fn fill<E: Element>(
        &mut self,
        origin: &Origin,
        x: &Matrix<'_, E>,
        rows: RowNumbers<'_>,
        unit: f64,
        level: Level,
    ) -> Result<()> {
        self.block.resize(rows.len());
        self.norms.clear();
        self.norms.resize(rows.len(), 0.0);
        origin
            .subtract(x, rows, &mut self.block, &mut self.norms, level)
            .map_err(|row| row_fault(x, row, row as u64))?;
        self.starts.fill(T::from_f64(f64::INFINITY));
        for (start, norm) in self.starts.iter_mut().zip(&self.norms) {
            *start = T::from_f64(match origin.metric() {
                Metric::Euclidean | Metric::SqEuclidean if *norm <= largest::<T>() => norm * norm,
                _ => unit,
            });
        }
        Ok(())
    }

    fn largest_norm(&self) -> f64 {
        self.norms.iter().fold(0.0, |a, &b| f64::max(a, b))
    }
}

/// What a thread works with.
pub(super) struct PairTile<T> {
    rows: Side<T>,
    columns: Side<T>,
    panels: Panels<T>,
    unfinished: Vec<T>,
    by_row: Vec<T>,
    squares: Vec<T>,
    by_column: Vec<T>,
    noted: Vec<(u32, u32)>,
}

impl<T: Float> PairTile<T> {
    pub(super) fn new(features: usize) -> Self {
        let side = side::<T>(features);
        PairTile {
            rows: Side::new(features),
            columns: Side::new(features),
            panels: Panels::new(side, features),
            unfinished: Vec::new(),
            by_row: Vec::new(),
            squares: Vec::new(),
            by_column: Vec::new(),
            noted: Vec::new(),
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
        self.rows.fill(origin, x, rows, 0.0, level)
    }

    /// Whether a row is nothing but zeros.
    pub(super) fn zero(&self, row: usize) -> bool {
        self.rows.norms[row] == 0.0
    }

    /// Read the columns and sum up the similarities of all pairs but those noted; with the sums of squares, if asked for.
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
        self.columns.fill(origin, x, columns, unit, level)?;
        self.panels.resize(columns.len());
        for column in 0..columns.len() {
            self.panels.set(column, self.columns.block.row(column));
        }
        let whole = self.rows.block.rows().next_multiple_of(ROWS) * T::LANES;
        for (lanes, wanted) in [
            (&mut self.by_row, whole),
            (&mut self.squares, if squares { whole } else { 0 }),
            (&mut self.by_column, Panels::<T>::padded(columns.len())),
        ] {
            lanes.clear();
            lanes.resize(wanted, T::ZERO);
        }
        self.noted.clear();
        let norm = self.rows.largest_norm().max(self.columns.largest_norm());
        let euclidean = matches!(metric, Metric::Euclidean | Metric::SqEuclidean);
        let mut sink = Similarities {
            row_starts: &self.rows.starts,
            column_starts: &self.columns.starts,
            scale: T::from_f64(if euclidean { -2.0 } else { -1.0 }),
            root: metric == Metric::Euclidean,
            close: T::from_f64(close::<T>(metric, origin.features(), norm)),
            by_row: &mut self.by_row,
            squares: &mut self.squares,
            by_column: &mut self.by_column,
            noted: &mut self.noted,
        };
        let (block, panels) = (&self.rows.block, &self.panels);
        if metric == Metric::Manhattan {
            level.run(Multiply::new(block, panels, &mut self.unfinished, &mut sink, NegatedDifference));
        } else {
            level.run(Multiply::new(block, panels, &mut self.unfinished, &mut sink, Product));
        }
        Ok(())
    }

    /// The sum of a row's similarities, and of their squares.
    pub(super) fn row_sums(&self, row: usize) -> (f64, f64) {
        let lanes = row * T::LANES..(row + 1) * T::LANES;
        let squares = if self.squares.is_empty() { 0.0 } else { merge(&self.squares[lanes.clone()]) };
        (merge(&self.by_row[lanes]), squares)
    }

    /// The sum of a column's similarities.
    pub(super) fn column_sum(&self, column: usize) -> f64 {
        self.by_column[column].into()
    }

    /// The pairs left out, in no particular order.
    pub(super) fn noted(&self) -> &[(u32, u32)] {
        &self.noted
    }
}

/// Sums of lanes, one after the other.
fn merge<T: Float>(lanes: &[T]) -> f64 {
    lanes.iter().fold(0.0, |sum, &lane| sum + lane.into())
}

/// Pairs below that distance, or square of it, are compared directly: the filter might put their similarity off by more than
/// [`tolerance`], or they are one row.
fn close<T: Float>(metric: Metric, features: usize, norm: f64) -> f64 {
    if norm > largest::<T>() {
        return f64::INFINITY;
    }
    let margin = Rounding::new::<T>(metric, features).margin(norm, norm);
    let off = if matches!(metric, Metric::Euclidean | Metric::SqEuclidean) { 2.0 * margin } else { margin };
    let share = off / tolerance::<T>();
    let least = match metric {
        // A root s of what is off by `off` is off by off/2s, and 1/(1 + s) by a share of off/(2s (1 + s)).
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
    if row == other {
        return 1.0;
    }
    let (mut best, columns) = (Best::NONE, std::iter::once(other as u32));
    level.run(Direct { x, row, y: x, columns, metric, pair, best: &mut best });
    1.0 / (1.0 + best.distance)
}
