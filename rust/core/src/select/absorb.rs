//! From a block's scores to candidates: a filter that most rows do not pass, and the exact
//! comparison for those that do.
//!
//! The filter asks of 32 scores at once whether any of them is *not* strictly worse than the
//! threshold: one compare per score, which the compiler turns into vector code, and which invalid
//! (NaN) scores pass too. Everything else is done for the chunks with a hit only.

use super::plan::Ties;
use super::rows::{Barred, Groups, Rows};
use super::score::Score;
use super::shared::SharedCut;
use super::state::Selector;
use crate::error::Result;
use crate::order::{Candidate, Order};
use crate::random::{STEP_TIES, Stream};

const CHUNK: usize = 32;

/// Whether any of the scores is NaN or not strictly worse than `cut`.
#[inline(always)]
fn any_passes<T: Score, const HIGHEST: bool>(scores: &[T], cut: T) -> bool {
    let mut hit = false;
    for &score in scores {
        hit |= !(if HIGHEST { score < cut } else { score > cut });
    }
    hit
}

/// How many of the rows that may be picked have the score `cut`.
#[inline(always)]
fn tied<T: Score>(scores: &[T], start: usize, barred: &Barred<'_>, cut: T) -> u64 {
    let mut count = 0;
    if barred.nothing() {
        for &score in scores {
            count += u32::from(score == cut);
        }
    } else {
        for (i, &score) in scores.iter().enumerate() {
            count += u32::from(score == cut && !barred.has(start + i));
        }
    }
    count.into()
}

impl Selector {
    /// Takes note of a block: `scores[i]` belongs to row `i` of `rows`. Scores that are NaN are
    /// counted as invalid.
    ///
    /// `shared` is the threshold that the threads working on one selection share, if any. Ids are
    /// not checked against those seen before: see [`Selector::check`]. On an error the state is
    /// half-done and must be thrown away.
    #[inline(always)]
    pub(crate) fn absorb<T: Score>(&mut self, scores: &[T], rows: &Rows<'_>, shared: Option<&SharedCut>) -> Result<()> {
        if self.plan.perturb.is_some() {
            return self.absorb_drawn(scores, rows, shared);
        }
        match self.plan.order {
            Order::Highest => self.absorb_plain::<T, true>(scores, rows, shared),
            Order::Lowest => self.absorb_plain::<T, false>(scores, rows, shared),
        }
    }

    /// The score that rows must reach, where they are picked by their score alone: strictly worse
    /// rows need only be passed over.
    #[inline]
    pub(crate) fn cut<T: Score>(&self, shared: &SharedCut) -> Option<T> {
        self.plan.perturb.is_none().then(|| match self.plan.order {
            Order::Highest => self.filter::<T, true>(Some(shared)),
            Order::Lowest => self.filter::<T, false>(Some(shared)),
        })
    }

    /// Takes note of a block all of whose rows are strictly worse than [`Selector::cut`].
    pub(crate) fn pass_over(&mut self, len: usize, rows: &Rows<'_>) {
        self.rows += len as u64;
        self.excluded += Barred::new(rows, len, &self.plan.exclude).count(len);
    }

    /// Takes note of a block of
    /// `len` rows, where rows are picked by their score alone: row `picked[i]` has
    /// `scores[i]`, and all others are strictly worse than [`Selector::cut`].
    pub(crate) fn absorb_picked<T: Score>(
        &mut self,
        picked: &[u32],
        scores: &[T],
        len: usize,
        rows: &Rows<'_>,
        shared: &SharedCut,
    ) -> Result<()> {
        let plan = self.plan.clone();
        let barred = Barred::new(rows, len, &plan.exclude);
        self.rows += len as u64;
        self.excluded += barred.count(len);
        let cut: T = self.cut(shared).expect("rows are picked by their score alone");
        for (&i, &score) in picked.iter().zip(scores) {
            self.absorb_row(i as usize, score, rows, &barred, cut)?;
        }
        self.share_cut(shared);
        Ok(())
    }

    #[inline(always)]
    fn absorb_plain<T: Score, const HIGHEST: bool>(
        &mut self,
        scores: &[T],
        rows: &Rows<'_>,
        shared: Option<&SharedCut>,
    ) -> Result<()> {
        let plan = self.plan.clone();
        let barred = Barred::new(rows, scores.len(), &plan.exclude);
        self.rows += scores.len() as u64;
        self.excluded += barred.count(scores.len());
        let mut cut = self.filter::<T, HIGHEST>(shared);
        for (number, chunk) in scores.chunks(CHUNK).enumerate() {
            let start = number * CHUNK;
            if !any_passes::<T, HIGHEST>(chunk, cut) {
                continue;
            }
            if self.only_ties::<T, HIGHEST>(chunk, start, rows, cut) {
                self.top.count_ties(tied(chunk, start, &barred, cut));
                continue;
            }
            self.absorb_chunk::<T>(chunk, start, rows, &barred, cut)?;
            cut = self.filter::<T, HIGHEST>(shared);
        }
        if let Some(shared) = shared {
            self.share_cut(shared);
        }
        Ok(())
    }

