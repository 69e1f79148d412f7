//! `LinearModel` and `TreeModel`: rows that a fitted model may find worth picking.

use crate::arguments::{choice, level, threads};
use crate::array::{Rows, with_matrix};
use crate::border::{Lookout, raise, type_error};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use shortlist_core::committee::CommitteeMeasure;
use shortlist_core::measure::Measure;
use shortlist_core::model::{Index, Layout, Linear, Link, Narrowed, Outcome, Sparse, Tree, Trees, Value};

/// Rows, and the ends of the interval of each one's score.
type Candidates<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

const LINKS: [(&str, Link); 3] =
    [("softmax", Link::Softmax), ("logistic", Link::Logistic), ("one_versus_rest", Link::OneVersusRest)];

/// What the core has of a model, owned and checked. Immutable.
#[pyclass(module = "shortlist._core", frozen, subclass)]
pub(crate) struct Model {
    core: Core,
}

/// Models by their kind, and trees by what they compare features in.
enum Core {
    Linear(Linear),
    Single(Trees<f32>),
    Double(Trees<f64>),
}

/// A linear model.
#[pyclass(module = "shortlist._core", frozen, extends = Model)]
pub(crate) struct LinearModel;

/// Trees.
#[pyclass(module = "shortlist._core", frozen, extends = Model)]
pub(crate) struct TreeModel;

fn measure_of(name: &str) -> PyResult<Measure> {
    let names: Vec<_> = Measure::ALL.iter().map(|measure| (measure.about().name, *measure)).collect();
    choice("measure", name, &names)
}

fn committee_measure_of(name: &str) -> PyResult<CommitteeMeasure> {
    let names: Vec<_> = CommitteeMeasure::ALL.iter().map(|measure| (measure.about().name, *measure)).collect();
    choice("measure", name, &names)
}

fn found<'py>(py: Python<'py>, found: Narrowed) -> Option<Candidates<'py>> {
    let Narrowed::To(rows) = found else { return None };
    let numbers: Vec<i64> = rows.iter().map(|row| row.row as i64).collect();
    let (low, high): (Vec<f64>, Vec<f64>) = rows.iter().map(|row| (row.low, row.high)).unzip();
    Some((numbers.into_pyarray(py), low.into_pyarray(py), high.into_pyarray(py)))
}

#[pymethods]
impl Model {
    /// Rows of `x` that may be among the `k` best by a measure, and the least and the greatest
    /// score each can have; None where too many are left for the pass to be worth its time.
    #[pyo3(signature = (x, measure, k, *, n_threads=None, progress=None, cpu_level=None))]
    #[allow(clippy::too_many_arguments)]
    fn candidates<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        measure: &str,
        k: usize,
        n_threads: Option<i64>,
        progress: Option<Py<PyAny>>,
        cpu_level: Option<&str>,
    ) -> PyResult<Option<Candidates<'py>>> {
        let rows = Rows::borrow(x, "X", false)?;
        let (level, threads) = (level(cpu_level)?, threads(n_threads)?);
        let mut lookout = Lookout::new(progress);
        let result = match &self.core {
            Core::Linear(model) if model.members() > 1 => {
                let measure = committee_measure_of(measure)?;
                with_matrix!(&rows, |matrix| py.detach(|| model.candidates_of_committee(
                    &matrix,
                    measure,
                    k,
                    level,
                    threads,
                    &mut lookout
                )))
            }
            core => {
                let measure = measure_of(measure)?;
                with_matrix!(&rows, |matrix| py.detach(|| match core {
                    Core::Linear(model) => model.candidates(&matrix, measure, k, level, threads, &mut lookout),
                    Core::Single(model) => model.candidates(&matrix, measure, k, level, threads, &mut lookout),
                    Core::Double(model) => model.candidates(&matrix, measure, k, level, threads, &mut lookout),
                }))
            }
        };
        Ok(found(py, lookout.settle(py, rows.len(), result)?))
    }
}

