//! The plain call on one array in memory, from its rows to its picks or scores without a state in
//! between: the same as by `Selector` and `Scorer.score`, for pools so small that these cost more
//! than the rows.

use crate::arguments::threads;
use crate::array::{Rows, with_matrix};
use crate::border::{Lookout, listed, work};
use crate::scorer::{Core, Scorer, adjacent, writable};
use numpy::{IntoPyArray, PyArray1};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shortlist_core::scorer::Scorer as RowScorer;
use shortlist_core::select::{Plan, Rows as Described, Selected, Selector};
use std::time::Instant;

/// The rows, where a measure of a row reads them as they lie. All else is for the caller to
/// convert, or to refuse in its own words.
fn readable<'a, 'py>(scorer: &'a Scorer, x: &Bound<'py, PyAny>) -> Option<(&'a RowScorer, Rows<'py>)> {
    let Core::Row(core) = &scorer.core else { return None };
    let rows = Rows::borrow(x, "x", false).ok()?;
    (rows.len() > 0 && rows.size().0 > 0).then_some((core, rows))
}

/// The best k rows of an array: (indices, scores, what a report says of it). None where it is not
/// read as it lies, or has fewer than k rows.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub(crate) fn select_at_once<'py>(
    scorer: &Bound<'py, Scorer>,
    x: &Bound<'py, PyAny>,
    k: usize,
    n_threads: i64,
) -> PyResult<Option<(Bound<'py, PyArray1<i64>>, Bound<'py, PyAny>, Bound<'py, PyDict>)>> {
    let (py, began) = (x.py(), Instant::now());
    let Some((core, rows)) = readable(scorer.get(), x).filter(|(_, rows)| k <= rows.len()) else { return Ok(None) };
    let (count, threads) = (rows.len(), threads(Some(n_threads))?);
    let mut lookout = Lookout::new(None);
    let result = with_matrix!(&rows, |matrix| work(py, || {
        let mut state = Selector::new(Plan::new(k, core.measure().about().order))?;
        let scored = core.select(&matrix, &mut state, &Described::from(0), threads, &mut lookout)?;
        Ok((scored, state.into_selected(&mut lookout)?))
    }));
    let (scored, selected) = lookout.settle(py, count, result)?;
    let Selected { candidates, invalid, ties_picked, ties_left, .. } = selected;
    let indices = listed(candidates.iter().map(|candidate| candidate.id as i64))?;
    let scores = if matches!(rows, Rows::F64(_)) {
        listed(candidates.iter().map(|candidate| candidate.score))?.into_pyarray(py).into_any()
    } else {
        listed(candidates.iter().map(|candidate| candidate.score as f32))?.into_pyarray(py).into_any()
    };
    let report = PyDict::new(py);
    report.set_item(intern!(py, "rows"), count)?;
    report.set_item(intern!(py, "skipped"), invalid)?;
    report.set_item(intern!(py, "ties_picked"), ties_picked)?;
    report.set_item(intern!(py, "ties_left"), ties_left)?;
    report.set_item(intern!(py, "scored_fraction"), scored as f64 / count as f64)?;
    report.set_item(intern!(py, "bytes"), rows.size().1)?;
    report.set_item(intern!(py, "n_threads"), n_threads)?;
    report.set_item(intern!(py, "cpu_level"), core.level().name())?;
    report.set_item(intern!(py, "seconds"), began.elapsed().as_secs_f64())?;
    Ok(Some((PyArray1::from_vec(py, indices), scores, report)))
}

/// One score for each row of an array, to `out`; false where it is not read as it lies.
#[pyfunction]
pub(crate) fn score_at_once<'py>(
    scorer: &Bound<'py, Scorer>,
    x: &Bound<'py, PyAny>,
    out: &Bound<'py, PyAny>,
    n_threads: i64,
) -> PyResult<bool> {
    let Some((core, rows)) = readable(scorer.get(), x) else { return Ok(false) };
    let (py, threads) = (x.py(), threads(Some(n_threads))?);
    let mut lookout = Lookout::new(None);
    let result = with_matrix!(&rows, |matrix| {
        let mut out = writable(out)?;
        let scores = adjacent(&mut out)?;
        work(py, || core.score(&matrix, scores, 0, threads, &mut lookout))
    });
    lookout.settle(py, rows.len(), result)?;
    Ok(true)
}
