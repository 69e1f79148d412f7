//! `herding`: rows that cover others.

use crate::arguments::{choice, metric, threads};
use crate::array::{self, Rows, slice, with_matrix};
use crate::border::{Lookout, work};
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shortlist_core::Level;
use shortlist_core::diverse::herding::{self as core, HerdingOptions};
use shortlist_core::diverse::similarity::Similarity;

/// Pick `k` rows, each adding most to what is covered of the reference rows; returns ids, gains and
/// totals.
#[pyfunction]
#[pyo3(signature = (x, k, references, *, weights=None, kernel="gaussian", scale=None, metric="euclidean", bfloat16=false,
    labelled=None, among=None, n_threads=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn herding<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    k: usize,
    references: PyReadonlyArray1<'py, i64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    kernel: &str,
    scale: Option<f64>,
    metric: &str,
    bfloat16: bool,
    labelled: Option<Bound<'py, PyArray2<f64>>>,
    among: Option<PyReadonlyArray1<'py, i64>>,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let options = HerdingOptions {
        k,
        similarity: choice("kernel", kernel, &Similarity::NAMED)?,
        scale,
        metric: self::metric(metric)?,
        threads: threads(n_threads)?,
        level: Level::best(),
    };
    let references = references.as_slice()?;
    let weights = slice(&weights)?;
    let among = slice(&among)?;
    let labelled = array::labelled(labelled.as_ref())?;
    let labelled = labelled.as_ref().map(array::matrix::<_, f64>);
    let mut lookout = Lookout::new(progress);
    let result = with_matrix!(&rows, |matrix| work(py, || core::herding(
        matrix,
        among,
        (references, weights),
        labelled.as_ref(),
        &options,
        &mut lookout
    )));
    let picked = lookout.settle(py, k, result)?;
    let found = PyDict::new(py);
    found.set_item("ids", picked.ids.into_pyarray(py))?;
    found.set_item("gains", picked.gains.into_pyarray(py))?;
    found.set_item("covered", picked.covered)?;
    found.set_item("whole", picked.whole)?;
    found.set_item("scale", picked.scale)?;
    found.set_item("computed", picked.computed)?;
    Ok(found)
}
