//! Models of blocks: each is worked on once, the state of each thread comes back, and of errors the
//! first in order does.

use crate::Model;
use crate::blocks::{Unwatched, Watch, run};
use crate::error::{Error, Result};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::yield_now;

pub const MODELS: [Model; 4] = [
    ("each block is worked on once", all_blocks, [20, 10]),
    ("the first error in order comes back", first_error, [20, 10]),
    ("who watches ends the work", stopped, [20, 10]),
    ("a lack of memory of any thread is an error", lacking, [20, 10]),
];

const BLOCKS: usize = 5;

fn blocks() -> impl ExactSizeIterator<Item = (core::ops::Range<usize>, usize)> + Send {
    (0..BLOCKS).map(|block| (block..block + 1, block))
}

fn all_blocks() {
    let worked: [AtomicUsize; BLOCKS] = Default::default();
    let states = run(
        BLOCKS,
        blocks(),
        3,
        &mut Unwatched,
        || 0,
        |count, rows, block| {
            assert_eq!(rows.start, block);
            yield_now();
            worked[block].fetch_add(1, SeqCst);
            *count += 1;
            Ok(())
        },
    );
    assert!(worked.iter().all(|count| count.load(SeqCst) == 1), "a block was worked on twice, or never");
    assert_eq!(states.expect("nothing fails").into_iter().sum::<usize>(), BLOCKS, "a state is lost");
}

fn first_error() {
    let work = |_: &mut (), _, block| {
        yield_now();
        if block == 1 || block == 3 { Err(Error::At(block)) } else { Ok(()) }
    };
    let ended = run(BLOCKS, blocks(), 3, &mut Unwatched, || (), work).map(|_| ());
    assert_eq!(ended, Err(Error::At(1)), "another error than the first in order");
}

/// Gives up when it is asked the second time.
struct Impatient(usize);

impl Watch for Impatient {
    fn look(&mut self, _: usize, _: usize) -> Result<()> {
        self.0 += 1;
        if self.0 > 1 { Err(Error::Interrupted) } else { Ok(()) }
    }
}

fn stopped() {
    let mut watch = Impatient(0);
    let ended = run(BLOCKS, blocks(), 2, &mut watch, || (), |(), _, _| Ok(())).map(|_| ());
    assert_eq!(ended.is_err(), watch.0 > 1, "an interruption is lost");
}

fn lacking() {
    let ended = crate::room::caught(|| {
        let work = |_: &mut (), _, block| {
            yield_now();
            if block == 2 {
                drop(crate::room::empty::<u64>(1 << 59))
            }
            Ok(())
        };
        run(BLOCKS, blocks(), 3, &mut Unwatched, || (), work).map(|_| ())
    });
    assert_eq!(ended, Err(Error::Memory(8 << 59)), "a lack of memory is lost");
}
