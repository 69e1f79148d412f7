//! One pass over a pool: scores, intervals, candidates.

use super::candidates::{Intervals, Narrowed, Shared};
use crate::blocks::{self, Watch};
use crate::error::Result;
use crate::order::Order;
use crate::room;
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

/// A pool with what one thread works with.
trait PoolWorker: Send {
    /// [`Pool::score`].
    fn score(&mut self, rows: Range<usize>, bar: f64, scores: &mut [f64], errors: &mut [f64]);
    /// [`Pool::look_again`].
    fn look_again(&mut self, places: &[u32], scores: &mut [f64], errors: &mut [f64]);
}

struct WorkerOf<'p, P: Pool>(&'p P, P::State);

impl<P: Pool> PoolWorker for WorkerOf<'_, P> {
    fn score(&mut self, rows: Range<usize>, bar: f64, scores: &mut [f64], errors: &mut [f64]) {
        self.0.score(rows, bar, &mut self.1, scores, errors);
    }

    fn look_again(&mut self, places: &[u32], scores: &mut [f64], errors: &mut [f64]) {
        self.0.look_again(places, &mut self.1, scores, errors);
    }
}

/// How many rows a pool has, how many are in a block and in a part, and bytes.
struct Size {
    rows: usize,
    block_rows: usize,
    part_rows: usize,
    bytes: usize,
}

/// The rows that may be among the k best.
pub(super) fn pass(
    pool: &impl Pool,
    k: usize,
    order: Order,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Narrowed> {
    let (rows, block_rows, part_rows, bytes) = (pool.rows(), pool.block_rows(), pool.part_rows(), pool.bytes());
    let worker = || -> Box<dyn PoolWorker + '_> { Box::new(WorkerOf(pool, pool.state())) };
    pass_by(&worker, Size { rows, block_rows, part_rows, bytes }, k, order, threads, watch)
}

/// The same of any pool, compiled once for all of them.
fn pass_by<'p>(
    worker: &(dyn Fn() -> Box<dyn PoolWorker + 'p> + Sync),
    pool: Size,
    k: usize,
    order: Order,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Narrowed> {
    let (rows, size) = (pool.rows, pool.part_rows);
    let shared = Shared::new(k, order);
    let state = || (worker(), room::filled(0.0, size), room::filled(0.0, size), room::empty(size), Intervals::new());
    let threads = blocks::crew(threads, pool.bytes);
    let blocks = blocks::share(rows, pool.block_rows, threads).map(|block| (block, ()));
    let workers = blocks::run(rows, blocks, threads, watch, state, |state, block, ()| {
        let (worker, scores, errors, places, candidates) = state;
        for start in block.clone().step_by(size) {
            if shared.stopped() {
                break;
            }
            let part = start..block.end.min(start + size);
            let (scores, errors) = (&mut scores[..part.len()], &mut errors[..part.len()]);
            worker.score(part, shared.threshold(), scores, errors);
            shared.reaching(scores, errors, places);
            worker.look_again(places, scores, errors);
            candidates.take(start as u64, places, scores, errors, &shared);
        }
        Ok(())
    })?;
    Ok(shared.finish(workers.into_iter().map(|(.., candidates)| candidates).collect()))
}
