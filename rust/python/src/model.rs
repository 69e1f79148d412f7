//! `LinearModel` and `TreeModel`: rows that a fitted model may find worth picking.

use crate::arguments::{choice, level, threads};
use crate::array::{Rows, with_matrix};
use crate::border::{Lookout, listed, raise, type_error, value_error, work};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use shortlist_core::committee::CommitteeMeasure;
use shortlist_core::measure::Measure;
use shortlist_core::model::{Curve, Index, Layout, Leaves, Linear, Link, Narrowed, Own, Sparse, Tree, Trees, Value};
use shortlist_core::room::caught;

/// Rows, and the ends of the interval of each one's score.
type Candidates<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

const LINKS: [(&str, Link); 4] = [
    ("softmax", Link::Softmax),
    ("logistic", Link::Logistic),
    ("one_versus_rest", Link::OneVersusRest),
    ("given", Link::Given),
];

/// What is made of what the members of a model say.
enum Together {
    /// There is one.
    One,
    Committee,
    /// Their mean; curves calibrate each output before.
    Mean(Vec<Curve>),
}

/// The points of curves.
type Curves<'py> = Vec<(PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>)>;

impl Together {
    fn new(word: &str, curves: &Curves<'_>, members: usize) -> PyResult<Self> {
        let words = [("one", "one"), ("committee", "committee"), ("mean", "mean")];
        let curve = |(x, y): &(PyReadonlyArray1<'_, f64>, PyReadonlyArray1<'_, f64>)| {
            let (x, y) = (x.as_slice()?, y.as_slice()?);
            caught(|| Curve::new(x, y)).map_err(raise)
        };
        match choice("together", word, &words)? {
            "committee" => Ok(Together::Committee),
            "mean" => Ok(Together::Mean(curves.iter().map(curve).collect::<PyResult<_>>()?)),
            _ if members == 1 => Ok(Together::One),
            _ => {
                Err(value_error("together came as 'one' for several members; accepted are \"committee\" and \"mean\""))
            }
        }
    }
}

/// What the core has of a model, owned and checked. Immutable.
#[pyclass(module = "shortlist._core", frozen, subclass)]
pub(crate) struct Model {
    core: Core,
    together: Together,
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

fn found<'py>(py: Python<'py>, found: Narrowed) -> PyResult<Option<Candidates<'py>>> {
    let Narrowed::To(rows) = found else { return Ok(None) };
    let numbers = listed(rows.iter().map(|row| row.row as i64))?;
    let low = listed(rows.iter().map(|row| row.low))?;
    let high = listed(rows.iter().map(|row| row.high))?;
    Ok(Some((numbers.into_pyarray(py), low.into_pyarray(py), high.into_pyarray(py))))
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
        let lookout_of = &mut lookout;
        let result = match &self.together {
            Together::Committee => {
                let measure = committee_measure_of(measure)?;
                with_matrix!(&rows, |x| work(py, || match &self.core {
                    Core::Linear(model) => model.candidates_of_committee(&x, measure, k, level, threads, lookout_of),
                    Core::Single(model) => model.candidates_of_committee(&x, measure, k, level, threads, lookout_of),
                    Core::Double(model) => model.candidates_of_committee(&x, measure, k, level, threads, lookout_of),
                }))
            }
            Together::Mean(curves) => {
                let measure = measure_of(measure)?;
                with_matrix!(&rows, |x| work(py, || match &self.core {
                    Core::Linear(model) => model.candidates_of_mean(&x, curves, measure, k, level, threads, lookout_of),
                    Core::Single(model) => model.candidates_of_mean(&x, curves, measure, k, level, threads, lookout_of),
                    Core::Double(model) => model.candidates_of_mean(&x, curves, measure, k, level, threads, lookout_of),
                }))
            }
            Together::One => {
                let measure = measure_of(measure)?;
                with_matrix!(&rows, |x| work(py, || match &self.core {
                    Core::Linear(model) => model.candidates(&x, measure, k, level, threads, lookout_of),
                    Core::Single(model) => model.candidates(&x, measure, k, level, threads, lookout_of),
                    Core::Double(model) => model.candidates(&x, measure, k, level, threads, lookout_of),
                }))
            }
        };
        found(py, lookout.settle(py, rows.len(), result)?)
    }
}

