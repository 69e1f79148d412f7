//! Scoring and selecting in one pass over memory: the scores of a few rows at a time never leave
//! the cache.

use crate::blocks::{self, Watch};
use crate::bound::Bound;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::rules::Recipe;
use crate::scan::Scan;
use crate::scorer::{Scorer, check_shape, part_rows};
use crate::screen::Screen;
use crate::select::{LastTold, Rows, Selector};
use crate::simd::{Float, Kernel, Simd, Vector};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of rows with so few bytes half as many are scored at a time: as many bytes as a whole part of
/// scores go through the first-level cache with them, and push the scores out.
const FEW_BYTES: usize = 24;

/// Work through rows that a selector is to know of, a few at a time: `part` takes note of them in
/// the state of its thread, which the selector takes over at the end, or not at all. Returns what
/// else the threads worked with, each with its own from `make`.
pub(crate) fn select_parts<T, W: Send>(
    selector: &mut Selector,
    rows: &Rows<'_>,
    (count, block_rows, bytes): (usize, usize, usize),
    threads: usize,
    watch: &mut dyn Watch,
    make: impl Fn() -> W + Sync,
    part: impl Fn(&mut Selector, &mut W, Range<usize>) -> Result<()> + Sync,
) -> Result<Vec<W>> {
    let threads = blocks::crew(threads, bytes);
    let blocks = blocks::share(count, block_rows, threads).map(|block| (block, ()));
    let part = |kept: &mut _, worker: &mut _, (), rows| part(kept, worker, rows);
    select_blocks::<T, _, _>(selector, rows, (count, bytes), blocks, threads, watch, make, part)
}

/// The same over blocks with what belongs to each.
#[allow(clippy::too_many_arguments)]
fn select_blocks<T, B: Copy + Send, W: Send>(
    selector: &mut Selector,
    rows: &Rows<'_>,
    (count, bytes): (usize, usize),
    blocks: impl ExactSizeIterator<Item = (Range<usize>, B)> + Send,
    threads: usize,
    watch: &mut dyn Watch,
    make: impl Fn() -> W + Sync,
    part: impl Fn(&mut Selector, &mut W, B, Range<usize>) -> Result<()> + Sync,
) -> Result<Vec<W>> {
    selector.check(rows, count)?;
    let threads = blocks::crew(threads, bytes);
    let shared = selector.shared_among(threads);
    let begun = AtomicUsize::new(0);
    let state = || ((selector.fork(&shared), begun.fetch_add(1, Ordering::Relaxed), LastTold::default()), make());
    let size = part_rows::<T>() / if bytes <= count.saturating_mul(FEW_BYTES) { 2 } else { 1 };
    let workers = blocks::run(count, blocks, threads, watch, state, |((kept, number, told), worker), block, with| {
        block.clone().step_by(size).try_for_each(|start| {
            part(kept, worker, with, start..block.end.min(start + size))?;
            kept.tell(*number, told);
            Ok(())
        })
    })?;
    let mut made = Vec::with_capacity(workers.len());
    for ((kept, ..), worker) in workers {
        selector.join(kept);
        made.push(worker);
    }
    selector.record(rows, count);
    Ok(made)
}

/// About how many bytes of columns that lie apart are put side by side at a time: they must stay in
/// a second-level cache.
const COPIED: usize = 256 << 10;

/// What one thread works with.
struct Worker<T> {
    scores: Vec<T>,
    scan: Scan<T>,
    screen: Option<Screen>,
    /// The places of rows that a bound leaves over, and how many they are.
    survivors: (Vec<u32>, usize),
    /// Rows whose measure was computed in full.
    scored: u64,
}

impl Scorer {
    /// [`Scorer::select_all`], compiled where it is called.
    pub(crate) fn select_any<E: Element>(
        &self,
        matrices: &[Matrix<'_, E>],
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        let Some(first) = matrices.first() else {
            return Err(Error::Empty { argument: "x", lacks: "arrays" });
        };
        check_shape(first)?;
        let (classes, apart) = (first.columns(), first.row_major().is_none());
        let (mut firsts, mut count) = (room::empty(matrices.len()), 0);
        for (number, matrix) in matrices.iter().enumerate() {
            if matrix.columns() != classes {
                let came = (matrix.rows(), matrix.columns());
                let (argument, accepted) = (format!("x[{number}]"), format!("{classes} classes, as in x[0]"));
                return Err(Error::Shape { argument, came, accepted });
            }
            firsts.push(count);
            count += matrix.rows();
        }
        // The ends of many matrices let threads end together as they are.
        let bytes = count * classes * size_of::<E>();
        let sharing = if matrices.len() == 1 { blocks::crew(threads, bytes) } else { 1 };
        let blocks_of = |matrix: &Matrix<'_, E>| blocks::share(matrix.rows(), blocks::block_rows_of(matrix), sharing);
        let left = matrices.iter().map(|matrix| blocks_of(matrix).len()).sum();
        // One after the other: of a matrix without end there are too many to list.
        let items = matrices.iter().zip(firsts).flat_map(|(matrix, first)| {
            blocks_of(matrix).map(move |block| (first + block.start..first + block.end, (matrix, first)))
        });
        let blocks = Counted { items, left };
        let part = |pass: &Pass<'_, _>, kept: &mut _, worker: &mut _, (matrix, first), part| {
            pass.part(kept, worker, matrix, first, part)
        };
        self.pass::<E, _>((count, classes, apart), blocks, selector, rows, threads, watch, part)
    }

