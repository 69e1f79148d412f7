//! `Scorer`: a measure with its options.

use crate::arguments::{choice, level, threads};
use crate::array::{Members, Rows, output, with_matrix, with_members};
use crate::border::{Lookout, mend, raise, type_error, value_error, work};
use numpy::{PyArrayMethods, PyReadwriteArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shortlist_core::committee::{CommitteeMeasure, CommitteeScorer};
use shortlist_core::fault::RowFault;
use shortlist_core::measure::{About, Measure};
use shortlist_core::scorer::{Invalid, Normalize, RowRules, Scorer as RowScorer};

/// A measure with its options. Immutable.
#[pyclass(module = "shortlist._core", frozen, eq, from_py_object)]
#[derive(Clone, PartialEq)]
pub(crate) struct Scorer {
    pub(crate) core: Core,
}

/// A measure of one model's rows, or of what a committee says about them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Core {
    Row(RowScorer),
    Committee(CommitteeScorer),
}

/// Evaluate `$body` with `$core` bound to either kind of scorer.
macro_rules! either {
    ($scorer:expr, |$core:ident| $body:expr) => {
        match &$scorer.core {
            Core::Row($core) => $body,
            Core::Committee($core) => $body,
        }
    };
}

/// A scorer with the rows it takes, borrowed from NumPy.
pub(crate) enum Block<'a, 'py> {
    Row(&'a RowScorer, Rows<'py>),
    Committee(&'a CommitteeScorer, Members<'py>),
}

impl Block<'_, '_> {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Block::Row(_, rows) => rows.len(),
            Block::Committee(_, members) => members.len(),
        }
    }

    /// Number of classes, and bytes of all elements.
    pub(crate) fn size(&self) -> (usize, u64) {
        match self {
            Block::Row(_, rows) => rows.size(),
            Block::Committee(_, members) => {
                let classes = members.0.first().map_or(0, |rows| rows.size().0);
                (classes, members.0.iter().map(|rows| rows.size().1).sum())
            }
        }
    }
}

#[pymethods]
impl Scorer {
    #[new]
    #[pyo3(signature = (measure, *, from_logits=false, temperature=1.0, normalize="check", invalid="raise", cpu_level=None))]
    fn new(
        measure: &str,
        from_logits: bool,
        temperature: f64,
        normalize: &str,
        invalid: &str,
        cpu_level: Option<&str>,
    ) -> PyResult<Self> {
        let normalize = choice("normalize", normalize, &Normalize::NAMED)?;
        let invalid = choice("invalid", invalid, &Invalid::NAMED)?;
        let level = level(cpu_level)?;
        let core = match CommitteeMeasure::parse(measure) {
            Some(measure) => {
                CommitteeScorer::new(measure, from_logits, temperature, normalize, invalid, level).map(Core::Committee)
            }
            None => {
                let rows = Measure::ALL.iter().map(|measure| (measure.about().name, Some(*measure)));
                let committees = CommitteeMeasure::ALL.iter().map(|measure| (measure.about().name, None));
                let names: Vec<_> = rows.chain(committees).collect();
                let Some(measure) = choice("measure", measure, &names)? else { unreachable!("parsed above") };
                RowScorer::new(measure, from_logits, temperature, normalize, invalid, level).map(Core::Row)
            }
        };
        Ok(Scorer { core: core.map_err(raise)? })
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&'static str,), Bound<'py, PyDict>)> {
        let options = PyDict::new(py);
        options.set_item("from_logits", self.from_logits())?;
        options.set_item("temperature", self.temperature())?;
        options.set_item("normalize", self.normalize())?;
        options.set_item("invalid", self.invalid())?;
        // Not the CPU level: the state may be opened on another machine, where the bits are the
        // same at any level.
        Ok(((self.measure(),), options))
    }

