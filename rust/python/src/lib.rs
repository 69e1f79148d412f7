//! The `shortlist._core` extension: unpack, release the GIL, call the core, wrap. No arithmetic.

mod arguments;
mod array;
mod at_once;
mod badge;
mod border;
mod callable_metric;
mod density;
mod description;
mod herding;
mod inside;
mod k_center;
mod kmeans_plus_plus;
mod labels;
mod mean;
mod min_distances;
mod model;
mod ranks;
mod rounds;
mod scorer;
mod selector;
mod turn;
mod typiclust;
mod uncertain;

use numpy::{PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shortlist_core::Level;
use shortlist_core::committee::CommitteeMeasure;
use shortlist_core::measure::Measure;
use shortlist_core::reserve::Heap;

#[global_allocator]
static HEAP: Heap = Heap::new();

/// The compiled half of Shortlist.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::array::alike;
    #[pymodule_export]
    use super::at_once::{score_at_once, select_at_once};
    #[pymodule_export]
    use super::badge::badge;
    #[pymodule_export]
    use super::density::density;
    #[pymodule_export]
    use super::herding::herding;
    #[pymodule_export]
    use super::k_center::{k_center, k_center_by};
    #[pymodule_export]
    use super::kmeans_plus_plus::kmeans_plus_plus;
    #[pymodule_export]
    use super::labels::Labels;
    #[pymodule_export]
    use super::mean::{add_terms, part_sums};
    #[pymodule_export]
    use super::min_distances::min_distances;
    #[pymodule_export]
    use super::model::{LinearModel, TreeModel};
    #[pymodule_export]
    use super::ranks::near_best_ranks;
    #[pymodule_export]
    use super::rounds::{offer_rows, pick_offered};
    #[pymodule_export]
    use super::scorer::Scorer;
    #[pymodule_export]
    use super::selector::Selector;
    #[pymodule_export]
    use super::turn::Turn;
    #[pymodule_export]
    use super::typiclust::typiclust;
    #[pymodule_export]
    use super::uncertain::{uncertain_batch, uncertain_batch_by};
    /// Bytes of rows up to which a call works alone.
    #[pymodule_export]
    const ALONE: usize = shortlist_core::blocks::ALONE;
    /// Rows whose sum is one term of a mean.
    #[pymodule_export]
    const TERM: usize = shortlist_core::diverse::mean::TERM;
    #[pymodule_export]
    use super::{build_info, default_threads, measures, read_all};
}

/// THE list of measures: one dict each with name, order, kind, inputs, formula, range and source.
#[pyfunction]
fn measures(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let record = |kind: &str, about: shortlist_core::measure::About| {
        let record = PyDict::new(py);
        record.set_item("name", about.name)?;
        record.set_item("order", about.order.name())?;
        record.set_item("kind", kind)?;
        record.set_item("inputs", about.inputs.to_vec())?;
        record.set_item("formula", about.formula)?;
        record.set_item("range", about.range)?;
        record.set_item("source", about.source)?;
        Ok(record)
    };
    let rows = Measure::ALL.iter().map(|measure| record("row", measure.about()));
    rows.chain(CommitteeMeasure::ALL.iter().map(|measure| record("committee", measure.about()))).collect()
}

/// How this extension was built and what it runs on.
#[pyfunction]
fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let levels = Level::ALL.into_iter().filter(|level| level.supported()).map(Level::name);
    let info = PyDict::new(py);
    info.set_item("version", env!("CARGO_PKG_VERSION"))?;
    info.set_item("cpu_level", Level::best().name())?;
    info.set_item("cpu_levels", levels.collect::<Vec<_>>())?;
    info.set_item("debug", cfg!(debug_assertions))?;
    info.set_item("rustc", env!("SHORTLIST_RUSTC"))?;
    Ok(info)
}

/// The number of threads this process may use: respects affinity and cgroup limits.
#[pyfunction]
fn default_threads() -> usize {
    shortlist_core::blocks::default_threads()
}

/// Read an array of 64-bit words and do nothing else; returns the bits set in any. The bound
/// kernels are measured against.
#[pyfunction]
fn read_all(py: Python<'_>, words: PyReadonlyArray1<'_, f64>, n_threads: usize) -> PyResult<u64> {
    if !words.is_c_contiguous() {
        return Err(border::value_error("words is strided; accepted is a contiguous array"));
    }
    let words = words.as_slice()?;
    border::work(py, || shortlist_core::probe::read_all(words, n_threads)).map_err(border::raise)
}
