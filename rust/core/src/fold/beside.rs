//! What folds keep beside the largest value and the sum of the others: one more number of those.

use super::row::Folded;
use crate::coefficients::Coefficients;
use crate::math::share;
use crate::simd::{Float, Vector};

/// One such number, 0 before there is any other: of probabilities, and of the weights `e^d` of
/// logits.
pub(crate) trait Beside: Copy {
    /// Whether there is one: 1, or 0.
    const KEPT: usize = 1;
    /// A step is so long that two at a time would not fit the registers.
    const LONG: bool = false;

    /// The number with what belongs to one more probability.
    #[inline(always)]
    fn probability<V: Vector>(number: V, _: V) -> V {
        number
    }

    /// The number with what belongs to one more weight and its `d`.
    #[inline(always)]
    fn weight<V: Vector>(number: V, _: V, _: V) -> V {
        number
    }

    /// The number of those behind both.
    #[inline(always)]
    fn both<V: Vector>(a: V, b: V) -> V {
        a.add(b)
    }

    /// Put the number in its place, of probabilities.
    #[inline(always)]
    fn of_probabilities<V: Vector>(_: V, row: Folded<V>) -> Folded<V> {
        row
    }

    /// Put the number in its place, of logits.
    #[inline(always)]
    fn of_logits<V: Vector>(_: V, row: Folded<V>) -> Folded<V> {
        row
    }
}

/// None.
#[derive(Clone, Copy)]
pub(crate) struct Nothing;

impl Beside for Nothing {
    const KEPT: usize = 0;
}

/// The largest of the others, which is the second largest of all.
#[derive(Clone, Copy)]
pub(crate) struct Second;

impl Beside for Second {
    #[inline(always)]
    fn probability<V: Vector>(second: V, value: V) -> V {
        second.max(value)
    }

    #[inline(always)]
    fn both<V: Vector>(a: V, b: V) -> V {
        a.max(b)
    }

    #[inline(always)]
    fn of_probabilities<V: Vector>(second: V, row: Folded<V>) -> Folded<V> {
        Folded { second, ..row }
    }
}

/// The sum of `p ln p`. The values are at most half of the whole, so their logarithms need no
/// accuracy near 0. The sum is in the unit of [`share`] until the row is complete.
#[derive(Clone, Copy)]
pub(crate) struct Logarithms;

impl Beside for Logarithms {
    const LONG: bool = true;

    #[inline(always)]
    fn probability<V: Vector>(sum: V, value: V) -> V {
        value.mul_add(share(value), sum)
    }

    #[inline(always)]
    fn weight<V: Vector>(sum: V, weight: V, exponent: V) -> V {
        weight.mul_add(exponent, sum)
    }

    #[inline(always)]
    fn of_probabilities<V: Vector>(sum: V, row: Folded<V>) -> Folded<V> {
        let mut logs = sum.mul(row.splat(V::Scalar::SHARE_UNIT));
        if V::Scalar::SHARE_SHIFT != V::Scalar::ZERO {
            logs = row.rest.mul_add(row.splat(V::Scalar::SHARE_SHIFT), logs);
        }
        Folded { logs, ..row }
    }

    #[inline(always)]
    fn of_logits<V: Vector>(sum: V, row: Folded<V>) -> Folded<V> {
        Folded { logs: row.splat(0.0).sub(sum), ..row }
    }
}

/// The sum of `p^2`.
#[derive(Clone, Copy)]
pub(crate) struct Squares;

impl Beside for Squares {
    #[inline(always)]
    fn probability<V: Vector>(sum: V, value: V) -> V {
        value.mul_add(value, sum)
    }

    #[inline(always)]
    fn weight<V: Vector>(sum: V, weight: V, _: V) -> V {
        weight.mul_add(weight, sum)
    }

    #[inline(always)]
    fn of_probabilities<V: Vector>(squares: V, row: Folded<V>) -> Folded<V> {
        Folded { squares, ..row }
    }

    #[inline(always)]
    fn of_logits<V: Vector>(squares: V, row: Folded<V>) -> Folded<V> {
        Folded { squares, ..row }
    }
}
