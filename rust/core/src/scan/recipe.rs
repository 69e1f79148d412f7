//! What is done with a folded row: check it, and close it with the measure's formula.

use crate::measure::{Formula, Logits, Measure, Probabilities, Visit};
use crate::order::Order;
use crate::screen::Bound;
use crate::simd::{Float, Vector};

/// What rows are closed with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// A measure.
    Measure(Measure),
    /// What tells which rows need no measure: negative where one does not.
    Bound(Bound),
}

impl Goal {
    /// Do something with its formula, compiled for it.
    #[inline(always)]
    pub(super) fn visit<W: Visit>(self, visit: W) -> W::Output {
        match self {
            Goal::Measure(measure) => measure.visit(visit),
            Goal::Bound(bound) => bound.visit(visit),
        }
    }
}

/// Everything the kernels must know beside the rows themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe<T> {
    pub(crate) goal: Goal,
    /// Rows are logits and not probabilities.
    pub(crate) logits: bool,
    pub(crate) temperature: T,
    pub(crate) inverse_temperature: T,
    /// The least and the greatest sum of a valid row of probabilities.
    pub(crate) sums: [T; 2],
    /// How far from 1 the sum of a row may be, which tells what is below 0 by rounding.
    pub(crate) tolerance: f64,
    /// Divide rows of probabilities by their sum.
    pub(crate) renormalise: bool,
    /// Valid rows of probabilities sum to 1 within a thousandth.
    pub(crate) near_one: bool,
    /// What an entropy in nats is multiplied by.
    pub(crate) entropy_unit: T,
    /// There is one class only.
    pub(crate) single: bool,
    /// The number of classes, and its inverse.
    pub(crate) classes: [T; 2],
    /// What a bound is given.
    pub(crate) limits: [T; 3],
    /// Ask for memory ahead of its use.
    pub(crate) ask: bool,
}

/// What a row of probabilities was folded into.
#[derive(Clone, Copy)]
pub(super) struct Folded<V> {
    pub(super) top: V,
    pub(super) second: V,
    pub(super) rest: V,
    pub(super) logs: V,
    pub(super) squares: V,
    pub(super) cubes: V,
    pub(super) total: V,
}

/// What is known of scored rows beside their scores.
#[derive(Clone, Copy)]
pub(crate) struct Found<T> {
    /// All are valid.
    pub(crate) valid: bool,
    /// The best score where all are valid and none is NaN (see [`Recipe::bounded`]), turned so that larger is better.
    pub(crate) best: T,
}

impl<T: Float> Found<T> {
    /// Of no rows.
    pub(super) fn nothing() -> Self {
        Found { valid: true, best: T::from_f64(f64::NEG_INFINITY) }
    }

    /// Of these rows and others.
    pub(super) fn and(self, other: Found<T>) -> Found<T> {
        let best = if other.best > self.best { other.best } else { self.best };
        Found { valid: self.valid & other.valid, best }
    }
}

/// What a kernel found of its rows.
#[derive(Clone, Copy)]
pub(super) struct Verdict<T> {
    /// Where `signed`, valid means but for signs.
    pub(super) found: Found<T>,
    /// The sign bit of a probability is set: it is negative, or the zero that counts as one.
    pub(super) signed: bool,
}

/// What the rows closed so far come to, a row a lane.
#[derive(Clone, Copy)]
pub(super) struct Closed<V: Vector> {
    valid: V::Mask,
    best: V,
}

impl<V: Vector> Closed<V> {
    /// Of no rows.
    #[inline(always)]
    pub(super) fn nothing<M: Formula>(simd: V::Simd) -> Self {
        let worst = V::splat(simd, V::Scalar::from_f64(M::ORDER.orient(f64::NEG_INFINITY)));
        Closed { valid: worst.eq(worst), best: worst }
    }

