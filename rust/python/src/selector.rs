//! `Selector`: the mergeable state of a selection.

use crate::arguments::{choice, threads};
use crate::array::{Columns, Members, Rows, with_columns, with_matrix, with_members};
use crate::border::{Lookout, listed, raise, type_error, value_error, work};
use crate::description::{Codes, Description, Mask};
use crate::scorer::{Block, Core as Measures, Scorer};
use crate::turn::Turn;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use shortlist_core::error::{Error, Result};
use shortlist_core::fault::Fault;
use shortlist_core::float::Float;
use shortlist_core::measure::Measure;
use shortlist_core::order::Order;
use shortlist_core::room::caught;
use shortlist_core::scorer::{Invalid, Scorer as RowScorer};
use shortlist_core::select::{Perturb, Plan, Rows as Described, Selector as Core, Ties};
use std::sync::{Arc, Mutex, PoisonError};

/// The mergeable state of a selection. Safe to share between threads: an update works on a draft,
/// and is in the state when it ends.
#[pyclass(module = "shortlist._core", frozen)]
pub(crate) struct Selector {
    scorer: Option<Scorer>,
    invalid: Invalid,
    state: Guarded,
}

/// A state that calls look at and change for moments, in which they neither need the GIL nor call
/// Python.
struct Guarded {
    state: Mutex<State>,
    turn: Turn,
}

impl Guarded {
    fn new(core: Core) -> Self {
        Guarded::of(State { core, classes: None, bytes: 0, scored: 0 })
    }

    fn of(state: State) -> Self {
        Guarded { state: Mutex::new(state), turn: Turn::new("Selector".into()) }
    }

    /// Do something with the state, without the GIL.
    fn with<R: Send>(&self, py: Python<'_>, change: impl FnOnce(&mut State) -> Result<R> + Send) -> PyResult<R> {
        let _taken = self.turn.take(py)?;
        // Only who has the turn locks it. A poisoned state is as it was before the call that
        // panicked: it is changed at the very end.
        work(py, || change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))).map_err(raise)
    }
}

/// What updates change.
#[derive(Clone)]
struct State {
    core: Core,
    /// Number of classes of the blocks so far.
    classes: Option<usize>,
    bytes: u64,
    /// Rows whose measure was computed in full.
    scored: u64,
}

/// How far below zero a measure may fall by the tolerance of row sums, when a power of it is taken.
const POWER_SLACK: f64 = 0.05;

