//! Some rows to score: the kernel that a CPU level is entered with.

use super::ahead::Ask;
use super::found::Verdict;
use super::room::Room;
use crate::formula::{Goal, Walk};
use crate::rules::Recipe;
use crate::simd::{Float, Kernel, Simd};

/// How rows lie in memory.
pub(super) trait RowLayout {
    /// Whether their values are widened when they are loaded.
    const WIDENED: bool = false;
    /// Whether some levels do without a kernel for it.
    const SPARED: bool = false;
}

/// Some rows to score, whole groups of them, wherever they lie.
pub(super) struct Scoring<'a, T, G> {
    pub(super) goal: G,
    pub(super) recipe: &'a Recipe<T>,
    pub(super) classes: usize,
    pub(super) ask: Ask,
    pub(super) room: &'a mut Room<T>,
    /// A score for each row.
    pub(super) out: &'a mut [T],
}

impl<'a, T, G> Scoring<'a, T, G> {
    /// These rows in that layout.
    ///
    /// # Safety
    /// `out.len()` rows of so many classes must be readable as the layout promises.
    pub(super) unsafe fn over<L>(self, layout: L) -> ScoreRows<'a, T, G, L> {
        ScoreRows { scoring: self, layout }
    }
}

/// The kernel: rows in one layout, which are readable, as only [`Scoring::over`] makes one.
pub(super) struct ScoreRows<'a, T, G, L> {
    pub(super) scoring: Scoring<'a, T, G>,
    pub(super) layout: L,
}

impl<T: Float, G: Goal, L: RowLayout> Kernel for ScoreRows<'_, T, G, L>
where
    Self: Walk<Output = Verdict<T>>,
{
    type Output = Verdict<T>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Verdict<T> {
        if const { (L::WIDENED && !S::WIDENS) || (L::SPARED && !S::EVERY_LAYOUT) } {
            unreachable!("such rows are read in another way, and nothing is compiled for them");
        }
        self.scoring.goal.walk(simd, self.scoring.recipe.logits, self)
    }
}
