//! `Scorer`: a measure with its options.

use crate::array::{Rows, output, with_matrix};
use crate::border::{Lookout, raise, threads, type_error, value_error};
use numpy::PyArrayMethods;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shortlist_core::Level;
use shortlist_core::float::Element;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::{Invalid, Normalize, Scorer as Core};

/// A measure with its options. Immutable.
#[pyclass(module = "shortlist._core", frozen, eq, from_py_object)]
#[derive(Clone, PartialEq)]
pub(crate) struct Scorer {
    pub(crate) core: Core,
}

const NORMALIZE: [(&str, Normalize); 3] =
    [("check", Normalize::Check), ("as_is", Normalize::AsIs), ("renormalize", Normalize::Renormalize)];
const INVALID: [(&str, Invalid); 2] = [("raise", Invalid::Raise), ("skip", Invalid::Skip)];

/// The value of that name, or a sentence that lists the names accepted.
pub(crate) fn choice<T: Copy>(argument: &str, came: &str, accepted: &[(&str, T)]) -> PyResult<T> {
    accepted.iter().find(|(name, _)| *name == came).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = accepted.iter().map(|(name, _)| format!("{name:?}")).collect();
        value_error(format!("{argument} is {came:?}; accepted are {}", names.join(", ")))
    })
}

fn name_of<T: PartialEq>(value: T, accepted: &[(&'static str, T)]) -> &'static str {
    accepted.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
}

pub(crate) fn invalid(came: &str) -> PyResult<Invalid> {
    choice("invalid", came, &INVALID)
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
        let names: Vec<_> = Measure::ALL.iter().map(|measure| (measure.about().name, *measure)).collect();
        let levels: Vec<_> =
            Level::ALL.into_iter().filter(|level| level.supported()).map(|level| (level.name(), level)).collect();
        let core = Core::new(
            choice("measure", measure, &names)?,
            from_logits,
            temperature,
            choice("normalize", normalize, &NORMALIZE)?,
            choice("invalid", invalid, &INVALID)?,
            cpu_level.map_or(Ok(Level::best()), |name| choice("cpu_level", name, &levels))?,
        );
        Ok(Scorer { core: core.map_err(raise)? })
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&'static str,), Bound<'py, PyDict>)> {
        let options = PyDict::new(py);
        options.set_item("from_logits", self.from_logits())?;
        options.set_item("temperature", self.temperature())?;
        options.set_item("normalize", self.normalize())?;
        options.set_item("invalid", self.invalid())?;
        // Not the CPU level: the state may be opened on another machine, where the bits are the same at any level.
        Ok(((self.measure(),), options))
    }

    /// Name of the measure.
    #[getter]
    fn measure(&self) -> &'static str {
        self.core.measure().about().name
    }

    /// The informative end: "highest" or "lowest".
    #[getter]
    fn order(&self) -> &'static str {
        self.core.measure().about().order.name()
    }

    /// "row" or "committee".
    #[getter]
    fn kind(&self) -> &'static str {
        "row"
    }

    /// Whether rows are logits.
    #[getter]
    fn from_logits(&self) -> bool {
        self.core.logits()
    }

    /// What logits are divided by.
    #[getter]
    fn temperature(&self) -> f64 {
        self.core.temperature()
    }

    /// What is done about sums.
    #[getter]
    fn normalize(&self) -> &'static str {
        name_of(self.core.normalize(), &NORMALIZE)
    }

    /// What is done about invalid rows.
    #[getter]
    fn invalid(&self) -> &'static str {
        name_of(self.core.invalid(), &INVALID)
    }

    /// The CPU level in use.
    #[getter]
    fn cpu_level(&self) -> &'static str {
        self.core.level().name()
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
        let rows = Rows::borrow(x, bfloat16)?;
        let threads = threads(n_threads)?;
        let lookout = Lookout::new(progress);
        let count = rows.len();
        let invalid = with_matrix!(&rows, |matrix| self.score_into(py, &matrix, out, first_row, threads, lookout))?;
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
        let rows = Rows::borrow(x, bfloat16)?;
        let faults = with_matrix!(&rows, |matrix| py.detach(|| self.core.faults(&matrix))).map_err(raise)?;
        let kinds = PyDict::new(py);
        for kind in ["nan", "infinite", "negative", "sum"] {
            kinds.set_item(kind, faults.iter().filter(|(_, fault)| fault.kind() == kind).count())?;
        }
        let first = faults.iter().take(limit).map(|(row, fault)| (first_row + *row as u64, fault.to_string()));
        let found = PyDict::new(py);
        found.set_item("rows", rows.len())?;
        found.set_item("invalid", faults.len())?;
        found.set_item("first", first.collect::<Vec<_>>())?;
        found.set_item("by_reason", kinds)?;
        Ok(found)
    }
}

impl Scorer {
    fn score_into<E: Element>(
        &self,
        py: Python<'_>,
        matrix: &Matrix<'_, E>,
        out: &Bound<'_, PyAny>,
        first_row: u64,
        threads: usize,
        mut lookout: Lookout,
    ) -> PyResult<u64>
    where
        E::Compute: numpy::Element + shortlist_core::select::Score,
    {
        let accepted = std::any::type_name::<E::Compute>().replace('f', "float");
        let Some(array) = output::<E::Compute>(out) else {
            return Err(type_error(format!(
                "out is not a one-dimensional {accepted} array; accepted is one, contiguous and writable"
            )));
        };
        let mut array = array.try_readwrite().map_err(|error| value_error(format!("out is not writable: {error}")))?;
        let scores = array.as_slice_mut().map_err(|_| value_error("out is strided; accepted is a contiguous array"))?;
        let result = py.detach(|| self.core.score(matrix, scores, first_row, threads, &mut lookout));
        lookout.settle(py, matrix.rows(), result)
    }
}
