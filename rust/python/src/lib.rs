//! The `shortlist._core` extension: unpack, release the GIL, call the core, wrap. No arithmetic.

use pyo3::prelude::*;

/// The compiled half of Shortlist.
#[pymodule(gil_used = false)]
mod _core {}
