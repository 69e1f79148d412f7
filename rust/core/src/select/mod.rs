//! Selection: the best k rows of a stream of scores, as a state that can be updated, merged, saved
//! and finished.
//!
//! The result is a function of the rows and the [`Plan`] alone: any number of blocks, threads or
//! shards, in any order, gives the same picks and the same counts. The state holds O(k) candidates,
//! or O(k) of each group where rows come in groups.
//!
//! # Why states can be merged
//!
//! Rows are compared by (key, tie-break number, id), in which no two rows are equal
//! ([`Candidate`](crate::order::Candidate)). So "the best k" is one set, and
//!
//! ```text
//! best k of (A ∪ B)  =  best k of (best k of A  ∪  best k of B)
//! ```
//!
//! The key of a row is its score with the sign of the plan's order, or what a [`Perturb`] makes of
//! the score and of a random number that is a hash of (seed, id). Either is known from the row
//! alone.
//!
//! # One block
//!
//! A threshold rises as rows are seen: the key of the k-th best so far. It is only a filter. Rows
//! strictly below it cannot be picked; rows equal to it stay, since the lower id wins.
//!
//! ```text
//!                  scores of a block
//!                         │
//!       keys are scores   │   keys are drawn
//!        ┌────────────────┴──────────────┐
//!     absorb                         one_by_one
//!  32 scores at once:             32 random numbers at once:
//!  any not below the cut?         any not below the gate?
//!        └────────────────┬──────────────┘
//!                         │ candidates
//!            ┌────────────┴────────────┐
//!         TopK: a buffer of 2k,     GroupLists: a TopK of each group
//!         cut back to k when full
//! ```
//!
//! With groups the cut is what rows of any group must reach: which group a row is in is looked up
//! only where its key comes so far (`labels`).
//!
//! A state keeps `top` alone for a plain selection, `groups` alone under
//! `per_group`, and both under `quotas`, where `top` fills what groups leave short.
//!
//! # Update, over several threads
//!
//! ```text
//! state.check(rows, len)?                 ids are new, and the description fits
//! shared = state.shared_among(threads)    a threshold that all threads see and raise
//! each thread:  part = state.fork(shared) an empty state of the same plan
//!               part.absorb(scores, rows, level)?      for each of its blocks
//! state.join(part)                        for each thread, in any order
//! state.record(rows, len)                 the ids count as seen, once
//! ```
//!
//! [`Selector::update`] is this for one thread. Several updates that count together or not at all
//! are made to a [`Selector::draft`], which [`Selector::commit`] takes over; an update that fails
//! leaves a part or a draft behind, and the state as it was.
//!
//! # Merge
//!
//! [`Selector::merge`] takes over a state that saw other rows, on another thread or machine. It
//! refuses states of another plan, and ids that both have seen: ranges are known exactly (`seen`),
//! ids that came one by one only as far as candidates are kept.
//!
//! # Save
//!
//! [`Selector::to_bytes`] writes what [`Selector::from_bytes`] reads: the plan, the counts, the ids
//! seen and the candidates in order, with a check sum. Equal states give equal bytes, and bytes
//! that lie are refused, not believed.
//!
//! # Finish
//!
//! [`Selector::finish`] gives the picks, best first, and how many rows tie with the last of them:
//! picked, and left out. With groups it first puts the groups' lists together, under the caps or by
//! the quotas (`quota`). The state can go on afterwards.

mod absorb;
mod bytes;
mod groups;
mod keys;
mod labels;
mod one_by_one;
mod plan;
mod quota;
mod ranks;
mod rows;
mod seen;
mod shared;
mod sort;
mod state;
mod topk;

#[cfg(test)]
mod tests;

pub use labels::{Labels, Met};
pub use plan::{Perturb, Plan, Ties};
pub use ranks::{Ranked, near_best};
pub use rows::{Groups, Rows};
pub(crate) use state::LastTold;
pub use state::{Selected, Selector};
