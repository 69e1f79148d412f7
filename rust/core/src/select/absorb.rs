//! From a block's scores to candidates: a filter that most rows do not pass, and the exact
//! comparison for those that do.
//!
//! The filter asks of 32 scores at once whether all of them are strictly worse than the threshold,
//! which invalid (NaN) scores never are. Everything else is done for the chunks with a hit only.

use super::plan::{Plan, Ties};
use super::rows::{Barred, Groups, Rows};
use super::state::Selector;
use crate::error::Result;
use crate::order::{Candidate, Order};
use crate::random::{STEP_TIES, Stream};
use crate::simd::{Float, Kernel, Level, Simd, Vector};

const CHUNK: usize = 32;

/// [`Selector::absorb`], to be compiled for a CPU level.
struct Absorb<'a, T> {
    selector: &'a mut Selector,
    scores: &'a [T],
    rows: &'a Rows<'a>,
}

impl<T: Float> Kernel for Absorb<'_, T> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Absorb { selector, scores, rows } = self;
        if !selector.plan.by_score() {
            return selector.absorb_drawn(scores, rows);
        }
        let plan = selector.plan.clone();
        let barred = selector.count(&plan, rows, scores.len());
        let mut cut = selector.cut();
        for (number, chunk) in scores.chunks(CHUNK).enumerate() {
            let start = number * CHUNK;
            if worse(simd, chunk, cut, plan.order, false) {
                continue;
            }
            if selector.ties_lose(start, rows, cut) && worse(simd, chunk, cut, plan.order, true) {
                selector.top.count_ties(tied(chunk, start, &barred, cut));
                continue;
            }
            selector.absorb_chunk(chunk, reaching(simd, chunk, cut, plan.order), start, rows, &barred, cut)?;
            cut = selector.cut();
        }
        selector.share_cut();
        Ok(())
    }
}

/// Whether every score is strictly worse than the cut, or with `ties` no better, and none is NaN.
#[inline(always)]
fn worse<S: Simd, T: Float>(simd: S, scores: &[T], cut: T, order: Order, ties: bool) -> bool {
    let cut = T::Vector::<S>::splat(simd, cut);
    let mut all = cut.eq(cut);
    let mut chunks = scores.chunks_exact(T::Vector::<S>::LANES);
    for chunk in &mut chunks {
        all = T::Vector::<S>::and(all, worse_lanes(T::Vector::<S>::from_slice(simd, chunk), cut, order, ties));
    }
    if let rest @ [first, ..] = chunks.remainder() {
        let mut last = [*first; 16];
        last[..rest.len()].copy_from_slice(rest);
        let last = T::Vector::<S>::from_slice(simd, &last[..T::Vector::<S>::LANES]);
        all = T::Vector::<S>::and(all, worse_lanes(last, cut, order, ties));
    }
    T::Vector::<S>::all(all)
}

/// A bit for each score that is not strictly worse than the cut, as NaN never is.
#[inline(always)]
fn reaching<S: Simd, T: Float>(simd: S, scores: &[T], cut: T, order: Order) -> u32 {
    let lanes = T::Vector::<S>::LANES;
    let cut = T::Vector::<S>::splat(simd, cut);
    let (behind, reached) = (cut.full_like(1.0), cut.full_like(-1.0));
    let mut bits = 0;
    let mut vectors = scores.chunks_exact(lanes);
    for (vector, place) in (&mut vectors).zip((0..).step_by(lanes)) {
        let worse = worse_lanes(T::Vector::<S>::from_slice(simd, vector), cut, order, false);
        bits |= T::Vector::<S>::select(worse, behind, reached).signs() << place;
    }
    let rest = vectors.remainder();
    if !rest.is_empty() {
        let mut last = [T::ZERO; 16];
        last[..rest.len()].copy_from_slice(rest);
        let worse = worse_lanes(T::Vector::<S>::from_slice(simd, &last[..lanes]), cut, order, false);
        let signs = T::Vector::<S>::select(worse, behind, reached).signs() & ((1 << rest.len()) - 1);
        bits |= signs << (scores.len() - rest.len());
    }
    bits
}

#[inline(always)]
fn worse_lanes<V: Vector>(score: V, cut: V, order: Order, ties: bool) -> V::Mask {
    let (low, high) = if order == Order::Highest { (score, cut) } else { (cut, score) };
    if ties { low.le(high) } else { low.lt(high) }
}

