//! Sums that folds keep beside that of the values themselves, over all classes but one largest.

use super::row::{Logits, Probabilities};
use crate::math::Coefficients;
use crate::simd::{Float, Vector};

/// One such sum: of probabilities, and of the weights `e^d` of logits.
pub(crate) trait Beside: Copy {
    /// A step is so long that two at a time would not fit the registers.
    const LONG: bool;
    /// Add what belongs to a probability.
    fn add_probability<V: Vector>(sum: V, value: V) -> V;
    /// Add what belongs to a weight and its `d`.
    fn add_weight<V: Vector>(sum: V, weight: V, exponent: V) -> V;
    /// Put the sum in its place.
    fn of_probabilities<V: Vector>(sum: V, row: Probabilities<V>) -> Probabilities<V>;
    /// Put the sum in its place.
    fn of_logits<V: Vector>(sum: V, row: Logits<V>) -> Logits<V>;
}

/// Of `p ln p`. The values are at most half of the whole, so their logarithms need no accuracy near
/// 0. The sum is in the unit of [`Coefficients::share`] until the row is complete.
#[derive(Clone, Copy)]
pub(crate) struct Logarithms;

impl Beside for Logarithms {
    const LONG: bool = true;

    #[inline(always)]
    fn add_probability<V: Vector>(sum: V, value: V) -> V {
        value.mul_add(V::Scalar::share(value), sum)
    }

    #[inline(always)]
    fn add_weight<V: Vector>(sum: V, weight: V, exponent: V) -> V {
        weight.mul_add(exponent, sum)
    }

    #[inline(always)]
    fn of_probabilities<V: Vector>(sum: V, row: Probabilities<V>) -> Probabilities<V> {
        let mut logs = sum.mul(row.splat(V::Scalar::SHARE_UNIT));
        if V::Scalar::SHARE_SHIFT != V::Scalar::ZERO {
            logs = row.rest.mul_add(row.splat(V::Scalar::SHARE_SHIFT), logs);
        }
        Probabilities { logs, ..row }
    }

    #[inline(always)]
    fn of_logits<V: Vector>(sum: V, row: Logits<V>) -> Logits<V> {
        Logits { logs: row.splat(0.0).sub(sum), ..row }
    }
}

/// Of `p^2`.
#[derive(Clone, Copy)]
pub(crate) struct Squares;

impl Beside for Squares {
    const LONG: bool = false;

    #[inline(always)]
    fn add_probability<V: Vector>(sum: V, value: V) -> V {
        value.mul_add(value, sum)
    }

    #[inline(always)]
    fn add_weight<V: Vector>(sum: V, weight: V, _: V) -> V {
        weight.mul_add(weight, sum)
    }

    #[inline(always)]
    fn of_probabilities<V: Vector>(sum: V, row: Probabilities<V>) -> Probabilities<V> {
        Probabilities { squares: sum, ..row }
    }

    #[inline(always)]
    fn of_logits<V: Vector>(sum: V, row: Logits<V>) -> Logits<V> {
        Logits { squares: sum, ..row }
    }
}
