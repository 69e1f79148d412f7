//! `Labels`: the labels of groups that there are, each of which stands for a code.

use crate::arguments::threads;
use crate::border::{Lookout, raise, value_error, work};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use shortlist_core::room::caught;
use shortlist_core::select::Labels as Core;

/// Distinct labels, in the order of their codes. Immutable.
#[pyclass(module = "shortlist._core", frozen)]
pub(crate) struct Labels {
    pub(crate) core: Core,
}

#[pymethods]
impl Labels {
    /// Labels as rows of bytes.
    #[new]
    fn new(labels: PyReadonlyArray2<'_, u8>) -> PyResult<Self> {
        let (bytes, width) = rows_of_bytes(&labels)?;
        Ok(Labels { core: caught(|| Core::new(bytes, width)).map_err(raise)? })
    }

    /// Labels of so many bytes, of which none is known yet. Quotas need them all before.
    #[staticmethod]
    fn unknown(width: usize) -> PyResult<Self> {
        match width {
            0 => Err(value_error("labels have 0 bytes; accepted is at least 1")),
            _ => Ok(Labels { core: Core::unknown(width) }),
        }
    }

    /// The first row of each label that rows have, ascending, and how many have it.
    #[staticmethod]
    #[allow(clippy::type_complexity)]
    fn met<'py>(
        labels: PyReadonlyArray2<'py, u8>,
        n_threads: Option<i64>,
    ) -> PyResult<(Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<u64>>)> {
        let py = labels.py();
        let ((bytes, width), threads) = (rows_of_bytes(&labels)?, threads(n_threads)?);
        let mut lookout = Lookout::new(None);
        let result = work(py, || Core::met(bytes, width, threads, &mut lookout));
        let met = lookout.settle(py, 0, result)?;
        Ok((met.firsts.into_pyarray(py), met.counts.into_pyarray(py)))
    }
}

/// Labels that lie one after the other, and the bytes of each.
pub(crate) fn rows_of_bytes<'a>(labels: &'a PyReadonlyArray2<'_, u8>) -> PyResult<(&'a [u8], usize)> {
    match labels.shape()[1] {
        0 => Err(value_error("labels have 0 bytes; accepted is at least 1")),
        width => Ok((labels.as_slice()?, width)),
    }
}
