//! `typiclust`: the most typical rows of each cluster.

use crate::arguments::threads;
use crate::array::{Rows, with_matrix};
use crate::border::{Lookout, listed, value_error, work};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use shortlist_core::Level;
use shortlist_core::diverse::typiclust::{self as core, Cluster};

/// The ids and typicalities of the most typical rows of each cluster:
/// `members` holds the ids of one cluster after the other, of `sizes` rows each, of which `picks`
/// are wanted.
#[pyfunction]
#[pyo3(signature = (x, members, sizes, picks, *, neighbours=20, bfloat16=false, n_threads=None, progress=None))]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
pub(crate) fn typiclust<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    members: PyReadonlyArray1<'py, i64>,
    sizes: Vec<usize>,
    picks: Vec<usize>,
    neighbours: usize,
    bfloat16: bool,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>)> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let mut rest = members.as_slice()?;
    if sizes.iter().sum::<usize>() != rest.len() || sizes.len() != picks.len() {
        return Err(value_error("sizes do not add up to the members, or are not as many as picks"));
    }
    let mut clusters = Vec::with_capacity(sizes.len());
    for (size, &picks) in sizes.into_iter().zip(&picks) {
        let (ids, others) = rest.split_at(size);
        clusters.push(Cluster { ids, picks });
        rest = others;
    }
    if neighbours == 0 {
        return Err(value_error("neighbours is 0; accepted is at least 1"));
    }
    let threads = threads(n_threads)?;
    let mut lookout = Lookout::new(progress);
    let settings = (Level::best(), threads);
    let result = with_matrix!(&rows, |matrix| work(py, || core::typiclust(
        matrix,
        &clusters,
        neighbours,
        settings,
        &mut lookout
    )));
    let found = lookout.settle(py, picks.iter().sum(), result)?;
    let ids = listed(found.iter().map(|typical| typical.id))?;
    let typicalities = listed(found.iter().map(|typical| typical.typicality))?;
    Ok((ids.into_pyarray(py), typicalities.into_pyarray(py)))
}
