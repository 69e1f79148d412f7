//! Rows that a fitted model may find worth picking, found without asking it about the others.
//!
//! ```text
//! features
//!    │  dense.rs, sparse.rs, trees.rs: linear models and trees; outputs.rs: of several members
//!    ▼
//! logits or probabilities, and how wrong they may be
//!    │  judge.rs, measure.rs; jury.rs for committees, blend.rs for means of calibrated models
//!    ▼
//! score ± error
//!    │  candidates.rs: certainly below the k best? out
//!    │  second_look.rs: the same logits in f64, and how far this row's score can move
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
//! Of logits in `f32` the measure is computed in `f32` as well, for all rows. Few have an interval
//! that reaches the threshold. Theirs is made shorter before it counts: most of it was not the
//! logits' doing.
//!
//! Rows that hold NaN or overflow have no interval, and are always left: the model says what is
//! wrong with them.
//!
//! The bound on a sum of n products is the classic one (Higham 2002, section 3.1): each step rounds
//! once, so the sum is off by at most about n units of the sum of the products' sizes. Sixteen
//! lanes and a tree over them take n/16 + 4 steps in a row in place of n.

mod blend;
mod candidates;
mod dense;
mod judge;
mod jury;
mod linear;
mod masks;
mod measure;
mod outputs;
mod over_entries;
mod over_features;
mod pass;
mod second_look;
mod sparse;
#[cfg(test)]
mod tests;
mod tree_walk;
mod trees;

pub use blend::Curve;
pub use candidates::{Interval, Narrowed};
pub use linear::{Layout, Linear, Link, Own};
pub use masks::Compared;
pub use sparse::{Index, Sparse, Value};
pub use trees::{Leaves, Tree, Trees};
