//! Rounds over rows in parts: what a part offers, and what is picked of the offers.

use crate::arguments::{level, metric, threads};
use crate::array::{Rows, slice, with_matrix};
use crate::border::{Lookout, copied, listed, work};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use shortlist_core::diverse::rounds::offers::Offers;
use shortlist_core::diverse::rounds::part::{Known, Part};
use shortlist_core::diverse::rounds::{Bound as CoreBound, Worth};

/// What is known of the rows (distances, points seen), then positions, keys and ids of the bounds,
/// and the number of distances computed.
type Offered<'py> = (
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<i64>>,
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i64>>),
    u64,
);

/// Bring the rows of a part up to date as far as its `amount` best need it, and offer those.
#[pyfunction]
#[pyo3(signature = (x, ids, nearest, seen, points, amount, ahead, *, metric="euclidean", uncertainty=None, all=0, bfloat16=false, n_threads=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn offer_rows<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    ids: PyReadonlyArray1<'py, i64>,
    nearest: PyReadonlyArray1<'py, f64>,
    seen: PyReadonlyArray1<'py, u32>,
    points: PyReadonlyArray2<'py, f64>,
    amount: usize,
    ahead: usize,
    metric: &str,
    uncertainty: Option<PyReadonlyArray1<'py, f64>>,
    all: usize,
    bfloat16: bool,
    n_threads: Option<i64>,
) -> PyResult<Offered<'py>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let (ids, points) = (ids.as_slice()?, crate::array::matrix::<_, f64>(&points));
    let uncertainty = slice(&uncertainty)?;
    let (metric, threads, level) = (self::metric(metric)?, threads(n_threads)?, level(None)?);
    let worth = worth(uncertainty, all);
    let known = Known { nearest: copied(&nearest)?, seen: copied(&seen)? };
    let mut lookout = Lookout::new(None);
    let offered = with_matrix!(&rows, |matrix| {
        let part = Part { matrix, ids, worth, metric, level, threads };
        work(py, || part.offer(known, points, amount, ahead, &mut lookout))
    });
    let (known, offer) = lookout.settle(py, amount, offered)?;
    let keys = listed(offer.bounds.iter().map(|bound| bound.0))?;
    let bound_ids = listed(offer.bounds.iter().map(|bound| bound.1))?;
    Ok((
        known.nearest.into_pyarray(py),
        known.seen.into_pyarray(py),
        offer.rows.into_pyarray(py),
        (keys.into_pyarray(py), bound_ids.into_pyarray(py)),
        offer.computed,
    ))
}

/// Whether each row reaches the first bound; then positions and values of the picks, whether that
/// is all, the radius, and the number of distances computed.
type Picked<'py> = (Bound<'py, PyArray1<bool>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>, bool, f64, u64);

/// Pick up to `wanted` of the rows that all parts offer, as long as no row that was kept back can
/// be better.
#[pyfunction]
#[pyo3(signature = (x, ids, nearest, points, bound_keys, bound_ids, wanted, *, metric="euclidean", uncertainty=None, all=0, bfloat16=false, n_threads=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn pick_offered<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    ids: PyReadonlyArray1<'py, i64>,
    nearest: PyReadonlyArray1<'py, f64>,
    points: usize,
    bound_keys: PyReadonlyArray1<'py, f64>,
    bound_ids: PyReadonlyArray1<'py, i64>,
    wanted: usize,
    metric: &str,
    uncertainty: Option<PyReadonlyArray1<'py, f64>>,
    all: usize,
    bfloat16: bool,
    n_threads: Option<i64>,
) -> PyResult<Picked<'py>> {
    let rows = Rows::borrow(x, "X", bfloat16)?;
    let (ids, nearest) = (ids.as_slice()?, nearest.as_slice()?);
    let uncertainty = slice(&uncertainty)?;
    let (metric, threads, level) = (self::metric(metric)?, threads(n_threads)?, level(None)?);
    let worth = worth(uncertainty, all);
    let keys = bound_keys.as_slice()?.iter().copied();
    let bounds: Vec<CoreBound> = listed(keys.zip(bound_ids.as_slice()?.iter().copied()))?;
    let mut lookout = Lookout::new(None);
    let picked = with_matrix!(&rows, |matrix| {
        let offers = Offers { matrix, ids, nearest, worth, points, bounds: &bounds, metric, level, threads };
        work(py, || Ok((offers.reaching()?, offers.pick(wanted, &mut lookout)?)))
    });
    let (reaching, picked) = lookout.settle(py, wanted, picked)?;
    Ok((
        reaching.into_pyarray(py),
        picked.rows.into_pyarray(py),
        picked.values.into_pyarray(py),
        picked.done,
        picked.radius,
        picked.computed,
    ))
}

fn worth(uncertainty: Option<&[f64]>, all: usize) -> Worth<'_> {
    uncertainty.map_or(Worth::Distance, |uncertainty| Worth::Batch { all, uncertainty })
}
