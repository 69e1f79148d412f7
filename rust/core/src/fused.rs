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
    let size = part_rows::<T>();
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
    survivors: Vec<u32>,
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
            survivors: Vec::new(),
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
        let cut: E::Compute = kept.cut();
        let bound = worker.screen.as_mut().and_then(|screen| screen.bound(kept.cut(), &self.recipe));
        let rows = self.rows.slice(part.start, part.end);
        if bound.is_some_and(|(bound, recipe)| self.screened(worker, part.clone(), bound, &recipe)) {
            match worker.survivors.len() {
                0 => kept.pass_over(part.len(), &rows),
                picked => kept.absorb_picked(&worker.survivors, &worker.scores[..picked], part.len(), &rows)?,
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
        let Worker { scores, survivors, screen, scan, .. } = worker;
        let found = scan.rows(self.matrix, part.clone(), bound, recipe, &mut scores[..part.len()]);
        survivors.clear();
        if found.best >= E::Compute::ZERO {
            self.scorer.level().run(Survive { scores: &scores[..part.len()], survivors });
        }
        if let Some(screen) = screen {
            screen.learn(if found.valid { survivors.len() } else { part.len() }, part.len());
        }
        // Where most rows are left over, it costs less to score all of them in their places.
        let few = found.valid && survivors.len() <= part.len() / 2;
        if few {
            worker.scored += survivors.len() as u64;
            let measure = self.scorer.measure();
            scan.picked(self.matrix, part.start, survivors, measure, &self.recipe, &mut scores[..survivors.len()]);
        }
        few
    }
}

/// How many scores are looked at together.
const WORD: usize = 64;

/// Lists the rows that a bound does not rule out.
struct Survive<'a, T> {
    scores: &'a [T],
    survivors: &'a mut Vec<u32>,
}

impl<T: Float> Kernel for Survive<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Survive { scores, survivors } = self;
        let lanes = T::Vector::<S>::LANES;
        let mut first = 0;
        let mut words = scores.chunks_exact(WORD);
        for word in &mut words {
            // All bits of a word first, so that the branches below are taken once a word and not
            // once a vector.
            let mut left = 0;
            for (vector, at) in word.chunks_exact(lanes).zip((0..).step_by(lanes)) {
                left |= u64::from(!T::Vector::<S>::from_slice(simd, vector).signs() & ((1 << lanes) - 1)) << at;
            }
            while left != 0 {
                survivors.push(first + left.trailing_zeros());
                left &= left - 1;
            }
            first += WORD as u32;
        }
        let rest = words.remainder().iter().zip(first..);
        survivors.extend(rest.filter(|(score, _)| **score >= T::ZERO).map(|(_, row)| row));
    }
}
