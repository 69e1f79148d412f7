//! `part_sums` and `add_terms`: what a part of a pool adds to the mean of all rows.

use crate::arguments::{level, metric, threads};
use crate::array::{Rows, with_matrix};
use crate::border::{Lookout, copied, raise, value_error, work};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use shortlist_core::diverse::mean;
use shortlist_core::room::caught;

/// The sums of the terms of the mean that the rows belong to, one a row;
/// `before` rows of the first term lie in earlier parts, and `open` is their sum.
#[pyfunction]
#[pyo3(signature = (x, *, metric="euclidean", before=0, open=None, bfloat16=false, n_threads=None))]
pub(crate) fn part_sums<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    metric: &str,
    before: usize,
    open: Option<PyReadonlyArray1<'py, f64>>,
    bfloat16: bool,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let (metric, threads, level) = (self::metric(metric)?, threads(n_threads)?, level(None)?);
    let open = open.as_ref().map_or(Ok(&[][..]), |open| open.as_slice())?;
    let mut lookout = Lookout::new(None);
    let sums = with_matrix!(&rows, |matrix| work(py, || mean::part_sums(
        matrix,
        metric,
        before,
        open,
        level,
        threads,
        &mut lookout
    )));
    let sums = lookout.settle(py, rows.len(), sums)?;
    PyArray2::from_vec2(py, &sums).map_err(|error| value_error(error.to_string()))
}

/// Sum of the finished terms, sum of the open one, and the mean if that is all.
type Added<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// Add the terms of `more` rows to the sum of the `rows` before them.
#[pyfunction]
pub(crate) fn add_terms<'py>(
    py: Python<'py>,
    rows: usize,
    finished: PyReadonlyArray1<'py, f64>,
    open: PyReadonlyArray1<'py, f64>,
    terms: PyReadonlyArray2<'py, f64>,
    more: usize,
) -> PyResult<Added<'py>> {
    let (finished, open) = (copied(&finished)?, copied(&open)?);
    let columns = finished.len().max(1);
    let terms = terms.as_slice()?;
    if open.len() != finished.len() || !terms.len().is_multiple_of(columns) {
        return Err(value_error("finished, open and terms are of several widths; accepted is one number a feature"));
    }
    let mut total = mean::Total { rows, finished, open };
    let mean = caught(|| {
        total.add(terms.chunks(columns), more);
        Ok(total.mean())
    });
    let mean = mean.map_err(raise)?;
    Ok((total.finished.into_pyarray(py), total.open.into_pyarray(py), mean.into_pyarray(py)))
}
