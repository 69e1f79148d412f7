//! Greedy selection of rows that differ: one lazy engine, and the rules that run on it.
//!
//! k-centre, ranked batches, k-means++ and coverage all pick, again and again, the row whose *value* is best, and a row's value can only fall as rows
//! are picked. So a value that is out of date is an upper bound, and most rows never need theirs brought up to date: their old one already loses. The
//! engine ([`Engine`]) keeps one value a row and how much of what was picked the row has seen, brings the rows of the best old values up to date,
//! in batches and on several threads, and accepts a row once its up-to-date key beats every other row's bound in the total order
//! (highest key, then lowest position). What it accepts is what the loop over all rows would accept, whatever the batches and threads.
//!
//! A rule is an [`Objective`]: what its keys and values are, and how rows are brought up to date. The rules share
//!
//! - [`Candidates`]: the rows in question, by position: a matrix, or the rows of it that a short list names;
//! - [`Nearest`]: the distance of each row to the nearest of a growing list of points, brought up to date sixteen points at a time, with the triangle
//!   inequality and rough sums as filters: what k-centre, ranked batches and k-means++ are made of.
//!
//! ```text
//! let mut engine = Engine::new(objective, threads, watch)?;      one pass over the rows: a first bound for each
//! while let Some(best) = engine.best(watch)? {                   the best row, up to date
//!     engine.pick(best)?;                                        tells the objective; the row is out
//! }
//! ```

mod among;
pub mod badge;
mod candidates;
mod central;
mod diverse_uncertain;
mod f32_filter;
mod front;
pub mod gradient;
pub mod herding;
pub mod k_center;
pub mod kmeans_plus_plus;
mod lazy;
pub mod mean;
mod nearest;
mod objective;
mod point_set;
pub mod points;
pub mod race;
mod ranked_batch;
pub mod rounds;
pub mod similarity;
mod triangle;
pub mod typiclust;
pub mod uncertain;

pub(crate) use candidates::Candidates;
pub use diverse_uncertain::Weights;
pub(crate) use lazy::{Engine, Pick};
pub(crate) use nearest::Nearest;
pub(crate) use objective::{Objective, Stale};
pub use point_set::Distances;

#[cfg(test)]
mod tests;
