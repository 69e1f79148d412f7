//! The kernels of Shortlist: score the rows of huge probability, logit and embedding matrices and
//! keep the best.
//!
//! The three rows of a small matrix that a model is least sure about:
//!
//! ```
//! use shortlist_core::Level;
//! use shortlist_core::blocks::Unwatched;
//! use shortlist_core::matrix::Matrix;
//! use shortlist_core::measure::Measure;
//! use shortlist_core::scorer::{Invalid, Normalize, Scorer};
//! use shortlist_core::select::{Plan, Rows, Selector};
//!
//! let probabilities = [
//!     0.98_f32, 0.01, 0.01, // row 0: sure
//!     0.40, 0.35, 0.25, //     row 1
//!     0.34, 0.33, 0.33, //     row 2: the least sure
//!     0.70, 0.20, 0.10, //     row 3
//!     0.50, 0.50, 0.00, //     row 4
//! ];
//! let matrix = Matrix::from_rows(&probabilities, 5, 3)?;
//!
//! // From probabilities that must sum to 1; the first invalid row is an error.
//! let measure = Measure::Entropy;
//! let (normalize, invalid) = (Normalize::Check, Invalid::Raise);
//! let scorer = Scorer::new(measure, false, 1.0, normalize, invalid, Level::best())?;
//!
//! let mut selector = Selector::new(Plan::new(3, measure.about().order))?;
//! scorer.select(&matrix, &mut selector, &Rows::from(0), 1, &mut Unwatched)?;
//! let picks = selector.finish()?;
//!
//! let ids: Vec<u64> = picks.candidates.iter().map(|pick| pick.id).collect();
//! assert_eq!(ids, [2, 1, 3]);
//! # Ok::<(), shortlist_core::error::Error>(())
//! ```
//!
//! # What is here
//!
//! | module | what it is for |
//! |---|---|
//! | [`matrix`], [`float`] | rows of f16, bf16, f32 or f64, borrowed in any memory order |
//! | [`measure`], [`scorer`] | measures of one model's answers, and a measure with its options |
//! | [`committee`] | the same for several models |
//! | [`select`], [`order`] | the best k rows, as a state to update, merge, save and finish |
//! | [`distance`], [`density`] | distances between rows of features, and mean similarities |
//! | [`diverse`] | rules that pick rows which differ |
//! | [`blocks`] | threads, progress and interruption |
//! | [`error`], [`fault`] | what is wrong with what came, in words |
//! | [`random`] | random numbers as a hash of (seed, step, id) |
//! | [`reserve`] | a heap that has something left for what is small |
//! | [`probe`] | reading memory and nothing else: the bound for benchmarks |
//! | [`Level`] | the instruction sets that kernels are compiled for |
//!
//! Scores, picks and counts have the same bits for any number of threads, any blocks, any memory
//! order and any level.

mod below_zero;
pub mod blocks;
mod bound;
mod coefficients;
pub mod committee;
pub mod compiled;
pub mod density;
pub mod distance;
pub mod diverse;
pub mod error;
pub mod fault;
pub mod float;
mod fold;
mod formula;
mod fused;
mod helpers;
mod math;
pub mod matrix;
pub mod measure;
pub mod model;
mod named;
pub mod order;
pub mod probe;
pub mod random;
pub mod reserve;
pub mod room;
mod rules;
mod scan;
pub mod scorer;
mod screen;
mod second_look;
pub mod select;
mod simd;

#[cfg(test)]
#[path = "../tests/rows/fence.rs"]
mod fence;
#[cfg(test)]
#[path = "../tests/rows/heap.rs"]
mod heap;

pub use simd::Level;
