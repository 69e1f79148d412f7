//! What a committee measure is: a formula over a [`Table`], and what the table must hold for it.

use super::table::Table;
use crate::measure::About;
use crate::simd::Vector;

/// What a measure needs of each member's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Its vote: the first of its largest classes.
    Votes,
    /// Its row normalised to sum 1.
    Distributions,
    /// Its row as it is, or normalised where that was asked for.
    Values,
}

/// One measure.
pub(super) trait CommitteeFormula {
    const ABOUT: About;
    const NEEDS: Needs;
    fn score<V: Vector>(table: &Table<V>) -> V;
}