#[pymethods]
impl Selector {
    #[new]
    #[pyo3(signature = (k, *, scorer=None, order="highest", ties="first", seed=0, perturb=None, coldness=1.0, per_group=None,
        quotas=None, exclude=None, invalid="raise"))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        k: usize,
        scorer: Option<Scorer>,
        order: &str,
        ties: &str,
        seed: u64,
        perturb: Option<&str>,
        coldness: f64,
        per_group: Option<usize>,
        quotas: Option<PyReadonlyArray1<'_, i64>>,
        exclude: Option<PyReadonlyArray1<'_, i64>>,
        invalid: &str,
    ) -> PyResult<Self> {
        let order = match &scorer {
            Some(scorer) => scorer.about().order,
            None => choice("order", order, &Order::NAMED)?,
        };
        let exclude = exclude.as_ref().map_or(Ok(&[][..]), PyReadonlyArray1::as_slice)?;
        let plan = Plan {
            ties: choice("ties", ties, &Ties::NAMED)?,
            seed,
            perturb: perturb.map(|name| choice("perturb", name, &Perturb::NAMED)).transpose()?,
            coldness,
            power_complement: scorer.as_ref().is_some_and(|scorer| scorer.about().name == Measure::Margin.about().name),
            power_slack: if scorer.is_some() { POWER_SLACK } else { 0.0 },
            per_group,
            quotas: quotas.map(|quotas| listed(quotas.as_slice()?.iter().map(|&quota| quota as usize))).transpose()?,
            exclude: Arc::new(listed(exclude.iter().map(|&id| id as u64))?),
            ..Plan::new(k, order)
        };
        let invalid = match &scorer {
            Some(scorer) => scorer.rules().invalid,
            None => choice("invalid", invalid, &Invalid::NAMED)?,
        };
        let core = caught(|| Core::new(plan)).map_err(raise)?;
        Ok(Selector { scorer, invalid, state: Guarded::new(core) })
    }

    /// Score the rows of a block and take note of the best.
    #[pyo3(signature = (x, *, bfloat16=false, first_id=0, ids=None, exclude=None, groups=None, n_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn update<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        bfloat16: bool,
        first_id: u64,
        ids: Option<PyReadonlyArray1<'py, i64>>,
        exclude: Option<Mask<'py>>,
        groups: Option<Codes<'py>>,
        n_threads: Option<i64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let Some(scorer) = &self.scorer else {
            return Err(value_error("this Selector has no measure; accepted are scores, by update_scores"));
        };
        let block = scorer.block(x, bfloat16)?;
        let description = Description { first_id, ids, exclude, groups };
        let described = description.rows()?;
        let threads = threads(n_threads)?;
        let (count, (classes, bytes)) = (block.len(), block.size());
        let mut draft = self.state.with(py, |state| state.draft(Some(classes), &described, count))?;
        let scored = select(py, &block, &mut draft, &described, threads, progress)?;
        self.take(py, draft, Some(classes), bytes, scored)
    }

    /// The same for arrays whose rows follow each other: many small ones go in one call.
    #[pyo3(signature = (arrays, *, first_id=0, ids=None, exclude=None, groups=None, n_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn update_all<'py>(
        &self,
        py: Python<'py>,
        arrays: &Bound<'py, PyAny>,
        first_id: u64,
        ids: Option<PyReadonlyArray1<'py, i64>>,
        exclude: Option<Mask<'py>>,
        groups: Option<Codes<'py>>,
        n_threads: Option<i64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let scorer = self.scorer_of_rows()?;
        let arrays = Members::borrow(arrays, false)?;
        let description = Description { first_id, ids, exclude, groups };
        let (described, threads) = (description.rows()?, threads(n_threads)?);
        let count = arrays.0.iter().map(Rows::len).sum();
        let (classes, bytes) =
            (arrays.0.first().map(|rows| rows.size().0), arrays.0.iter().map(|rows| rows.size().1).sum());
        let mut draft = self.state.with(py, |state| state.draft(classes, &described, count))?;
        let mut lookout = Lookout::new(progress);
        let result = with_members!(&arrays, |matrices| work(py, || scorer.select_all(
            &matrices,
            &mut draft,
            &described,
            threads,
            &mut lookout
        )));
        let scored = lookout.settle(py, count, result)?;
        self.take(py, draft, classes, bytes, scored)
    }

    /// The same for rows of which each column is an array of its own.
    #[pyo3(signature = (columns, *, first_id=0, ids=None, exclude=None, groups=None, n_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn update_columns<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<Bound<'py, PyAny>>,
        first_id: u64,
        ids: Option<PyReadonlyArray1<'py, i64>>,
        exclude: Option<Mask<'py>>,
        groups: Option<Codes<'py>>,
        n_threads: Option<i64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let scorer = self.scorer_of_rows()?;
        let arrays = Columns::borrow(&columns)?;
        let description = Description { first_id, ids, exclude, groups };
        let (described, threads) = (description.rows()?, threads(n_threads)?);
        let (classes, count, bytes) = arrays.size()?;
        let mut draft = self.state.with(py, |state| state.draft(Some(classes), &described, count))?;
        let mut lookout = Lookout::new(progress);
        let result = with_columns!(&arrays, |slices| work(py, || scorer.select_columns(
            &slices,
            &mut draft,
            &described,
            threads,
            &mut lookout
        )));
        let scored = lookout.settle(py, count, result)?;
        self.take(py, draft, Some(classes), bytes, scored)
    }

    /// Take note of the best of rows that are scored already. NaN is an invalid row.
    #[pyo3(signature = (scores, *, first_id=0, ids=None, exclude=None, groups=None, n_threads=None))]
    #[allow(clippy::too_many_arguments)]
    fn update_scores<'py>(
        &self,
        py: Python<'py>,
        scores: &Bound<'py, PyAny>,
        first_id: u64,
        ids: Option<PyReadonlyArray1<'py, i64>>,
        exclude: Option<Mask<'py>>,
        groups: Option<Codes<'py>>,
        n_threads: Option<i64>,
    ) -> PyResult<()> {
        threads(n_threads)?;
        let description = Description { first_id, ids, exclude, groups };
        let rows = description.rows()?;
        if let Ok(scores) = scores.cast::<PyArray1<f32>>() {
            self.absorb(py, scores.try_readonly()?.as_slice()?, &rows)
        } else if let Ok(scores) = scores.cast::<PyArray1<f64>>() {
            self.absorb(py, scores.try_readonly()?.as_slice()?, &rows)
        } else {
            Err(type_error("scores is not a one-dimensional float32 or float64 array; accepted is one, contiguous"))
        }
    }

    /// Take note of rows that need no scores, for uniform random picks.
    #[pyo3(signature = (rows, *, first_id=0, ids=None, exclude=None, groups=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn update_count<'py>(
        &self,
        py: Python<'py>,
        rows: usize,
        first_id: u64,
        ids: Option<PyReadonlyArray1<'py, i64>>,
        exclude: Option<Mask<'py>>,
        groups: Option<Codes<'py>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let description = Description { first_id, ids, exclude, groups };
        let described = description.rows()?;
        let mut draft = self.state.with(py, |state| state.draft(None, &described, rows))?;
        if draft.plan().perturb != Some(Perturb::Uniform) {
            let accepted = "rows without scores need perturb=\"uniform\"";
            return Err(value_error(format!("this Selector picks by score; {accepted}")));
        }
        let mut lookout = Lookout::new(progress);
        let result = work(py, || draft.update_count(rows, &described, &mut lookout));
        lookout.settle(py, rows, result)?;
        self.take(py, draft, None, 0, rows as u64)
    }

    /// An empty state for rows that this one is to take over by `commit`, or not at all. It knows
    /// the ids and the threshold of this one.
    fn draft(&self, py: Python<'_>) -> PyResult<Selector> {
        let state = self
            .state
            .with(py, |state| Ok(State { core: state.core.draft(), classes: state.classes, bytes: 0, scored: 0 }))?;
        Ok(self.like(state))
    }

    /// Take over the rows of a draft: all of them, or none where one of their ids was seen
    /// meanwhile.
    fn commit(&self, py: Python<'_>, draft: &Selector) -> PyResult<()> {
        let State { core, classes, bytes, scored } = draft.state.with(py, |state| Ok(state.clone()))?;
        self.take(py, core, classes, bytes, scored)
    }

    fn __copy__(&self, py: Python<'_>) -> PyResult<Selector> {
        Ok(self.like(self.state.with(py, |state| Ok(state.clone()))?))
    }

    /// Take over everything another state of the same configuration and of other rows has seen.
    fn merge(&self, py: Python<'_>, other: &Selector) -> PyResult<()> {
        if self.scorer != other.scorer || self.invalid != other.invalid {
            let name = |scorer: &Option<Scorer>| match scorer {
                Some(scorer) => format!("{:?}", scorer.core),
                None => "scores".to_string(),
            };
            let (own, others) = (name(&self.scorer), name(&other.scorer));
            return Err(raise(Error::Unmergeable(format!("one is of {own}, the other of {others}"))));
        }
        let other = other.state.with(py, |state| Ok(state.clone()))?;
        self.state.with(py, |state| {
            if let (Some(own), Some(others)) = (state.classes, other.classes)
                && own != others
            {
                return Err(Error::Unmergeable(format!("one is of {own} classes, the other of {others}")));
            }
            state.core.merge(&other.core)?;
            state.classes = state.classes.or(other.classes);
            state.bytes += other.bytes;
            state.scored += other.scored;
            Ok(())
        })
    }

    /// The picks so far, most informative first: (indices, scores, stats). The state can go on
    /// afterwards.
    #[allow(clippy::type_complexity)]
    fn finish<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyDict>)> {
        let state = self.state.with(py, |state| Ok(state.clone()))?;
        let mut lookout = Lookout::new(None);
        let result = work(py, || state.core.into_selected(&mut lookout));
        let selected = lookout.settle(py, 0, result)?;
        let indices = listed(selected.candidates.iter().map(|candidate| candidate.id as i64))?;
        let scores = listed(selected.candidates.iter().map(|candidate| candidate.score))?;
        let ties = PyDict::new(py);
        ties.set_item("picked", selected.ties_picked)?;
        ties.set_item("left", selected.ties_left)?;
        let stats = PyDict::new(py);
        stats.set_item("rows", selected.rows)?;
        stats.set_item("bytes", state.bytes)?;
        stats.set_item("invalid", selected.invalid)?;
        stats.set_item("excluded", selected.excluded)?;
        stats.set_item("never_drawn", selected.never_drawn)?;
        stats.set_item("ties_at_cut", ties)?;
        stats.set_item(
            "scored_fraction",
            if selected.rows == 0 { 1.0 } else { state.scored as f64 / selected.rows as f64 },
        )?;
        Ok((indices.into_pyarray(py), scores.into_pyarray(py), stats))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Saved<'py>)> {
        let state = self.state.with(py, |state| Ok(state.clone()))?;
        let restore = py.get_type::<Selector>().getattr("restore")?;
        let mut lookout = Lookout::new(None);
        let result = work(py, || state.core.to_bytes_watched(&mut lookout));
        let saved = lookout.settle(py, 0, result)?;
        let bytes = PyBytes::new_with(py, saved.len(), |bytes| {
            bytes.copy_from_slice(&saved);
            Ok(())
        })?;
        let skip = self.invalid == Invalid::Skip;
        Ok((restore, (bytes, self.scorer.clone(), skip, state.classes, state.bytes, state.scored)))
    }

    /// The state that was pickled.
    #[staticmethod]
    fn restore(
        bytes: &[u8],
        scorer: Option<Scorer>,
        skip: bool,
        classes: Option<usize>,
        read: u64,
        scored: u64,
    ) -> PyResult<Self> {
        let core = caught(|| Core::from_bytes(bytes)).map_err(raise)?;
        let invalid = if skip { Invalid::Skip } else { Invalid::Raise };
        Ok(Selector { scorer, invalid, state: Guarded::of(State { core, classes, bytes: read, scored }) })
    }
}

