//! `kmeans_plus_plus`: rows drawn in proportion to their squared distances.

use crate::arguments::threads;
use crate::array::{Rows, slice, with_matrix};
use crate::border::{Lookout, listed, raise, work};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use shortlist_core::Level;
use shortlist_core::diverse::kmeans_plus_plus::kmeans_plus_plus as draw;
use shortlist_core::diverse::points::{Among, Chosen, Features, Points};
use shortlist_core::diverse::race::Drawn;
use shortlist_core::error::Result;

/// Ids, squared distances at the time of each draw, and the number of distances computed.
pub(crate) type Found<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>, u64);

/// Draw rows apart, by k-means++.
#[pyfunction]
#[pyo3(signature = (x, k, *, labelled=None, seed=0, among=None, bfloat16=false, n_threads=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn kmeans_plus_plus<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    k: usize,
    labelled: Option<&Bound<'py, PyAny>>,
    seed: u64,
    among: Option<PyReadonlyArray1<'py, i64>>,
    bfloat16: bool,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Found<'py>> {
    let x = Rows::borrow(x, "X", bfloat16)?;
    let labelled = labelled.map(|labelled| Rows::borrow(labelled, "labelled", false)).transpose()?;
    let ids = slice(&among)?;
    let points = features(&x, ids).map_err(raise)?;
    let given = match &labelled {
        Some(labelled) => features(labelled, None),
        None => features(&x, Some(&[])),
    };
    let given = given.map_err(raise)?;
    let threads = threads(n_threads)?;
    let mut lookout = Lookout::new(progress);
    let settings = (Level::best(), threads);
    let result = work(py, || draw(&*points, &*given, k, seed, settings, &mut lookout));
    found(py, &lookout.settle(py, k, result)?, ids)
}

/// Some rows of features, or all.
pub(crate) fn features<'a>(rows: &'a Rows<'_>, ids: Option<&'a [i64]>) -> Result<Box<dyn Points + 'a>> {
    with_matrix!(rows, |matrix| {
        let among = Among::new(matrix.rows(), ids)?;
        Ok(Box::new(Chosen::new(Features::new(matrix)?, among)))
    })
}

/// What was drawn, by the ids of the rows.
pub(crate) fn found<'py>(py: Python<'py>, drawn: &Drawn, ids: Option<&[i64]>) -> PyResult<Found<'py>> {
    let id = |row: usize| ids.map_or(row as i64, |ids| ids[row]);
    let indices = listed(drawn.draws.iter().map(|draw| id(draw.row)))?;
    let squared = listed(drawn.draws.iter().map(|draw| draw.squared))?;
    Ok((indices.into_pyarray(py), squared.into_pyarray(py), drawn.compared))
}
