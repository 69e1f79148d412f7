//! Errors, progress and interruption across the border.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use shortlist_core::blocks::Watch;
use shortlist_core::error::{Error, Result};
use shortlist_core::fault::{Fault, RowFault};
use shortlist_core::room;

/// The core's error as Python's, with the option that would mend it.
pub(crate) fn raise(error: Error) -> PyErr {
    let mend = match &error {
        Error::Interrupted => return PyKeyboardInterrupt::new_err(()),
        Error::Memory(_) => return PyMemoryError::new_err(error.to_string()),
        Error::LogitsOnly(_) => "; pass from_logits=True",
        Error::TemperatureOfProbabilities(_) => " (another temperature needs from_logits=True)",
        Error::Row(found) => mend(&found.fault),
        Error::Within(_, error) => match &**error {
            // Who takes several arguments divides no rows by their sums.
            Error::Row(RowFault { fault: fault @ Fault::Negative(..), .. }) => mend(fault),
            _ => "",
        },
        _ => "",
    };
    PyValueError::new_err(format!("{error}{mend}"))
}

/// What the core does of a call, without the GIL. Where it lacks memory, that is an error.
pub(crate) fn work<T: Send>(py: Python<'_>, call: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    py.detach(|| room::caught(call))
}

/// A list of what an iterator gives, or an error where there is no memory for it.
pub(crate) fn listed<T>(items: impl Iterator<Item = T>) -> PyResult<Vec<T>> {
    room::caught(|| Ok(room::collected(items))).map_err(raise)
}

/// The numbers of an array, or an error where there is no memory for them.
pub(crate) fn copied<T: numpy::Element + Copy>(array: &PyReadonlyArray1<'_, T>) -> PyResult<Vec<T>> {
    listed(array.as_slice()?.iter().copied())
}

/// So many zeros, or an error where there is no memory for them.
pub(crate) fn zeros<T: room::Zeroable>(count: usize) -> PyResult<Vec<T>> {
    room::caught(|| Ok(room::zeros(count))).map_err(raise)
}

/// The option of a scorer that would accept a row with this fault, as the end of the sentence about
/// it.
pub(crate) fn mend(fault: &Fault) -> &'static str {
    match fault {
        Fault::Negative(..) => " (logits need from_logits=True)",
        Fault::Sum(_) => " (normalize=\"renormalize\" divides by a positive finite sum)",
        _ => "",
    }
}

pub(crate) fn value_error(sentence: impl Into<String>) -> PyErr {
    PyValueError::new_err(sentence.into())
}

pub(crate) fn type_error(sentence: impl Into<String>) -> PyErr {
    PyTypeError::new_err(sentence.into())
}

/// Looks at signals and calls `progress`, on the calling thread, with the GIL taken for as long as
/// that lasts.
pub(crate) struct Lookout {
    progress: Option<Py<PyAny>>,
    failure: Option<PyErr>,
}

impl Lookout {
    pub(crate) fn new(progress: Option<Py<PyAny>>) -> Self {
        Lookout { progress, failure: None }
    }

    /// The result of watched work as Python's; the last progress is reported here.
    pub(crate) fn settle<T>(mut self, py: Python<'_>, rows: usize, result: Result<T>) -> PyResult<T> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let value = result.map_err(raise)?;
        if let Some(progress) = &self.progress {
            progress.call1(py, (rows, rows))?;
        }
        Ok(value)
    }
}

impl Watch for Lookout {
    fn look(&mut self, done: usize, all: usize) -> Result<()> {
        let looked = Python::attach(|py| {
            py.check_signals()?;
            match &self.progress {
                Some(progress) => progress.call1(py, (done, all)).map(drop),
                None => Ok(()),
            }
        });
        looked.map_err(|failure| {
            self.failure = Some(failure);
            Error::Interrupted
        })
    }
}
