//! One list of the best candidates per group.

use super::plan::{MAX_GROUPS, Plan};
use super::topk::{TopK, TopRows};
use crate::blocks::Watch;
use crate::error::{Error, Result};
use crate::order::Candidate;

/// How many rows are sorted between two looks up, in all lists together.
const LOOK_EVERY: usize = 1 << 20;

/// The lists, by group code; made when a group is first met.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupLists {
    lists: Vec<Option<Box<TopK>>>,
    /// Keys that rows of a group must reach: with many groups, most rows are turned away without a look at a list.
    cuts: Vec<f64>,
}

impl GroupLists {
    /// Takes note of a candidate of a group.
    #[inline(always)]
    pub(super) fn offer(&mut self, plan: &Plan, code: u32, candidate: Candidate) -> Result<()> {
        match self.cuts.get(code as usize) {
            Some(&cut) if candidate.key < cut => Ok(()),
            _ => self.admit(plan, code, candidate),
        }
    }

    #[inline(never)]
    fn admit(&mut self, plan: &Plan, code: u32, candidate: Candidate) -> Result<()> {
        let list = self.list(plan, code)?;
        list.offer(candidate);
        let cut = list.threshold().map_or(f64::NEG_INFINITY, |cut| cut.key);
        self.cuts[code as usize] = cut;
        Ok(())
    }

    /// The list of a group.
    #[inline]
    pub(super) fn list(&mut self, plan: &Plan, code: u32) -> Result<&mut TopK> {
        let at = code as usize;
        if at >= self.lists.len() {
            let limit = plan.quotas.as_ref().map_or(MAX_GROUPS, Vec::len);
            if at >= limit {
                return Err(Error::Argument(format!("groups has the code {code}; codes below {limit} are accepted")));
            }
            self.lists.resize(at + 1, None);
            self.cuts.resize(at + 1, f64::NEG_INFINITY);
        }
        Ok(self.lists[at].get_or_insert_with(|| Box::new(TopK::small(capacity(plan, at)))))
    }

    /// The lists there are, with their codes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &TopK)> {
        self.lists.iter().enumerate().filter_map(|(code, list)| Some((code as u32, list.as_deref()?)))
    }

    /// What each list has picked, with its code.
    pub(super) fn finish(&self, watch: &mut dyn Watch) -> Result<Vec<(u32, TopRows)>> {
        let mut tops = Vec::new();
        let mut since = 0;
        for (code, list) in self.iter() {
            tops.push((code, list.finish(watch)?));
            since += list.len();
            if since > LOOK_EVERY {
                since = 0;
                watch.look(0, 0)?;
            }
        }
        Ok(tops)
    }

    /// Takes over everything `other` has seen.
    pub(super) fn merge(&mut self, plan: &Plan, other: &GroupLists) -> Result<()> {
        for (code, list) in other.iter() {
            self.list(plan, code)?.merge(list);
        }
        Ok(())
    }
}

/// How many rows of a group can be picked.
fn capacity(plan: &Plan, code: usize) -> usize {
    match (&plan.quotas, plan.per_group) {
        (Some(quotas), _) => quotas[code],
        (None, cap) => cap.unwrap_or(usize::MAX).min(plan.k),
    }
}
