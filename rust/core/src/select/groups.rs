//! One list of the best candidates per group.

use super::plan::{MAX_GROUPS, Plan};
use super::topk::{TopK, TopRows};
use crate::blocks::Watch;
use crate::error::{Error, Result};
use crate::order::Candidate;
use crate::room;
use std::collections::BTreeMap;

/// How many rows are sorted between two looks up, in all lists together.
const LOOK_EVERY: usize = 1 << 20;

/// Places of the tables below for each list there is, and so many more: codes beyond are looked up
/// in a tree, so that memory is bounded by the lists and not by the codes that a state names.
const PLACES: usize = 8;
const MORE_PLACES: usize = 1024;

/// Lists that are made, or candidates that are taken, between two looks at whether memory is left.
const ROOM_EVERY: usize = 1024;

/// The lists, by group code; made when a group is first met.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupLists {
    /// Those of low codes.
    lists: Vec<Option<Box<TopK>>>,
    /// Keys that rows of these groups must reach: with many groups, most rows are turned away
    /// without a look at a list.
    cuts: Vec<f64>,
    /// The lists of higher codes, which are few for how high they are.
    far: BTreeMap<u32, Box<TopK>>,
    /// How many lists there are.
    held: usize,
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
        if self.floor.came % ROOM_EVERY == ROOM_EVERY - 1 {
            room::spare();
        }
        let list = self.list(plan, code)?;
        if candidate.key < cut_of(list) {
            return Ok(()); // Of a list whose cut is in no table.
        }
        list.offer(candidate);
        let cut = cut_of(list);
        self.note_cut(code, cut);
        self.floor.came += 1;
        Ok(())
    }

    fn note_cut(&mut self, code: u32, cut: f64) {
        if let Some(noted) = self.cuts.get_mut(code as usize) {
            *noted = cut;
        }
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
        let near = self.lists.iter_mut().enumerate().filter_map(|(code, list)| Some((code, list.as_deref_mut()?)));
        let far = self.far.iter_mut().map(|(&code, list)| (code as usize, &mut **list));
        for (code, list) in near.chain(far).filter(|&(code, _)| capacity(plan, code) > 0) {
            let cut = list.cut_now();
            if let Some(noted) = self.cuts.get_mut(code) {
                *noted = cut;
            }
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
        self.floor.due = self.floor.came + FIRST_LOOK.max(keys.len().max(self.held).max(self.lists.len() / 4) / 4);
        if let Some(kth) = kth_best(&mut keys, plan.k) {
            key = key.max(kth);
        }
        self.floor.key = self.floor.key.max(key);
    }

    /// The list of a group.
    #[inline]
    pub(super) fn list(&mut self, plan: &Plan, code: u32) -> Result<&mut TopK> {
        let at = code as usize;
        let held = self.held;
        let make = || {
            if held % ROOM_EVERY == ROOM_EVERY - 1 {
                room::spare();
            }
            Box::new(TopK::small(capacity(plan, at)))
        };
        if at >= self.lists.len() {
            let limit = plan.quotas.as_ref().map_or(MAX_GROUPS, Vec::len);
            if at >= limit {
                return Err(Error::Argument(format!("groups has the code {code}; codes below {limit} are accepted")));
            }
            // Twice as many at least, as what comes into the tables is moved then.
            let (most, twice) = (PLACES * self.held + MORE_PLACES, 2 * self.lists.len());
            if at >= most || twice > most {
                self.held += usize::from(!self.far.contains_key(&code));
                return Ok(self.far.entry(code).or_insert_with(make));
            }
            self.make_places(twice.max(at + 1).min(limit));
        }
        self.held += usize::from(self.lists[at].is_none());
        Ok(self.lists[at].get_or_insert_with(make))
    }

    /// Makes the tables longer, and moves lists into them whose codes they cover now.
    fn make_places(&mut self, count: usize) {
        let fresh = count - self.lists.len();
        room::more(&mut self.lists, fresh);
        room::resize(&mut self.cuts, count, f64::NEG_INFINITY);
        self.lists.resize(count, None);
        let beyond = self.far.split_off(&(count as u32));
        for (code, list) in std::mem::replace(&mut self.far, beyond) {
            self.cuts[code as usize] = cut_of(&list);
            self.lists[code as usize] = Some(list);
        }
    }

    /// The lists there are, with their codes, which rise.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &TopK)> {
        let near = (0..).zip(&self.lists).filter_map(|(code, list)| Some((code, list.as_deref()?)));
        near.chain(self.far.iter().map(|(&code, list)| (code, &**list)))
    }

    /// What each list has picked, with its code. Under a limit for all groups together rows beyond
    /// it are left out, of which a list may hold some or not, by the order in which they came.
    pub(super) fn finish(&self, plan: &Plan, watch: &mut dyn Watch) -> Result<Vec<(u32, TopRows)>> {
        let mut tops = room::empty(self.held);
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
            let mut keys = room::empty(tops.iter().map(|(_, top)| top.candidates.len()).sum());
            keys.extend(tops.iter().flat_map(|(_, top)| &top.candidates).map(|one| one.key));
            if let Some(kth) = kth_best(&mut keys, plan.k) {
                tops.iter_mut().for_each(|(_, top)| top.leave_out_below(kth));
            }
        }
        Ok(tops)
    }

    /// Room in the lists there are for all that a merge keeps.
    pub(super) fn make_room(&mut self, other: &GroupLists) {
        for (code, list) in other.iter() {
            let near = self.lists.get_mut(code as usize).and_then(Option::as_deref_mut);
            if let Some(own) = near.or(self.far.get_mut(&code).map(|list| &mut **list)) {
                own.make_room(list.len());
            }
        }
    }

    /// Takes over everything `other` has seen.
    pub(super) fn merge(&mut self, plan: &Plan, other: GroupLists) -> Result<()> {
        let near = (0..).zip(other.lists).filter_map(|(code, list)| Some((code, list?)));
        for (code, list) in near.chain(other.far) {
            let own = self.list(plan, code)?;
            own.merge(*list);
            let cut = cut_of(own);
            self.note_cut(code, cut);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order;
    use crate::random::hash;

    fn filled(plan: &Plan, codes: impl Iterator<Item = u32>) -> GroupLists {
        let mut lists = GroupLists::default();
        for (id, code) in (0..).zip(codes) {
            let key = (hash(1, 0, id) % 50) as f64;
            lists.offer(plan, code, Candidate { key, tie: 0, id, score: key }).unwrap();
            if id % 100 == 99 {
                lists.look(plan, None, f64::NEG_INFINITY);
            }
        }
        lists
    }

    fn picked(lists: &GroupLists, plan: &Plan) -> Vec<(u32, TopRows)> {
        lists.finish(plan, &mut crate::blocks::Unwatched).unwrap()
    }

    fn plan() -> Plan {
        Plan { per_group: Some(2), ..Plan::new(1000, Order::Highest) }
    }

    #[test]
    fn tables_are_bounded_by_the_lists_and_not_by_the_codes() {
        let codes = [MAX_GROUPS as u32 - 1, 5, 1 << 20, MORE_PLACES as u32, 7, 1 << 20];
        let lists = filled(&plan(), codes.into_iter());
        assert_eq!(
            lists.iter().map(|(code, _)| code).collect::<Vec<_>>(),
            [5, 7, 1024, 1 << 20, MAX_GROUPS as u32 - 1]
        );
        assert_eq!(lists.held, 5);
        assert!(lists.lists.len() <= MORE_PLACES + PLACES * 5 && lists.cuts.len() == lists.lists.len());
    }

    /// Codes that are far at first come into the tables as there are more lists.
    #[test]
    fn where_a_list_lies_changes_nothing() {
        let plan = plan();
        let numbers = |step: u32| (0..20_000).map(move |row| (hash(2, 0, row) % 3000) as u32 * step);
        let [near, far] = [1, 5000].map(|step| picked(&filled(&plan, numbers(step)), &plan));
        assert!(near.len() > 1000 && near.len() == far.len());
        assert!(near.iter().zip(&far).all(|(a, b)| a.0 * 5000 == b.0 && a.1 == b.1));
        let mut rising = filled(&plan, (0..3000).map(|row| 3000 - row));
        assert!(rising.lists.len() > 2000 && rising.held == 3000);
        rising.merge(&plan, filled(&plan, numbers(5000))).unwrap();
        let both = filled(&plan, (0..3000).map(|row| 3000 - row).chain(numbers(5000)));
        assert_eq!(rising.held, both.held);
        assert_eq!(
            rising.iter().map(|(code, _)| code).collect::<Vec<_>>(),
            both.iter().map(|(code, _)| code).collect::<Vec<_>>()
        );
    }
}
