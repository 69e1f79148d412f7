//! The nearest of some rows to each row of a pool, exactly.
//!
//! The distance that counts is the direct difference (see [`super`]). In front of it stands a
//! filter: the expanded form of all pairs, computed by [`tiles`](super::tiles), in `f32` unless
//! both sides are `f64`, less a bound on its rounding error ([`centred`](super::centred)), is a
//! certified lower bound. The pairs that such bounds don't rule out, most often one for each row,
//! are compared directly. So distance and index are those of the plain loop over all pairs,
//! whatever the filter's precision; where it cannot tell rows apart the plain loop is what remains.

mod contenders;

use super::centred::{Origin, Rounding, RowNumbers, largest};
use super::direct::{Best, Direct, Pair};
use super::metric::Metric;
use super::tile::row_fault;
use super::tiles::{Multiply, NegatedDifference, Panels, Product, ROWS, RowBlock};
use crate::Level;
use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::Float;
use contenders::{Contenders, List};

/// Most rows of a block: their coordinates stay in the second-level cache.
const MOST_ROWS: usize = 16 * ROWS;

/// Fewest rows of a block, however many others they are compared with.
const FEWEST_ROWS: usize = 4 * ROWS;

/// About how many coordinates of pairs make a block: what takes a tenth of a second.
const BLOCK_WORK: usize = 1 << 32;

