//! Rows whose keys are not their scores, or that come in groups: looked at one by one.

use super::keys::Keys;
use super::plan::{Perturb, Ties};
use super::rows::Rows;
use super::state::Selector;
use crate::error::{Error, Result};
use crate::order::Candidate;
use crate::random::{STEP_PERTURB, STEP_TIES, Stream, uniform};

/// Rows between two looks at the threshold.
const STRETCH: usize = 1024;

impl Selector {
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
        self.absorb_rows(len, rows, |i| uniform(stream.bits(rows.id(i))))
    }

    /// Takes note of rows whose scores are found one by one.
    pub(super) fn absorb_rows(&mut self, len: usize, rows: &Rows<'_>, score_of: impl Fn(usize) -> f64) -> Result<()> {
        let plan = self.plan.clone();
        match (rows.groups, plan.grouped()) {
            (None, true) => return Err(Error::Argument("groups is missing; per_group and quotas need it".into())),
            (Some(_), false) => return Err(Error::Argument("groups was given without per_group or quotas".into())),
            _ => {}
        }
        let barred = self.count(&plan, rows, len);
        let keys = Keys::new(&plan);
        let ties = Stream::new(plan.seed, STEP_TIES);
        let drawn = matches!(plan.perturb, Some(Perturb::Power | Perturb::Softmax));
        for start in (0..len).step_by(STRETCH) {
            let stretch = start..len.min(start + STRETCH);
            let floor = self.floor();
            let gate = if drawn && floor > f64::NEG_INFINITY {
                let worth = stretch.clone().map(|i| keys.worth(score_of(i)));
                keys.gate(worth.fold(f64::NEG_INFINITY, |best, worth| if worth > best { worth } else { best }), floor)
            } else {
                0
            };
            for i in stretch {
                let (id, score) = (rows.id(i), score_of(i));
                let worth = keys.worth(score);
                let bits = if plan.perturb.is_some() { keys.stream.bits(id) } else { 0 };
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
                let candidate = Candidate { key, tie, id, score };
                match rows.groups {
                    None => self.top.offer(candidate),
                    Some(codes) => {
                        self.groups.offer(&plan, codes[i], candidate)?;
                        if plan.quotas.is_some() {
                            self.top.offer(candidate);
                        }
                    }
                }
            }
            if rows.groups.is_none() {
                self.share_cut();
            }
        }
        Ok(())
    }
}
