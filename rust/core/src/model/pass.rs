//! One pass over a pool: scores, intervals, candidates.

use super::candidates::{Intervals, Narrowed, Shared};
use crate::blocks::{self, Watch};
use crate::error::Result;
use crate::order::Order;
use std::ops::Range;

/// Rows that a model's scores can be bounded for.
pub(super) trait Pool: Sync {
    /// What a thread works with.
    type State: Send;
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Rows of a block.
    fn block_rows(&self) -> usize;
    /// Rows that are looked at together.
    fn part_rows(&self) -> usize;
    /// Bytes that a pass has to do with, which say how many threads it is worth.
    fn bytes(&self) -> usize;
    /// What a thread works with.
    fn state(&self) -> Self::State;
    /// The score of each of some rows, NaN where there is none, and how wrong it may be. Of rows
    /// that can't reach the bar, turned so that larger is better, any score below it will do.
    fn score(&self, rows: Range<usize>, bar: f64, state: &mut Self::State, scores: &mut [f64], errors: &mut [f64]);
    /// Know better what a few of the rows that were scored last are worth.
    fn look_again(&self, _places: &[u32], _state: &mut Self::State, _scores: &mut [f64], _errors: &mut [f64]) {}
}

/// The rows that may be among the k best.
pub(super) fn pass(
    pool: &impl Pool,
    k: usize,
    order: Order,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Narrowed> {
    let (rows, size) = (pool.rows(), pool.part_rows());
    let shared = Shared::new(k, order);
    let state = || (pool.state(), vec![0.0; size], vec![0.0; size], Vec::with_capacity(size), Intervals::new());
    let threads = blocks::crew(threads, pool.bytes());
    let blocks = blocks::share(rows, pool.block_rows(), threads).map(|block| (block, ()));
    let workers = blocks::run(rows, blocks, threads, watch, state, |worker, block, ()| {
        let (state, scores, errors, places, candidates) = worker;
        for start in block.clone().step_by(size) {
            if shared.stopped() {
                break;
            }
            let part = start..block.end.min(start + size);
            let (scores, errors) = (&mut scores[..part.len()], &mut errors[..part.len()]);
            pool.score(part, shared.threshold(), state, scores, errors);
            shared.reaching(scores, errors, places);
            pool.look_again(places, state, scores, errors);
            candidates.take(start as u64, places, scores, errors, &shared);
        }
        Ok(())
    })?;
    Ok(shared.finish(workers.into_iter().map(|(.., candidates)| candidates).collect()))
}
