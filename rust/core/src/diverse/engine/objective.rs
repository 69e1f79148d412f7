//! What the engine asks of a rule.

use crate::error::Result;

/// A row to be brought up to date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stale {
    /// Its position in the pool.
    pub(crate) row: u32,
    /// How many steps its value takes into account.
    pub(crate) seen: u32,
    /// Its value after those steps: an upper bound of the value now. Infinite for a row that has
    /// seen nothing.
    pub(crate) value: f64,
}

/// A rule that picks, again and again, the row of the highest key.
///
/// A *value* is what the engine remembers of a row (its distance to the nearest pick, its marginal
/// gain). It is a pure function of the row and of what was picked, and never rises. The *key* is
/// what rows are compared by, a function of the value, the row and the step that never falls as the
/// value rises. The two may differ because keys can change from step to step (weights that depend
/// on it, a race that is drawn anew).
pub(crate) trait Objective: Sync {
    /// What a thread needs to bring rows up to date.
    type Scratch: Send;

    /// Rows of the pool.
    fn rows(&self) -> usize;

    /// Steps made so far: what an up-to-date row has seen. Each pick adds one; labelled rows may
    /// count as steps made before the first.
    fn steps(&self) -> usize;

    /// A fresh scratch.
    fn scratch(&self) -> Self::Scratch;

    /// The key of a row with this value at this step. −∞ for the value −∞, which marks rows that
    /// are out; never NaN.
    fn key(&self, row: usize, value: f64) -> f64;

    /// By how much the key of a row of unchanged value may have risen, from the start to this step.
    fn drift(&self) -> f64 {
        0.0
    }

    /// What covers the rounding of keys and of that; 0 where keys depend on the value alone.
    fn slack(&self) -> f64 {
        0.0
    }

    /// Brings rows up to date, and returns how many distances (or other units of work) that took. A
    /// row may be left behind, with
    /// `seen` saying how far it got, as soon as its key is below `floor`: called with an infinite
    /// floor, the least that gives each row a finite value is enough.
    fn refresh(&self, scratch: &mut Self::Scratch, rows: &mut [Stale], floor: f64) -> Result<u64>;

    /// About how many multiplications bringing a row up to date takes that is so many steps behind:
    /// decides whether threads are worth starting.
    fn cost(&self, behind: usize) -> usize;

    /// Rows that are brought up to date together at the least; fewer mean less wasted work where
    /// that is dear.
    fn least_batch(&self) -> usize {
        16
    }

    /// The row is picked: one more step.
    fn pick(&mut self, row: usize) -> Result<()>;
}