    pub(super) fn share_cut(&self, shared: &SharedCut) {
        let own = self.own_floor();
        if own > f64::NEG_INFINITY {
            shared.raise(own);
        }
    }

    /// The score that rows must reach, rounded to the side of letting rows pass.
    #[inline(always)]
    fn filter<T: Score, const HIGHEST: bool>(&self, shared: Option<&SharedCut>) -> T {
        let key = self.floor(shared);
        if HIGHEST { T::at_most(key) } else { T::at_least(-key) }
    }

    #[inline(never)]
    fn absorb_chunk<T: Score>(
        &mut self,
        chunk: &[T],
        start: usize,
        rows: &Rows<'_>,
        barred: &Barred<'_>,
        cut: T,
    ) -> Result<()> {
        // Which rows are worse cannot be foreseen, so there is no branch where many are not.
        let (mut passed, mut count) = ([0; CHUNK], 0);
        let highest = self.plan.order == Order::Highest;
        for (i, &score) in chunk.iter().enumerate() {
            passed[count] = i;
            count += usize::from(!(if highest { score < cut } else { score > cut }));
        }
        for &i in &passed[..count] {
            self.absorb_row(start + i, chunk[i], rows, barred, cut)?;
        }
        Ok(())
    }

    /// One row, by its score alone.
    #[inline(always)]
    fn absorb_row<T: Score>(&mut self, i: usize, score: T, rows: &Rows<'_>, barred: &Barred<'_>, cut: T) -> Result<()> {
        let order = self.plan.order;
        if (if order == Order::Highest { score < cut } else { score > cut }) || barred.has(i) {
            return Ok(());
        }
        let score: f64 = score.into();
        if score.is_nan() {
            self.invalid += 1;
            return Ok(());
        }
        let id = rows.id(i);
        let tie = if self.plan.ties == Ties::Random { Stream::new(self.plan.seed, STEP_TIES).bits(id) } else { 0 };
        self.offer(Candidate { key: order.orient(score), tie, id, score }, i, rows)
    }

    /// Takes note of row `i` as a candidate.
    #[inline(always)]
    pub(super) fn offer(&mut self, candidate: Candidate, i: usize, rows: &Rows<'_>) -> Result<()> {
        if let Some(groups) = &rows.groups {
            self.offer_of_group(candidate, groups, i)
        } else {
            self.top.offer(candidate);
            Ok(())
        }
    }

    #[inline(never)]
    fn offer_of_group(&mut self, candidate: Candidate, groups: &Groups<'_>, i: usize) -> Result<()> {
        self.groups.offer(&self.plan, groups.code(i), candidate)?;
        if self.plan.quotas.is_some() {
            self.top.offer(candidate);
        }
        self.look_at_groups(groups.known());
        Ok(())
    }

    /// Whether the chunk's rows can at best tie with the threshold and lose by their id: pools
    /// where most scores are equal are nothing but such chunks.
    #[inline(always)]
    fn only_ties<T: Score, const HIGHEST: bool>(&self, chunk: &[T], start: usize, rows: &Rows<'_>, cut: T) -> bool {
        let Some(own) = self.top.threshold() else { return false };
        let exact: f64 = cut.into();
        self.plan.ties == Ties::First
            && rows.ids.is_none()
            && rows.groups.is_none()
            && rows.id(start) > own.id
            && exact == own.score
            && chunk.iter().fold(true, |worse, &score| worse & if HIGHEST { score <= cut } else { score >= cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_scores_pass_the_filter() {
        for cut in [f32::NEG_INFINITY, 0.5, f32::INFINITY] {
            assert!(any_passes::<f32, true>(&[-1e30, f32::NAN], cut));
            assert!(any_passes::<f32, false>(&[1e30, f32::NAN], cut));
        }
        assert!(any_passes::<f64, true>(&[0.1, 0.5], 0.5) && !any_passes::<f64, true>(&[0.1, 0.4], 0.5));
        assert!(any_passes::<f64, false>(&[0.9, 0.5], 0.5) && !any_passes::<f64, false>(&[0.9, 0.6], 0.5));
    }
}