/// Score the rows of a block and take note of the best in a draft. Returns how many were scored in
/// full.
fn select(
    py: Python<'_>,
    block: &Block<'_, '_>,
    draft: &mut Core,
    rows: &Described<'_>,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<u64> {
    let mut lookout = Lookout::new(progress);
    let result = match block {
        Block::Row(core, array) => {
            with_matrix!(array, |matrix| work(py, || { core.select(&matrix, draft, rows, threads, &mut lookout) }))
        }
        Block::Committee(core, members) => with_members!(members, |matrices| work(py, || {
            core.select(&matrices, draft, rows, threads, &mut lookout)
        })),
    };
    lookout.settle(py, block.len(), result)
}

/// The arguments of [`Selector::restore`].
type Saved<'py> = (Bound<'py, PyBytes>, Option<Scorer>, bool, Option<usize>, u64, u64);

impl State {
    /// A draft for a block of so many classes, whose rows are new.
    fn draft(&self, classes: Option<usize>, rows: &Described<'_>, len: usize) -> Result<Core> {
        self.fits(classes)?;
        self.core.check(rows, len)?;
        Ok(self.core.draft_of_checked())
    }

    /// Whether a block of so many classes goes with earlier ones.
    fn fits(&self, classes: Option<usize>) -> Result<()> {
        if let (Some(came), Some(known)) = (classes, self.classes)
            && came != known
        {
            return Err(Error::Argument(format!("x has {came} classes; accepted are {known}, as in earlier blocks")));
        }
        Ok(())
    }
}

