//! Turns: one call at a time on what several threads share, without ever waiting for oneself, or
//! with the GIL held.

use crate::inside::{Inside, Refused};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// A context that one thread at a time is in. Others wait, which Ctrl-C ends. The thread that is in
/// it, as where a progress callback or a signal handler calls again, is refused, and so is a forked
/// child that was left with another thread in it.
#[pyclass(module = "shortlist._core", frozen)]
pub(crate) struct Turn {
    /// What messages call that which is shared.
    name: String,
    inside: Inside,
}

/// Ends the turn, also after a panic.
pub(crate) struct Taken<'a>(&'a Turn);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.inside.leave();
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
        Turn { name, inside: Inside::nobody() }
    }

    fn __enter__(&self, py: Python<'_>) -> PyResult<()> {
        let entered = self.inside.enter(|nap| {
            py.check_signals()?;
            py.detach(|| std::thread::sleep(nap));
            Ok::<_, PyErr>(())
        })?;
        let name = &self.name;
        entered.map_err(|refused| match refused {
            Refused::Again => PyRuntimeError::new_err(format!(
                "this {name} is in the middle of a call on the same thread (progress= or a signal handler called it \
                 again); accepted is another call once that one has ended"
            )),
            Refused::Forked => PyRuntimeError::new_err(format!(
                "this {name} was busy in another thread when the process was forked, and stays so in the child; \
                 accepted is one that no thread uses during the fork, or a new one"
            )),
        })
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, pyo3::types::PyTuple>) {
        drop(Taken(self));
    }
}
