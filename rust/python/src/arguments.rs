//! Arguments that several functions take, from Python's words to the core's values.

use crate::border::value_error;
use pyo3::prelude::*;
use shortlist_core::Level;
use shortlist_core::blocks::default_threads;
use shortlist_core::distance::Metric;
use shortlist_core::scorer::{Invalid, Normalize};

pub(crate) const NORMALIZE: [(&str, Normalize); 3] =
    [("check", Normalize::Check), ("as_is", Normalize::AsIs), ("renormalize", Normalize::Renormalize)];
pub(crate) const INVALID: [(&str, Invalid); 2] = [("raise", Invalid::Raise), ("skip", Invalid::Skip)];

/// The value of that name, or a sentence that lists the names accepted.
pub(crate) fn choice<T: Copy>(argument: &str, came: &str, accepted: &[(&str, T)]) -> PyResult<T> {
    accepted.iter().find(|(name, _)| *name == came).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = accepted.iter().map(|(name, _)| format!("{name:?}")).collect();
        value_error(format!("{argument} is {came:?}; accepted are {}", names.join(", ")))
    })
}

/// The name that [`choice`] knows a value by.
pub(crate) fn name_of<T: PartialEq>(value: T, accepted: &[(&'static str, T)]) -> &'static str {
    accepted.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
}

/// The `invalid` argument.
pub(crate) fn invalid(came: &str) -> PyResult<Invalid> {
    choice("invalid", came, &INVALID)
}

/// The metric of that name.
pub(crate) fn metric(name: &str) -> PyResult<Metric> {
    choice("metric", name, &Metric::ALL.map(|metric| (metric.name(), metric)))
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
        Some(count) => Err(value_error(format!("n_threads is {count}; accepted is a number of at least 1"))),
    }
}
