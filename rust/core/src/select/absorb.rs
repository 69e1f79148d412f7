//! From a block's scores to candidates: a filter that most rows do not pass, and the exact comparison for those that do.
//!
//! The filter asks of 32 scores at once whether any of them is *not* strictly worse than the threshold: one compare per
//! score, which the compiler turns into vector code, and which invalid (NaN) scores pass too. Everything else is done
//! for the chunks with a hit only.

use super::Selector;
use super::plan::{Perturb, Ties};
use super::rows::{Barred, Rows};
use super::shared::SharedCut;
use crate::error::{Error, Result};
use crate::order::{Candidate, Order};
use crate::random::{STEP_PERTURB, STEP_TIES, Stream, gumbel_of, ln, uniform};

const CHUNK: usize = 32;

/// A floating-point type that scores come in.
pub trait Score: Copy + PartialOrd + Into<f64> {
    /// The largest number of this type that is at most `x`.
    fn at_most(x: f64) -> Self;
    /// The smallest number of this type that is at least `x`.
    fn at_least(x: f64) -> Self;
}

impl Score for f64 {
    #[inline(always)]
    fn at_most(x: f64) -> f64 {
        x
    }

    #[inline(always)]
    fn at_least(x: f64) -> f64 {
        x
    }
}

impl Score for f32 {
    #[inline(always)]
    fn at_most(x: f64) -> f32 {
        let nearest = x as f32;
        if f64::from(nearest) > x { nearest.next_down() } else { nearest }
    }

    #[inline(always)]
    fn at_least(x: f64) -> f32 {
        -f32::at_most(-x)
    }
}

/// Whether any of the scores is NaN or not strictly worse than `cut`.
#[inline(always)]
fn any_passes<T: Score, const HIGHEST: bool>(scores: &[T], cut: T) -> bool {
    let mut hit = false;
    for &score in scores {
        hit |= !(if HIGHEST { score < cut } else { score > cut });
    }
    hit
}

impl Selector {
    /// Takes note of a block: `scores[i]` belongs to row `i` of `rows`. Scores that are NaN are counted as invalid.
    ///
    /// `shared` is the threshold that the threads working on one selection share, if any. Ids are not checked against
    /// those seen before: see [`Selector::check`]. On an error the state is half-done and must be thrown away.
    #[inline(always)]
    pub fn absorb<T: Score>(&mut self, scores: &[T], rows: &Rows<'_>, shared: Option<&SharedCut>) -> Result<()> {
        let plain = self.plan.perturb.is_none() && !self.plan.grouped() && rows.groups.is_none();
        if !plain {
            return self.absorb_any(scores, rows, shared);
        }
        match self.plan.order {
            Order::Highest => self.absorb_plain::<T, true>(scores, rows, shared),
            Order::Lowest => self.absorb_plain::<T, false>(scores, rows, shared),
        }
        Ok(())
    }

    #[inline(always)]
    fn absorb_plain<T: Score, const HIGHEST: bool>(
        &mut self,
        scores: &[T],
        rows: &Rows<'_>,
        shared: Option<&SharedCut>,
    ) {
        let plan = self.plan.clone();
        let barred = Barred::new(rows, scores.len(), &plan.exclude);
        self.rows += scores.len() as u64;
        self.excluded += barred.count(scores.len());
        let mut cut = self.filter::<T, HIGHEST>(shared);
        for (number, chunk) in scores.chunks(CHUNK).enumerate() {
            if any_passes::<T, HIGHEST>(chunk, cut) {
                self.absorb_chunk::<T, HIGHEST>(chunk, number * CHUNK, rows, &barred, cut);
                cut = self.filter::<T, HIGHEST>(shared);
            }
        }
        if let (Some(shared), Some(cut)) = (shared, self.top.threshold()) {
            shared.raise(cut.key);
        }
    }

    /// The score that rows must reach, rounded to the side of letting rows pass.
    #[inline(always)]
    fn filter<T: Score, const HIGHEST: bool>(&self, shared: Option<&SharedCut>) -> T {
        let own = self.top.threshold().map_or(f64::NEG_INFINITY, |cut| cut.key);
        let key = shared.map_or(own, |shared| own.max(shared.key()));
        if HIGHEST { T::at_most(key) } else { T::at_least(-key) }
    }

    #[inline(never)]
    fn absorb_chunk<T: Score, const HIGHEST: bool>(
        &mut self,
        chunk: &[T],
        start: usize,
        rows: &Rows<'_>,
        barred: &Barred<'_>,
        cut: T,
    ) {
        if self.only_ties::<T, HIGHEST>(chunk, start, rows, cut) {
            let tied = |i: &usize| chunk[*i] == cut && (barred.nothing() || !barred.has(start + i));
            self.top.count_ties((0..chunk.len()).filter(tied).count() as u64);
            return;
        }
        let ties = (self.plan.ties == Ties::Random).then(|| Stream::new(self.plan.seed, STEP_TIES));
        for (i, &score) in chunk.iter().enumerate() {
            if (if HIGHEST { score < cut } else { score > cut }) || barred.has(start + i) {
                continue;
            }
            let score: f64 = score.into();
            if score.is_nan() {
                self.invalid += 1;
                continue;
            }
            let id = rows.id(start + i);
            let tie = ties.map_or(0, |stream| stream.bits(id));
            self.top.offer(Candidate { key: if HIGHEST { score } else { -score }, tie, id, score });
        }
    }

