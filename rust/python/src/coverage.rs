//! `coverage` and `typical`: rows that stand for others.

use crate::array::{Rows, with_matrix};
use crate::border::{Lookout, threads, value_error};
use crate::k_center::metric;
use crate::scorer::choice;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shortlist_core::Level;
use shortlist_core::diverse::coverage::{Options, coverage as cover};
use shortlist_core::diverse::similarity::Similarity;
use shortlist_core::diverse::typicality::{Cluster, typical as most_typical};

/// Pick `k` rows, each adding most to what is covered of the reference rows; returns ids, gains and totals.
#[pyfunction]
#[pyo3(signature = (x, k, references, *, weights=None, kernel="gaussian", scale=None, metric="euclidean", bfloat16=false,
    labelled=None, among=None, n_threads=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn coverage<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    k: usize,
    references: PyReadonlyArray1<'py, i64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    kernel: &str,
    scale: Option<f64>,
    metric: &str,
    bfloat16: bool,
    labelled: Option<PyReadonlyArray2<'py, f64>>,
    among: Option<PyReadonlyArray1<'py, i64>>,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let options = Options {
        k,
        similarity: choice("kernel", kernel, &Similarity::ALL.map(|similarity| (similarity.name(), similarity)))?,
        scale,
        metric: self::metric(metric)?,
        threads: threads(n_threads)?,
        level: Level::best(),
    };
    let references = references.as_slice()?;
    let weights = weights.as_ref().map(|weights| weights.as_slice()).transpose()?;
    let among = among.as_ref().map(|ids| ids.as_slice()).transpose()?;
    let labelled = labelled.as_ref().map(crate::array::matrix::<_, f64>);
    let mut lookout = Lookout::new(progress);
    let result = with_matrix!(&rows, |matrix| py.detach(|| cover(
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

/// The ids and typicalities of the most typical rows of each cluster: `members` holds the ids of one cluster after the other, of `sizes` rows each, of
/// which `picks` are wanted.
#[pyfunction]
#[pyo3(signature = (x, members, sizes, picks, *, neighbours=20, bfloat16=false, n_threads=None, progress=None))]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
pub(crate) fn typical<'py>(
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
    let result =
        with_matrix!(&rows, |matrix| py.detach(|| most_typical(matrix, &clusters, neighbours, settings, &mut lookout)));
    let found = lookout.settle(py, picks.iter().sum(), result)?;
    let ids: Vec<i64> = found.iter().map(|typical| typical.id).collect();
    let typicalities: Vec<f64> = found.iter().map(|typical| typical.typicality).collect();
    Ok((ids.into_pyarray(py), typicalities.into_pyarray(py)))
}
