//! Scoring and selecting in one pass over memory: the scores of a few rows at a time never leave the cache.

use crate::blocks::{self, Watch};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::scan::{Recipe, Scan};
use crate::scorer::{Scorer, check_shape, part_rows};
use crate::screen::Screen;
use crate::select::{Rows, Score, Selector, SharedCut};
use crate::simd::{Float, Kernel, Simd};
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
    /// was computed in full: fewer than all where the entropy bound ruled rows out.
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
        let state = || Worker {
            scores: vec![E::Compute::ZERO; part_rows::<E::Compute>()],
            scan: Scan::new(self.level()),
            kept: selector.fork(),
            screen: self.screen::<E>(matrix.columns(), selector),
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

    /// The screen of the entropy bound, where it holds: entropies of probabilities, picked by the score itself.
    fn screen<E: Element>(&self, classes: usize, selector: &Selector) -> Option<Screen> {
        let by_score = selector.plan().perturb.is_none() && !selector.plan().grouped();
        let unit = match self.measure() {
            Measure::Entropy => 1.0,
            Measure::NormalisedEntropy => (classes as f64).ln(),
            _ => return None,
        };
        (by_score && !self.logits()).then(|| Screen::new::<E::Compute>(classes, unit))
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
        let cut = worker.kept.threshold(Some(&self.shared)).unwrap_or(f64::NEG_INFINITY);
        match worker.screen.as_mut().and_then(|screen| screen.least(cut)) {
            Some(least) => self.screened(worker, part.clone(), least)?,
            None => {
                self.fill(worker, part.clone(), &self.recipe)?;
                worker.scored += part.len() as u64;
            }
        }
        let scores = &worker.scores[..part.len()];
        let rows = self.rows.slice(part.start, part.end);
        let absorb = Absorb { selector: &mut worker.kept, scores, rows: &rows, shared: &self.shared };
        self.scorer.level().run(absorb)
    }

    /// Impurities first; then entropies of the rows they do not rule out. The others get minus infinity, which is
    /// worse than the threshold that ruled them out.
    fn screened(&self, worker: &mut Worker<E::Compute>, part: Range<usize>, least: f64) -> Result<()> {
        let impurity = Recipe { measure: Measure::Gini, renormalise: true, ..self.recipe };
        self.fill(worker, part.clone(), &impurity)?;
        let Worker { scores, survivors, screen, scan, .. } = worker;
        let scores = &mut scores[..part.len()];
        let least = E::Compute::from_f64(least);
        survivors.clear();
        // Not `>=`: an invalid row has a NaN here and is to have one in the end.
        let survives = |score: &E::Compute| score.partial_cmp(&least) != Some(Ordering::Less);
        survivors.extend((0..).zip(&*scores).filter(|(_, score)| survives(score)).map(|(i, _): (u32, _)| i));
        worker.scored += survivors.len() as u64;
        if let Some(screen) = screen {
            screen.learn(survivors.len(), part.len());
        }
        scores.fill(E::Compute::from_f64(f64::NEG_INFINITY));
        scan.picked(self.matrix, part.start, survivors, &self.recipe, scores);
        Ok(())
    }

    fn fill(&self, worker: &mut Worker<E::Compute>, part: Range<usize>, recipe: &Recipe<E::Compute>) -> Result<()> {
        let Worker { scores, scan, .. } = worker;
        let name = |row| self.rows.id(row);
        self.scorer.rows(self.matrix, part.clone(), recipe, &mut scores[..part.len()], scan, name).map(drop)
    }
}

/// [`Selector::absorb`], compiled for a CPU level.
struct Absorb<'a, T> {
    selector: &'a mut Selector,
    scores: &'a [T],
    rows: &'a Rows<'a>,
    shared: &'a SharedCut,
}

impl<T: Score> Kernel for Absorb<'_, T> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Result<()> {
        self.selector.absorb(self.scores, self.rows, Some(self.shared))
    }
}
