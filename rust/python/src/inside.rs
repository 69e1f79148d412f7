//! Who is inside: one thread at a time, known by its process and its number. It is what turns are
//! made of (`turn.rs`), and knows nothing of Python; `rust/models` tries it as it is.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// How long is slept between two looks at whether nobody is inside, at first and at most.
const NAPS: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(5)];

/// Why somebody is not let in, however long they wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refused {
    /// They are inside already.
    Again,
    /// Who is inside is a thread of the process that this one was forked from.
    Forked,
}

/// Process and thread of the one inside, or 0. One word, so that there is no moment in which a fork
/// or a signal finds half of it.
pub(crate) struct Inside(AtomicU64);

/// A number of this process and thread, never 0.
fn caller() -> u64 {
    static THREADS: AtomicU32 = AtomicU32::new(0);
    std::thread_local!(static THREAD: u32 = THREADS.fetch_add(1, Ordering::Relaxed));
    u64::from(std::process::id()) << 32 | THREAD.with(|&thread| u64::from(thread))
}

impl Inside {
    pub(crate) fn nobody() -> Inside {
        Inside(AtomicU64::new(0))
    }

    /// Goes in. As long as another thread is inside, `wait` is called with how long to sleep, and
    /// may give up with an error.
    pub(crate) fn enter<E>(&self, mut wait: impl FnMut(Duration) -> Result<(), E>) -> Result<Result<(), Refused>, E> {
        let (own, [mut nap, longest]) = (caller(), NAPS);
        while let Err(other) = self.0.compare_exchange(0, own, Ordering::Acquire, Ordering::Relaxed) {
            if other == own {
                return Ok(Err(Refused::Again));
            }
            if other >> 32 != own >> 32 {
                return Ok(Err(Refused::Forked));
            }
            wait(nap)?;
            nap = longest.min(2 * nap);
        }
        Ok(Ok(()))
    }

    pub(crate) fn leave(&self) {
        self.0.store(0, Ordering::Release);
    }
}
