//! Information density: the mean of 1/(1 + d) over the distances d of a row to every row, itself
//! included (Settles & Craven 2008, with modAL's similarity).
//!
//! Every pair is computed once, in square tiles whose size depends on the number of features alone,
//! and counts for both of its rows. A tile's sums are made in a fixed order, and added up over the
//! tiles as whole numbers of a small unit, which no order of addition changes. So threads do not
//! show in the result, and memory is that of a few tiles and one number for each row.

mod pair_tile;
mod similarity;

use crate::Level;
use crate::blocks::{self, Watch};
use crate::distance::centred::{Origin, RowNumbers};
use crate::distance::{Metric, Pair};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use pair_tile::{PairTile, side, similarity};
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

/// The density of each row, in (0, 1].
///
/// Rows of `f64` are computed in `f64`: each similarity is right to a share of 1e-11. All others
/// are computed in `f32`, and right to 1e-4 in the worst case and about 1e-7 most often. Pairs for
/// which rounding could do more are compared directly.
pub fn density<E: Element>(
    x: &Matrix<'_, E>,
    metric: Metric,
    level: Level,
    values: &mut [f64],
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<()> {
    check(x)?;
    assert!(values.len() == x.rows());
    let (rows, side) = (x.rows(), side::<E::Compute>(x.columns()));
    let origin = Origin::amid::<E::Compute, E>(x, metric);
    let totals = Totals::new(rows);
    let part = |i: usize| RowNumbers::Adjacent(i * side, side.min(rows - i * side));
    let tiles = tiles(rows.div_ceil(side));
    let state = || (PairTile::<E::Compute>::new(x.columns(), metric), Pair::new(x.columns()), usize::MAX);
    // Progress is told in rows where tiles are counted.
    let mut watch = |done: usize, all: usize| watch.look((done as f64 / all as f64 * rows as f64) as usize, rows);
    blocks::run(tiles.len(), tiles, threads, &mut watch, state, |(tile, pair, held), _, (i, j)| {
        if *held != i {
            *held = usize::MAX;
            tile.rows(&origin, x, part(i), level)?;
            *held = i;
        }
        tile.columns(&origin, x, part(j), false, level)?;
        for row in 0..part(i).len() {
            // A row of zeros is at distance 1 from every row but itself.
            let zero = i == j && metric == Metric::Cosine && tile.zero(row);
            totals.add(part(i).row(row), tile.row_sums(row).0 + if zero { 0.5 } else { 0.0 });
        }
        if i != j {
            for column in 0..part(j).len() {
                totals.add(part(j).row(column), tile.found.by_column[column].into());
            }
        }
        for &(row, column) in &tile.found.noted {
            let (row, column) = (part(i).row(row as usize), part(j).row(column as usize));
            let value = similarity(x, metric, row, column, pair, level);
            totals.add(row, value);
            if i != j {
                totals.add(column, value);
            }
        }
        Ok(())
    })?;
    for (row, value) in values.iter_mut().enumerate() {
        *value = totals.get(row) / rows as f64;
    }
    Ok(())
}

/// An estimate of the density of each row from its similarities with some reference rows, and its
/// standard error.
///
/// The references are distinct and ascending, at least three of them. A row that is a reference is
/// not compared with itself: that similarity is known.
#[allow(clippy::too_many_arguments)]
pub fn density_estimate<E: Element>(
    x: &Matrix<'_, E>,
    references: &[i64],
    metric: Metric,
    level: Level,
    values: &mut [f64],
    errors: &mut [f64],
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<()> {
    check(x)?;
    let rows = x.rows();
    assert!(values.len() == rows && errors.len() == rows);
    let ascending = references.windows(2).all(|pair| pair[0] < pair[1]);
    let inside = references.first().is_some_and(|&id| id >= 0) && references.last().is_some_and(|&id| id < rows as i64);
    if references.len() < 3 || !ascending || !inside {
        return Err(Error::Argument("references are accepted as three or more ids of rows, ascending".into()));
    }
    let side = side::<E::Compute>(x.columns());
    let origin = Origin::amid::<E::Compute, E>(x, metric);
    let parts = blocks::split(rows, side).zip(values.chunks_mut(side).zip(errors.chunks_mut(side)));
    let state = || (PairTile::<E::Compute>::new(x.columns(), metric), Pair::new(x.columns()));
    blocks::run(rows, parts, threads, watch, state, |(tile, pair), part: Range<usize>, (values, errors)| {
        let mut sums = room::filled((0.0, 0.0, references.len()), part.len());
        tile.rows(&origin, x, RowNumbers::Adjacent(part.start, part.len()), level)?;
        for some in references.chunks(side) {
            tile.columns(&origin, x, RowNumbers::Picked(some), true, level)?;
            for (row, sums) in sums.iter_mut().enumerate() {
                let (sum, squares) = tile.row_sums(row);
                (sums.0, sums.1) = (sums.0 + sum, sums.1 + squares);
                if metric == Metric::Cosine
                    && tile.zero(row)
                    && some.binary_search(&((part.start + row) as i64)).is_ok()
                {
                    *sums = (sums.0 - 0.5, sums.1 - 0.25, sums.2 - 1);
                }
            }
            for &(row, column) in &tile.found.noted {
                let (sums, other) = (&mut sums[row as usize], some[column as usize] as usize);
                let row = part.start + row as usize;
                if row == other {
                    sums.2 -= 1;
                } else {
                    let value = similarity(x, metric, row, other, pair, level);
                    (sums.0, sums.1) = (sums.0 + value, sums.1 + value * value);
                }
            }
        }
        let others = (rows - 1) as f64;
        for ((value, error), (sum, squares, count)) in values.iter_mut().zip(errors).zip(sums) {
            let count = count as f64;
            let variance = ((squares - sum * sum / count) / (count - 1.0)).max(0.0);
            *value = (1.0 + others * (sum / count)) / rows as f64;
            *error = others / rows as f64 * (variance / count * (1.0 - count / others).max(0.0)).sqrt();
        }
        Ok(())
    })
    .map(drop)
}

fn check<E: Copy>(x: &Matrix<'_, E>) -> Result<()> {
    for (lacks, count) in [("rows", x.rows()), ("columns", x.columns())] {
        if count == 0 {
            return Err(Error::Empty { argument: "X", lacks });
        }
    }
    if u32::try_from(x.rows()).is_err() {
        return Err(Error::Argument(format!("X has {} rows; accepted are fewer than 2^32", x.rows())));
    }
    Ok(())
}

/// A sum for each row, in whole units.
struct Totals {
    sums: Vec<AtomicI64>,
    /// Units in 1: as many as leave room for a sum of ones over all rows.
    units: f64,
}

impl Totals {
    fn new(rows: usize) -> Self {
        let bits = 62 - (rows as u64).ilog2() as i32 - 1;
        Totals { sums: room::collected((0..rows).map(|_| AtomicI64::new(0))), units: 2f64.powi(bits) }
    }

    fn add(&self, row: usize, value: f64) {
        self.sums[row].fetch_add((value * self.units).round() as i64, Ordering::Relaxed);
    }

    fn get(&self, row: usize) -> f64 {
        self.sums[row].load(Ordering::Relaxed) as f64 / self.units
    }
}

/// The tiles on and above the diagonal of a square of so many on a side, row by row, with their
/// number.
fn tiles(sides: usize) -> impl ExactSizeIterator<Item = (Range<usize>, (usize, usize))> + Send {
    let (mut row, mut column) = (0, 0);
    (0..sides * (sides + 1) / 2).map(move |number| {
        let tile = (row, column);
        column += 1;
        if column == sides {
            row += 1;
            column = row;
        }
        (number..number + 1, tile)
    })
}

#[cfg(test)]
mod tests;
