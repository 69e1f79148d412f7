//! Rounds: the picks of [`k_center`](super::k_center) and of ranked batches, where the rows lie in
//! parts that one machine cannot hold together.
//!
//! A round is one pass over all parts. Each part makes an [`Offer`](part::Offer): its best rows
//! with exact distances, and bounds above the key of every row that it keeps back. Whoever asked
//! puts the offers together and picks from them ([`pick`](offers::Offers::pick)) with the engine of
//! this folder, for as long as its pick beats every bound in the total order. So the picks are
//! those of one machine that holds all rows, bit for bit, and what a row is worth is written once:
//! keys are those of the rules themselves.
//!
//! ```text
//! a part, with what it knows from the round before       all offers together, by ascending id
//!   compare rows with new points, while these rows         while the best row beats bound[step]
//!     may be among the best `amount`                         (by key, then by lowest id):
//!   offer the best, and bound the others for                 pick it, and compare the others
//!     the next steps                                         with it, lazily
//! ```
//!
//! Nothing here knows how parts are reached: that is done in Python, on files, Dask and Ray.

mod bounds;
mod catch_up;
pub mod offers;
pub mod part;
#[cfg(test)]
mod tests;

use super::rules::ranked_batch::Alpha;
pub use bounds::Bound;

/// What rows of one part, or of all offers, are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worth<'a> {
    /// k-centre: the distance to the nearest point.
    Distance,
    /// Ranked batch: that and uncertainty.
    Batch {
        /// Rows of all parts and labelled rows.
        all: usize,
        /// Of each row here.
        uncertainty: &'a [f64],
    },
}

impl Worth<'_> {
    /// The key of a row at this distance of the nearest of so many points; −∞ for the distance −∞,
    /// which marks rows that are picked.
    #[inline(always)]
    fn key(&self, row: usize, distance: f64, points: usize) -> f64 {
        match *self {
            Worth::Distance => distance,
            Worth::Batch { all, uncertainty } => Alpha::after(points, all).key(distance, uncertainty[row]),
        }
    }

    /// How many of so many rows it tells about.
    fn known_of(&self, rows: usize) -> usize {
        match self {
            Worth::Distance => rows,
            Worth::Batch { uncertainty, .. } => uncertainty.len(),
        }
    }
}
