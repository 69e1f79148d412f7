//! The committee measures: what the members of a committee disagree about, or are unsure of
//! together. What each is, and THE list of them.
//!
//! Rows are scored a group at a time, a row a lane: the rows of all members are read into a
//! `table::Table` that stays in cache, and a measure is a formula over it. It says in its `Needs`
//! what the table must hold. Sums run over the classes in their order and over the members in
//! theirs.
//!
//! Errors, for up to 40 classes and 7 members, relative to the value and in units of the type's
//! epsilon (1.2e-7 for `f32`, 2.2e-16 for `f64`): votes 2, `consensus_entropy` 6, `mean_std` 4,
//! `max_disagreement` and `bald` 16, however close the members are. From logits the exponentials
//! are known to about an epsilon, and so is the distance between members.

mod bald;
mod consensus_entropy;
mod divergence;
mod entropy;
mod max_disagreement;
mod mean_std;
mod scan;
mod scorer;
mod table;
#[cfg(test)]
mod tests;
mod variation_ratio;
mod vote_entropy;

pub use scorer::CommitteeScorer;

use crate::measure::listed;
use crate::simd::Vector;
use table::{Needs, Table};

macro_rules! the_list {
    ($($module:ident::$name:ident),* $(,)?) => {
        listed! {
            /// A measure of what a committee says about one row.
            CommitteeMeasure of "committee": $($module::$name),*
        }

        impl CommitteeMeasure {
            /// What the table must hold for it.
            pub(crate) fn needs(self) -> Needs {
                match self { $(CommitteeMeasure::$name => $module::NEEDS,)* }
            }

            /// Its value for the rows of a table.
            #[inline(always)]
            fn score<V: Vector>(self, table: &Table<V>) -> V {
                match self { $(CommitteeMeasure::$name => $module::score(table),)* }
            }
        }
    };
}

// THE list. A measure is a file here, its line below, and its line in `python/shortlist`.
the_list! {
    vote_entropy::VoteEntropy,
    consensus_entropy::ConsensusEntropy,
    max_disagreement::MaxDisagreement,
    bald::Bald,
    variation_ratio::VariationRatio,
    mean_std::MeanStd,
}
