//! How a row becomes a score: it is folded in one or two sweeps, and a formula closes what the
//! folds kept.
//!
//! A [`Formula`] names its folds as types, so that the loops of each are compiled with the folds
//! and the formula inside them. Which formula that is, a [`Goal`] tells at run time: it is asked
//! once for many rows.

use crate::fold::{Fold, Logits, Probabilities, SingleFold, TailFold};
use crate::order::Order;
use crate::simd::sealed::Lanes;
use crate::simd::{Float, Simd, Vector};
use std::marker::PhantomData;

/// What a folded row is closed with: a measure, or a bound on one.
pub(crate) trait Formula: Copy {
    /// The end of its values that is sought.
    const ORDER: Order = Order::Highest;
    /// How rows of probabilities are folded for it.
    type OfProbabilities<V: Vector>: Sweeps<V, Row = Probabilities<V>>;
    /// How rows of logits are folded for it.
    type OfLogits<V: Vector>: Sweeps<V, Row = Logits<V>>;

    /// Take a walk over rows, of logits or of probabilities, with the folds for them. As all that
    /// is entered by [`Level::run`](crate::simd::Level::run), it is inlined.
    #[inline(always)]
    fn walk<S: Simd, W: Walk>(self, simd: S, logits: bool, walk: W) -> W::Output {
        if logits {
            Self::OfLogits::<<W::Scalar as Lanes>::Vector<S>>::go(walk, simd, self)
        } else {
            Self::OfProbabilities::<<W::Scalar as Lanes>::Vector<S>>::go(walk, simd, self)
        }
    }

    /// The score of rows of probabilities.
    #[inline(always)]
    fn of_probabilities<V: Vector>(self, row: &Probabilities<V>) -> V {
        row.splat(f64::NAN)
    }

    /// The score of rows of logits.
    #[inline(always)]
    fn of_logits<V: Vector>(self, row: &Logits<V>) -> V {
        row.splat(f64::NAN)
    }
}

/// A summary that formulas close.
pub(crate) trait Summary<V: Vector> {
    /// Which rows are valid, but for the signs of probabilities.
    fn valid(&self) -> V::Mask;
    /// The scores of the rows; of rows that are not valid they mean nothing.
    fn score<M: Formula>(&self, formula: M) -> V;
}

impl<V: Vector> Summary<V> for Probabilities<V> {
    #[inline(always)]
    fn valid(&self) -> V::Mask {
        Probabilities::valid(self)
    }

    #[inline(always)]
    fn score<M: Formula>(&self, formula: M) -> V {
        formula.of_probabilities(self)
    }
}

impl<V: Vector> Summary<V> for Logits<V> {
    #[inline(always)]
    fn valid(&self) -> V::Mask {
        Logits::valid(self)
    }

    #[inline(always)]
    fn score<M: Formula>(&self, formula: M) -> V {
        formula.of_logits(self)
    }
}

/// Which folds see a row, one after the other.
pub(crate) trait Sweeps<V: Vector> {
    /// The summary they make.
    type Row;
    /// Take the walk with these folds.
    fn go<W: Walk<Scalar = V::Scalar>, M: Formula>(walk: W, simd: V::Simd, formula: M) -> W::Output;
}

/// A walk over rows, whatever their layout: it folds each row and closes it with the formula.
pub(crate) trait Walk {
    type Scalar: Float;
    type Output;

    /// Score all rows by a fold that sees them once.
    fn once<V, F, M>(self, simd: V::Simd, formula: M) -> Self::Output
    where
        V: Vector<Scalar = Self::Scalar>,
        F: SingleFold<V, Row: Summary<V>>,
        M: Formula;

    /// Score all rows by two folds over logits: `P` finds the largest, and `F` is around it.
    fn twice<V, P, F, M>(self, simd: V::Simd, formula: M) -> Self::Output
    where
        V: Vector<Scalar = Self::Scalar>,
        P: Fold<V> + Default,
        F: TailFold<V>,
        M: Formula;
}

/// One sweep.
pub(crate) struct Once<F>(PhantomData<F>);

impl<V: Vector, F: SingleFold<V, Row: Summary<V>>> Sweeps<V> for Once<F> {
    type Row = F::Row;

    #[inline(always)]
    fn go<W: Walk<Scalar = V::Scalar>, M: Formula>(walk: W, simd: V::Simd, formula: M) -> W::Output {
        walk.once::<V, F, M>(simd, formula)
    }
}

/// Two sweeps over logits.
pub(crate) struct Twice<P, F>(PhantomData<(P, F)>);

impl<V: Vector, P: Fold<V> + Default, F: TailFold<V>> Sweeps<V> for Twice<P, F> {
    type Row = Logits<V>;

    #[inline(always)]
    fn go<W: Walk<Scalar = V::Scalar>, M: Formula>(walk: W, simd: V::Simd, formula: M) -> W::Output {
        walk.twice::<V, P, F, M>(simd, formula)
    }
}

/// No sweep: the formula is not defined for such rows, and never asked for. Nothing is compiled for
/// it.
pub(crate) struct Undefined<R>(PhantomData<R>);

impl<V: Vector, R> Sweeps<V> for Undefined<R> {
    type Row = R;

    #[inline(always)]
    fn go<W: Walk<Scalar = V::Scalar>, M: Formula>(_: W, _: V::Simd, _: M) -> W::Output {
        unreachable!("a formula that is not defined for such rows, which `Scorer::new` refuses")
    }
}

/// One of a list of formulas.
pub(crate) trait Goal: Copy {
    /// Goals with the same number, 0 or 1, cost about the same, and share what is learnt about
    /// their pace.
    const PACE: usize;
    /// Take the walk that is compiled for its formula: [`Formula::walk`].
    fn walk<S: Simd, W: Walk>(self, simd: S, logits: bool, walk: W) -> W::Output;
}
