//! Folds over logits. Most measures take two sweeps: the first finds the largest, and the second
//! adds up exponentials of the distance to it. Measures of the gap take one, for the two largest
//! alone.

use super::beside::Beside;
use super::row::Logits;
use super::traits::{Fold, SingleFold, Tail, TailFold};
use crate::math::{Coefficients, exp};
use crate::rules::Recipe;
use crate::simd::Vector;
use std::marker::PhantomData;

/// The largest logit: the first of two sweeps.
#[derive(Clone, Copy, Default)]
pub(crate) struct Peak;

impl<V: Vector> Fold<V> for Peak {
    type Kept = [V; 1];
    const SIGNED: bool = false;

    #[inline(always)]
    fn first(self, value: V) -> [V; 1] {
        [value]
    }

    #[inline(always)]
    fn step(self, [top]: [V; 1], value: V) -> [V; 1] {
        [top.max(value)]
    }

    #[inline(always)]
    fn merge(self, [a]: [V; 1], [b]: [V; 1]) -> [V; 1] {
        [a.max(b)]
    }
}

/// The two largest logits: the first of two sweeps, where both are needed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Peaks;

impl<V: Vector> Fold<V> for Peaks {
    type Kept = [V; 2];
    const SIGNED: bool = false;

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, value.full_like(f64::NEG_INFINITY)]
    }

    #[inline(always)]
    fn step(self, [top, second]: [V; 2], value: V) -> [V; 2] {
        [top.max(value), second.max(top.min(value))]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].max(b[0]), a[1].max(b[1]).max(a[0].min(b[0]))]
    }
}

/// The two largest logits, and a NaN if there was one: all that a measure of their gap needs.
#[derive(Clone, Copy)]
pub(crate) struct Gaps;

impl<V: Vector> Fold<V> for Gaps {
    type Kept = [V; 3];
    const SIGNED: bool = false;

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        let least = value.full_like(f64::NEG_INFINITY);
        self.step([least, least, value.full_like(0.0)], value)
    }

    #[inline(always)]
    fn step(self, [top, second, odd]: [V; 3], value: V) -> [V; 3] {
        let [top, second] = Peaks.step([top, second], value);
        [top, second, V::select(value.eq(value), odd, value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let [top, second] = Peaks.merge([a[0], a[1]], [b[0], b[1]]);
        [top, second, a[2].add(b[2])]
    }
}

impl<V: Vector> SingleFold<V> for Gaps {
    type Row = Logits<V>;

    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        Gaps
    }

    #[inline(always)]
    fn row([top, second, odd]: [V; 3], recipe: &Recipe<V::Scalar>) -> Logits<V> {
        Logits::with_largest([top, second], odd.add(top.sub(top)), recipe)
    }
}

// The second sweep over a row of logits: sums over all classes but one largest, which is kept apart
// as in the folds over probabilities, so that they are exact however small they are. A NaN becomes
// the largest and stays it, or is beaten and reaches a sum.
impl<V: Vector> Tail<V> {
    /// `e^d`, and `d = (z - z_max) / T` bounded so that a logit of -inf contributes 0 to `d e^d`.
    #[inline(always)]
    fn weight(&self, value: V) -> (V, V) {
        let exponent = value.full_like(V::Scalar::EXP_ZERO).max(value.sub(self.peak).mul(self.inverse_temperature));
        (exp(exponent), exponent)
    }
}

/// Of two logits the smaller and the larger; of a NaN and another either is.
#[inline(always)]
fn beaten<V: Vector>(top: V, value: V) -> (V, V) {
    (top.min(value), value.max(top))
}

/// The summary with the sum of `e^d`. It is sound unless a NaN, a +inf or no finite logit is in the
/// row: a NaN is the largest in one of the two sweeps, or makes `rest` NaN.
#[inline(always)]
fn summed<V: Vector>(largest: [V; 2], [again, rest]: [V; 2], recipe: &Recipe<V::Scalar>) -> Logits<V> {
    let sound = again.sub(largest[0]).add(rest);
    Logits { rest, ..Logits::with_largest(largest, sound, recipe) }
}

/// The largest, and the sum of `e^d`.
#[derive(Clone, Copy)]
pub(crate) struct TailSum<V>(Tail<V>);

impl<V: Vector> Fold<V> for TailSum<V> {
    type Kept = [V; 2];
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest]: [V; 2], value: V) -> [V; 2] {
        let (beaten, top) = beaten(top, value);
        [top, rest.add(self.0.weight(beaten).0)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        let [top, rest] = self.step(a, b[0]);
        [top, rest.add(b[1])]
    }
}

impl<V: Vector> TailFold<V> for TailSum<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailSum(tail)
    }

    #[inline(always)]
    fn row(largest: [V; 2], kept: [V; 2], recipe: &Recipe<V::Scalar>) -> Logits<V> {
        summed(largest, kept, recipe)
    }
}

/// The largest, the sum of `e^d`, and one more sum.
#[derive(Clone, Copy)]
pub(crate) struct TailApart<V, B>(Tail<V>, PhantomData<B>);

impl<V: Vector, B: Beside> Fold<V> for TailApart<V, B> {
    type Kept = [V; 3];
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, value.full_like(0.0), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest, sum]: [V; 3], value: V) -> [V; 3] {
        let (beaten, top) = beaten(top, value);
        let (weight, exponent) = self.0.weight(beaten);
        [top, rest.add(weight), B::add_weight(sum, weight, exponent)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let [top, rest, sum] = self.step(a, b[0]);
        [top, rest.add(b[1]), sum.add(b[2])]
    }
}

impl<V: Vector, B: Beside> TailFold<V> for TailApart<V, B> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailApart(tail, PhantomData)
    }

    #[inline(always)]
    fn row(largest: [V; 2], [again, rest, sum]: [V; 3], recipe: &Recipe<V::Scalar>) -> Logits<V> {
        B::of_logits(sum, summed(largest, [again, rest], recipe))
    }
}
