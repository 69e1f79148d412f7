//! The row farthest from the mean of all rows, or nearest to it: where a selection without labelled
//! rows starts.

use crate::blocks::{self, Watch};
use crate::distance::{Metric, Tile};
use crate::diverse::candidates::Candidates;
use crate::diverse::engine::front::Entry;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd};
use std::ops::Range;

/// Rows whose sum is one term of the mean: fixed, so that the mean has the same bits for any
/// threads and blocks.
pub const TERM: usize = 4096;

/// Rows that are compared with the mean together.
const TOGETHER: usize = 16;

/// The position of the row farthest from the mean, or nearest to it; the lowest of equals. There
/// must be a row.
///
/// Under the cosine metric the mean is that of the rows at unit length.
pub(super) fn extreme<E: Element>(
    candidates: &Candidates<'_, E>,
    metric: Metric,
    farthest: bool,
    level: Level,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<usize> {
    let rows = candidates.rows();
    let width = candidates.features().next_multiple_of(8);
    let sums = sums(candidates, metric, 0, &[], level, threads, watch)?;
    let threads = blocks::crew(threads, rows * candidates.features() * size_of::<E>());
    let mut sum = Total::nothing(width);
    sum.add(sums.chunks(width), rows);
    let mean = Tile::of_row(metric, &Matrix::from_rows(&sum.mean(), 1, width)?, 0, level)?;
    let state = || (Tile::new(metric, candidates.features()), Entry { key: f64::NEG_INFINITY, row: u32::MAX });
    let found =
        blocks::run(rows, terms(rows, 0).map(|rows| (rows, ())), threads, watch, state, |(tile, best), rows, ()| {
            let entry = level.run(Compare { candidates, metric, tile, rows, mean: &mean, farthest })?;
            if entry.beats(best) {
                *best = entry;
            }
            Ok(())
        })?;
    let best = found.into_iter().map(|state| state.1).min_by(Entry::compare);
    Ok(best.map_or(0, |entry| entry.row as usize))
}

/// The sum of the rows so far, to which parts are added one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// How many rows.
    pub rows: usize,
    /// The sum of all terms that have their [`TERM`] rows.
    pub finished: Vec<f64>,
    /// That of the term which has not; 0 where there is none.
    pub open: Vec<f64>,
}

impl Total {
    /// The sum of no rows, of so many features.
    pub fn nothing(features: usize) -> Total {
        Total { rows: 0, finished: room::filled(0.0, features), open: room::filled(0.0, features) }
    }

    /// Adds the terms of so many rows that come next: see [`part_sums`]. The first of them goes on
    /// from the open one.
    pub fn add<'t>(&mut self, terms: impl IntoIterator<Item = &'t [f64]>, rows: usize) {
        let before = self.rows % TERM;
        for (number, term) in terms.into_iter().enumerate() {
            if before + rows >= (number + 1) * TERM {
                self.finished.iter_mut().zip(term).for_each(|(sum, term)| *sum += term);
                self.open.fill(0.0);
            } else {
                self.open.copy_from_slice(term);
            }
        }
        self.rows += rows;
    }

    /// The mean, once all rows are added.
    pub fn mean(&self) -> Vec<f64> {
        let sums = self.finished.iter().zip(&self.open);
        room::collected(sums.map(|(finished, open)| (finished + open) / self.rows as f64))
    }
}

