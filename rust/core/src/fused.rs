//! Scoring and selecting in one pass over memory: the scores of a few rows at a time never leave
//! the cache.

use crate::blocks::{self, Watch};
use crate::bound::Bound;
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::order::Order;
use crate::rules::Recipe;
use crate::scan::Scan;
use crate::scorer::{Scorer, check_shape, part_rows};
use crate::screen::Screen;
use crate::select::{Rows, Score, Selector, SharedCut};
use crate::simd::{Float, Kernel, Simd, Vector};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one thread works with.
struct Worker<T> {
    scores: Vec<T>,
    scan: Scan<T>,
    kept: Selector,
    screen: Option<Screen>,
    survivors: Vec<u32>,
    /// Rows whose measure was computed in full.
    scored: u64,
    /// Its number among the threads, and its own threshold when it last told of its share.
    number: usize,
    told: Option<f64>,
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
    ) -> Result<u64>
    where
        E::Compute: Score,
    {
        check_shape(matrix)?;
        selector.check(rows, matrix.rows())?;
        let blocks = blocks::split(matrix.rows(), blocks::block_rows_of(matrix)).map(|block| (block, ()));
        let threads = blocks::crew(threads, matrix.bytes());
        let shared = selector.shared_among(threads);
        let pass = Pass { scorer: self, matrix, rows, shared, recipe: self.recipe::<E>(matrix.columns()) };
        let begun = AtomicUsize::new(0);
        let by_score = selector.plan().perturb.is_none();
        let state = || Worker {
            scores: vec![E::Compute::ZERO; part_rows::<E::Compute>().min(matrix.rows())],
            scan: Scan::new(self.level()),
            kept: selector.fork(),
            screen: if by_score {
                Screen::new(self.measure(), &pass.recipe, matrix.columns(), matrix.row_major().is_none())
            } else {
                None
            },
            survivors: Vec::new(),
            scored: 0,
            number: begun.fetch_add(1, Ordering::Relaxed),
            told: None,
        };
        let workers = blocks::run(matrix.rows(), blocks, threads, watch, state, |worker, block, ()| {
            let size = part_rows::<E::Compute>();
            block.clone().step_by(size).try_for_each(|start| {
                pass.part(worker, start..block.end.min(start + size))?;
                pass.tell(worker);
                Ok(())
            })
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
        let bound = cut.zip(worker.screen.as_mut()).and_then(|(cut, screen)| screen.bound(cut, &self.recipe));
        let rows = self.rows.slice(part.start, part.end);
        if bound.is_some_and(|(bound, recipe)| self.screened(worker, part.clone(), bound, &recipe)) {
            let Worker { scores, kept, survivors, .. } = worker;
            match survivors.len() {
                0 => kept.pass_over(part.len(), &rows),
                picked => kept.absorb_picked(survivors, &scores[..picked], part.len(), &rows, &self.shared)?,
            }
            return Ok(());
        }
        let Worker { scores, scan, kept: selector, .. } = worker;
        let scores = &mut scores[..part.len()];
        let name = |row| self.rows.id(row);
        let found = self.scorer.rows(self.matrix, part.clone(), &self.recipe, scores, scan, name)?;
        worker.scored += part.len() as u64;
        let order = self.scorer.measure().about().order;
        let worse = |cut: E::Compute| found.best < E::Compute::from_f64(order.orient(cut.into()));
        if found.valid && self.recipe.bounded() && selector.cut(&self.shared).is_some_and(worse) {
            selector.pass_over(part.len(), &rows);
            return Ok(());
        }
        self.scorer.level().run(Absorb { selector, scores, rows: &rows, shared: &self.shared })
    }

    /// Tell the other threads of a share of k, where this one's threshold has risen.
    fn tell(&self, worker: &mut Worker<E::Compute>) {
        let own = worker.kept.threshold(None);
        if own != worker.told {
            worker.told = own;
            if let Some(key) = worker.kept.key_of(self.shared.share(worker.kept.plan().k)) {
                self.shared.tell(worker.number, key);
            }
        }
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

/// [`Selector::absorb`], compiled for a CPU level. It is not called where no score reaches the
/// threshold.
pub(crate) struct Absorb<'a, T> {
    pub(crate) selector: &'a mut Selector,
    pub(crate) scores: &'a [T],
    pub(crate) rows: &'a Rows<'a>,
    pub(crate) shared: &'a SharedCut,
}

impl<T: Float + Score> Kernel for Absorb<'_, T> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Absorb { selector, scores, rows, shared } = self;
        match selector.cut::<T>(shared) {
            Some(cut) if all_worse(simd, scores, cut, selector.plan().order) => {
                selector.pass_over(scores.len(), rows);
                Ok(())
            }
            _ => selector.absorb(scores, rows, Some(shared)),
        }
    }
}

/// Whether every score is strictly worse than the cut, and none is NaN.
#[inline(always)]
fn all_worse<S: Simd, T: Float>(simd: S, scores: &[T], cut: T, order: Order) -> bool {
    let limit = T::Vector::<S>::splat(simd, cut);
    let mut worse = limit.eq(limit);
    let mut chunks = scores.chunks_exact(T::Vector::<S>::LANES);
    for chunk in &mut chunks {
        let score = T::Vector::<S>::from_slice(simd, chunk);
        let test = if order == Order::Highest { score.lt(limit) } else { limit.lt(score) };
        worse = T::Vector::<S>::and(worse, test);
    }
    let mut rest = true;
    for &score in chunks.remainder() {
        rest &= if order == Order::Highest { score < cut } else { cut < score };
    }
    rest & T::Vector::<S>::all(worse)
}
