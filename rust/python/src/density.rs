//! `density`: the mean similarity of each row to all.

use crate::arguments::{level, metric, threads};
use crate::array::{Rows, slice, with_matrix};
use crate::border::{Lookout, work, zeros};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use shortlist_core::density::{density as of_all, density_estimate};

/// Densities, and standard errors where they are estimates.
type Found<'py> = (Bound<'py, PyArray1<f64>>, Option<Bound<'py, PyArray1<f64>>>);

/// The density of each row, or an estimate from its similarities with the rows named in
/// `references`.
#[pyfunction]
#[pyo3(signature = (x, *, metric="euclidean", references=None, bfloat16=false, n_threads=None, progress=None, cpu_level=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn density<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    metric: &str,
    references: Option<PyReadonlyArray1<'py, i64>>,
    bfloat16: bool,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
    cpu_level: Option<&str>,
) -> PyResult<Found<'py>> {
    let x = Rows::borrow(x, "X", bfloat16)?;
    let (metric, level, threads) = (self::metric(metric)?, level(cpu_level)?, threads(n_threads)?);
    let references = slice(&references)?;
    let mut values = zeros(x.len())?;
    let mut errors = zeros(if references.is_some() { x.len() } else { 0 })?;
    let mut lookout = Lookout::new(progress);
    let result = with_matrix!(&x, |x| work(py, || match references {
        None => of_all(&x, metric, level, &mut values, threads, &mut lookout),
        Some(ids) => density_estimate(&x, ids, metric, level, &mut values, &mut errors, threads, &mut lookout),
    }));
    lookout.settle(py, x.len(), result)?;
    Ok((values.into_pyarray(py), references.is_some().then(|| errors.into_pyarray(py))))
}
