//! Picks from groups: caps, quotas, and the filling of shortages.

use super::sort::sort;
use super::state::Selector;
use super::topk::{TopK, TopRows};
use crate::blocks::Watch;
use crate::error::Result;
use crate::order::Candidate;
use crate::room;

impl Selector {
    /// The picks, best first, and how many rows tie with the last of them without being picked. The
    /// state ends here.
    pub(super) fn pick(&mut self, watch: &mut dyn Watch) -> Result<(Vec<Candidate>, u64)> {
        if !self.plan.grouped() {
            let top = std::mem::replace(&mut self.top, TopK::new(0)).into_top(watch)?;
            return Ok((top.candidates, top.ties_left));
        }
        let tops = room::collected(self.groups.finish(&self.plan, watch)?.into_iter().map(|(_, top)| top));
        let mut picks = room::empty(tops.iter().map(|top| top.candidates.len()).sum());
        tops.iter().for_each(|top| picks.extend_from_slice(&top.candidates));
        sort(&mut picks, Candidate::compare, watch)?;
        if self.plan.quotas.is_none() {
            // The best k under the caps: a row outside its group's best m is beaten by m rows of
            // that group.
            let rest = picks.split_off(self.plan.k.min(picks.len()));
            let Some(last) = picks.last() else { return Ok((picks, 0)) };
            let in_lists = rest.iter().filter(|c| c.key == last.key).count() as u64;
            let left = in_lists + lost_in_groups(&tops, last.key);
            return Ok((picks, left));
        }
        let filled = self.fill(&mut picks, watch)?;
        let Some(last) = picks.last() else { return Ok((picks, 0)) };
        let left = match filled {
            // The rows left over competed for the last pick whatever their group.
            Some(worst) if worst == last.key => {
                let top = self.top.finish(watch)?;
                let kept = top.candidates.iter().filter(|c| c.key == worst).count() as u64;
                let cut_here = top.candidates.last().is_some_and(|cut| cut.key == worst);
                let all = kept + if cut_here { top.ties_left } else { 0 };
                all.saturating_sub(picks.iter().filter(|c| c.key == worst).count() as u64)
            }
            _ => lost_in_groups(&tops, last.key),
        };
        Ok((picks, left))
    }

    /// Fills up to k with the best rows left over; gives the key of the worst of them.
    ///
    /// They are all among the best k overall: to be the s-th best of the rows left over, where k -
    /// s rows are picked, is to be beaten by at most k - s picked rows and s - 1 others.
    fn fill(&self, picks: &mut Vec<Candidate>, watch: &mut dyn Watch) -> Result<Option<f64>> {
        let short = self.plan.k - picks.len();
        let mut picked = room::collected(picks.iter().map(|candidate| candidate.id));
        sort(&mut picked, u64::cmp, watch)?;
        let left_over = self.top.finish(watch)?.candidates;
        let is_left = |candidate: &Candidate| picked.binary_search(&candidate.id).is_err();
        let fills = room::collected(left_over.into_iter().filter(is_left).take(short));
        room::extend(picks, &fills);
        sort(picks, Candidate::compare, watch)?;
        Ok(fills.last().map(|candidate| candidate.key))
    }
}

/// How many rows of that key lost to a row of the same key in their own group.
fn lost_in_groups(tops: &[TopRows], key: f64) -> u64 {
    let at_cut = |top: &&TopRows| top.candidates.last().is_some_and(|cut| cut.key == key);
    tops.iter().filter(at_cut).map(|top| top.ties_left).sum()
}
