//! Folds over logits. Most measures take two sweeps: the first finds the largest, and the second
//! adds up exponentials of the distance to it. Measures of the gap take one, for the two largest
//! alone.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::beside::{Beside, Nothing};
use super::row::Folded;
use super::traits::{Fold, Kept, SingleFold, Tail, TailFold};
use crate::coefficients::Coefficients;
use crate::math::exp_each;
use crate::rules::Recipe;
use crate::simd::Vector;
use std::marker::PhantomData;

/// The largest logit; the second largest, where two numbers are kept; and a NaN if there was one,
/// where three are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Largest<const KEPT: usize>;

/// The first of two sweeps.
pub(crate) type Peak = Largest<1>;
/// The first of two sweeps, where the two largest are needed.
pub(crate) type Peaks = Largest<2>;
/// All that a measure of the gap between the two largest needs.
pub(crate) type Gaps = Largest<3>;

/// NaN once there was one.
#[inline(always)]
fn odd<V: Vector>(odd: V, value: V) -> V {
    V::select(value.eq(value), odd, value)
}

impl<V: Vector, const KEPT: usize> Fold<V> for Largest<KEPT> {
    const KEPT: usize = KEPT;
    const UNORDERED: bool = true;

    #[inline(always)]
    fn first(self, value: V) -> Kept<V> {
        [value, value.full_like(f64::NEG_INFINITY), odd(value.full_like(0.0), value)]
    }

    #[inline(always)]
    fn step(self, kept: Kept<V>, value: V) -> Kept<V> {
        [kept[0].max(value), kept[1].max(kept[0].min(value)), odd(kept[2], value)]
    }

    #[inline(always)]
    fn merge(self, a: Kept<V>, b: Kept<V>) -> Kept<V> {
        [a[0].max(b[0]), a[1].max(b[1]).max(a[0].min(b[0])), a[2].add(b[2])]
    }
}

impl<V: Vector> SingleFold<V> for Gaps {
    #[inline(always)]
    fn new(_: V::Simd, _: &Recipe<V::Scalar>) -> Self {
        Largest
    }

    #[inline(always)]
    fn row([top, second, odd]: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V> {
        Folded::with_largest([top, second], odd.add(top.sub(top)), recipe)
    }
}

// The second sweep over a row of logits: sums over all classes but one largest, which is kept apart
// as in the folds over probabilities, so that they are exact however small they are. A NaN becomes
// the largest and stays it, or is beaten and reaches a sum.
impl<V: Vector> Tail<V> {
    /// `d = (z - z_max) / T`, bounded so that a logit of -inf contributes 0 to `d e^d`.
    #[inline(always)]
    fn exponent(&self, value: V) -> V {
        value.full_like(V::Scalar::EXP_ZERO).max(value.sub(self.peak).mul(self.inverse_temperature))
    }
}

/// Of two logits the smaller and the larger; of a NaN and another either is.
#[inline(always)]
fn beaten<V: Vector>(top: V, value: V) -> (V, V) {
    (top.min(value), value.max(top))
}

/// The largest, and the sum of `e^d`.
pub(crate) type TailSum<V> = TailApart<V, Nothing>;

/// The largest, the sum of `e^d`, and one more number.
#[derive(Clone, Copy)]
pub(crate) struct TailApart<V, B>(Tail<V>, PhantomData<B>);

impl<V: Vector, B: Beside> Fold<V> for TailApart<V, B> {
    const KEPT: usize = 2 + B::KEPT;
    const LONG: bool = true;

    #[inline(always)]
    fn first(self, value: V) -> Kept<V> {
        [value, value.full_like(0.0), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, kept: Kept<V>, value: V) -> Kept<V> {
        self.steps(kept, [value])
    }

    /// One after the other, but for the exponentials.
    #[inline(always)]
    fn steps<const N: usize>(self, [mut top, mut rest, mut number]: Kept<V>, values: [V; N]) -> Kept<V> {
        let mut exponents = values;
        for i in 0..N {
            let smaller;
            (smaller, top) = beaten(top, values[i]);
            exponents[i] = self.0.exponent(smaller);
        }
        let weights = exp_each(exponents);
        for i in 0..N {
            rest = rest.add(weights[i]);
            number = B::weight(number, weights[i], exponents[i]);
        }
        [top, rest, number]
    }

    #[inline(always)]
    fn merge(self, a: Kept<V>, b: Kept<V>) -> Kept<V> {
        let [top, rest, number] = self.step(a, b[0]);
        [top, rest.add(b[1]), B::both(number, b[2])]
    }
}

impl<V: Vector, B: Beside> TailFold<V> for TailApart<V, B> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailApart(tail, PhantomData)
    }

    /// It is sound unless a NaN, a +inf or no finite logit is in the row: a NaN is the largest in
    /// one of the two sweeps, or makes `rest` NaN.
    #[inline(always)]
    fn row(largest: [V; 2], [again, rest, number]: Kept<V>, recipe: &Recipe<V::Scalar>) -> Folded<V> {
        let sound = again.sub(largest[0]).add(rest);
        B::of_logits(number, Folded { rest, ..Folded::with_largest(largest, sound, recipe) })
    }
}
