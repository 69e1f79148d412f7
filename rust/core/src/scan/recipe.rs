//! What is done with a folded row: check it, and close it with the measure's formula.

use crate::measure::{Logits, Measure, Needs, Probabilities};
use crate::simd::{Float, Vector};

/// Everything the kernels must know beside the rows themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe<T> {
    pub(crate) measure: Measure,
    /// Rows are logits and not probabilities.
    pub(crate) logits: bool,
    pub(crate) temperature: T,
    pub(crate) inverse_temperature: T,
    /// The least and the greatest sum of a valid row of probabilities.
    pub(crate) sums: [T; 2],
    /// Divide rows of probabilities by their sum.
    pub(crate) renormalise: bool,
    /// Valid rows of probabilities sum to 1 within a thousandth.
    pub(crate) near_one: bool,
    /// One over ln C, zero for one class.
    pub(crate) per_ln_classes: T,
    /// There is one class only.
    pub(crate) single: bool,
    /// All that is asked of a Gini impurity is whether it reaches this: see [`Probabilities::reach`].
    pub(crate) reach: Option<T>,
}

/// What a row of probabilities was folded into.
#[derive(Clone, Copy)]
pub(super) struct Folded<V> {
    pub(super) top: V,
    pub(super) second: V,
    pub(super) rest: V,
    pub(super) logs: V,
    pub(super) squares: V,
    pub(super) total: V,
    pub(super) least: V,
    /// What the fold was for.
    pub(super) kept: Needs,
}

impl<T: Float> Recipe<T> {
    /// Store the scores of rows of probabilities, NaN where a row is invalid; whether all are valid. A NaN or infinity among
    /// the probabilities reaches the sum, and so fails its test.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    pub(super) unsafe fn close_probabilities<V: Vector<Scalar = T>>(&self, row: Folded<V>, out: *mut T) -> bool {
        let one = V::splat(T::from_f64(1.0));
        let low = V::splat(self.sums[0]).le(row.total);
        let high = row.total.le(V::splat(self.sums[1]));
        let positive = V::splat(T::ZERO).le(row.least);
        let score = self.measure.of_probabilities(
            row.kept,
            &Probabilities {
                top: row.top,
                second: row.second,
                rest: row.rest,
                logs: row.logs,
                squares: row.squares,
                total: row.total,
                unit: if self.renormalise { row.total } else { one },
                renormalise: self.renormalise,
                near_one: self.near_one,
                per_ln_classes: V::splat(self.per_ln_classes),
                single: self.single,
                // Not `map`, whose closure would be compiled without the level's features.
                #[allow(clippy::manual_map)]
                reach: match self.reach {
                    Some(reach) => Some(V::splat(reach)),
                    None => None,
                },
            },
        );
        // SAFETY: the caller's promise.
        unsafe { Self::store(V::and(V::and(low, high), positive), score, out) }
    }

    /// Store the scores of rows of logits, likewise. A NaN, a +inf, or no finite logit at all makes `rest` NaN.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    pub(super) unsafe fn close_logits<V: Vector<Scalar = T>>(
        &self,
        kept: Needs,
        [top, second]: [V; 2],
        [rest, count]: [V; 2],
        logs: V,
        squares: V,
        out: *mut T,
    ) -> bool {
        let one = V::splat(T::from_f64(1.0));
        // The other classes that equal the largest: each is e^0 = 1 in the sums of e^d and e^2d, 0 in that of -d e^d.
        let equals = count.sub(one);
        let score = self.measure.of_logits(
            kept,
            &Logits {
                top,
                second: second.sub(top).mul(V::splat(self.inverse_temperature)),
                rest: rest.add(equals),
                logs,
                squares: squares.add(equals),
                temperature: V::splat(self.temperature),
                per_ln_classes: V::splat(self.per_ln_classes),
                single: self.single,
            },
        );
        // SAFETY: the caller's promise.
        unsafe { Self::store(rest.eq(rest), score, out) }
    }

    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    unsafe fn store<V: Vector<Scalar = T>>(valid: V::Mask, score: V, out: *mut T) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            score.store(out);
            if V::all(valid) {
                return true;
            }
            V::select(valid, score, V::splat(T::NAN)).store(out);
        }
        false
    }
}
