//! Folds over probabilities. All but the plain sum keep the largest value apart: of the largest so
//! far and a new value, the smaller (`beaten`) joins the sums. So the sums run over all classes but
//! one largest, in one pass.

use super::beside::Beside;
use super::row::Probabilities;
use super::traits::{Fold, SingleFold};
use crate::rules::Recipe;
use crate::simd::Vector;
use std::marker::PhantomData;

/// The sum of the other classes when there is one: zero. It is NaN where that class is NaN or
/// infinite, which the largest may later hide.
#[inline(always)]
fn nothing<V: Vector>(value: V) -> V {
    value.sub(value)
}

/// Largest and sum.
#[derive(Clone, Copy)]
pub(crate) struct Sums;

impl<V: Vector> Fold<V> for Sums {
    type Kept = [V; 2];
    const SIGNED: bool = true;

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, value]
    }

    #[inline(always)]
    fn step(self, [top, total]: [V; 2], value: V) -> [V; 2] {
        [top.max(value), total.add(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].max(b[0]), a[1].add(b[1])]
    }
}

impl<V: Vector> SingleFold<V> for Sums {
    type Row = Probabilities<V>;

    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        Sums
    }

    #[inline(always)]
    fn row([top, total]: [V; 2], recipe: &Recipe<V::Scalar>) -> Probabilities<V> {
        Probabilities { top, ..Probabilities::summing_to(total, recipe) }
    }
}

/// The two largest, and the sum.
#[derive(Clone, Copy)]
pub(crate) struct Seconds;

impl<V: Vector> Fold<V> for Seconds {
    type Kept = [V; 3];
    const SIGNED: bool = true;

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, value.full_like(0.0), nothing(value)]
    }

    #[inline(always)]
    fn step(self, [top, second, rest]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), second.max(beaten), rest.add(beaten)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].max(b[1]).max(beaten), a[2].add(b[2]).add(beaten)]
    }
}

impl<V: Vector> SingleFold<V> for Seconds {
    type Row = Probabilities<V>;

    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        Seconds
    }

    #[inline(always)]
    fn row([top, second, rest]: [V; 3], recipe: &Recipe<V::Scalar>) -> Probabilities<V> {
        Probabilities { top, second, rest, ..Probabilities::summing_to(top.add(rest), recipe) }
    }
}

/// The largest; of the others their sum, and one more sum.
#[derive(Clone, Copy)]
pub(crate) struct Apart<B>(PhantomData<B>);

impl<V: Vector, B: Beside> Fold<V> for Apart<B> {
    type Kept = [V; 3];
    const SIGNED: bool = true;
    const LONG: bool = B::LONG;

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, nothing(value), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest, sum]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), B::add_probability(sum, beaten)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].add(b[1]).add(beaten), B::add_probability(a[2].add(b[2]), beaten)]
    }
}

impl<V: Vector, B: Beside> SingleFold<V> for Apart<B> {
    type Row = Probabilities<V>;

    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        Apart(PhantomData)
    }

    #[inline(always)]
    fn row([top, rest, sum]: [V; 3], recipe: &Recipe<V::Scalar>) -> Probabilities<V> {
        B::of_probabilities(sum, Probabilities { top, rest, ..Probabilities::summing_to(top.add(rest), recipe) })
    }
}
