//! What `ranked_batch` and `diverse_uncertain` share: rows that are uncertain and unlike each other.

use crate::arguments::{level, metric, threads};
use crate::array::{Rows, with_matrix};
use crate::border::Lookout;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use shortlist_core::diverse::uncertain::{FeatureSpace, Rule, pick_by};
use shortlist_core::diverse::{Distances, Weights};
use shortlist_core::error::{Error, Result};
use shortlist_core::order::Candidate;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Ids in the order picked, and what each was worth then.
type Found<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

/// Pick `k` rows by uncertainty and distance: by ranked batch, or by `weights` of the two; returns ids and values.
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
    labelled: Option<PyReadonlyArray2<'py, f64>>,
    metric: &str,
    among: Option<PyReadonlyArray1<'py, i64>>,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
    cpu_level: Option<&str>,
) -> PyResult<Found<'py>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let among = among.as_ref().map(|ids| ids.as_slice()).transpose()?;
    let labelled = labelled.as_ref().map(crate::array::matrix::<_, f64>);
    let (metric, threads, level) = (self::metric(metric)?, threads(n_threads)?, level(cpu_level)?);
    let (rule, uncertainty) = (rule(weights), uncertainty.as_slice()?);
    let mut lookout = Lookout::new(progress);
    let picked = with_matrix!(&rows, |matrix| {
        let features = FeatureSpace { matrix, among, labelled, metric, level };
        py.detach(|| features.pick(rule, uncertainty, k, threads, &mut lookout))
    });
    let picked = lookout.settle(py, k, picked)?;
    Ok(found(py, &picked, among))
}

/// What `uncertain_batch` does, with distances that `distances` tells: an object with `nearest(rows, start, stop)`, the distance of each row to the
/// nearest of some points, `pick(row)`, which makes a row a point, and `central()`, the row with the smallest mean distance to all. `labelled` is the number
/// of points from the start.
#[pyfunction]
#[pyo3(signature = (distances, rows, uncertainty, k, *, labelled=0, weights=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn uncertain_batch_by<'py>(
    py: Python<'py>,
    distances: Py<PyAny>,
    rows: usize,
    uncertainty: PyReadonlyArray1<'py, f64>,
    k: usize,
    labelled: usize,
    weights: Option<(f64, f64)>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Found<'py>> {
    let (rule, uncertainty) = (rule(weights), uncertainty.as_slice()?);
    let failure = Arc::new(Mutex::new(None));
    let teller = Teller { object: distances.clone_ref(py), rows, failure: failure.clone() };
    let asked = Teller { object: distances, rows, failure: failure.clone() };
    let central = || asked.ask(|object| object.call_method0("central")?.extract());
    let mut lookout = Lookout::new(progress);
    let picked = py.detach(|| pick_by(teller, labelled, central, rule, uncertainty, k, &mut lookout));
    if let Some(failure) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(failure);
    }
    let picked = lookout.settle(py, k, picked)?;
    Ok(found(py, &picked, None))
}

fn rule(weights: Option<(f64, f64)>) -> Rule {
    weights.map_or(Rule::RankedBatch, |(uncertainty, diversity)| {
        Rule::DiverseUncertain(Weights { uncertainty, diversity })
    })
}

fn found<'py>(py: Python<'py>, picks: &[Candidate], among: Option<&[i64]>) -> Found<'py> {
    let id = |pick: &Candidate| among.map_or(pick.id as i64, |ids| ids[pick.id as usize]);
    let ids: Vec<i64> = picks.iter().map(id).collect();
    let values: Vec<f64> = picks.iter().map(|pick| pick.score).collect();
    (ids.into_pyarray(py), values.into_pyarray(py))
}

/// A Python object that knows distances; what it raises is kept and raised again at the end.
struct Teller {
    object: Py<PyAny>,
    rows: usize,
    failure: Arc<Mutex<Option<PyErr>>>,
}

impl Teller {
    fn ask<T>(&self, question: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T> {
        Python::attach(|py| question(self.object.bind(py))).map_err(|failure| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            Error::Interrupted
        })
    }
}

impl Distances for Teller {
    fn rows(&self) -> usize {
        self.rows
    }

    fn nearest(&self, rows: &[u32], points: Range<usize>) -> Result<Vec<f64>> {
        let found: Vec<f64> = self.ask(|object| {
            let rows: Vec<i64> = rows.iter().map(|&row| i64::from(row)).collect();
            let rows = rows.into_pyarray(object.py());
            let distances = object.call_method1("nearest", (rows, points.start, points.end))?;
            distances.cast_into::<PyArray1<f64>>()?.to_vec().map_err(PyErr::from)
        })?;
        if found.len() != rows.len() {
            let (came, accepted) = (found.len(), rows.len());
            return Err(Error::Argument(format!("metric gave {came} distances for {accepted} rows")));
        }
        Ok(found)
    }

    fn pick(&mut self, row: usize) -> Result<()> {
        self.ask(|object| object.call_method1("pick", (row,)).map(drop))
    }
}
