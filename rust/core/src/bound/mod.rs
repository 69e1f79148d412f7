//! Bounds on a measure: formulas that are cheaper than the measure and tell which rows cannot reach
//! a score.
//!
//! A bound is a [`Formula`](crate::formula::Formula) as a measure is, over a fold of its own where
//! that is cheaper. Its value is negative for a row that is out: the measure of such a row is
//! surely worse than what is sought. A file here has the algebra of one bound, the room it leaves
//! for rounding, and a test that it never rules out a row that reaches the score.

mod cubic;
mod gap;
mod lines;
mod rough;
mod sought;
mod top;

pub(crate) use sought::{Setting, Sought};

use crate::formula::{Formula, Goal, Walk};
use crate::simd::Simd;

/// What makes bounds of one kind: the bound that rules out rows which do not reach what is sought,
/// or none where it would rule out no row.
pub(crate) type MakeBound = fn(Sought, Setting) -> Option<Bound>;

pub(crate) const TOP: MakeBound = |sought, rows| top::bound(sought, rows).map(Bound::Top);
pub(crate) const LINES: MakeBound = |sought, rows| lines::bound(sought, rows).map(Bound::Lines);
pub(crate) const CUBIC: MakeBound = |sought, rows| cubic::bound(sought, rows).map(Bound::Cubic);
pub(crate) const GAP: MakeBound = |sought, rows| gap::bound(sought, rows).map(Bound::Gap);
pub(crate) const ROUGH: MakeBound = |sought, rows| match sought {
    Sought::Entropy(entropy) => rough::entropy(entropy, rows).map(Bound::RoughEntropy),
    Sought::Margin(margin) => rough::margin(margin, rows).map(Bound::RoughMargin),
    Sought::LeastConfident(unsure) => rough::least_confident(unsure, rows).map(Bound::RoughMargin),
};

/// A bound for what is sought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    Top(top::Top),
    Lines(lines::Lines),
    Cubic(cubic::Cubic),
    Gap(gap::Gap),
    RoughEntropy(rough::RoughEntropy),
    RoughMargin(rough::RoughMargin),
}

impl Goal for Bound {
    const PACE: usize = 1;

    #[inline(always)]
    fn walk<S: Simd, W: Walk>(self, simd: S, _: bool, walk: W) -> W::Output {
        match self {
            Bound::Top(bound) => bound.walk(simd, walk),
            Bound::Lines(bound) => bound.walk(simd, walk),
            Bound::Cubic(bound) => bound.walk(simd, walk),
            Bound::Gap(bound) => bound.walk(simd, walk),
            Bound::RoughEntropy(bound) => bound.walk(simd, walk),
            Bound::RoughMargin(bound) => bound.walk(simd, walk),
        }
    }
}
