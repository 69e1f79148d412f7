//! Distances that a Python object knows: those of a callable metric.

use crate::border::Lookout;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use shortlist_core::diverse::Distances;
use shortlist_core::diverse::points::Among;
use shortlist_core::error::{Error, Result};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// What the object raised first, to be raised again at the end.
#[derive(Default)]
pub(crate) struct Failure(Mutex<Option<PyErr>>);

impl Failure {
    /// The result of watched work that asked the object, as Python's.
    pub(crate) fn settle<T>(self, py: Python<'_>, lookout: Lookout, k: usize, result: Result<T>) -> PyResult<T> {
        match self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure),
            None => lookout.settle(py, k, result),
        }
    }
}

/// An object with `nearest(rows, start, stop)`, the distance of each row to the nearest of some
/// points, and `pick(row)`, which makes a row a point. Rows are positions in `among`.
#[derive(Clone, Copy)]
pub(crate) struct CallableMetric<'a> {
    pub(crate) object: &'a Py<PyAny>,
    pub(crate) among: Among<'a>,
    pub(crate) failure: &'a Failure,
}

impl CallableMetric<'_> {
    /// What the object says.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T> {
        Python::attach(|py| question(self.object.bind(py))).map_err(|failure| {
            *self.failure.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            Error::Interrupted
        })
    }

    /// One number for each of some rows.
    pub(crate) fn numbers(
        &self,
        rows: usize,
        question: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> Result<Vec<f64>> {
        let found: Vec<f64> =
            self.ask(|object| question(object)?.cast_into::<PyArray1<f64>>()?.to_vec().map_err(PyErr::from))?;
        if found.len() == rows {
            return Ok(found);
        }
        Err(Error::Argument(format!("metric gave {} distances for {rows} rows", found.len())))
    }
}

impl Distances for CallableMetric<'_> {
    fn among(&self) -> Among<'_> {
        self.among
    }

    fn nearest(&self, rows: &[u32], points: Range<usize>) -> Result<Vec<f64>> {
        self.numbers(rows.len(), |object| {
            let rows: Vec<i64> = rows.iter().map(|&row| i64::from(row)).collect();
            object.call_method1("nearest", (rows.into_pyarray(object.py()), points.start, points.end))
        })
    }

    fn pick(&mut self, row: usize) -> Result<()> {
        self.ask(|object| object.call_method1("pick", (row,)).map(drop))
    }
}
