//! Rows whose keys are not their scores.

use super::keys::{Gate, Keys};
use super::plan::{Perturb, Ties};
use super::rows::{Barred, Rows};
use super::state::Selector;
use crate::error::{Error, Result};
use crate::order::Candidate;
use crate::random::{STEP_PERTURB, STEP_TIES, Stream, uniform};
use crate::simd::Float;
use std::ops::Range;

/// Rows between two looks at the threshold.
const STRETCH: usize = 1024;

/// Rows that are passed over together.
const CHUNK: usize = 32;

impl Selector {
    /// Takes note of rows whose keys are drawn: most have random numbers too small for the best
    /// score there is, and are passed over by these alone.
    ///
    /// See [`Selector::absorb`] for the rest.
    #[inline(always)]
    pub(super) fn absorb_drawn<T: Float>(&mut self, scores: &[T], rows: &Rows<'_>) -> Result<()> {
        let plan = self.plan.clone();
        let keys = Keys::new(&plan);
        let barred = self.count(&plan, rows, scores.len());
        let (low, high) = keys.ordinary_scores::<T>();
        let mut gate = Gate::default();
        for (start, stretch) in (0..).step_by(STRETCH).zip(scores.chunks(STRETCH)) {
            let floor = self.floor();
            gate = keys.gate_again(gate, keys.best_worth(stretch), floor);
            let chunks = if rows.ids.is_some() || gate.bits == 0 { STRETCH } else { CHUNK };
            for (first, chunk) in (start..).step_by(chunks).zip(stretch.chunks(chunks)) {
                if chunks == CHUNK && keys.all_stay_behind(gate.bits, rows.id(first), chunk, low, high) {
                    continue;
                }
                let score_of = |i: usize| chunk[i - first].into();
                self.absorb_each(first..first + chunk.len(), rows, &barred, gate.bits, floor, score_of)?;
            }
            self.share_cut();
        }
        Ok(())
    }

    /// Takes note of `len` rows that have no scores, under [`Perturb::Uniform`]: each gets a random
    /// one.
    ///
    /// See [`Selector::absorb`] for the rest.
    pub(crate) fn absorb_count(&mut self, len: usize, rows: &Rows<'_>) -> Result<()> {
        if self.plan.perturb != Some(Perturb::Uniform) {
            return Err(Error::Argument(
                "rows without scores are accepted for uniform picks only, which need no scores".into(),
            ));
        }
        let stream = Stream::new(self.plan.seed, STEP_PERTURB);
        let plan = self.plan.clone();
        let barred = self.count(&plan, rows, len);
        for start in (0..len).step_by(STRETCH) {
            let (stretch, floor) = (start..len.min(start + STRETCH), self.floor());
            self.absorb_each(stretch, rows, &barred, 0, floor, |i| uniform(stream.bits(rows.id(i))))?;
            self.share_cut();
        }
        Ok(())
    }

    /// Takes note of rows one by one, where those with random bits below `gate` and keys below
    /// `floor` can be passed over.
    #[inline(never)]
    fn absorb_each(
        &mut self,
        range: Range<usize>,
        rows: &Rows<'_>,
        barred: &Barred<'_>,
        gate: u64,
        floor: f64,
        score_of: impl Fn(usize) -> f64,
    ) -> Result<()> {
        let plan = self.plan.clone();
        let keys = Keys::new(&plan);
        let ties = Stream::new(plan.seed, STEP_TIES);
        let drawn = keys.drawn();
        for i in range {
            let (id, score) = (rows.id(i), score_of(i));
            let worth = keys.worth(score);
            let bits = keys.stream.bits(id);
            if bits < gate && keys.ordinary(worth) {
                continue;
            }
            if score.is_nan() {
                self.counts.invalid += u64::from(!barred.has(i));
                continue;
            }
            if drawn && barred.has(i) {
                continue;
            }
            let Some(key) = keys.key(score, worth, id, bits)? else {
                self.counts.never_drawn += 1;
                continue;
            };
            if key < floor || barred.has(i) {
                continue;
            }
            let tie = if plan.ties == Ties::Random { ties.bits(id) } else { 0 };
            self.offer(Candidate { key, tie, id, score }, i, rows)?;
        }
        Ok(())
    }
}
