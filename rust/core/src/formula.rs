//! How a row becomes a score: it is folded in one or two sweeps, and a formula closes what the
//! folds kept.
//!
//! A [`Formula`] names its folds as types, so that the loops of each are compiled with the folds
//! and the formula inside them. A measure of probabilities and of logits is two formulas. Which
//! formula is wanted, a [`Goal`] tells at run time: it is asked once for many rows.

use crate::fold::{Fold, Folded, SingleFold, TailFold};
use crate::order::Order;
use crate::simd::sealed::Lanes;
use crate::simd::{Float, Simd, Vector};
use std::marker::PhantomData;

/// What a folded row is closed with: a measure, or a bound on one.
pub(crate) trait Formula: Copy {
    /// The end of its values that is sought.
    const ORDER: Order = Order::Highest;
    /// How rows are folded for it.
    type Sweeps<V: Vector>: Sweeps<V>;

    /// The score of rows.
    fn close<V: Vector>(self, row: &Folded<V>) -> V;

    /// Take a walk over rows with its folds. As all that is entered by
    /// [`Level::run`](crate::simd::Level::run), it is inlined.
    #[inline(always)]
    fn walk<S: Simd, W: Walk>(self, simd: S, walk: W) -> W::Output {
        Self::Sweeps::<<W::Scalar as Lanes>::Vector<S>>::go(walk, simd, self)
    }
}

/// Which folds see a row, one after the other.
pub(crate) trait Sweeps<V: Vector> {
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
        F: SingleFold<V>,
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

impl<V: Vector, F: SingleFold<V>> Sweeps<V> for Once<F> {
    #[inline(always)]
    fn go<W: Walk<Scalar = V::Scalar>, M: Formula>(walk: W, simd: V::Simd, formula: M) -> W::Output {
        walk.once::<V, F, M>(simd, formula)
    }
}

/// Two sweeps over logits.
pub(crate) struct Twice<P, F>(PhantomData<(P, F)>);

impl<V: Vector, P: Fold<V> + Default, F: TailFold<V>> Sweeps<V> for Twice<P, F> {
    #[inline(always)]
    fn go<W: Walk<Scalar = V::Scalar>, M: Formula>(walk: W, simd: V::Simd, formula: M) -> W::Output {
        walk.twice::<V, P, F, M>(simd, formula)
    }
}

/// One of a list of formulas.
pub(crate) trait Goal: Copy {
    /// Goals with the same number, 0 or 1, cost about the same, and share what is learnt about
    /// their pace.
    const PACE: usize;
    /// Take the walk that is compiled for its formula, of logits or of probabilities:
    /// [`Formula::walk`].
    fn walk<S: Simd, W: Walk>(self, simd: S, logits: bool, walk: W) -> W::Output;
}
