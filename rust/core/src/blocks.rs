//! Work in blocks, over threads. The calling thread takes blocks like its helpers (`helpers.rs`),
//! does without them where the input is small, and looks up between blocks: to report progress and
//! to learn whether to stop.

use crate::error::{Error, Result};
use crate::float::Element;
use crate::helpers;
use crate::matrix::Matrix;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the calling thread looks up.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// About how many bytes of rows make a block.
const BLOCK_BYTES: usize = 512 << 10;

/// Up to how many bytes a call is better off without help.
pub const ALONE: usize = 2 * BLOCK_BYTES - 1;

/// How the calling thread reports progress and learns whether to stop.
pub trait Watch {
    /// Called about twenty times a second with the rows begun and all rows. An error stops the
    /// work.
    fn look(&mut self, done: usize, all: usize) -> Result<()>;
}

/// Looks at nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

/// A closure looks, too.
impl<F: FnMut(usize, usize) -> Result<()>> Watch for F {
    fn look(&mut self, done: usize, all: usize) -> Result<()> {
        self(done, all)
    }
}

impl Watch for Unwatched {
    fn look(&mut self, _: usize, _: usize) -> Result<()> {
        Ok(())
    }
}

/// The number of threads this process may use: it respects affinity and, on Linux, cgroup limits.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Rows of a block when a row has so many bytes: a multiple of 64, so that blocks are whole groups
/// of lanes.
pub(crate) fn block_rows(row_bytes: usize) -> usize {
    (BLOCK_BYTES / row_bytes.max(1)).clamp(64, 1 << 18) / 64 * 64
}

/// Rows of a block of a matrix: where columns are adjacent it goes on for a page in each of them,
/// but is no more than eight times as large for it.
pub(crate) fn block_rows_of<E: Element>(matrix: &Matrix<'_, E>) -> usize {
    let rows = block_rows(matrix.columns() * size_of::<E>());
    if matrix.column_major().is_some() { rows.max((4096 / size_of::<E>()).min(8 * rows)) } else { rows }
}

/// The blocks of `rows` rows, of so many each.
pub(crate) fn split(rows: usize, size: usize) -> impl ExactSizeIterator<Item = Range<usize>> + Send {
    (0..rows).step_by(size).map(move |start| start..rows.min(start + size))
}

/// Blocks of up to so many rows each for threads that share them. The last ones are smaller, down
/// to a [`SMALLEST`]th, so that however many threads there are, all end at about the same time.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    rows: Range<usize>,
    size: usize,
    threads: usize,
    count: usize,
}

/// The smallest block is this part of a whole one.
const SMALLEST: usize = 16;

/// See [`Shares`].
pub(crate) fn share(rows: usize, size: usize, threads: usize) -> Shares {
    // Blocks are whole until each thread has two left: of a matrix without end there are too many
    // to count one by one.
    let whole = if threads > 1 { rows.saturating_sub(2 * threads * size) } else { rows } / size;
    let mut last = Shares { rows: whole * size..rows, size, threads, count: 0 };
    let count = whole + std::iter::from_fn(|| last.cut()).count();
    Shares { rows: 0..rows, size, threads, count }
}

impl Shares {
    fn cut(&mut self) -> Option<Range<usize>> {
        let (left, least) = (self.rows.len(), (self.size / SMALLEST).max(1));
        let even = if self.threads > 1 { left.div_ceil(2 * self.threads) } else { self.size };
        // Of narrow rows, whole groups of lanes.
        let len = even.max(least).next_multiple_of(least.min(64)).min(self.size).min(left);
        let start = self.rows.start;
        self.rows.start += len;
        (len > 0).then_some(start..start + len)
    }
}

impl Iterator for Shares {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let block = self.cut()?;
        self.count -= 1;
        Some(block)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Shares {}

/// Takes what belongs to the next block off what is left: `len` of it, or all.
pub(crate) fn take<'a, T>(left: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    left.split_off_mut(..len.min(left.len())).expect("no more than there is")
}

/// How many of the threads are worth starting for so many bytes.
pub(crate) fn crew(threads: usize, bytes: usize) -> usize {
    threads.min(1 + bytes / (ALONE + 1)).max(1)
}

/// Run `work` on each block, on up to `threads` threads, each with a state of its own from `state`;
/// returns the states of those that did any.
///
/// A block is a range of rows with what belongs to it. Blocks are begun in order; when some fail,
/// the error of the first of them in order is returned.
pub(crate) fn run<B: Send, S: Send>(
    rows: usize,
    blocks: impl ExactSizeIterator<Item = (Range<usize>, B)> + Send,
    threads: usize,
    watch: &mut dyn Watch,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, Range<usize>, B) -> Result<()> + Sync,
) -> Result<Vec<S>> {
    let threads = threads.min(blocks.len()).max(1);
    let queue = Mutex::new(blocks);
    let failure = Failure::new();
    // Blocks are begun in order, so once a block fails all earlier ones have been begun and will be
    // finished.
    let take = || if failure.stopped() { None } else { queue.lock().expect("no panic").next() };
    let states = Mutex::new(Vec::new());
    let work_on = |mut next: Option<(Range<usize>, B)>, look: &mut dyn FnMut(usize)| {
        let mut state = state();
        while let Some((rows, block)) = next {
            let start = rows.start;
            if let Err(error) = work(&mut state, rows, block) {
                failure.note(start, error);
            }
            look(start);
            next = take();
        }
        states.lock().expect("no panic").push(state);
    };
    let help = || {
        if let Some(first) = take() {
            work_on(Some(first), &mut |_| ());
        }
    };
    let mut looked = Instant::now();
    let mut look = |done| look(&mut looked, watch, (done, rows), &failure);
    // By reference, so that one call of helpers is compiled for all that calls this.
    let own: &mut dyn FnMut() = &mut || work_on(take(), &mut look);
    helpers::assist(threads - 1, &help, own);
    let states = states.into_inner().expect("no panic");
    failure.first().map_or(Ok(states), Err)
}