/// How many of the rows that may be picked have the score `cut`.
#[inline(always)]
fn tied<T: Float>(scores: &[T], start: usize, barred: &Barred<'_>, cut: T) -> u64 {
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
    /// Ids are not checked against those seen before: see [`Selector::check`]. On an error the
    /// state is half-done and must be thrown away.
    pub(crate) fn absorb<T: Float>(&mut self, scores: &[T], rows: &Rows<'_>, level: Level) -> Result<()> {
        level.run(Absorb { selector: self, scores, rows })
    }

    /// The score that rows must reach where they are ordered by their score alone, rounded to the
    /// side of letting rows pass: strictly worse rows need only be passed over. Else the worst
    /// score there is.
    #[inline(always)]
    pub(crate) fn cut<T: Float>(&self) -> T {
        let key = T::at_most(if self.plan.by_score() { self.floor() } else { f64::NEG_INFINITY });
        if self.plan.order == Order::Highest { key } else { -key }
    }

    /// Takes note of a block all of whose rows are strictly worse than [`Selector::cut`].
    pub(crate) fn pass_over(&mut self, len: usize, rows: &Rows<'_>) {
        self.count(&self.plan.clone(), rows, len);
    }

    /// Takes note of a block of `len` rows, where rows are ordered by their score alone: row
    /// `picked[i]` has `scores[i]`, and all others are strictly worse than [`Selector::cut`].
    pub(crate) fn absorb_picked<T: Float>(
        &mut self,
        picked: &[u32],
        scores: &[T],
        len: usize,
        rows: &Rows<'_>,
    ) -> Result<()> {
        let plan = self.plan.clone();
        let barred = self.count(&plan, rows, len);
        let cut = self.cut();
        for (&i, &score) in picked.iter().zip(scores) {
            self.absorb_row(i as usize, score, rows, &barred, cut)?;
        }
        self.share_cut();
        Ok(())
    }

    /// Counts the rows of a block, and tells which of them are barred.
    pub(super) fn count<'a>(&mut self, plan: &'a Plan, rows: &Rows<'a>, len: usize) -> Barred<'a> {
        let barred = Barred::new(rows, len, &plan.exclude);
        self.counts.rows += len as u64;
        self.counts.excluded += barred.count(len);
        barred
    }

    /// The rows of a chunk whose bits are set.
    #[inline(never)]
    fn absorb_chunk<T: Float>(
        &mut self,
        chunk: &[T],
        mut left: u32,
        start: usize,
        rows: &Rows<'_>,
        barred: &Barred<'_>,
        cut: T,
    ) -> Result<()> {
        while left != 0 {
            let i = left.trailing_zeros() as usize;
            self.absorb_row(start + i, chunk[i], rows, barred, cut)?;
            left &= left - 1;
        }
        Ok(())
    }

    /// One row, by its score alone.
    #[inline(always)]
    fn absorb_row<T: Float>(&mut self, i: usize, score: T, rows: &Rows<'_>, barred: &Barred<'_>, cut: T) -> Result<()> {
        let order = self.plan.order;
        if (if order == Order::Highest { score < cut } else { score > cut }) || barred.has(i) {
            return Ok(());
        }
        let score: f64 = score.into();
        if score.is_nan() {
            self.counts.invalid += 1;
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
        self.groups.offer(&self.plan, groups.code(i)?, candidate)?;
        if self.plan.quotas.is_some() {
            self.top.offer(candidate);
        }
        self.look_at_groups(groups.known());
        Ok(())
    }

    /// Whether rows from one on that tie with the threshold lose by their id: pools where most
    /// scores are equal are nothing but such rows.
    #[inline(always)]
    fn ties_lose<T: Float>(&self, start: usize, rows: &Rows<'_>, cut: T) -> bool {
        let Some(own) = self.top.threshold() else { return false };
        self.plan.ties == Ties::First
            && rows.ids.is_none()
            && rows.groups.is_none()
            && rows.id(start) > own.id
            && cut.into() == own.score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Reaching<'a, T>(&'a [T], T, Order);

    impl<T: Float> Kernel for Reaching<'_, T> {
        type Output = u32;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> u32 {
            reaching(simd, self.0, self.1, self.2)
        }
    }

    #[test]
    fn each_score_that_reaches_the_cut_has_its_bit() {
        for level in Level::ALL.into_iter().filter(|level| level.supported()) {
            for len in 1..=CHUNK {
                let scores: Vec<f64> =
                    (0..len).map(|i| if i % 11 == 7 { f64::NAN } else { (i * 7 % 5) as f64 }).collect();
                let narrow: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
                for order in [Order::Highest, Order::Lowest] {
                    let reaches = |score: f64| score.is_nan() || order.orient(score) >= order.orient(2.0);
                    let bits = scores.iter().rev().fold(0, |bits, &score| bits << 1 | u32::from(reaches(score)));
                    assert_eq!(level.run(Reaching(&scores, 2.0, order)), bits);
                    assert_eq!(level.run(Reaching(&narrow, 2.0, order)), bits);
                }
            }
        }
    }

    struct Worse<'a, T>(&'a [T], T, Order);

    impl<T: Float> Kernel for Worse<'_, T> {
        type Output = [bool; 2];

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> [bool; 2] {
            [false, true].map(|ties| worse(simd, self.0, self.1, self.2, ties))
        }
    }

    #[test]
    fn invalid_scores_pass_the_filter() {
        for level in Level::ALL.into_iter().filter(|level| level.supported()) {
            for cut in [f32::NEG_INFINITY, 0.5, f32::INFINITY] {
                assert_eq!(level.run(Worse(&[-1e30, f32::NAN], cut, Order::Highest)), [false; 2]);
                assert_eq!(level.run(Worse(&[1e30, f32::NAN], cut, Order::Lowest)), [false; 2]);
            }
            assert_eq!(level.run(Worse(&[0.1, 0.5], 0.5, Order::Highest)), [false, true]);
            assert_eq!(level.run(Worse(&[0.1, 0.4], 0.5, Order::Highest)), [true, true]);
            assert_eq!(level.run(Worse(&[0.9, 0.5], 0.5, Order::Lowest)), [false, true]);
            assert_eq!(level.run(Worse(&[0.9, 0.6], 0.5, Order::Lowest)), [true, true]);
            let long = |last: f64| (0..33).map(|i| if i == 32 { last } else { 0.1 }).collect::<Vec<f64>>();
            assert_eq!(level.run(Worse(&long(0.6), 0.5, Order::Highest)), [false, false]);
            assert_eq!(level.run(Worse(&long(0.4), 0.5, Order::Highest)), [true, true]);
        }
    }
}
