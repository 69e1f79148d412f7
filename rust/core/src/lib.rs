//! The kernels of Shortlist: score the rows of huge probability, logit and embedding matrices and keep the best.

pub mod blocks;
pub mod committee;
pub mod error;
pub mod fault;
pub mod float;
mod math;
pub mod matrix;
pub mod measure;
pub mod order;
pub mod random;
pub mod select;
mod fused;
pub mod probe;
mod scan;
pub mod scorer;
mod screen;
mod simd;

pub use simd::Level;
