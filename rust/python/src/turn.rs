//! Turns: one call at a time on what several threads share, without ever waiting for oneself, or
//! with the GIL held.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// How long is slept between two looks at whether it is one's turn, at first and at most.
const NAPS: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(5)];

/// A context that one thread at a time is in. Others wait, which Ctrl-C ends. The thread that is in
/// it, as where a progress callback or a signal handler calls again, is refused, and so is a forked
/// child that was left with another thread in it.
#[pyclass(module = "shortlist._core", frozen)]
pub(crate) struct Turn {
    /// What messages call that which is shared.
    name: String,
    /// Process and thread of the one inside, or 0. One word, so that there is no moment in which a
    /// fork or a signal finds half of it.
    inside: AtomicU64,
}

/// A number of this process and thread, never 0.
fn caller() -> u64 {
    static THREADS: AtomicU32 = AtomicU32::new(0);
    thread_local!(static THREAD: u32 = THREADS.fetch_add(1, Ordering::Relaxed));
    u64::from(std::process::id()) << 32 | THREAD.with(|&thread| u64::from(thread))
}

/// Ends the turn, also after a panic.
pub(crate) struct Taken<'a>(&'a Turn);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.inside.store(0, Ordering::Release);
    }
}

impl Turn {
    /// Wait for it, until the guard is dropped.
    pub(crate) fn take(&self, py: Python<'_>) -> PyResult<Taken<'_>> {
        self.__enter__(py)?;
        Ok(Taken(self))
    }
}

#[pymethods]
impl Turn {
    #[new]
    pub(crate) fn new(name: String) -> Self {
        Turn { name, inside: AtomicU64::new(0) }
    }

    fn __enter__(&self, py: Python<'_>) -> PyResult<()> {
        let (own, [mut nap, longest]) = (caller(), NAPS);
        while let Err(other) = self.inside.compare_exchange(0, own, Ordering::Acquire, Ordering::Relaxed) {
            let name = &self.name;
            if other == own {
                return Err(PyRuntimeError::new_err(format!(
                    "this {name} is in the middle of a call on the same thread (progress= or a signal handler called it \
                     again); accepted is another call once that one has ended"
                )));
            }
            if other >> 32 != own >> 32 {
                return Err(PyRuntimeError::new_err(format!(
                    "this {name} was busy in another thread when the process was forked, and stays so in the child; \
                     accepted is one that no thread uses during the fork, or a new one"
                )));
            }
            py.check_signals()?;
            py.detach(|| std::thread::sleep(nap));
            nap = longest.min(2 * nap);
        }
        Ok(())
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, pyo3::types::PyTuple>) {
        drop(Taken(self));
    }
}