    /// [`Scorer::select_columns`], compiled where it is called. A few rows at a time are put side
    /// by side in the cache.
    pub(crate) fn select_columns_any<E: Element>(
        &self,
        columns: &[&[E]],
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        let count = columns.first().map_or(0, |column| column.len());
        for (number, column) in columns.iter().enumerate() {
            if column.len() != count {
                let (argument, came) = (format!("columns[{number}]"), (column.len(), 1));
                return Err(Error::Shape { argument, came, accepted: format!("{count} rows, as in columns[0]") });
            }
        }
        check_shape(&Matrix::<E>::from_columns(&[], 0, columns.len())?)?;
        let row_bytes = columns.len() * size_of::<E>();
        let sharing = blocks::crew(threads, count * row_bytes);
        let blocks = blocks::share(count, blocks::block_rows(row_bytes), sharing).map(|block| (block, ()));
        let together = (COPIED / row_bytes).max(64) / 64 * 64;
        let part = |pass: &Pass<'_, _>, kept: &mut _, worker: &mut Worker<_>, (), part: Range<usize>| {
            let mut copy = room::empty(together.min(part.len()) * columns.len());
            part.clone().step_by(together).try_for_each(|start| {
                let some = start..part.end.min(start + together);
                copy.clear();
                columns.iter().for_each(|column| copy.extend_from_slice(&column[some.clone()]));
                let matrix = Matrix::from_columns(&copy, some.len(), columns.len())?;
                pass.part(kept, worker, &matrix, start, some)
            })
        };
        self.pass::<E, _>((count, columns.len(), true), blocks, selector, rows, threads, watch, part)
    }

    /// Work through blocks of so many rows and classes, which may lie apart in memory.
    #[allow(clippy::too_many_arguments)]
    fn pass<E: Element, B: Copy + Send>(
        &self,
        (count, classes, apart): (usize, usize, bool),
        blocks: impl ExactSizeIterator<Item = (Range<usize>, B)> + Send,
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
        part: impl Fn(&Pass<'_, E::Compute>, &mut Selector, &mut Worker<E::Compute>, B, Range<usize>) -> Result<()> + Sync,
    ) -> Result<u64> {
        let pass = Pass { scorer: self, rows, recipe: self.recipe::<E>(classes) };
        let by_score = selector.plan().by_score();
        let make = || Worker {
            scores: vec![E::Compute::ZERO; part_rows::<E::Compute>().min(count)],
            scan: Scan::new(self.level()),
            screen: Screen::new(self.measure(), &pass.recipe, classes, apart).filter(|_| by_score),
            survivors: (places(part_rows::<E::Compute>().min(count)), 0),
            scored: 0,
        };
        let size = (count, count * classes * size_of::<E>());
        let part = |kept: &mut _, worker: &mut _, with, rows| part(&pass, kept, worker, with, rows);
        let workers = select_blocks::<E::Compute, _, _>(selector, rows, size, blocks, threads, watch, make, part)?;
        Ok(workers.iter().map(|worker| worker.scored).sum())
    }
}

/// Items that are known to be so many.
struct Counted<I> {
    items: I,
    left: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.left = self.left.saturating_sub(1);
        self.items.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}

/// One pass over matrices.
struct Pass<'a, T> {
    scorer: &'a Scorer,
    rows: &'a Rows<'a>,
    recipe: Recipe<T>,
}

