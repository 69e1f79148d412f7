//! Greedy selection of rows that differ: two lazy engines, and the rules that run on them.
//!
//! k-centre, ranked batches, k-means++ and herding all pick, again and again, the row whose *value*
//! is best, and a row's value can only fall as rows are picked. So a value that is out of date is
//! an upper bound, and most rows never need theirs brought up to date: the old one already loses.
//! The engines pick what the loop over all rows would pick, whatever the batches and threads.
//!
//! ```text
//! engine = Engine::new(objective, ...)        one pass over the rows: a first bound for each
//! while best = engine.best():                 the best row, up to date
//!     engine.pick(best)                       tells the objective; the row is out
//! ```
//!
//! ```text
//! engine/      begin with lazy.rs, which opens with the whole idea
//!     lazy.rs front.rs       row by row, for an `Objective`: its keys and values, and how rows
//!                            are brought up to date
//!     by_distance.rs         what the value of a row, its distance to the nearest point, is worth
//!     packed.rs pack.rs      points of which the core knows the rows (nearest.rs): sixteen rows
//!     sweep.rs filter.rs     at a time, with sums in f32 in front of the truth
//!     told.rs                points whose distances somebody else tells
//! rules/       a file for each rule
//!     k_center ranked_batch diverse_uncertain        by distance; uncertain.rs runs the last two
//!     kmeans_plus_plus badge       clocks that run at the speed of a squared distance: race.rs
//!     herding                      what a row adds to the coverage of reference rows
//!     typiclust                    the most typical row of a cluster: a loop of its own
//! rounds/      the same picks where rows lie in parts
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
