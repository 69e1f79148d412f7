//! One list of the best candidates per group.

use super::plan::{MAX_GROUPS, Plan};
use super::topk::{TopK, TopRows};
use crate::blocks::Watch;
use crate::error::{Error, Result};
use crate::order::Candidate;
use crate::room;
use std::collections::HashMap;

/// How many rows are sorted between two looks up, in all lists together.
const LOOK_EVERY: usize = 1 << 20;

/// Places of the tables below for each list there is, and so many more: codes beyond are looked up
/// in a map, so that memory is bounded by the lists and not by the codes that a state names.
const PLACES: usize = 8;
const MORE_PLACES: usize = 1024;

/// The lists, by group code; made when a group is first met.
#[derive(Debug, Default)]
pub(super) struct GroupLists {
    /// The lists there are, with their codes, as they were met.
    lists: Vec<(u32, TopK)>,
    /// Where those of low codes lie: one more than that, or nothing.
    places: Vec<u32>,
    /// Keys that rows of these groups must reach: with many groups, most rows are turned away
    /// without a look at a list.
    cuts: Vec<f64>,
    /// Where those of higher codes lie, which are few for how high they are.
    far: HashMap<u32, u32>,
    /// What the key of a row of any group must reach, as it was when `due` candidates had come.
    floor: Floor,
}

impl Clone for GroupLists {
    fn clone(&self) -> GroupLists {
        let mut far = HashMap::new();
        room::more_in(&mut far, self.far.len());
        far.extend(&self.far);
        GroupLists {
            lists: room::collected(self.lists.iter().cloned()),
            places: room::collected(self.places.iter().copied()),
            cuts: room::collected(self.cuts.iter().copied()),
            far,
            floor: self.floor.clone(),
        }
    }
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
        for (code, list) in self.lists.iter_mut().filter(|(code, _)| capacity(plan, *code) > 0) {
            let cut = list.cut_now();
            if let Some(noted) = self.cuts.get_mut(*code as usize) {
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
        self.floor.due =
            self.floor.came + FIRST_LOOK.max(keys.len().max(self.lists.len()).max(self.places.len() / 4) / 4);
        if let Some(kth) = kth_best(&mut keys, plan.k) {
            key = key.max(kth);
        }
        self.floor.key = self.floor.key.max(key);
    }

    /// The list of a group.
    #[inline]
    pub(super) fn list(&mut self, plan: &Plan, code: u32) -> Result<&mut TopK> {
        let at = match self.places.get(code as usize) {
            Some(0) => self.new_list(plan, code),
            Some(place) => *place as usize - 1,
            None => self.far_list(plan, code)?,
        };
        Ok(&mut self.lists[at].1)
    }

    /// The place of a list whose code is in no table, until now at least.
    fn far_list(&mut self, plan: &Plan, code: u32) -> Result<usize> {
        if let Some(&at) = self.far.get(&code) {
            return Ok(at as usize);
        }
        let at = code as usize;
        let limit = plan.quotas.as_ref().map_or(MAX_GROUPS, Vec::len);
        if at >= limit {
            return Err(Error::Argument(format!("groups has the code {code}; codes below {limit} are accepted")));
        }
        // Twice as many at least, as what comes into the tables is moved then.
        let (most, twice) = (PLACES * self.lists.len() + MORE_PLACES, 2 * self.places.len());
        if at < most && twice <= most {
            self.make_places(twice.max(at + 1).min(limit));
        }
        Ok(self.new_list(plan, code))
    }

    #[cold]
    fn new_list(&mut self, plan: &Plan, code: u32) -> usize {
        let at = self.lists.len();
        if let Some(place) = self.places.get_mut(code as usize) {
            *place = at as u32 + 1;
        } else {
            room::more_in(&mut self.far, 1);
            self.far.insert(code, at as u32);
        }
        room::push(&mut self.lists, (code, TopK::small(capacity(plan, code))));
        at
    }

    /// Makes the tables longer, and notes in them what they cover now; where there is no memory for
    /// them they stay as they are.
    fn make_places(&mut self, count: usize) {
        let more = count - self.places.len();
        if !room::could_add(&mut self.places, more) || !room::could_add(&mut self.cuts, more) {
            return;
        }
        self.places.resize(count, 0);
        self.cuts.resize(count, f64::NEG_INFINITY);
        let (places, cuts, lists) = (&mut self.places, &mut self.cuts, &self.lists);
        self.far.retain(|&code, &mut at| {
            let covered = (code as usize) < count;
            if covered {
                places[code as usize] = at + 1;
                cuts[code as usize] = cut_of(&lists[at as usize].1);
            }
            !covered
        });
    }

    /// The lists there are, with their codes, which rise.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &TopK)> {
        let mut far = room::collected(self.far.iter().map(|(&code, &at)| (code, at)));
        far.sort_unstable();
        let near = (0..).zip(&self.places).filter_map(|(code, place)| Some((code, place.checked_sub(1)?)));
        near.chain(far).map(|(code, at)| (code, &self.lists[at as usize].1))
    }

    /// What each list has picked, with its code. Under a limit for all groups together rows beyond
    /// it are left out, of which a list may hold some or not, by the order in which they came.
    pub(super) fn finish(&self, plan: &Plan, watch: &mut dyn Watch) -> Result<Vec<(u32, TopRows)>> {
        let mut tops = room::empty(self.lists.len());
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

    /// Room for all that a merge keeps, so that it takes no memory.
    pub(super) fn make_room(&mut self, other: &GroupLists) {
        let mut fresh = 0;
        for (code, list) in &other.lists {
            let near = self.places.get(*code as usize).and_then(|place| place.checked_sub(1));
            match near.or_else(|| self.far.get(code).copied()) {
                Some(at) => self.lists[at as usize].1.make_room(list.len()),
                None => fresh += 1,
            }
        }
        room::more(&mut self.lists, fresh);
        room::more_in(&mut self.far, fresh);
    }

    /// Takes over everything `other` has seen.
    pub(super) fn merge(&mut self, plan: &Plan, other: GroupLists) -> Result<()> {
        for (code, list) in other.lists {
            let own = self.list(plan, code)?;
            own.merge(list);
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
fn capacity(plan: &Plan, code: u32) -> usize {
    match (&plan.quotas, plan.per_group) {
        (Some(quotas), _) => quotas[code as usize],
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
        assert_eq!(lists.lists.len(), 5);
        assert!(lists.places.len() <= MORE_PLACES + PLACES * 5 && lists.cuts.len() == lists.places.len());
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
        assert!(rising.places.len() > 2000 && rising.lists.len() == 3000);
        rising.merge(&plan, filled(&plan, numbers(5000))).unwrap();
        let both = filled(&plan, (0..3000).map(|row| 3000 - row).chain(numbers(5000)));
        assert_eq!(rising.lists.len(), both.lists.len());
        assert_eq!(
            rising.iter().map(|(code, _)| code).collect::<Vec<_>>(),
            both.iter().map(|(code, _)| code).collect::<Vec<_>>()
        );
    }
}