impl Selector {
    /// The measure, where it is one of a row.
    fn scorer_of_rows(&self) -> PyResult<&RowScorer> {
        match self.scorer.as_ref().map(|scorer| &scorer.core) {
            Some(Measures::Row(scorer)) => Ok(scorer),
            _ => Err(value_error("this Selector has no measure of a row; accepted are scores, by update_scores")),
        }
    }

    /// Another state of the same configuration.
    fn like(&self, state: State) -> Selector {
        Selector { scorer: self.scorer.clone(), invalid: self.invalid, state: Guarded::of(state) }
    }

    /// Take over the rows of a draft, which were of so many classes and bytes.
    fn take(&self, py: Python<'_>, draft: Core, classes: Option<usize>, bytes: u64, scored: u64) -> PyResult<()> {
        self.state.with(py, |state| {
            state.fits(classes)?;
            state.core.commit(&draft)?;
            state.classes = state.classes.or(classes);
            state.scored += scored;
            state.bytes += bytes;
            Ok(())
        })
    }

    fn absorb<T: Float>(&self, py: Python<'_>, scores: &[T], rows: &Described<'_>) -> PyResult<()> {
        let mut draft = self.state.with(py, |state| state.draft(None, rows, scores.len()))?;
        work(py, || {
            let nan = scores.iter().position(|score| score.partial_cmp(score).is_none());
            if let (Invalid::Raise, Some(i)) = (self.invalid, nan) {
                return Err(Error::row(rows.id(i), Fault::NanScore));
            }
            draft.update(scores, rows)
        })
        .map_err(raise)?;
        self.take(py, draft, None, size_of_val(scores) as u64, scores.len() as u64)
    }
}
