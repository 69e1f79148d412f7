//! How a row is folded, class by class, into what the measures need of it.
//!
//! A fold keeps a few numbers per lane. Where a lane is a row, it takes the classes of that row one
//! after the other. Where the lanes share the classes of one row, each folds its share, and the
//! shares are merged in the end. The same three functions do both:
//!
//! ```text
//! first(value)          what is kept of one class
//! step(kept, value)     ... with one class more
//! merge(kept, kept)     what is kept of the classes of both
//! ```
//!
//! What is kept in the end becomes the summary of a row that formulas read, [`Folded`]. Logits
//! mostly need two sweeps, since exponentials are taken of the distance to the largest: the first
//! fold finds the largest, and the second is a [`TailFold`] around it.

mod beside;
mod bounds;
mod logits;
mod probabilities;
mod row;
mod traits;

pub(crate) use beside::{Logarithms, Squares};
pub(crate) use bounds::{LineSums, PowerSums, RoughTail};
pub(crate) use logits::{Gaps, Peak, Peaks, TailApart, TailSum};
pub(crate) use probabilities::{Apart, Seconds, Sums};
pub(crate) use row::Folded;
pub(crate) use traits::{Fold, Kept, MOST_KEPT, SingleFold, Tail, TailFold};
