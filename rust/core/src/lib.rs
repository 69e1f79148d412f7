//! The kernels of Shortlist: score the rows of huge probability, logit and embedding matrices and keep the best.

pub mod error;
