//! What a fold is.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::row::Folded;
use crate::rules::Recipe;
use crate::simd::{Float, Vector};

/// The most numbers that a fold keeps per lane.
pub(crate) const MOST_KEPT: usize = 3;

/// The numbers that a fold keeps per lane, of which the first [`Fold::KEPT`] count.
pub(crate) type Kept<V> = [V; MOST_KEPT];

/// A fold over the classes of a row: see the room's opening.
pub(crate) trait Fold<V: Vector>: Copy {
    /// How many numbers it keeps.
    const KEPT: usize;
    /// Values are probabilities, whose signs are to be watched; else they are logits.
    const SIGNED: bool = false;
    /// A step is so long that two at a time would not fit the registers.
    const LONG: bool = false;
    /// Classes may be folded in any order: it does not show, or matters to nobody.
    const UNORDERED: bool = false;

    /// The value of a class that is not there. To fold it in changes nothing.
    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        V::splat(simd, V::Scalar::from_f64(if Self::SIGNED { 0.0 } else { f64::NEG_INFINITY }))
    }

    /// What is kept of one class; unless said otherwise, of a fold of sums: they start from -0,
    /// which adds nothing.
    #[inline(always)]
    fn first(self, value: V) -> Kept<V> {
        self.step([value.full_like(-0.0); MOST_KEPT], value)
    }

    /// Fold one more class in.
    fn step(self, kept: Kept<V>, value: V) -> Kept<V>;

    /// Fold some more in, as one after the other.
    #[inline(always)]
    fn steps<const N: usize>(self, mut kept: Kept<V>, values: [V; N]) -> Kept<V> {
        for i in 0..N {
            kept = self.step(kept, values[i]);
        }
        kept
    }

    /// What is kept of the classes of both; unless said otherwise, sums.
    #[inline(always)]
    fn merge(self, mut a: Kept<V>, b: Kept<V>) -> Kept<V> {
        for number in 0..Self::KEPT {
            a[number] = a[number].add(b[number]);
        }
        a
    }
}

/// A fold that sees a row once.
pub(crate) trait SingleFold<V: Vector>: Fold<V> {
    /// The fold for rows under these rules.
    fn new(simd: V::Simd, recipe: &Recipe<V::Scalar>) -> Self;
    /// The summary of rows of which this was kept.
    fn row(kept: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V>;
}

/// The second of the two folds over a row of logits.
pub(crate) trait TailFold<V: Vector>: Fold<V> {
    /// The fold around a peak.
    fn new(tail: Tail<V>) -> Self;
    /// The summary of rows, from the two largest logits and what this fold kept. With a first fold
    /// for the largest alone, the second largest is the largest again.
    fn row(largest: [V; 2], kept: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V>;
}

/// What the second sweep over a row of logits knows of the first.
#[derive(Clone, Copy)]
pub(crate) struct Tail<V> {
    pub(crate) peak: V,
    pub(crate) temperature: V,
    pub(crate) inverse_temperature: V,
}
