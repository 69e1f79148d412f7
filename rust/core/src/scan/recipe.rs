//! What is done with a folded row: check it, and close it with the measure's formula.

use crate::measure::{Formula, Logits, Measure, Probabilities};
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
    /// What an entropy in nats is multiplied by.
    pub(crate) entropy_unit: T,
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
}

/// What a kernel found of its rows.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    /// All are valid, but for signs.
    pub(super) valid: bool,
    /// The sign bit of a probability is set: it is negative, or the zero that counts as one.
    pub(super) signed: bool,
}

impl<T: Float> Recipe<T> {
    /// Store the scores of rows of probabilities, NaN where a row is invalid; which are valid, but for signs. A NaN or infinity among
    /// the probabilities reaches the sum, and so fails its test.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    pub(super) unsafe fn close_probabilities<M: Formula, V: Vector<Scalar = T>>(
        &self,
        row: Folded<V>,
        out: *mut T,
    ) -> V::Mask {
        let one = V::splat(T::from_f64(1.0));
        let low = V::splat(self.sums[0]).le(row.total);
        let high = row.total.le(V::splat(self.sums[1]));
        let score = M::of_probabilities(&Probabilities {
            top: row.top,
            second: row.second,
            rest: row.rest,
            logs: row.logs,
            squares: row.squares,
            total: row.total,
            unit: if self.renormalise { row.total } else { one },
            renormalise: self.renormalise,
            near_one: self.near_one,
            entropy_unit: V::splat(self.entropy_unit),
            single: self.single,
            // Not `map`, whose closure would be compiled without the level's features.
            #[allow(clippy::manual_map)]
            reach: match self.reach {
                Some(reach) => Some(V::splat(reach)),
                None => None,
            },
        });
        // SAFETY: the caller's promise.
        unsafe { Self::store(V::and(low, high), score, out) }
    }

    /// Store the scores of rows of logits, likewise. A NaN is the largest in one of the two sweeps, or makes `rest` NaN; with a +inf or no finite logit the
    /// largest is infinite.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    pub(super) unsafe fn close_logits<M: Formula, V: Vector<Scalar = T>>(
        &self,
        [top, second]: [V; 2],
        [again, rest]: [V; 2],
        logs: V,
        squares: V,
        out: *mut T,
    ) -> V::Mask {
        // NaN where anything is.
        let sound = again.sub(top).add(rest);
        let score = M::of_logits(&Logits {
            top,
            second: second.sub(top).mul(V::splat(self.inverse_temperature)),
            rest,
            logs,
            squares,
            temperature: V::splat(self.temperature),
            entropy_unit: V::splat(self.entropy_unit),
            single: self.single,
        });
        // SAFETY: the caller's promise.
        unsafe { Self::store(sound.eq(sound), score, out) }
    }

    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    unsafe fn store<V: Vector<Scalar = T>>(valid: V::Mask, score: V, out: *mut T) -> V::Mask {
        // SAFETY: the caller's promise.
        unsafe { V::select(valid, score, V::splat(T::NAN)).store(out) };
        valid
    }
}
