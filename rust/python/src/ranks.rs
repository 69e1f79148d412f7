//! `near_best_ranks`: rows that may be drawn by their ranks.

use crate::arguments::choice;
use crate::border::{Lookout, work};
use crate::description::Mask;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use shortlist_core::order::Order;
use shortlist_core::select::{Ranked, near_best};

/// Scores in either precision.
#[derive(FromPyObject)]
pub(crate) enum Scores<'py> {
    Single(PyReadonlyArray1<'py, f32>),
    Double(PyReadonlyArray1<'py, f64>),
}

/// The rows that may be among k drawn in proportion to rank^-coldness, ascending, with one over
/// the rank of each, and of how many rows.
#[pyfunction]
#[pyo3(signature = (scores, k, *, order, seed, coldness, exclude=None))]
#[allow(clippy::type_complexity)]
pub(crate) fn near_best_ranks<'py>(
    py: Python<'py>,
    scores: Scores<'py>,
    k: usize,
    order: &str,
    seed: u64,
    coldness: f64,
    exclude: Option<Mask<'py>>,
) -> PyResult<(Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<f64>>, u64)> {
    let order = choice("order", order, &Order::NAMED)?;
    let excluded = exclude.as_ref().map(Mask::bytes).transpose()?;
    let (options, mut lookout) = ((k, seed, coldness), Lookout::new(None));
    let result = match &scores {
        Scores::Single(scores) => {
            let scores = scores.as_slice()?;
            work(py, || near_best(scores, order, excluded, options, &mut lookout))
        }
        Scores::Double(scores) => {
            let scores = scores.as_slice()?;
            work(py, || near_best(scores, order, excluded, options, &mut lookout))
        }
    };
    let Ranked { rows, weights, of } = lookout.settle(py, 0, result)?;
    Ok((rows.into_pyarray(py), weights.into_pyarray(py), of))
}