impl<T: Float + Element<Compute = T>> Pass<'_, T> {
    /// Score a few rows and take note of the best. They are of a matrix of which the first row has
    /// that number.
    fn part<E: Element<Compute = T>>(
        &self,
        kept: &mut Selector,
        worker: &mut Worker<T>,
        matrix: &Matrix<'_, E>,
        first: usize,
        part: Range<usize>,
    ) -> Result<()> {
        if worker.screen.is_some() && dear(part.len() * matrix.columns() * size_of::<E>(), kept.plan().k) {
            kept.tighten();
        }
        let cut: T = kept.cut();
        let bound = worker.screen.as_mut().and_then(|screen| screen.bound(kept.cut(), &self.recipe));
        let rows = self.rows.slice(part.start, part.end);
        let part = part.start - first..part.end - first;
        if bound.is_some_and(|(bound, recipe)| self.screened(worker, matrix, part.clone(), bound, &recipe)) {
            match worker.survivors {
                (_, 0) => kept.pass_over(part.len(), &rows),
                (ref places, picked) => {
                    kept.absorb_picked(&places[..picked], &worker.scores[..picked], part.len(), &rows)?;
                }
            }
            return Ok(());
        }
        let scores = &mut worker.scores[..part.len()];
        let name = |row| self.rows.id(first + row);
        let found = self.scorer.rows(matrix, part.clone(), &self.recipe, scores, &mut worker.scan, name)?;
        worker.scored += part.len() as u64;
        let order = self.scorer.measure().about().order;
        if found.valid && self.recipe.bounded() && found.best < T::from_f64(order.orient(cut.into())) {
            kept.pass_over(part.len(), &rows);
            return Ok(());
        }
        kept.absorb(scores, &rows, self.scorer.level())
    }

    /// Look at the bound first, and then measure the rows that it does not rule out, to as many
    /// scores. Returns false, and has done nothing of use, where a row may be invalid or where the
    /// bound rules few rows out.
    fn screened<E: Element<Compute = T>>(
        &self,
        worker: &mut Worker<T>,
        matrix: &Matrix<'_, E>,
        part: Range<usize>,
        bound: Bound,
        recipe: &Recipe<T>,
    ) -> bool {
        let Worker { scores, survivors: (places, survivors), screen, scan, .. } = worker;
        let found = scan.rows(matrix, part.clone(), bound, recipe, &mut scores[..part.len()]);
        *survivors = match found.best >= T::ZERO {
            true => self.scorer.level().run(Survive { scores: &scores[..part.len()], survivors: places }),
            false => 0,
        };
        let left = if found.valid { *survivors } else { part.len() };
        let few = screen.as_mut().is_some_and(|screen| {
            screen.learn(left, part.len());
            found.valid && screen.few(left, part.len())
        });
        if few {
            worker.scored += *survivors as u64;
            let (measure, places) = (self.scorer.measure(), &places[..*survivors]);
            scan.picked(matrix, part.start, places, measure, &self.recipe, &mut scores[..*survivors]);
        }
        few
    }
}

/// So many bytes of rows take twenty times as long to read as one row of k takes to be kept.
const TIGHTEN: usize = 8192;

/// Whether so many bytes of rows take far longer than to find the best k of 2k.
fn dear(bytes: usize, k: usize) -> bool {
    bytes >= k.saturating_mul(TIGHTEN)
}

/// How many scores are looked at together.
const WORD: usize = 64;

/// How many rows of a word are written down whether they are left over or not. How many are cannot
/// be foreseen, and a branch that is taken the wrong way costs more than some numbers too many.
const ANYWAY: usize = 4;

/// Room for the places of so many rows.
fn places(rows: usize) -> Vec<u32> {
    vec![0; rows + ANYWAY]
}

/// Lists the rows that a bound does not rule out, and returns how many they are. There must be room
/// for all rows, see [`places`].
struct Survive<'a, T> {
    scores: &'a [T],
    survivors: &'a mut [u32],
}

impl<T: Float> Kernel for Survive<'_, T> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> usize {
        let Survive { scores, survivors } = self;
        let lanes = T::Vector::<S>::LANES;
        let (mut first, mut count) = (0, 0);
        let mut words = scores.chunks_exact(WORD);
        for word in &mut words {
            let mut left = 0;
            for (vector, at) in word.chunks_exact(lanes).zip((0..).step_by(lanes)) {
                left |= u64::from(!T::Vector::<S>::from_slice(simd, vector).signs() & ((1 << lanes) - 1)) << at;
            }
            let all = left.count_ones() as usize;
            let mut place = survivors[count..].iter_mut();
            for place in place.by_ref().take(ANYWAY) {
                *place = first + left.trailing_zeros();
                left &= left.wrapping_sub(1);
            }
            while left != 0 {
                if let Some(place) = place.next() {
                    *place = first + left.trailing_zeros();
                }
                left &= left - 1;
            }
            count += all;
            first += WORD as u32;
        }
        for (score, row) in words.remainder().iter().zip(first..) {
            if *score >= T::ZERO {
                survivors[count] = row;
                count += 1;
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;
    use crate::simd::Level;

    #[test]
    fn survivors_are_listed_in_order() {
        for rows in [0, 1, 63, 64, 65, 500] {
            for every in [1, 2, 13, 40, 1000] {
                let score = |row: usize| if hash(every, 1, row as u64).is_multiple_of(every) { 0.5f32 } else { -0.5 };
                let scores: Vec<f32> = (0..rows).map(score).collect();
                let expected: Vec<u32> = (0..rows as u32).filter(|&row| scores[row as usize] >= 0.0).collect();
                for level in Level::ALL.into_iter().filter(|level| level.supported()) {
                    let mut room = places(rows);
                    let count = level.run(Survive { scores: &scores, survivors: &mut room });
                    assert_eq!(room[..count], expected, "{rows} rows, one in {every}, {level:?}");
                }
            }
        }
    }
}