/// For each row of `x`, or of those in `among`, the sum behind its distance to the nearest row of
/// `y` ([`Metric::finish`] makes a distance of it), and that row's number: the lowest of those at
/// the least distance.
///
/// Memory is that of `y` in the type computed in, and a few hundred rows for each thread.
#[allow(clippy::too_many_arguments)]
pub fn min_distances<X: Element, Y: Element>(
    x: &Matrix<'_, X>,
    among: Option<&[i64]>,
    y: &Matrix<'_, Y>,
    metric: Metric,
    level: Level,
    sums: &mut [f64],
    indices: &mut [i64],
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<()> {
    check(x, y)?;
    let rows = among.map_or(RowNumbers::Adjacent(0, x.rows()), RowNumbers::Picked);
    if let Some(id) = among.and_then(|ids| ids.iter().find(|&&id| id < 0 || id as usize >= x.rows())) {
        return Err(Error::NoSuchRow { argument: "among", id: *id, rows: x.rows() });
    }
    assert!(sums.len() == rows.len() && indices.len() == rows.len());
    if size_of::<X::Compute>() == 4 || size_of::<Y::Compute>() == 4 {
        Targets::<f32, Y>::new(y, metric, level)?.search(x, rows, sums, indices, threads, watch)
    } else {
        Targets::<f64, Y>::new(y, metric, level)?.search(x, rows, sums, indices, threads, watch)
    }
}

fn check<X: Copy, Y: Copy>(x: &Matrix<'_, X>, y: &Matrix<'_, Y>) -> Result<()> {
    for (argument, lacks, count) in [("X", "rows", x.rows()), ("Y", "rows", y.rows()), ("X", "columns", x.columns())] {
        if count == 0 {
            return Err(Error::Empty { argument, lacks });
        }
    }
    if x.columns() != y.columns() {
        return Err(Error::Differ { what: "columns", one: ("Y", y.columns()), other: ("X", x.columns()) });
    }
    if u32::try_from(y.rows()).is_err() {
        return Err(Error::Argument(format!("Y has {} rows; accepted are fewer than 2^32", y.rows())));
    }
    Ok(())
}

/// The rows that are searched for the nearest, made ready for the filter.
struct Targets<'a, 'y, T, Y> {
    matrix: &'a Matrix<'y, Y>,
    level: Level,
    origin: Origin,
    panels: Panels<T>,
    norms: Vec<f64>,
}

impl<'a, 'y, T: Float, Y: Element> Targets<'a, 'y, T, Y> {
    fn new(matrix: &'a Matrix<'y, Y>, metric: Metric, level: Level) -> Result<Self> {
        let (rows, features) = (matrix.rows(), matrix.columns());
        let origin = Origin::amid::<T, Y>(matrix, metric);
        let (mut panels, mut norms) = (Panels::new(rows, features), room::filled(0.0, rows));
        let mut few = RowBlock::new(MOST_ROWS.min(rows), features);
        for start in (0..rows).step_by(MOST_ROWS) {
            let part = start..rows.min(start + MOST_ROWS);
            few.resize(part.len());
            origin
                .subtract(matrix, RowNumbers::Adjacent(start, part.len()), &mut few, &mut norms[part.clone()], level)
                .map_err(|row| row_fault(matrix, row).within("Y"))?;
            for (i, column) in part.enumerate() {
                panels.set(column, few.row(i));
            }
        }
        Ok(Targets { matrix, level, origin, panels, norms })
    }

    fn search<X: Element>(
        &self,
        x: &Matrix<'_, X>,
        rows: RowNumbers<'_>,
        sums: &mut [f64],
        indices: &mut [i64],
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<()> {
        let count = rows.len();
        let even = count.div_ceil(threads.max(1)).max(1).next_multiple_of(ROWS);
        let fitting = BLOCK_WORK / (self.norms.len() * x.columns());
        let size = (fitting - fitting % ROWS).clamp(FEWEST_ROWS, MOST_ROWS).min(even);
        let (mut sums, mut indices) = (sums, indices);
        let blocks = blocks::share(count, size, threads).map(|part| {
            let found = (blocks::take(&mut sums, part.len()), blocks::take(&mut indices, part.len()));
            (part, found)
        });
        let state = || Searcher::new(self, size);
        blocks::run(count, blocks, threads, watch, state, |worker, part, (sums, indices)| {
            worker.block(x, rows.part(part), sums, indices)
        })
        .map(drop)
    }
}

/// What a thread works with.
struct Searcher<'t, 'a, 'y, T, Y> {
    targets: &'t Targets<'a, 'y, T, Y>,
    block: RowBlock<T>,
    norms: Vec<f64>,
    starts: Vec<T>,
    widths: Vec<T>,
    thresholds: Vec<T>,
    lists: Vec<List<T>>,
    unfinished: Vec<T>,
    pair: Pair,
}

impl<'t, 'a, 'y, T: Float, Y: Element> Searcher<'t, 'a, 'y, T, Y> {
    fn new(targets: &'t Targets<'a, 'y, T, Y>, rows: usize) -> Self {
        let features = targets.origin.features();
        let columns = Panels::<T>::padded(targets.panels.columns());
        let whole = rows.next_multiple_of(ROWS);
        let infinity = T::from_f64(f64::INFINITY);
        Searcher {
            targets,
            block: RowBlock::new(rows, features),
            norms: room::filled(0.0, rows),
            starts: room::filled(infinity, columns),
            widths: room::filled(infinity, columns),
            thresholds: room::filled(infinity, whole),
            lists: room::filled(List::EMPTY, whole),
            unfinished: Vec::new(),
            pair: Pair::new(features),
        }
    }

    /// The nearest to each row of a block.
    fn block<X: Element>(
        &mut self,
        x: &Matrix<'_, X>,
        rows: RowNumbers<'_>,
        sums: &mut [f64],
        indices: &mut [i64],
    ) -> Result<()> {
        let Targets { matrix: y, level, origin, panels, .. } = self.targets;
        let (metric, level) = (origin.metric(), *level);
        self.block.resize(rows.len());
        origin
            .subtract(x, rows, &mut self.block, &mut self.norms[..rows.len()], level)
            .map_err(|row| row_fault(x, row))?;
        self.bounds();
        let mut best = [Best::NONE; MOST_ROWS];
        let mut direct = |row: usize, columns: &[u32]| {
            let (pair, best) = (&mut self.pair, &mut best[row]);
            level.run(Direct { x, row: rows.row(row), y, columns, metric, pair, best });
        };
        let mut sink = Contenders {
            starts: &self.starts,
            widths: &self.widths,
            thresholds: &mut self.thresholds,
            lists: &mut self.lists,
            direct: &mut direct,
        };
        let scratch = &mut self.unfinished;
        if metric == Metric::Manhattan {
            level.run(Multiply::new(&self.block, panels, scratch, &mut sink, NegatedDifference));
        } else {
            level.run(Multiply::new(&self.block, panels, scratch, &mut sink, Product));
        }
        (0..rows.len()).for_each(|row| sink.settle(row));
        let mut all = Vec::new();
        for (row, (sum, index)) in sums.iter_mut().zip(indices).enumerate() {
            if self.norms[row] > largest::<T>() {
                if all.is_empty() {
                    all.extend(0..y.rows() as u32);
                }
                let (columns, pair, best) = (&all[..], &mut self.pair, &mut best[row]);
                level.run(Direct { x, row: rows.row(row), y, columns, metric, pair, best });
            }
            (*sum, *index) = (best[row].sum, i64::from(best[row].index));
        }
        Ok(())
    }

    /// What the lower bounds of this block's rows start from, how far above them the upper bounds
    /// are, and no candidates yet.
    fn bounds(&mut self) {
        let Targets { origin, norms: others, .. } = self.targets;
        let rounding = Rounding::new::<T>(origin.metric(), origin.features());
        let squares = matches!(origin.metric(), Metric::Euclidean | Metric::SqEuclidean);
        let (rows, limit) = (self.block.rows(), largest::<T>());
        let norm = self.norms[..rows].iter().filter(|&&norm| norm <= limit).fold(0.0, |a, &b| f64::max(a, b));
        for ((start, width), &other) in self.starts.iter_mut().zip(&mut self.widths).zip(others) {
            // What is out of range is never ruled out, and rules nothing out.
            let margin = if other > limit { f64::INFINITY } else { rounding.margin(norm, other) };
            let half = if squares && other <= limit { 0.5 * other * other } else { 0.0 };
            *start = T::from_f64(half - margin);
            *width = T::from_f64(2.0 * margin);
        }
        for (row, threshold) in self.thresholds.iter_mut().enumerate() {
            let wanted = row < rows && self.norms[row] <= limit;
            *threshold = T::from_f64(if wanted { f64::INFINITY } else { f64::NEG_INFINITY });
        }
    }
}

#[cfg(test)]
mod tests;
