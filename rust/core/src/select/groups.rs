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
    /// Keys that rows of a group must reach: with many groups, most rows are turned away without a
    /// look at a list.
    cuts: Vec<f64>,
    /// What the key of a row of any group must reach, as it was when `due` candidates had come.
    floor: Floor,
}

/// A key that rows must reach whatever their group, looked for anew as candidates come.
#[derive(Clone, Debug)]
struct Floor {
    key: f64,
    came: usize,
    due: usize,
}

impl Default for Floor {
    fn default() -> Floor {
        Floor { key: f64::NEG_INFINITY, came: 0, due: FIRST_LOOK }
    }
}

/// Candidates after which a key that all rows must reach is looked for, at first and at least.
const FIRST_LOOK: usize = 64;

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
        self.cuts[code as usize] = cut_of(list);
        self.floor.came += 1;
        Ok(())
    }

    /// The key that rows of any group must reach.
    pub(super) fn floor(&self) -> f64 {
        self.floor.key
    }

    /// Look for a key that rows of any group must reach, where enough candidates have come since
    /// it was looked for. It can only rise, also where lists are merged.
    ///
    /// Under a cap on each group that is the k-th best of all lists, which are cut to the cap: as
    /// lists only get better, so do the best k of them. And where all groups there are have as many
    /// rows as they may, no row counts that is worse than the last of each. Rows left over, which
    /// fill what quotas leave short, must beat `fill` as well.
    pub(super) fn look(&mut self, plan: &Plan, groups: Option<usize>, fill: f64) {
        if self.floor.came < self.floor.due {
            return;
        }
        let mut keys = Vec::new();
        let (mut least, mut full) = (f64::INFINITY, 0);
        for (code, list) in self.lists.iter_mut().enumerate() {
            let Some(list) = list.as_deref_mut().filter(|_| capacity(plan, code) > 0) else { continue };
            let cut = list.cut_now();
            self.cuts[code] = cut;
            full += usize::from(cut > f64::NEG_INFINITY);
            least = least.min(cut);
            if limited(plan) {
                list.keys(&mut keys);
            }
        }
        let wanted = match &plan.quotas {
            Some(quotas) => Some(quotas.iter().filter(|&&quota| quota > 0).count()),
            None => groups,
        };
        let mut key = if wanted == Some(full) && full > 0 { least } else { f64::NEG_INFINITY };
        if plan.quotas.as_ref().is_some_and(|quotas| quotas.iter().sum::<usize>() < plan.k) {
            key = key.min(fill);
        }
        self.floor.due = self.floor.came + FIRST_LOOK.max(keys.len().max(self.lists.len()) / 4);
        if let Some(kth) = kth_best(&mut keys, plan.k) {
            key = key.max(kth);
        }
        self.floor.key = self.floor.key.max(key);
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

    /// What each list has picked, with its code. Under a limit for all groups together rows beyond
    /// it are left out, of which a list may hold some or not, by the order in which they came.
    pub(super) fn finish(&self, plan: &Plan, watch: &mut dyn Watch) -> Result<Vec<(u32, TopRows)>> {
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
        if limited(plan) {
            let mut keys: Vec<f64> = tops.iter().flat_map(|(_, top)| &top.candidates).map(|one| one.key).collect();
            if let Some(kth) = kth_best(&mut keys, plan.k) {
                tops.iter_mut().for_each(|(_, top)| top.leave_out_below(kth));
            }
        }
        Ok(tops)
    }

    /// Takes over everything `other` has seen.
    pub(super) fn merge(&mut self, plan: &Plan, other: GroupLists) -> Result<()> {
        for (code, list) in (0..).zip(other.lists) {
            if let Some(list) = list {
                let own = self.list(plan, code)?;
                own.merge(*list);
                self.cuts[code as usize] = cut_of(own);
            }
        }
        self.floor.key = self.floor.key.max(other.floor.key);
        Ok(())
    }
}

/// Whether at most k rows are picked of all that caps on the groups let pass. Callers write "no
/// limit" as the largest number of theirs.
fn limited(plan: &Plan) -> bool {
    plan.quotas.is_none() && plan.k < isize::MAX as usize
}

fn cut_of(list: &TopK) -> f64 {
    list.threshold().map_or(f64::NEG_INFINITY, |cut| cut.key)
}

/// The k-th greatest, if there are so many.
fn kth_best(keys: &mut [f64], k: usize) -> Option<f64> {
    (k > 0 && k <= keys.len()).then(|| *keys.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a)).1)
}

/// How many rows of a group can be picked.
fn capacity(plan: &Plan, code: usize) -> usize {
    match (&plan.quotas, plan.per_group) {
        (Some(quotas), _) => quotas[code],
        (None, cap) => cap.unwrap_or(usize::MAX).min(plan.k),
    }
}
