//! `min_distances`: the nearest of some rows to each row of a pool.

use crate::arguments::{level, metric, threads};
use crate::array::{Rows, slice, with_matrix};
use crate::border::{Lookout, work, zeros};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use shortlist_core::distance;

/// Distances, and row numbers of `y`.
type Found<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i64>>);

/// The distance from each row of `x`, or of those in `among`, to the nearest row of `y`, and that
/// row's number.
#[pyfunction]
#[pyo3(signature = (x, y, *, metric="euclidean", among=None, bfloat16=(false, false), n_threads=None, progress=None, cpu_level=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn min_distances<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
    metric: &str,
    among: Option<PyReadonlyArray1<'py, i64>>,
    bfloat16: (bool, bool),
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
    cpu_level: Option<&str>,
) -> PyResult<Found<'py>> {
    let (x, y) = (Rows::borrow(x, "X", bfloat16.0)?, Rows::borrow(y, "Y", bfloat16.1)?);
    let (metric, level, threads) = (self::metric(metric)?, level(cpu_level)?, threads(n_threads)?);
    let ids = slice(&among)?;
    let count = ids.map_or(x.len(), <[i64]>::len);
    let (mut distances, mut indices) = (zeros(count)?, zeros(count)?);
    let mut lookout = Lookout::new(progress);
    let result = with_matrix!(&x, |x| with_matrix!(&y, |y| work(py, || {
        distance::min_distances(&x, ids, &y, metric, level, &mut distances, &mut indices, threads, &mut lookout)
    })));
    lookout.settle(py, count, result)?;
    distances.iter_mut().for_each(|distance| *distance = metric.finish(*distance));
    Ok((distances.into_pyarray(py), indices.into_pyarray(py)))
}
