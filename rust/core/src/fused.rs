//! Scoring and selecting in one pass over memory: the scores of a few rows at a time never leave the cache.

use crate::blocks::{self, Watch};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::order::Order;
use crate::scan::{Recipe, Scan};
use crate::scorer::{Scorer, check_shape, part_rows};
use crate::screen::Screen;
use crate::select::{Rows, Score, Selector, SharedCut};
use crate::simd::{Float, Kernel, Simd, Vector};
use std::cmp::Ordering;
use std::ops::Range;

/// What one thread works with.
struct Worker<T> {
    scores: Vec<T>,
    scan: Scan<T>,
    kept: Selector,
    screen: Option<Screen>,
    survivors: Vec<u32>,
    /// Rows whose measure was computed in full.
    scored: u64,
}

impl Scorer {
    /// Score all rows and keep the best. An error leaves the selector as it was. Returns the number of rows whose measure
    /// was computed in full: fewer than all where a bound ruled rows out.
    pub fn select<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64>
    where
        E::Compute: Score,
    {
        check_shape(matrix)?;
        selector.check(rows, matrix.rows())?;
        let shared = selector.shared_cut();
        let pass = Pass { scorer: self, matrix, rows, shared, recipe: self.recipe::<E>(matrix.columns()) };
        let blocks = blocks::split(matrix.rows(), matrix.columns() * size_of::<E>()).map(|block| (block, ()));
        let threads = blocks::crew(threads, matrix.bytes());
        let by_score = selector.plan().perturb.is_none() && !selector.plan().grouped();
        let state = || Worker {
            scores: vec![E::Compute::ZERO; part_rows::<E::Compute>()],
            scan: Scan::new(self.level()),
            kept: selector.fork(),
            screen: if by_score {
                Screen::new::<E::Compute>(self.measure(), self.logits(), matrix.columns())
            } else {
                None
            },
            survivors: Vec::new(),
            scored: 0,
        };
        let workers = blocks::run(matrix.rows(), blocks, threads, watch, state, |worker, block, ()| {
            let size = part_rows::<E::Compute>();
            block.clone().step_by(size).try_for_each(|start| pass.part(worker, start..block.end.min(start + size)))
        })?;
        for worker in &workers {
            selector.join(&worker.kept);
        }
        selector.record(rows, matrix.rows());
        Ok(workers.iter().map(|worker| worker.scored).sum())
    }
}

/// One pass over one matrix.
struct Pass<'a, 'm, E: Element> {
    scorer: &'a Scorer,
    matrix: &'a Matrix<'m, E>,
    rows: &'a Rows<'a>,
    shared: SharedCut,
    recipe: Recipe<E::Compute>,
}

impl<E: Element> Pass<'_, '_, E>
where
    E::Compute: Score,
{
    /// Score a few rows and take note of the best.
    fn part(&self, worker: &mut Worker<E::Compute>, part: Range<usize>) -> Result<()> {
        let cut = worker.kept.threshold(Some(&self.shared));
        let least =
            cut.zip(worker.screen.as_mut()).and_then(|(cut, screen)| screen.least(cut).map(|least| (screen, least)));
        let rows = self.rows.slice(part.start, part.end);
        match least.map(|(screen, least)| screen.cheaper(&self.recipe, least)) {
            Some((cheaper, least)) => {
                self.screened(worker, part.clone(), &cheaper, least)?;
                if worker.survivors.is_empty() {
                    worker.kept.pass_over(part.len(), &rows);
                    return Ok(());
                }
            }
            None => {
                self.fill(worker, part.clone(), &self.recipe)?;
                worker.scored += part.len() as u64;
            }
        }
        let scores = &worker.scores[..part.len()];
        self.scorer.level().run(Absorb { selector: &mut worker.kept, scores, rows: &rows, shared: &self.shared })
    }

    /// The cheaper measure first; then the one asked for, of the rows not ruled out. The others get the worst score there is, which is
    /// worse than the threshold that ruled them out.
    fn screened(
        &self,
        worker: &mut Worker<E::Compute>,
        part: Range<usize>,
        cheaper: &Recipe<E::Compute>,
        least: E::Compute,
    ) -> Result<()> {
        self.fill(worker, part.clone(), cheaper)?;
        let Worker { scores, survivors, screen, scan, .. } = worker;
        let scores = &mut scores[..part.len()];
        self.scorer.level().run(Survive { scores: &*scores, least, survivors });
        worker.scored += survivors.len() as u64;
        if let Some(screen) = screen {
            screen.learn(survivors.len(), part.len());
        }
        if survivors.is_empty() {
            return Ok(());
        }
        scores.fill(E::Compute::from_f64(self.scorer.measure().about().order.orient(f64::NEG_INFINITY)));
        scan.picked(self.matrix, part.start, survivors, &self.recipe, scores);
        Ok(())
    }

    fn fill(&self, worker: &mut Worker<E::Compute>, part: Range<usize>, recipe: &Recipe<E::Compute>) -> Result<()> {
        let Worker { scores, scan, .. } = worker;
        let name = |row| self.rows.id(row);
        self.scorer.rows(self.matrix, part.clone(), recipe, &mut scores[..part.len()], scan, name).map(drop)
    }
}

/// How many scores are looked at together: most such chunks have no survivor.
const CHUNK: usize = 32;

/// Lists the rows that a screen does not rule out, and those that are invalid: they have a NaN here and are to have one in the end.
struct Survive<'a, T> {
    scores: &'a [T],
    least: T,
    survivors: &'a mut Vec<u32>,
}

impl<T: Float> Kernel for Survive<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Survive { scores, least, survivors } = self;
        survivors.clear();
        for (chunk, first) in scores.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            if !all_worse::<S, T>(chunk, least, Order::Highest) {
                let survives = |score: &T| score.partial_cmp(&least) != Some(Ordering::Less);
                survivors.extend((first..).zip(chunk).filter(|(_, score)| survives(score)).map(|(row, _)| row));
            }
        }
    }
}

/// [`Selector::absorb`], compiled for a CPU level, and not called where no score reaches the threshold.
pub(crate) struct Absorb<'a, T> {
    pub(crate) selector: &'a mut Selector,
    pub(crate) scores: &'a [T],
    pub(crate) rows: &'a Rows<'a>,
    pub(crate) shared: &'a SharedCut,
}

impl<T: Float + Score> Kernel for Absorb<'_, T> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Result<()> {
        let Absorb { selector, scores, rows, shared } = self;
        match selector.cut::<T>(shared) {
            Some(cut) if all_worse::<S, T>(scores, cut, selector.plan().order) => {
                selector.pass_over(scores.len(), rows);
                Ok(())
            }
            _ => selector.absorb(scores, rows, Some(shared)),
        }
    }
}

/// Whether every score is strictly worse than the cut, and none is NaN.
#[inline(always)]
fn all_worse<S: Simd, T: Float>(scores: &[T], cut: T, order: Order) -> bool {
    let limit = T::Vector::<S>::splat(cut);
    let mut worse = limit.eq(limit);
    let mut chunks = scores.chunks_exact(T::Vector::<S>::LANES);
    for chunk in &mut chunks {
        let score = T::Vector::<S>::from_slice(chunk);
        let test = if order == Order::Highest { score.lt(limit) } else { limit.lt(score) };
        worse = T::Vector::<S>::and(worse, test);
    }
    let mut rest = true;
    for &score in chunks.remainder() {
        rest &= if order == Order::Highest { score < cut } else { cut < score };
    }
    rest & T::Vector::<S>::all(worse)
}
