//! Scoring and selecting in one pass over memory: the scores of a few rows at a time never leave
//! the cache.

use crate::blocks::{self, Watch};
use crate::bound::Bound;
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::rules::Recipe;
use crate::scan::Scan;
use crate::scorer::{Scorer, check_shape, part_rows};
use crate::screen::Screen;
use crate::select::{Rows, Selector};
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
    selector.check(rows, count)?;
    let threads = blocks::crew(threads, bytes);
    let blocks = blocks::share(count, block_rows, threads).map(|block| (block, ()));
    let shared = selector.shared_among(threads);
    let begun = AtomicUsize::new(0);
    let state = || ((selector.fork(&shared), begun.fetch_add(1, Ordering::Relaxed), f64::NEG_INFINITY), make());
    let size = part_rows::<T>() / if bytes <= count.saturating_mul(FEW_BYTES) { 2 } else { 1 };
    let workers = blocks::run(count, blocks, threads, watch, state, |((kept, number, told), worker), block, ()| {
        block.clone().step_by(size).try_for_each(|start| {
            part(kept, worker, start..block.end.min(start + size))?;
            kept.tell(*number, told);
            Ok(())
        })
    })?;
    workers.iter().for_each(|((kept, ..), _)| selector.join(kept));
    selector.record(rows, count);
    Ok(workers.into_iter().map(|(_, worker)| worker).collect())
}

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
    /// [`Scorer::select`], compiled where it is called.
    pub(crate) fn select_any<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        check_shape(matrix)?;
        let pass = Pass { scorer: self, matrix, rows, recipe: self.recipe::<E>(matrix.columns()) };
        let by_score = selector.plan().by_score();
        let apart = matrix.row_major().is_none();
        let make = || Worker {
            scores: vec![E::Compute::ZERO; part_rows::<E::Compute>().min(matrix.rows())],
            scan: Scan::new(self.level()),
            screen: Screen::new(self.measure(), &pass.recipe, matrix.columns(), apart).filter(|_| by_score),
            survivors: (places(part_rows::<E::Compute>().min(matrix.rows())), 0),
            scored: 0,
        };
        let size = (matrix.rows(), blocks::block_rows_of(matrix), matrix.bytes());
        let part = |kept: &mut _, worker: &mut _, part| pass.part(kept, worker, part);
        let workers = select_parts::<E::Compute, _>(selector, rows, size, threads, watch, make, part)?;
        Ok(workers.iter().map(|worker| worker.scored).sum())
    }
}

/// One pass over one matrix.
struct Pass<'a, 'm, E: Element> {
    scorer: &'a Scorer,
    matrix: &'a Matrix<'m, E>,
    rows: &'a Rows<'a>,
    recipe: Recipe<E::Compute>,
}

impl<E: Element> Pass<'_, '_, E> {
    /// Score a few rows and take note of the best.
    fn part(&self, kept: &mut Selector, worker: &mut Worker<E::Compute>, part: Range<usize>) -> Result<()> {
        if worker.screen.is_some() && self.dear(part.len(), kept.plan().k) {
            kept.tighten();
        }
        let cut: E::Compute = kept.cut();
        let bound = worker.screen.as_mut().and_then(|screen| screen.bound(kept.cut(), &self.recipe));
        let rows = self.rows.slice(part.start, part.end);
        if bound.is_some_and(|(bound, recipe)| self.screened(worker, part.clone(), bound, &recipe)) {
            match worker.survivors {
                (_, 0) => kept.pass_over(part.len(), &rows),
                (ref places, picked) => {
                    kept.absorb_picked(&places[..picked], &worker.scores[..picked], part.len(), &rows)?;
                }
            }
            return Ok(());
        }
        let scores = &mut worker.scores[..part.len()];
        let name = |row| self.rows.id(row);
        let found = self.scorer.rows(self.matrix, part.clone(), &self.recipe, scores, &mut worker.scan, name)?;
        worker.scored += part.len() as u64;
        let order = self.scorer.measure().about().order;
        if found.valid && self.recipe.bounded() && found.best < E::Compute::from_f64(order.orient(cut.into())) {
            kept.pass_over(part.len(), &rows);
            return Ok(());
        }
        kept.absorb(scores, &rows, self.scorer.level())
    }

    /// Whether so many rows take far longer than to find the best k of 2k.
    fn dear(&self, rows: usize, k: usize) -> bool {
        rows * self.matrix.columns() * size_of::<E>() >= k.saturating_mul(TIGHTEN)
    }

    /// Look at the bound first, and then measure the rows that it does not rule out, to as many
    /// scores. Returns false, and has done nothing of use, where a row may be invalid or where the
    /// bound rules few rows out.
    fn screened(
        &self,
        worker: &mut Worker<E::Compute>,
        part: Range<usize>,
        bound: Bound,
        recipe: &Recipe<E::Compute>,
    ) -> bool {
        let Worker { scores, survivors: (places, survivors), screen, scan, .. } = worker;
        let found = scan.rows(self.matrix, part.clone(), bound, recipe, &mut scores[..part.len()]);
        *survivors = match found.best >= E::Compute::ZERO {
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
            scan.picked(self.matrix, part.start, places, measure, &self.recipe, &mut scores[..*survivors]);
        }
        few
    }
}

/// So many bytes of rows take twenty times as long to read as one row of k takes to be kept.
const TIGHTEN: usize = 8192;

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
