//! What `ranked_batch` and `diverse_uncertain` share: rows that are uncertain and unlike each
//! other.

use crate::arguments::{level, metric, threads};
use crate::array::{self, Rows, slice, with_matrix};
use crate::border::{Lookout, listed, raise, work};
use crate::callable_metric::{CallableMetric, Failure};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use shortlist_core::diverse::Weights;
use shortlist_core::diverse::points::Among;
use shortlist_core::diverse::uncertain::{FeatureSpace, Rule, pick_by};
use shortlist_core::order::Candidate;

/// Ids in the order picked, and what each was worth then.
type Found<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

/// Pick `k` rows by uncertainty and distance: by ranked batch, or by `weights` of the two; returns
/// ids and values.
#[pyfunction]
#[pyo3(signature = (x, uncertainty, k, *, weights=None, bfloat16=false, labelled=None, metric="euclidean", among=None, n_threads=None, progress=None, cpu_level=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn uncertain_batch<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    uncertainty: PyReadonlyArray1<'py, f64>,
    k: usize,
    weights: Option<(f64, f64)>,
    bfloat16: bool,
    labelled: Option<Bound<'py, PyArray2<f64>>>,
    metric: &str,
    among: Option<PyReadonlyArray1<'py, i64>>,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
    cpu_level: Option<&str>,
) -> PyResult<Found<'py>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let among = slice(&among)?;
    let labelled = array::labelled(labelled.as_ref())?;
    let labelled = labelled.as_ref().map(array::matrix::<_, f64>);
    let (metric, threads, level) = (self::metric(metric)?, threads(n_threads)?, level(cpu_level)?);
    let (rule, uncertainty) = (rule(weights), uncertainty.as_slice()?);
    let mut lookout = Lookout::new(progress);
    let picked = with_matrix!(&rows, |matrix| {
        let features = FeatureSpace { matrix, among, labelled, metric, level };
        work(py, || features.pick(rule, uncertainty, k, threads, &mut lookout))
    });
    let picked = lookout.settle(py, k, picked)?;
    found(py, &picked, among)
}

/// What `uncertain_batch` does, with the distances of a [`CallableMetric`]. The object also has
/// `central()`, the row with the smallest mean distance to all. `rows` is the number of rows of the
/// pool, and `labelled` that of points from the start.
#[pyfunction]
#[pyo3(signature = (distances, rows, uncertainty, k, *, labelled=0, weights=None, among=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn uncertain_batch_by<'py>(
    py: Python<'py>,
    distances: Py<PyAny>,
    rows: usize,
    uncertainty: PyReadonlyArray1<'py, f64>,
    k: usize,
    labelled: usize,
    weights: Option<(f64, f64)>,
    among: Option<PyReadonlyArray1<'py, i64>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Found<'py>> {
    let (rule, uncertainty) = (rule(weights), uncertainty.as_slice()?);
    let ids = slice(&among)?;
    let failure = Failure::default();
    let metric = CallableMetric { object: &distances, among: Among::new(rows, ids).map_err(raise)?, failure: &failure };
    let central = || metric.ask(|object| object.call_method0("central")?.extract());
    let mut lookout = Lookout::new(progress);
    let picked = work(py, || pick_by(metric, labelled, central, rule, uncertainty, k, &mut lookout));
    let picked = failure.settle(py, lookout, k, picked)?;
    found(py, &picked, ids)
}

fn rule(weights: Option<(f64, f64)>) -> Rule {
    weights.map_or(Rule::RankedBatch, |(uncertainty, diversity)| {
        Rule::DiverseUncertain(Weights { uncertainty, diversity })
    })
}

fn found<'py>(py: Python<'py>, picks: &[Candidate], among: Option<&[i64]>) -> PyResult<Found<'py>> {
    let id = |pick: &Candidate| among.map_or(pick.id as i64, |ids| ids[pick.id as usize]);
    let ids = listed(picks.iter().map(id))?;
    let values = listed(picks.iter().map(|pick| pick.score))?;
    Ok((ids.into_pyarray(py), values.into_pyarray(py)))
}
