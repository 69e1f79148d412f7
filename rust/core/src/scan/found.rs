//! What scoring some rows finds out about all of them together, beside their scores.

use crate::fold::Folded;
use crate::formula::Formula;
use crate::order::Order;
use crate::simd::{Float, Vector};

/// What is known of scored rows beside their scores.
#[derive(Clone, Copy)]
pub(crate) struct Found<T> {
    /// All are valid.
    pub(crate) valid: bool,
    /// The best score, turned so that larger is better. It counts only where all rows are valid and
    /// no score is NaN (see [`Recipe::bounded`](crate::rules::Recipe::bounded)).
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
    /// Where `signed`, valid means valid but for signs.
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

    /// Close a vector of rows: store their scores, NaN where a row is invalid.
    #[inline(always)]
    pub(super) fn close<M: Formula>(&mut self, row: &Folded<V>, formula: M, out: &mut [V::Scalar]) {
        let score = formula.close(row);
        V::select(row.valid, score, score.full_like(f64::NAN)).to_slice(out);
        self.valid = V::and(self.valid, row.valid);
        self.best =
            if const { matches!(M::ORDER, Order::Highest) } { self.best.max(score) } else { self.best.min(score) };
    }

    /// The end; `bits` are those of all probabilities.
    #[inline(always)]
    pub(super) fn verdict<M: Formula>(self, bits: V) -> Verdict<V::Scalar> {
        let highest = const { matches!(M::ORDER, Order::Highest) };
        let turned = if highest { self.best } else { self.best.full_like(0.0).sub(self.best) };
        let mut lanes = [V::Scalar::ZERO; 16];
        turned.to_slice(&mut lanes[..V::LANES]);
        let best = lanes[1..V::LANES].iter().fold(lanes[0], |best, &lane| if lane > best { lane } else { best });
        Verdict { found: Found { valid: V::all(self.valid), best }, signed: bits.signs() != 0 }
    }
}
