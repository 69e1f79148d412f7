//! Bounds on a measure: formulas that are cheaper than the measure and tell which rows cannot reach a score.
//!
//! A bound is a [`Formula`](crate::measure::Formula) like a measure, over a fold of its own where that is cheaper. Its value is
//! negative for a row that is out: the measure of such a row is surely worse than what is sought. A file here has the algebra of
//! one bound, the room it leaves for rounding, and a test that it never rules out a row that reaches the score.

mod cubic;
mod gap;
mod lines;
mod rough;
mod sought;
mod top;

pub(crate) use sought::Sought;

use crate::measure::Visit;

/// THE list of bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    Top,
    Lines,
    Cubic,
    Gap,
    RoughEntropy,
    RoughMargin,
}

impl Bound {
    /// Do something with its formula, compiled for it.
    #[inline(always)]
    pub(crate) fn visit<W: Visit>(self, visit: W) -> W::Output {
        match self {
            Bound::Top => visit.visit::<top::Top>(),
            Bound::Lines => visit.visit::<lines::Lines>(),
            Bound::Cubic => visit.visit::<cubic::Cubic>(),
            Bound::Gap => visit.visit::<gap::Gap>(),
            Bound::RoughEntropy => visit.visit::<rough::RoughEntropy>(),
            Bound::RoughMargin => visit.visit::<rough::RoughMargin>(),
        }
    }

    /// The numbers in its formula, so that it rules out the rows that do not reach what is sought; none where it would
    /// rule out no row. `slack` is the room for rounding, relative to 1.
    pub(crate) fn limits(self, sought: Sought, classes: usize, temperature: f64, slack: f64) -> Option<[f64; 3]> {
        match (self, sought) {
            (Bound::Top, Sought::Entropy(entropy)) => top::limits(entropy, classes, slack),
            (Bound::Lines, Sought::Entropy(entropy)) => lines::limits(entropy, slack),
            (Bound::Cubic, Sought::Entropy(entropy)) => cubic::limits(entropy, classes, slack),
            (Bound::Gap, sought) => gap::limits(sought, classes, slack),
            (Bound::RoughEntropy | Bound::RoughMargin, sought) => rough::limits(sought, temperature, slack),
            (Bound::Top | Bound::Lines | Bound::Cubic, _) => None,
        }
    }
}
