//! Arguments that several functions take, from Python's words to the core's values.

use crate::border::value_error;
use pyo3::prelude::*;
use shortlist_core::Level;
use shortlist_core::blocks::default_threads;
use shortlist_core::distance::Metric;

/// The value of that name, or a sentence that lists the names accepted.
pub(crate) fn choice<T: Copy>(argument: &str, came: &str, accepted: &[(&str, T)]) -> PyResult<T> {
    accepted.iter().find(|(name, _)| *name == came).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = accepted.iter().map(|(name, _)| format!("{name:?}")).collect();
        value_error(format!("{argument} is {came:?}; accepted are {}", names.join(", ")))
    })
}

/// The metric of that name.
pub(crate) fn metric(name: &str) -> PyResult<Metric> {
    choice("metric", name, &Metric::NAMED)
}

/// The CPU level of that name, which this machine must have; the best one by default.
pub(crate) fn level(cpu_level: Option<&str>) -> PyResult<Level> {
    let levels: Vec<_> =
        Level::ALL.into_iter().filter(|level| level.supported()).map(|level| (level.name(), level)).collect();
    cpu_level.map_or(Ok(Level::best()), |name| choice("cpu_level", name, &levels))
}

/// The `n_threads` argument.
pub(crate) fn threads(n_threads: Option<i64>) -> PyResult<usize> {
    match n_threads {
        None => Ok(default_threads()),
        Some(count) if count >= 1 => Ok(count as usize),
        Some(count) => Err(value_error(format!("n_threads is {count}; accepted is a whole number, 1 or more"))),
    }
}
