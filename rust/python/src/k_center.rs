//! `k_center`: greedy core-sets.

use crate::arguments::{level, metric, threads};
use crate::array::{self, Rows, slice, with_matrix};
use crate::border::{Lookout, raise, value_error, work};
use crate::callable_metric::{CallableMetric, Failure};
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shortlist_core::diverse::k_center::{self as core, CoreSet, Init, KCenterOptions};
use shortlist_core::diverse::points::Among;

/// Pick `k` rows, each the farthest from `labelled` and the picks before it; returns ids, distances
/// and counts.
#[pyfunction]
#[pyo3(signature = (x, k, *, bfloat16=false, labelled=None, init=None, metric="euclidean", among=None, held=None, n_threads=None, progress=None, cpu_level=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn k_center<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    k: usize,
    bfloat16: bool,
    labelled: Option<Bound<'py, PyArray2<f64>>>,
    init: Option<Start>,
    metric: &str,
    among: Option<PyReadonlyArray1<'py, i64>>,
    held: Option<usize>,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
    cpu_level: Option<&str>,
) -> PyResult<Bound<'py, PyDict>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let options = KCenterOptions {
        k,
        metric: self::metric(metric)?,
        init: init.map_or(Init::Farthest, |start| start.0),
        held,
        threads: threads(n_threads)?,
        level: level(cpu_level)?,
    };
    let among = slice(&among)?;
    let labelled = array::labelled(labelled.as_ref())?;
    let labelled = labelled.as_ref().map(array::matrix::<_, f64>);
    let mut lookout = Lookout::new(progress);
    let picked = with_matrix!(&rows, |matrix| work(py, || core::k_center(
        matrix,
        among,
        labelled.as_ref(),
        &options,
        &mut lookout
    )));
    let found = found(py, lookout.settle(py, k, picked)?)?;
    found.set_item("cpu_level", options.level.name())?;
    Ok(found)
}

/// What `k_center` does, with the distances of a [`CallableMetric`]. The object also has
/// `from_mean()`, the distance of each row to the mean of all. `rows` is the number of rows of the
/// pool, and `labelled` that of points from the start.
#[pyfunction]
#[pyo3(signature = (distances, rows, k, *, labelled=0, init=None, among=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn k_center_by<'py>(
    py: Python<'py>,
    distances: Py<PyAny>,
    rows: usize,
    k: usize,
    labelled: usize,
    init: Option<Start>,
    among: Option<PyReadonlyArray1<'py, i64>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let init = init.map_or(Init::Farthest, |start| start.0);
    let ids = slice(&among)?;
    let (among, failure) = (Among::new(rows, ids).map_err(raise)?, Failure::default());
    let metric = CallableMetric { object: &distances, among, failure: &failure };
    let from_mean = || metric.numbers(among.count(), |object| object.call_method0("from_mean"));
    let mut lookout = Lookout::new(progress);
    let picked = work(py, || core::k_center_by(metric, labelled, from_mean, k, init, &mut lookout));
    found(py, failure.settle(py, lookout, k, picked)?)
}

fn found(py: Python<'_>, picked: CoreSet) -> PyResult<Bound<'_, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("ids", picked.ids.into_pyarray(py))?;
    found.set_item("distances", picked.distances.into_pyarray(py))?;
    found.set_item("radius", picked.radius)?;
    found.set_item("computed", picked.computed)?;
    found.set_item("refreshed", picked.refreshed)?;
    found.set_item("scans", picked.scans)?;
    found.set_item("first_passes", picked.first_passes)?;
    Ok(found)
}

/// The first pick: a rule's name, or an id.
pub(crate) struct Start(Init);

impl<'py> FromPyObject<'_, 'py> for Start {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(id) = object.extract::<usize>() {
            return Ok(Start(Init::Row(id)));
        }
        match object.extract::<&str>()? {
            "farthest" => Ok(Start(Init::Farthest)),
            "central" => Ok(Start(Init::Central)),
            other => Err(value_error(format!("init is {other:?}; accepted are \"farthest\", \"central\" and an id"))),
        }
    }
}
