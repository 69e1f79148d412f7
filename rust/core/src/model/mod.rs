//! Rows that a fitted model may find worth picking, found without asking it about the others.
//!
//! ```text
//! features
//!    │  linear.rs, sparse.rs, trees.rs
//!    ▼
//! logits or probabilities, and how wrong they may be
//!    │  judge.rs, measure.rs
//!    ▼
//! score ± error
//!    │  candidates.rs: certainly below the k best? out
//!    ▼
//! rows to ask the model about
//! ```
//!
//! A linear model's logits are one matrix product away from its features. Computed in `f32`, in
//! blocks that stay in cache, they take a small share of the time that the model's own prediction
//! takes, and they are wrong by a known amount at most: each row's error is bounded by what its own
//! products sum to. How far a measure can move when logits move by so much is known too. So each
//! row has an interval that holds the score of the model's own prediction, whatever order it adds
//! in. The k-th largest of the lower ends is a threshold that the k best rows reach: a row whose
//! upper end lies below it cannot be among them.
//!
//! What is left, about k rows and those whose scores lie closer together than the error, is for the
//! model itself. Its numbers decide. Nothing here is ever returned as a score.
//!
//! Rows that hold NaN or overflow have no interval, and are always left: the model says what is
//! wrong with them.
//!
//! The bound on a sum of n products is the classic one (Higham 2002, section 3.1): each step rounds
//! once, so the sum is off by at most about n units of the sum of the products' sizes. Adding 32
//! products at a time, and the sums of 32, takes 32 + n/32 steps in a row in place of n.

mod candidates;
mod judge;
mod linear;
mod measure;
mod over_features;
mod pass;
mod sparse;
mod trees;

pub use candidates::{Interval, Narrowed};
pub use linear::{Linear, Link};
pub use sparse::{Index, Sparse};
pub use trees::{Outcome, Tree, Trees};
