//! The kernels of Shortlist: score the rows of huge probability, logit and embedding matrices and keep the best.

pub mod error;
pub mod float;
mod math;
pub mod matrix;
pub mod measure;
pub mod order;
pub mod random;
pub mod select;
mod scan;
mod simd;

pub use simd::Level;
