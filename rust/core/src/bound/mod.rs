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

pub(crate) use sought::Sought;

use crate::formula::{Formula, Goal, Walk};
use crate::simd::Simd;

/// The kinds of bounds that there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BoundKind {
    Top,
    Lines,
    Cubic,
    Gap,
    Rough,
}

impl BoundKind {
    /// The bound of this kind that rules out rows which do not reach what is sought; none where it
    /// would rule out no row. `slack` is the room for rounding, relative to 1.
    pub(crate) fn bound(self, sought: Sought, classes: usize, temperature: f64, slack: f64) -> Option<Bound> {
        match (self, sought) {
            (BoundKind::Top, Sought::Entropy(entropy)) => top::Top::new(entropy, classes, slack).map(Bound::Top),
            (BoundKind::Lines, Sought::Entropy(entropy)) => Some(Bound::Lines(lines::Lines::new(entropy, slack))),
            (BoundKind::Cubic, Sought::Entropy(entropy)) => {
                cubic::Cubic::new(entropy, classes, slack).map(Bound::Cubic)
            }
            (BoundKind::Gap, sought) => gap::Gap::new(sought, classes, slack).map(Bound::Gap),
            (BoundKind::Rough, Sought::Entropy(entropy)) => {
                rough::RoughEntropy::new(entropy, temperature, slack).map(Bound::RoughEntropy)
            }
            (BoundKind::Rough, Sought::Margin(margin)) => {
                rough::RoughMargin::of_margin(margin, slack).map(Bound::RoughMargin)
            }
            (BoundKind::Rough, Sought::LeastConfident(unsure)) => {
                rough::RoughMargin::of_least_confidence(unsure, slack).map(Bound::RoughMargin)
            }
            (BoundKind::Top | BoundKind::Lines | BoundKind::Cubic, _) => None,
        }
    }
}

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
    fn walk<S: Simd, W: Walk>(self, simd: S, logits: bool, walk: W) -> W::Output {
        match self {
            Bound::Top(bound) => bound.walk(simd, logits, walk),
            Bound::Lines(bound) => bound.walk(simd, logits, walk),
            Bound::Cubic(bound) => bound.walk(simd, logits, walk),
            Bound::Gap(bound) => bound.walk(simd, logits, walk),
            Bound::RoughEntropy(bound) => bound.walk(simd, logits, walk),
            Bound::RoughMargin(bound) => bound.walk(simd, logits, walk),
        }
    }
}
