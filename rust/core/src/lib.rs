//! The kernels of Shortlist: score the rows of huge probability, logit and embedding matrices and keep the best.

pub mod error;
pub mod order;
pub mod random;
pub mod select;
