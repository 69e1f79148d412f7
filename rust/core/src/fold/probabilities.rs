//! Folds over probabilities. All but the plain sum keep the largest value apart: of the largest so
//! far and a new value, the smaller (`beaten`) joins the sums. So the sums run over all classes but
//! one largest, in one pass.

use super::beside::{Beside, Second};
use super::row::Folded;
use super::traits::{Fold, Kept, SingleFold};
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
    const KEPT: usize = 2;
    const SIGNED: bool = true;

    #[inline(always)]
    fn first(self, value: V) -> Kept<V> {
        [value; 3]
    }

    #[inline(always)]
    fn step(self, [top, total, none]: Kept<V>, value: V) -> Kept<V> {
        [top.max(value), total.add(value), none]
    }

    #[inline(always)]
    fn merge(self, a: Kept<V>, b: Kept<V>) -> Kept<V> {
        [a[0].max(b[0]), a[1].add(b[1]), a[2]]
    }
}

impl<V: Vector> SingleFold<V> for Sums {
    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        Sums
    }

    #[inline(always)]
    fn row([top, total, _]: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V> {
        Folded { top, ..Folded::summing_to(total, recipe) }
    }
}

/// The two largest, and the sum.
pub(crate) type Seconds = Apart<Second>;

/// The largest; of the others their sum, and one more number.
#[derive(Clone, Copy)]
pub(crate) struct Apart<B>(PhantomData<B>);

impl<V: Vector, B: Beside> Fold<V> for Apart<B> {
    const KEPT: usize = 3;
    const SIGNED: bool = true;
    const LONG: bool = B::LONG;

    #[inline(always)]
    fn first(self, value: V) -> Kept<V> {
        [value, nothing(value), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest, number]: Kept<V>, value: V) -> Kept<V> {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), B::probability(number, beaten)]
    }

    #[inline(always)]
    fn merge(self, a: Kept<V>, b: Kept<V>) -> Kept<V> {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].add(b[1]).add(beaten), B::probability(B::both(a[2], b[2]), beaten)]
    }
}

impl<V: Vector, B: Beside> SingleFold<V> for Apart<B> {
    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        Apart(PhantomData)
    }

    #[inline(always)]
    fn row([top, rest, number]: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V> {
        B::of_probabilities(number, Folded { top, rest, ..Folded::summing_to(top.add(rest), recipe) })
    }
}