    /// Whether the chunk's rows can at best tie with the threshold and lose by their id: pools where most scores are equal
    /// are nothing but such chunks.
    #[inline(always)]
    fn only_ties<T: Score, const HIGHEST: bool>(&self, chunk: &[T], start: usize, rows: &Rows<'_>, cut: T) -> bool {
        let Some(own) = self.top.threshold() else { return false };
        let exact: f64 = cut.into();
        self.plan.ties == Ties::First
            && rows.ids.is_none()
            && rows.id(start) > own.id
            && exact == own.score
            && chunk.iter().fold(true, |worse, &score| worse & if HIGHEST { score <= cut } else { score >= cut })
    }

    /// The way of blocks whose keys are not their scores, or that come in groups: row by row.
    #[inline(never)]
    fn absorb_any<T: Score>(&mut self, scores: &[T], rows: &Rows<'_>, shared: Option<&SharedCut>) -> Result<()> {
        self.absorb_rows(scores.len(), rows, shared, |i, _| scores[i].into())
    }

    /// Takes note of `len` rows that have no scores, under [`Perturb::Uniform`]: each gets a random one.
    pub fn absorb_count(&mut self, len: usize, rows: &Rows<'_>, shared: Option<&SharedCut>) -> Result<()> {
        if self.plan.perturb != Some(Perturb::Uniform) {
            return Err(Error::Argument("rows without scores are accepted with perturb=\"uniform\" only".into()));
        }
        let stream = Stream::new(self.plan.seed, STEP_PERTURB);
        self.absorb_rows(len, rows, shared, |_, id| uniform(stream.bits(id)))
    }

    #[inline(always)]
    fn absorb_rows(
        &mut self,
        len: usize,
        rows: &Rows<'_>,
        shared: Option<&SharedCut>,
        score_of: impl Fn(usize, u64) -> f64,
    ) -> Result<()> {
        let plan = self.plan.clone();
        let groups = match (rows.groups, plan.grouped()) {
            (None, true) => return Err(Error::Argument("groups is missing; per_group and quotas need it".into())),
            (Some(_), false) => return Err(Error::Argument("groups was given without per_group or quotas".into())),
            (groups, _) => groups,
        };
        let barred = Barred::new(rows, len, &plan.exclude);
        self.rows += len as u64;
        self.excluded += barred.count(len);
        let keys = Stream::new(plan.seed, STEP_PERTURB);
        let ties = Stream::new(plan.seed, STEP_TIES);
        // Groups are cut at different keys, so only an ungrouped selection can share one.
        let shared = shared.filter(|_| groups.is_none());
        let floor = shared.map_or(f64::NEG_INFINITY, SharedCut::key);
        for i in 0..len {
            let id = rows.id(i);
            let score = score_of(i, id);
            if score.is_nan() {
                self.invalid += u64::from(!barred.has(i));
                continue;
            }
            let oriented = plan.order.orient(score);
            let key = match plan.perturb {
                None => oriented,
                Some(Perturb::Uniform) => uniform(keys.bits(id)),
                Some(_) if barred.has(i) => continue,
                Some(perturb) => {
                    let strength = match perturb {
                        Perturb::Power => ln(weight(&plan, score, id)?),
                        _ => oriented,
                    };
                    if strength == f64::NEG_INFINITY {
                        self.never_drawn += 1;
                        continue;
                    }
                    if strength == f64::INFINITY {
                        let reason = format!("has score {score}; perturb accepts finite scores");
                        return Err(Error::Row { row: id, reason });
                    }
                    strength + gumbel_of(keys.bits(id)) / plan.coldness
                }
            };
            if key < floor || barred.has(i) {
                continue;
            }
            let tie = if plan.ties == Ties::Random { ties.bits(id) } else { 0 };
            let candidate = Candidate { key, tie, id, score };
            match groups {
                None => self.top.offer(candidate),
                Some(codes) => {
                    self.groups.offer(&plan, codes[i], candidate)?;
                    if plan.quotas.is_some() {
                        self.top.offer(candidate);
                    }
                }
            }
        }
        if let (Some(shared), Some(cut)) = (shared, self.top.threshold()) {
            shared.raise(cut.key);
        }
        Ok(())
    }
}

/// What a row weighs under [`Perturb::Power`].
#[inline(always)]
fn weight(plan: &super::Plan, score: f64, id: u64) -> Result<f64> {
    let weight = if plan.power_complement { 1.0 - score } else { score };
    if weight >= 0.0 {
        return Ok(weight);
    }
    if weight >= -plan.power_slack {
        return Ok(0.0);
    }
    let accepted = if plan.power_complement { "scores of at most 1" } else { "scores of at least 0" };
    Err(Error::Row { row: id, reason: format!("has score {score}; perturb=\"power\" accepts {accepted}") })
}
