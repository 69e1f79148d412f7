//! Greedy selection of rows that differ: one lazy engine, and the rules that run on it.
//!
//! k-centre, ranked batches, k-means++ and herding all pick, again and again, the row whose *value*
//! is best, and a row's value can only fall as rows are picked. So a value that is out of date is
//! an upper bound, and most rows never need theirs brought up to date: the old one already loses.
//! The engine (`lazy.rs`, which opens with the whole idea) picks what the loop over all rows would
//! pick, whatever the batches and threads.
//!
//! ```text
//! engine = Engine::new(objective, ...)        one pass over the rows: a first bound for each
//! while best = engine.best():                 the best row, up to date
//!     engine.pick(best)                       tells the objective; the row is out
//! ```
//!
//! A rule is an `Objective`: what its keys and values are, and how rows are brought up to date.
//!
//! ```text
//! by_distance.rs   the value of a row is its distance to the nearest point of a `PointSet`
//!     k_center  ranked_batch  diverse_uncertain      what such a distance is worth
//!     nearest.rs         points of which the core knows the rows: sixteen at a time, with the
//!                        triangle inequality and sums in f32 as filters in front of the truth
//!     point_set.rs       points whose distances somebody else tells
//! race.rs          clocks that run at the speed of a squared distance: kmeans_plus_plus, badge
//! herding.rs       what a row adds to the coverage of reference rows
//! typiclust.rs     the most typical row of a cluster: a loop of its own
//! ```
//!
//! `Candidates` are the rows to pick from, by position: a matrix, or those of its rows that a short
//! list names.

pub(crate) mod among;
pub(crate) mod candidates;
pub(crate) mod engine;
pub mod points;
pub mod rounds;
mod rules;

pub use engine::told::Distances;
pub use rules::diverse_uncertain::Weights;
pub use rules::{badge, gradient, herding, k_center, kmeans_plus_plus, mean, race, similarity, typiclust, uncertain};
