//! Rules by distance: the value of a row is its distance to the nearest point, and a rule says what
//! such a distance is worth at this step.

use super::lazy::{Pick, Work};
use crate::blocks::Watch;
use crate::error::Result;

/// What a distance to the nearest point is worth.
pub(crate) trait DistanceWorth: Sync {
    /// Whether a distance is worth the same for all rows.
    const ALIKE: bool = false;

    /// The key of a row at this distance; −∞ for −∞, which marks rows that are out. Every
    /// operation is monotone as rounded, so that a larger distance never makes a smaller key.
    fn key(&self, row: usize, distance: f64) -> f64;

    /// By how much the key of a row of unchanged distance may have risen, from the start to this
    /// step.
    fn drift(&self) -> f64 {
        0.0
    }

    /// What covers the rounding of keys and of that; 0 where keys don't drift.
    fn slack(&self) -> f64 {
        0.0
    }

    /// There are so many points now.
    fn stepped(&mut self, steps: usize) {
        let _ = steps;
    }
}

/// Points of which more are to come, and what is known of the distances of a pool's rows to them.
pub(crate) trait PointSet: Sized {
    /// What picks by these distances.
    type Greedy<W: DistanceWorth>: Greedy<W>;
    /// Rows of the pool.
    fn rows(&self) -> usize;
    /// The id of the row at a position.
    fn id(&self, position: usize) -> u64;
    /// Points so far.
    fn steps(&self) -> usize;
    /// The row at a position becomes a point.
    fn pick(&mut self, position: usize) -> Result<()>;
    /// Begins to pick by a rule. `out` are positions never to pick; `wanted` picks are what
    /// progress is counted towards.
    fn greedy<W: DistanceWorth>(
        self,
        worth: W,
        out: &[usize],
        wanted: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Self::Greedy<W>>;
}

/// A greedy selection by distance.
pub(crate) trait Greedy<W> {
    /// The row to pick next, or `None` where all are out.
    fn best(&mut self, watch: &mut dyn Watch) -> Result<Option<Pick>>;
    /// Picks the row that [`Greedy::best`] has just found.
    fn pick(&mut self, best: Pick) -> Result<()>;
    /// The id of the row at a position.
    fn id(&self, position: usize) -> u64;
    /// Changes what distances are worth.
    fn change(&mut self, change: impl FnOnce(&mut W));
    /// What the work came to.
    fn work(&self) -> Work;
}