/// What a part of a pool adds to the mean of all rows: the sums of its terms, of [`TERM`] rows
/// each. The first term may have begun in an earlier part: then `before` of its rows lie there, and
/// `open` is their sum. The last term may go on in the next part. The mean is the sum of all terms
/// in order, divided by the number of rows.
pub fn part_sums<E: Element>(
    matrix: Matrix<'_, E>,
    metric: Metric,
    before: usize,
    open: &[f64],
    level: Level,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Vec<Vec<f64>>> {
    let features = matrix.columns();
    if before >= TERM || (before > 0 && open.len() != features) {
        let came = open.len();
        let accepted = format!("fewer than {TERM} rows before, and their sum of {features} features");
        return Err(Error::Argument(format!(
            "there are {before} rows before, with a sum of {came}; accepted are {accepted}"
        )));
    }
    let candidates = Candidates::new(matrix, None)?;
    let sums = sums(&candidates, metric, before, open, level, threads, watch)?;
    let terms = sums.chunks(features.next_multiple_of(8).max(1));
    Ok(room::collected(terms.map(|term| room::collected(term[..features].iter().copied()))))
}

/// The rows of each term, where `before` rows of the first one lie elsewhere.
fn terms(rows: usize, before: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    let bound = move |term: usize| (term * TERM).saturating_sub(before).min(rows);
    (0..(before + rows).div_ceil(TERM)).map(move |term| bound(term)..bound(term + 1))
}

/// The sums of the terms, one after the other, each padded to whole lanes; the first one starts at
/// `open`.
fn sums<E: Element>(
    candidates: &Candidates<'_, E>,
    metric: Metric,
    before: usize,
    open: &[f64],
    level: Level,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Vec<f64>> {
    let rows = candidates.rows();
    let width = candidates.features().next_multiple_of(8);
    let mut sums = room::filled(0.0, width * (before + rows).div_ceil(TERM));
    if before > 0 {
        sums[..open.len()].copy_from_slice(open);
    }
    let threads = blocks::crew(threads, rows * candidates.features() * size_of::<E>());
    let tile = || Tile::new(metric, candidates.features());
    blocks::run(rows, terms(rows, before).zip(sums.chunks_mut(width)), threads, watch, tile, |tile, rows, sum| {
        level.run(Sum { candidates, tile, rows, sum })
    })?;
    Ok(sums)
}

/// The sum of some rows.
struct Sum<'s, 'a, E> {
    candidates: &'s Candidates<'a, E>,
    tile: &'s mut Tile,
    rows: Range<usize>,
    sum: &'s mut [f64],
}

impl<E: Element> Kernel for Sum<'_, '_, E> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        for row in self.rows {
            self.tile.clear();
            self.candidates.push(simd, self.tile, row)?;
            for (sum, &x) in self.sum.iter_mut().zip(self.tile.row(0)) {
                *sum += x;
            }
        }
        Ok(())
    }
}

/// The row among some that is farthest from the mean, or nearest to it.
struct Compare<'s, 'a, E> {
    candidates: &'s Candidates<'a, E>,
    metric: Metric,
    tile: &'s mut Tile,
    rows: Range<usize>,
    mean: &'s Tile,
    farthest: bool,
}

impl<E: Element> Kernel for Compare<'_, '_, E> {
    type Output = Result<Entry>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<Entry> {
        let mut best = Entry { key: f64::NEG_INFINITY, row: u32::MAX };
        let mut sums = [0.0; TOGETHER];
        let mut start = self.rows.start;
        while start < self.rows.end {
            let some = start..self.rows.end.min(start + TOGETHER);
            let sums = &mut sums[..some.len()];
            self.tile.clear();
            for row in some.clone() {
                self.candidates.push(simd, self.tile, row)?;
            }
            self.tile.to_one(simd, self.mean.row(0), self.mean.zero(0), sums);
            for (row, &sum) in some.clone().zip(sums.iter()) {
                let distance = self.metric.finish(sum);
                let entry = Entry { key: if self.farthest { distance } else { -distance }, row: row as u32 };
                if entry.beats(&best) {
                    best = entry;
                }
            }
            start = some.end;
        }
        Ok(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::random::{hash, uniform};

    #[test]
    fn parts_add_up_to_the_bits_of_the_whole() {
        let (rows, features) = (3 * TERM + 77, 3);
        let values: Vec<f64> = (0..rows * features).map(|i| uniform(hash(7, 0, i as u64)) - 0.5).collect();
        let level = Level::best();
        for metric in [Metric::Euclidean, Metric::Cosine] {
            let part = |from: usize, to: usize, before: usize, open: &[f64]| {
                let matrix = Matrix::from_rows(&values[from * features..to * features], to - from, features).unwrap();
                part_sums(matrix, metric, before, open, level, 2, &mut Unwatched).unwrap()
            };
            let whole = part(0, rows, 0, &[]);
            assert_eq!(whole.len(), 4);
            for cut in [1, 500, TERM - 1, TERM, TERM + 1, 2 * TERM, rows - 1] {
                let mut sums = part(0, cut, 0, &[]);
                let open = if cut % TERM > 0 { sums.pop().unwrap() } else { Vec::new() };
                let rest = part(cut, rows, cut % TERM, &open);
                let mut sum = Total::nothing(features);
                sum.add(part(0, cut, 0, &[]).iter().map(Vec::as_slice), cut);
                sum.add(rest.iter().map(Vec::as_slice), rows - cut);
                sums.extend(rest);
                assert_eq!(sums, whole, "{cut}");
                let mean = |feature| whole.iter().map(|term: &Vec<f64>| term[feature]).fold(0.0, |a, b| a + b);
                let plain: Vec<f64> = (0..features).map(|feature| mean(feature) / rows as f64).collect();
                assert_eq!(sum.mean(), plain, "{cut}");
            }
        }
        let matrix = Matrix::from_rows(&values[..features], 1, features).unwrap();
        assert!(part_sums(matrix, Metric::Euclidean, TERM, &[0.0; 3], level, 1, &mut Unwatched).is_err());
        assert!(part_sums(matrix, Metric::Euclidean, 1, &[0.0; 2], level, 1, &mut Unwatched).is_err());
    }
}