#[pymethods]
impl LinearModel {
    #[new]
    #[pyo3(signature = (weights, intercepts, *, sparse=false, link="softmax", hidden=0.0, own_unit=0.0, members=1))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        weights: PyReadonlyArray2<'_, f64>,
        intercepts: PyReadonlyArray1<'_, f64>,
        sparse: bool,
        link: &str,
        hidden: f64,
        own_unit: f64,
        members: usize,
    ) -> PyResult<PyClassInitializer<Self>> {
        let link = choice("link", link, &LINKS)?;
        let weights = crate::array::matrix::<_, f64>(&weights);
        let layout = if sparse { Layout::Compressed } else { Layout::Dense };
        let core = Linear::new(&weights, intercepts.as_slice()?, hidden, link, layout, own_unit, members);
        Ok(PyClassInitializer::from(Model { core: Core::Linear(core.map_err(raise)?) }).add_subclass(LinearModel))
    }

    /// What `candidates` says, of compressed rows (CSR) of `width` columns.
    #[pyo3(signature = (indptr, indices, data, width, measure, k, *, n_threads=None, progress=None, cpu_level=None))]
    #[allow(clippy::too_many_arguments)]
    fn candidates_of_sparse<'py>(
        this: PyRef<'py, Self>,
        py: Python<'py>,
        indptr: &Bound<'py, PyAny>,
        indices: &Bound<'py, PyAny>,
        data: &Bound<'py, PyAny>,
        width: usize,
        measure: &str,
        k: usize,
        n_threads: Option<i64>,
        progress: Option<Py<PyAny>>,
        cpu_level: Option<&str>,
    ) -> PyResult<Option<Candidates<'py>>> {
        let (measure, level, threads) = (measure_of(measure)?, level(cpu_level)?, threads(n_threads)?);
        let mut lookout = Lookout::new(progress);
        let Core::Linear(model) = &this.as_super().core else { unreachable!("made so") };
        let mut run = Run { model, width, measure, k, level, threads, lookout: &mut lookout };
        let ints = (indptr.extract::<PyReadonlyArray1<'py, i32>>(), indices.extract::<PyReadonlyArray1<'py, i32>>());
        let (result, rows) = match ints {
            (Ok(starts), Ok(columns)) => (run.of(py, &starts, &columns, data)?, starts.as_slice()?.len()),
            _ => {
                let starts = indptr.extract::<PyReadonlyArray1<'py, i64>>()?;
                let columns = indices.extract::<PyReadonlyArray1<'py, i64>>()?;
                (run.of(py, &starts, &columns, data)?, starts.as_slice()?.len())
            }
        };
        Ok(found(py, lookout.settle(py, rows.saturating_sub(1), result)?))
    }
}

/// A pass over compressed rows.
struct Run<'a> {
    model: &'a Linear,
    width: usize,
    measure: Measure,
    k: usize,
    level: shortlist_core::Level,
    threads: usize,
    lookout: &'a mut Lookout,
}

impl Run<'_> {
    fn of<'py, I: Index + numpy::Element>(
        &mut self,
        py: Python<'py>,
        starts: &PyReadonlyArray1<'py, I>,
        columns: &PyReadonlyArray1<'py, I>,
        data: &Bound<'py, PyAny>,
    ) -> PyResult<shortlist_core::error::Result<Narrowed>> {
        let (starts, columns) = (starts.as_slice()?, columns.as_slice()?);
        macro_rules! first_of {
            ($($value:ty),*) => {
                $(if let Ok(values) = data.extract::<PyReadonlyArray1<'py, $value>>() {
                    let values = values.as_slice()?;
                    return Ok(py.detach(|| self.pass(starts, columns, values)));
                })*
            };
        }
        first_of!(f64, f32, i64, i32);
        Err(type_error("data has another dtype; accepted are float32, float64, int32 and int64"))
    }

    fn pass<I: Index, E: Value>(
        &mut self,
        starts: &[I],
        columns: &[I],
        values: &[E],
    ) -> shortlist_core::error::Result<Narrowed> {
        let matrix = Sparse::new(starts, columns, values, self.width)?;
        self.model.candidates_of_sparse(&matrix, self.measure, self.k, self.level, self.threads, self.lookout)
    }
}

const OUTCOMES: [(&str, Outcome); 3] =
    [("mean", Outcome::Mean), ("softmax", Outcome::Softmax), ("logistic", Outcome::Logistic)];

/// Left and right children, features, thresholds and values of the nodes of a tree.
type Arrays<'py> = (
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray1<'py, f64>,
    PyReadonlyArray1<'py, f64>,
);

#[pymethods]
impl TreeModel {
    #[new]
    #[pyo3(signature = (trees, features, base, *, outcome="mean", single=true))]
    fn new(
        trees: Vec<Arrays<'_>>,
        features: usize,
        base: PyReadonlyArray1<'_, f64>,
        outcome: &str,
        single: bool,
    ) -> PyResult<PyClassInitializer<Self>> {
        let outcome = choice("outcome", outcome, &OUTCOMES)?;
        let mut read = Vec::with_capacity(trees.len());
        for (left, right, feature, threshold, values) in &trees {
            let (left, right, feature) = (left.as_slice()?, right.as_slice()?, feature.as_slice()?);
            read.push(Tree { left, right, feature, threshold: threshold.as_slice()?, values: values.as_slice()? });
        }
        let (trees, base) = (read.into_iter(), base.as_slice()?);
        let core = if single {
            Trees::new(trees, features, base, outcome).map(Core::Single)
        } else {
            Trees::new(trees, features, base, outcome).map(Core::Double)
        };
        Ok(PyClassInitializer::from(Model { core: core.map_err(raise)? }).add_subclass(TreeModel))
    }
}
