//! The kernels of Shortlist: score the rows of huge probability, logit and embedding matrices and keep the best.

mod below_zero;
pub mod blocks;
pub mod committee;
pub mod density;
pub mod distance;
pub mod diverse;
pub mod error;
pub mod fault;
pub mod float;
mod fused;
mod helpers;
mod math;
pub mod matrix;
pub mod measure;
pub mod model;
pub mod order;
pub mod probe;
pub mod random;
mod scan;
pub mod scorer;
mod screen;
pub mod select;
mod simd;

pub use simd::Level;