#[pymethods]
impl LinearModel {
    #[new]
    #[pyo3(signature = (
        weights, intercepts, *, sparse=false, link="softmax", hidden=0.0, own_unit=0.0, own_sizes=None, own_steps=0,
        members=1, together="one", curves=Vec::new()
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        weights: PyReadonlyArray2<'_, f64>,
        intercepts: PyReadonlyArray1<'_, f64>,
        sparse: bool,
        link: &str,
        hidden: f64,
        own_unit: f64,
        own_sizes: Option<PyReadonlyArray1<'_, f64>>,
        own_steps: usize,
        members: usize,
        together: &str,
        curves: Curves<'_>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let (link, together) = (choice("link", link, &LINKS)?, Together::new(together, &curves, members)?);
        let weights = crate::array::matrix::<_, f64>(&weights);
        let layout = if sparse { Layout::Compressed } else { Layout::Dense };
        let sizes = own_sizes.as_ref().map_or(Ok(&[][..]), |sizes| sizes.as_slice())?;
        let own = Own { unit: own_unit, hidden, sizes, steps: own_steps };
        let intercepts = intercepts.as_slice()?;
        let core = caught(|| Linear::new(&weights, intercepts, link, layout, own, members)).map_err(raise)?;
        Ok(PyClassInitializer::from(Model { core: Core::Linear(core), together }).add_subclass(LinearModel))
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
        let (level, threads) = (level(cpu_level)?, threads(n_threads)?);
        let mut lookout = Lookout::new(progress);
        let Model { core: Core::Linear(model), together } = &**this.as_super() else { unreachable!("made so") };
        let asked = match together {
            Together::One => Asked::One(measure_of(measure)?),
            Together::Committee => Asked::Committee(committee_measure_of(measure)?),
            Together::Mean(curves) => Asked::Mean(curves, measure_of(measure)?),
        };
        let mut run = Run { model, width, asked, k, level, threads, lookout: &mut lookout };
        let ints = (indptr.extract::<PyReadonlyArray1<'py, i32>>(), indices.extract::<PyReadonlyArray1<'py, i32>>());
        let (result, rows) = match ints {
            (Ok(starts), Ok(columns)) => (run.of(py, &starts, &columns, data)?, starts.as_slice()?.len()),
            _ => {
                let starts = indptr.extract::<PyReadonlyArray1<'py, i64>>()?;
                let columns = indices.extract::<PyReadonlyArray1<'py, i64>>()?;
                (run.of(py, &starts, &columns, data)?, starts.as_slice()?.len())
            }
        };
        found(py, lookout.settle(py, rows.saturating_sub(1), result)?)
    }
}

/// What is asked of compressed rows.
enum Asked<'a> {
    One(Measure),
    Committee(CommitteeMeasure),
    Mean(&'a [Curve], Measure),
}

/// A pass over compressed rows.
struct Run<'a> {
    model: &'a Linear,
    width: usize,
    asked: Asked<'a>,
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
                    return Ok(work(py, || self.pass(starts, columns, values)));
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
        let Run { model, k, level, threads, ref asked, .. } = *self;
        let lookout = &mut *self.lookout;
        match *asked {
            Asked::One(measure) => model.candidates_of_sparse(&matrix, measure, k, level, threads, lookout),
            Asked::Committee(measure) => {
                model.candidates_of_sparse_committee(&matrix, measure, k, level, threads, lookout)
            }
            Asked::Mean(curves, measure) => {
                model.candidates_of_sparse_mean(&matrix, curves, measure, k, level, threads, lookout)
            }
        }
    }
}

/// Left and right children, features, thresholds and values of the nodes of a tree, and the output
/// that its leaves are added to.
type Arrays<'py> = (
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray1<'py, f64>,
    PyReadonlyArray1<'py, f64>,
    usize,
);

#[pymethods]
impl TreeModel {
    #[new]
    #[pyo3(signature = (
        trees, features, base, *, link="given", single=true, own_unit=0.0, members=1, together="one", curves=Vec::new()
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        trees: Vec<Arrays<'_>>,
        features: usize,
        base: PyReadonlyArray1<'_, f64>,
        link: &str,
        single: bool,
        own_unit: f64,
        members: usize,
        together: &str,
        curves: Curves<'_>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let (link, together) = (choice("link", link, &LINKS)?, Together::new(together, &curves, members)?);
        let mut read = Vec::with_capacity(trees.len());
        for (left, right, feature, threshold, values, column) in &trees {
            let (left, right, feature) = (left.as_slice()?, right.as_slice()?, feature.as_slice()?);
            let (threshold, values, column) = (threshold.as_slice()?, values.as_slice()?, *column);
            read.push(Tree { left, right, feature, threshold, values, column });
        }
        let leaves = Leaves { base: base.as_slice()?, link, members, own_unit };
        let trees = read.into_iter();
        let core = caught(|| {
            if single {
                Trees::new(trees, features, leaves).map(Core::Single)
            } else {
                Trees::new(trees, features, leaves).map(Core::Double)
            }
        });
        Ok(PyClassInitializer::from(Model { core: core.map_err(raise)?, together }).add_subclass(TreeModel))
    }
}
