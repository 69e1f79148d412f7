//! Some rows to score, and the walk that scores them: what a CPU level is entered with.

use super::found::Verdict;
use crate::formula::{Formula, Goal, Sweeps, Visit, Walk};
use crate::rules::Recipe;
use crate::simd::sealed::Lanes;
use crate::simd::{Float, Kernel, Level, Simd};

/// Some rows to score, whole groups of them, wherever they lie.
pub(super) struct Job<'a, T, G> {
    pub(super) goal: G,
    pub(super) recipe: &'a Recipe<T>,
    pub(super) classes: usize,
    /// Ask for memory ahead of its use.
    pub(super) ask: bool,
    /// A score for each row.
    pub(super) out: &'a mut [T],
}

impl<'a, T: Float, G: Goal> Job<'a, T, G> {
    /// Score the rows, which lie as the layout says.
    ///
    /// # Safety
    /// `out.len()` rows of so many classes must be readable as the layout promises.
    pub(super) unsafe fn over<L>(self, level: Level, layout: L) -> Verdict<T>
    where
        Over<'a, T, G, L>: Walk<Scalar = T, Output = Verdict<T>>,
    {
        level.run(Over { job: self, layout })
    }
}

/// A job over rows in one layout. Only [`Job::over`] makes one, so the rows are readable.
pub(super) struct Over<'a, T, G, L> {
    pub(super) job: Job<'a, T, G>,
    pub(super) layout: L,
}

impl<T: Float, G: Goal, L> Kernel for Over<'_, T, G, L>
where
    Self: Walk<Scalar = T, Output = Verdict<T>>,
{
    type Output = Verdict<T>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Verdict<T> {
        self.job.goal.visit(simd, self)
    }
}

impl<T: Float, G, L> Visit for Over<'_, T, G, L>
where
    Self: Walk<Scalar = T, Output = Verdict<T>>,
{
    type Output = Verdict<T>;

    #[inline(always)]
    fn visit<S: Simd, M: Formula>(self, simd: S, formula: M) -> Verdict<T> {
        if self.job.recipe.logits {
            M::OfLogits::<<T as Lanes>::Vector<S>>::go(self, simd, formula)
        } else {
            M::OfProbabilities::<<T as Lanes>::Vector<S>>::go(self, simd, formula)
        }
    }
}