    /// And these rows.
    #[inline(always)]
    pub(super) fn and<M: Formula>(self, (valid, score): (V::Mask, V)) -> Self {
        let best =
            if const { matches!(M::ORDER, Order::Highest) } { self.best.max(score) } else { self.best.min(score) };
        Closed { valid: V::and(self.valid, valid), best }
    }

    #[inline(always)]
    pub(super) fn verdict<M: Formula>(self, signed: bool) -> Verdict<V::Scalar> {
        let turned = if const { matches!(M::ORDER, Order::Highest) } {
            self.best
        } else {
            self.best.full_like(0.0).sub(self.best)
        };
        let mut lanes = [V::Scalar::ZERO; 16];
        // SAFETY: no vector has more lanes.
        unsafe { turned.store(lanes.as_mut_ptr()) };
        let best = lanes[1..V::LANES].iter().fold(lanes[0], |best, &lane| if lane > best { lane } else { best });
        Verdict { found: Found { valid: V::all(self.valid), best }, signed }
    }
}

impl<T: Float> Recipe<T> {
    /// The same, asking for memory ahead or not.
    pub(super) fn asking(&self, ask: bool) -> Recipe<T> {
        Recipe { ask, ..*self }
    }

    /// Whether no score of a valid row can be NaN: no sum overflows.
    pub(crate) fn bounded(&self) -> bool {
        self.logits || self.checked()
    }

    /// Whether all valid rows of probabilities sum to 1 within a tenth.
    pub(crate) fn checked(&self) -> bool {
        self.sums[1] <= T::from_f64(1.1)
    }

    /// Store the scores of rows of probabilities, NaN where a row is invalid; which are valid, but for signs, and the scores. A NaN or infinity among
    /// the probabilities reaches the sum, and so fails its test.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    pub(super) unsafe fn close_probabilities<M: Formula, V: Vector<Scalar = T>>(
        &self,
        row: Folded<V>,
        out: *mut T,
    ) -> (V::Mask, V) {
        let one = row.total.full_like(1.0);
        let low = row.total.full_like(self.sums[0]).le(row.total);
        let high = row.total.le(row.total.full_like(self.sums[1]));
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
            entropy_unit: row.total.full_like(self.entropy_unit),
            single: self.single,
            cubes: row.cubes,
            limits: self.limits_in_lanes(row.total.simd()),
        });
        // SAFETY: the caller's promise.
        unsafe { Self::store(V::and(low, high), score, out) }
    }

    /// Store the scores of rows of logits, likewise; `sound` is NaN where a row is invalid.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    pub(super) unsafe fn close_logits<M: Formula, V: Vector<Scalar = T>>(
        &self,
        [top, second]: [V; 2],
        rest: V,
        logs: V,
        squares: V,
        sound: V,
        out: *mut T,
    ) -> (V::Mask, V) {
        let score = M::of_logits(&Logits {
            top,
            second: second.sub(top).mul(top.full_like(self.inverse_temperature)),
            rest,
            logs,
            squares,
            temperature: top.full_like(self.temperature),
            entropy_unit: top.full_like(self.entropy_unit),
            single: self.single,
            limits: self.limits_in_lanes(top.simd()),
        });
        // SAFETY: the caller's promise.
        unsafe { Self::store(sound.eq(sound), score, out) }
    }

    #[inline(always)]
    fn limits_in_lanes<V: Vector<Scalar = T>>(&self, simd: V::Simd) -> [V; 3] {
        let [a, b, c] = self.limits;
        [V::splat(simd, a), V::splat(simd, b), V::splat(simd, c)]
    }

    /// # Safety
    /// All lanes must be writable at `out`.
    #[inline(always)]
    unsafe fn store<V: Vector<Scalar = T>>(valid: V::Mask, score: V, out: *mut T) -> (V::Mask, V) {
        // SAFETY: the caller's promise.
        unsafe { V::select(valid, score, score.full_like(f64::NAN)).store(out) };
        (valid, score)
    }
}
