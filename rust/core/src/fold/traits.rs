//! What a fold is.

use super::row::Logits;
use crate::rules::Recipe;
use crate::simd::{Float, Vector};

/// The most numbers that a fold keeps per lane.
pub(crate) const MOST_KEPT: usize = 3;

/// The numbers that a fold keeps per lane: an array of vectors, of which there are at most
/// [`MOST_KEPT`].
pub(crate) trait Kept<V: Vector>: Copy {
    /// How many.
    const COUNT: usize;
    /// All of them the same.
    fn all(value: V) -> Self;
    /// One of them.
    fn at(&self, number: usize) -> V;
    /// Set one of them.
    fn set(&mut self, number: usize, value: V);
}

impl<V: Vector, const N: usize> Kept<V> for [V; N] {
    const COUNT: usize = N;

    #[inline(always)]
    fn all(value: V) -> Self {
        [value; N]
    }

    #[inline(always)]
    fn at(&self, number: usize) -> V {
        self[number]
    }

    #[inline(always)]
    fn set(&mut self, number: usize, value: V) {
        self[number] = value;
    }
}

/// A fold over the classes of a row: see the room's opening.
pub(crate) trait Fold<V: Vector>: Copy {
    type Kept: Kept<V>;
    /// Values are probabilities, whose signs are to be watched; else they are logits.
    const SIGNED: bool;
    /// A step is so long that two at a time would not fit the registers.
    const LONG: bool = false;

    /// The value of a class that is not there. To fold it in changes nothing.
    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        V::splat(simd, V::Scalar::from_f64(if Self::SIGNED { 0.0 } else { f64::NEG_INFINITY }))
    }

    /// What is kept of one class.
    fn first(self, value: V) -> Self::Kept;
    /// Fold one more class in.
    fn step(self, kept: Self::Kept, value: V) -> Self::Kept;
    /// What is kept of the classes of both.
    fn merge(self, a: Self::Kept, b: Self::Kept) -> Self::Kept;
}

/// A fold that sees a row once.
pub(crate) trait SingleFold<V: Vector>: Fold<V> {
    /// The summary that it makes.
    type Row;
    /// The fold for rows under these rules.
    fn new(simd: V::Simd, recipe: &Recipe<V::Scalar>) -> Self;
    /// The summary of rows of which this was kept.
    fn row(kept: Self::Kept, recipe: &Recipe<V::Scalar>) -> Self::Row;
}

/// The second of the two folds over a row of logits.
pub(crate) trait TailFold<V: Vector>: Fold<V> {
    /// The fold around a peak.
    fn new(tail: Tail<V>) -> Self;
    /// The summary of rows, from the two largest logits and what this fold kept. With a first fold
    /// for the largest alone, the second largest is the largest again.
    fn row(largest: [V; 2], kept: Self::Kept, recipe: &Recipe<V::Scalar>) -> Logits<V>;
}

/// What the second sweep over a row of logits knows of the first.
#[derive(Clone, Copy)]
pub(crate) struct Tail<V> {
    pub(crate) peak: V,
    pub(crate) temperature: V,
    pub(crate) inverse_temperature: V,
}
