//! Scoring and selecting in one pass over memory, as for row measures.

use super::scan::{CommitteeRecipe, MemberScan};
use super::scorer::{CommitteeScorer, check_shapes};
use crate::blocks::{self, Watch};
use crate::error::Result;
use crate::float::Element;
use crate::fused::Absorb;
use crate::matrix::Matrix;
use crate::scorer::part_rows;
use crate::select::{Rows, Score, Selector, SharedCut};
use crate::simd::Float;
use std::ops::Range;

/// What one thread works with.
struct CommitteeWorker<T> {
    scores: Vec<T>,
    scan: MemberScan<T>,
    kept: Selector,
}

impl CommitteeScorer {
    /// Score all rows, keep the best, and return the number of rows whose measure was computed. An
    /// error leaves the selector as it was.
    pub fn select<E: Element>(
        &self,
        members: &[Matrix<'_, E>],
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64>
    where
        E::Compute: Score,
    {
        let (count, classes) = check_shapes(members)?;
        selector.check(rows, count)?;
        let shared = selector.shared_cut();
        let pass = CommitteePass { scorer: self, members, rows, shared, recipe: self.recipe::<E>(classes) };
        let row_bytes = members.len() * classes * size_of::<E>();
        let blocks = blocks::split(count, blocks::block_rows(row_bytes)).map(|block| (block, ()));
        let threads = blocks::crew(threads, count * row_bytes);
        let size = part_rows::<E::Compute>();
        let state = || CommitteeWorker {
            scores: vec![E::Compute::ZERO; size],
            scan: MemberScan::new(self.level()),
            kept: selector.fork(),
        };
        let workers = blocks::run(count, blocks, threads, watch, state, |worker, block, ()| {
            block.clone().step_by(size).try_for_each(|start| pass.part(worker, start..block.end.min(start + size)))
        })?;
        for worker in &workers {
            selector.join(&worker.kept);
        }
        selector.record(rows, count);
        Ok(count as u64)
    }
}

/// One pass over one committee.
struct CommitteePass<'a, 'm, E: Element> {
    scorer: &'a CommitteeScorer,
    members: &'a [Matrix<'m, E>],
    rows: &'a Rows<'a>,
    shared: SharedCut,
    recipe: CommitteeRecipe<E::Compute>,
}

impl<E: Element> CommitteePass<'_, '_, E>
where
    E::Compute: Score,
{
    /// Score a few rows and take note of the best.
    fn part(&self, worker: &mut CommitteeWorker<E::Compute>, part: Range<usize>) -> Result<()> {
        let CommitteeWorker { scores, scan, kept } = worker;
        let scores = &mut scores[..part.len()];
        let name = |row| self.rows.id(row);
        self.scorer.rows(self.members, part.clone(), &self.recipe, scores, scan, name)?;
        let rows = self.rows.slice(part.start, part.end);
        self.scorer.level().run(Absorb { selector: kept, scores, rows: &rows, shared: &self.shared })
    }
}
