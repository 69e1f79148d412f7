//! How a row is folded, class by class, into what the measures need of it.
//!
//! A fold keeps N numbers per lane. A lane is a row (`narrow`) or a share of the classes of one row (`wide`), whose results are then
//! merged; both use the same step and merge.

mod bounds;
mod logits;
mod probabilities;

pub(super) use bounds::{Lines, Powers, Rough};
pub(super) use logits::{Gaps, Peak, Peaks, TailLogarithms, TailSquares, TailSum};
pub(super) use probabilities::{Logarithms, Seconds, Squares, Sums};

use super::recipe::Recipe;
use crate::measure::Formula;
use crate::simd::{Float, Vector};

/// A fold that keeps `N` numbers per lane.
pub(super) trait Fold<V: Vector, const N: usize>: Copy {
    /// Whether values are probabilities, whose signs are to be watched.
    const SIGNED: bool;
    /// Whether a step is so long that two at a time would not fit the registers.
    const LONG: bool;
    /// The value of a class that is not there; folding it in changes nothing.
    fn absent(self, simd: V::Simd) -> V;
    /// What is kept of no classes.
    fn start(self, simd: V::Simd) -> [V; N];
    /// What is kept of one class: as [`Fold::step`] from the start where that is a valid probability or logit, without its cost.
    fn first(self, value: V) -> [V; N];
    /// Fold one more class in.
    fn step(self, kept: [V; N], value: V) -> [V; N];
    /// What is kept of the classes of both.
    fn merge(self, a: [V; N], b: [V; N]) -> [V; N];
}

/// A fold that sees a row once.
pub(super) trait SingleFold<V: Vector, const N: usize>: Fold<V, N> {
    /// Store the scores of what was kept; which rows are valid, but for signs, and the scores.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    unsafe fn close<M: Formula>(recipe: &Recipe<V::Scalar>, kept: [V; N], out: *mut V::Scalar) -> (V::Mask, V);
}

/// The second of the two folds over a row of logits.
pub(super) trait TailFold<V: Vector, const N: usize>: Fold<V, N> {
    /// The fold around a peak.
    fn new(tail: Tail<V>) -> Self;
    /// Store the scores of what both folds kept; which rows are valid, and the scores.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        peaks: [V; 2],
        kept: [V; N],
        out: *mut V::Scalar,
    ) -> (V::Mask, V);
}

/// What the second sweep over a row of logits knows of the first.
#[derive(Clone, Copy)]
pub(super) struct Tail<V> {
    pub(super) peak: V,
    pub(super) temperature: V,
    pub(super) inverse_temperature: V,
}

#[inline(always)]
fn zero<V: Vector>(simd: V::Simd) -> V {
    V::splat(simd, V::Scalar::ZERO)
}

/// No logit at all.
#[inline(always)]
fn least<V: Vector>(simd: V::Simd) -> V {
    V::splat(simd, V::Scalar::from_f64(f64::NEG_INFINITY))
}