    /// Name of the measure.
    #[getter]
    fn measure(&self) -> &'static str {
        self.about().name
    }

    /// The informative end: "highest" or "lowest".
    #[getter]
    fn order(&self) -> &'static str {
        self.about().order.name()
    }

    /// "row" or "committee".
    #[getter]
    fn kind(&self) -> &'static str {
        match self.core {
            Core::Row(_) => "row",
            Core::Committee(_) => "committee",
        }
    }

    /// Whether rows are logits.
    #[getter]
    #[allow(clippy::wrong_self_convention)] // the argument's name
    fn from_logits(&self) -> bool {
        self.rules().logits
    }

    /// What logits are divided by.
    #[getter]
    fn temperature(&self) -> f64 {
        self.rules().temperature
    }

    /// What is done about sums.
    #[getter]
    fn normalize(&self) -> &'static str {
        self.rules().normalize.name()
    }

    /// What is done about invalid rows.
    #[getter]
    fn invalid(&self) -> &'static str {
        self.rules().invalid.name()
    }

    /// The CPU level in use.
    #[getter]
    fn cpu_level(&self) -> &'static str {
        self.rules().level.name()
    }

    /// Score every row of `x` into `out`; returns {"rows", "invalid"}.
    #[pyo3(signature = (x, out, *, bfloat16=false, first_row=0, n_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn score<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        out: &Bound<'py, PyAny>,
        bfloat16: bool,
        first_row: u64,
        n_threads: Option<i64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let block = self.block(x, bfloat16)?;
        let threads = threads(n_threads)?;
        let mut lookout = Lookout::new(progress);
        let count = block.len();
        let result = match &block {
            Block::Row(core, rows) => with_matrix!(rows, |matrix| {
                let mut out = writable(out)?;
                let scores = adjacent(&mut out)?;
                work(py, || core.score(&matrix, scores, first_row, threads, &mut lookout))
            }),
            Block::Committee(core, members) => with_members!(members, |matrices| {
                let mut out = writable(out)?;
                let scores = adjacent(&mut out)?;
                work(py, || core.score(&matrices, scores, first_row, threads, &mut lookout))
            }),
        };
        let invalid = lookout.settle(py, count, result)?;
        let stats = PyDict::new(py);
        stats.set_item("rows", count)?;
        stats.set_item("invalid", invalid)?;
        Ok(stats)
    }

    /// The invalid rows of `x`: how many, of which kinds, and the first of them with their faults.
    #[pyo3(signature = (x, *, bfloat16=false, first_row=0, limit=10))]
    fn diagnose<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        bfloat16: bool,
        first_row: u64,
        limit: usize,
    ) -> PyResult<Bound<'py, PyDict>> {
        let block = self.block(x, bfloat16)?;
        let faults = match &block {
            Block::Row(core, rows) => with_matrix!(rows, |matrix| work(py, || core.faults(&matrix))),
            Block::Committee(core, members) => with_members!(members, |matrices| work(py, || core.faults(&matrices))),
        };
        let faults = faults.map_err(raise)?;
        let kinds = PyDict::new(py);
        for kind in ["nan", "infinite", "negative", "sum"] {
            kinds.set_item(kind, faults.iter().filter(|found| found.fault.kind() == kind).count())?;
        }
        let found = PyDict::new(py);
        found.set_item("rows", block.len())?;
        found.set_item("invalid", faults.len())?;
        let told = |one: &RowFault| (first_row + one.row, format!("{one}{}", mend(&one.fault)));
        found.set_item("first", faults.iter().take(limit).map(told).collect::<Vec<_>>())?;
        found.set_item("by_reason", kinds)?;
        Ok(found)
    }
}

impl Scorer {
    /// What a user reads about the measure.
    pub(crate) fn about(&self) -> About {
        either!(self, |core| core.measure().about())
    }

    /// The options.
    pub(crate) fn rules(&self) -> RowRules {
        either!(self, |core| core.rules())
    }

    /// Borrow what the measure takes: an array of rows, or for a committee a list of them.
    pub(crate) fn block<'a, 'py>(&'a self, x: &Bound<'py, PyAny>, bfloat16: bool) -> PyResult<Block<'a, 'py>> {
        Ok(match &self.core {
            Core::Row(core) => Block::Row(core, Rows::borrow(x, "x", bfloat16)?),
            Core::Committee(core) => Block::Committee(core, Members::borrow(x, bfloat16)?),
        })
    }
}

/// The output, to be written to.
pub(crate) fn writable<'py, T: numpy::Element>(out: &Bound<'py, PyAny>) -> PyResult<PyReadwriteArray1<'py, T>> {
    let accepted = std::any::type_name::<T>().replace('f', "float");
    let Some(array) = output::<T>(out) else {
        let wanted = "accepted is one, contiguous and writable";
        return Err(type_error(format!("out is not a one-dimensional {accepted} array; {wanted}")));
    };
    array.try_readwrite().map_err(|error| value_error(format!("out is not writable: {error}")))
}

pub(crate) fn adjacent<'a, T: numpy::Element>(out: &'a mut PyReadwriteArray1<'_, T>) -> PyResult<&'a mut [T]> {
    out.as_slice_mut().map_err(|_| value_error("out is strided; accepted is a contiguous array"))
}
