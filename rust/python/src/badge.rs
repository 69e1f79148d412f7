//! `badge`: rows apart in the space of their gradients, drawn in proportion to squared distances.

use crate::arguments::threads;
use crate::array::{Rows, slice, with_matrix};
use crate::border::{Lookout, raise, work};
use crate::kmeans_plus_plus::{Found, features, found};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use shortlist_core::Level;
use shortlist_core::diverse::badge::badge as draw;
use shortlist_core::diverse::gradient::Gradients;
use shortlist_core::diverse::points::{Among, Chosen, Points};
use shortlist_core::error::Result;

/// Draw rows apart in the space of their gradients.
#[pyfunction]
#[pyo3(signature = (probs, x, k, *, from_logits=false, seed=0, among=None, bfloat16=(false, false), n_threads=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn badge<'py>(
    py: Python<'py>,
    probs: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    k: usize,
    from_logits: bool,
    seed: u64,
    among: Option<PyReadonlyArray1<'py, i64>>,
    bfloat16: (bool, bool),
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Found<'py>> {
    let (probs, x) = (Rows::borrow(probs, "probs", bfloat16.0)?, Rows::borrow(x, "X", bfloat16.1)?);
    let ids = slice(&among)?;
    let (errors, features) = (errors(&probs, from_logits, ids), features(&x, ids));
    let (errors, features) = (errors.map_err(raise)?, features.map_err(raise)?);
    let threads = threads(n_threads)?;
    let mut lookout = Lookout::new(progress);
    let settings = (Level::best(), threads);
    let result = work(py, || draw(&*errors, &*features, k, seed, settings, &mut lookout));
    found(py, &lookout.settle(py, k, result)?, ids)
}

/// Some rows of probabilities or logits, or all, as errors.
fn errors<'a>(rows: &'a Rows<'_>, logits: bool, ids: Option<&'a [i64]>) -> Result<Box<dyn Points + 'a>> {
    with_matrix!(rows, |matrix| {
        let among = Among::new(matrix.rows(), ids)?;
        Ok(Box::new(Chosen::new(Gradients::new(matrix, logits)?, among)))
    })
}
