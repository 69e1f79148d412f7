//! Errors, progress and interruption across the border.

use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError, PyValueError};
use pyo3::prelude::*;
use shortlist_core::blocks::Watch;
use shortlist_core::error::{Error, Result};

/// The core's error as Python's.
pub(crate) fn raise(error: Error) -> PyErr {
    match error {
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

pub(crate) fn value_error(sentence: impl Into<String>) -> PyErr {
    PyValueError::new_err(sentence.into())
}

pub(crate) fn type_error(sentence: impl Into<String>) -> PyErr {
    PyTypeError::new_err(sentence.into())
}

/// Looks at signals and calls `progress`, on the calling thread, with the GIL taken for as long as that lasts.
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