/// The first error in the order of blocks.
struct Failure {
    stop: AtomicBool,
    first: Mutex<Option<(usize, Error)>>,
}

impl Failure {
    fn new() -> Self {
        Failure { stop: AtomicBool::new(false), first: Mutex::new(None) }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Take note of the error of a block that begins with that row.
    #[cold]
    fn note(&self, row: usize, error: Error) {
        self.stop.store(true, Ordering::Relaxed);
        let mut first = self.first.lock().expect("no panic");
        if first.as_ref().is_none_or(|(known, _)| row < *known) {
            *first = Some((row, error));
        }
    }

    fn first(self) -> Option<Error> {
        self.first.into_inner().expect("no panic").map(|(_, error)| error)
    }
}

/// Looks up, if it is time to.
fn look(looked: &mut Instant, watch: &mut dyn Watch, (done, rows): (usize, usize), failure: &Failure) {
    if looked.elapsed() >= LOOK_EVERY {
        *looked = Instant::now();
        if let Err(error) = watch.look(done, rows) {
            failure.note(0, error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use std::sync::atomic::AtomicUsize;

    fn blocks(rows: usize) -> impl ExactSizeIterator<Item = (Range<usize>, ())> + Send {
        split(rows, 64).map(|rows| (rows, ()))
    }

    #[test]
    fn every_row_is_worked_on_once() {
        for threads in 1..9 {
            for rows in [0, 1, 63, 64, 65, 1000] {
                let work = |sum: &mut usize, rows: Range<usize>, ()| {
                    *sum += rows.sum::<usize>();
                    Ok(())
                };
                let sums = run(rows, blocks(rows), threads, &mut Unwatched, || 0, work).unwrap();
                assert_eq!(sums.iter().sum::<usize>(), (0..rows).sum());
            }
        }
    }

    #[test]
    fn shares_are_all_rows_in_order_and_get_no_larger() {
        for (rows, size, threads) in
            [(0, 64, 2), (1, 64, 2), (1000, 256, 1), (100_001, 8192, 3), (77, 10, 4), (5000, 1 << 18, 64)]
        {
            let shares = share(rows, size, threads);
            assert_eq!(shares.len(), shares.clone().count());
            let mut end = 0;
            let mut before = size;
            for block in shares {
                assert!(block.start == end && block.len() <= before);
                assert!(block.end == rows || block.len() % (size / SMALLEST).clamp(1, 64) == 0);
                (end, before) = (block.end, block.len());
            }
            assert_eq!(end, rows);
        }
    }

    /// When the last of `threads` ends and when all would if they shared the work evenly, where one
    /// thread works on `speed(thread)` rows in a unit of time.
    fn ends(rows: usize, size: usize, threads: usize, speed: impl Fn(usize) -> f64) -> (f64, f64) {
        let mut busy_until = vec![0.0; threads];
        for block in share(rows, size, threads) {
            let first = (0..threads).min_by(|&a, &b| f64::total_cmp(&busy_until[a], &busy_until[b])).unwrap();
            busy_until[first] += block.len() as f64 / speed(first);
        }
        let together: f64 = (0..threads).map(speed).sum();
        (busy_until.into_iter().fold(0.0, f64::max), rows as f64 / together)
    }

    #[test]
    fn many_threads_end_at_about_the_same_time() {
        for threads in [2, 3, 16, 64, 96] {
            for row_bytes in [8, 40, 400, 4000] {
                for mebibytes in [1.0, 1.3, 2.6, 50.0] {
                    let rows = (threads as f64 * mebibytes) as usize * (1 << 20) / row_bytes;
                    let size = block_rows(row_bytes);
                    assert_eq!(crew(threads, rows * row_bytes), threads);
                    let (last, even) = ends(rows, size, threads, |_| 1.0);
                    assert!(last <= 1.05 * even, "{threads} threads, {row_bytes} bytes, {mebibytes}: {}", last / even);
                    // A half of them reads memory that lies with the other half's processor.
                    let (last, even) = ends(rows, size, threads, |thread| if thread % 2 == 0 { 1.0 } else { 0.6 });
                    assert!(last <= 1.05 * even, "{threads} threads, {row_bytes} bytes, {mebibytes}: {}", last / even);
                }
            }
        }
    }

    #[test]
    fn the_first_error_in_order_wins() {
        for threads in 1..9 {
            for _ in 0..20 {
                let work = |_: &mut (), rows: Range<usize>, ()| {
                    let row = rows.start as u64;
                    if row >= 640 { Err(Error::row(row, Fault::NanScore)) } else { Ok(()) }
                };
                let error = run(6400, blocks(6400), threads, &mut Unwatched, || (), work).unwrap_err();
                assert_eq!(error, Error::row(640, Fault::NanScore));
            }
        }
    }

    #[test]
    fn the_watch_can_stop_the_work() {
        let mut stop = |_: usize, _: usize| Err(Error::Interrupted);
        let worked = AtomicUsize::new(0);
        let work = |_: &mut (), _: Range<usize>, ()| {
            worked.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(LOOK_EVERY);
            Ok(())
        };
        assert_eq!(run(64_000, blocks(64_000), 2, &mut stop, || (), work), Err(Error::Interrupted));
        assert!(worked.into_inner() < 10);
    }
}
