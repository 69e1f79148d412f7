//! The state of a selection: what it holds, and how states become one.

use super::groups::GroupLists;
use super::plan::Plan;
use super::rows::Rows;
use super::seen::Seen;
use super::shared::SharedCut;
use super::sort;
use super::topk::{MANY, TopK};
use crate::blocks::{self, Unwatched, Watch};
use crate::error::{Error, Result};
use crate::order::Candidate;
use crate::room;
use crate::simd::{Float, Level};
use std::sync::Arc;

/// Rows without scores between two looks at whether to stop.
const COUNTED: usize = 1 << 18;

/// The mergeable state of a selection.
#[derive(Clone, Debug)]
pub struct Selector {
    pub(super) plan: Arc<Plan>,
    /// The best k of all rows; unused under `per_group`.
    pub(super) top: TopK,
    pub(super) groups: GroupLists,
    pub(super) seen: Seen,
    /// Whether some rows came with ids of their own, which `seen` does not cover.
    pub(super) own_ids: bool,
    /// The counts of the result, which has no candidates yet.
    pub(super) counts: Selected,
    /// Of a draft: the ids seen in the state it is of.
    pub(super) before: Seen,
    /// Of a fork or a draft: the key that rows must reach, as others know it. A state that is
    /// neither raises none.
    pub(super) shared: Arc<SharedCut>,
}

/// What a thread has told the others of.
#[derive(Debug)]
pub(crate) struct LastTold {
    /// Its threshold then.
    key: f64,
    /// How many rows it kept.
    kept: usize,
}

impl Default for LastTold {
    fn default() -> LastTold {
        LastTold { key: f64::NEG_INFINITY, kept: 0 }
    }
}

/// The result of a selection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selected {
    /// The picked rows, best first: at most k.
    pub candidates: Vec<Candidate>,
    /// Rows seen.
    pub rows: u64,
    /// Rows among them with a NaN score; excluded rows are not counted here.
    pub invalid: u64,
    /// Rows among them that the plan's list or a block's mask excludes.
    pub excluded: u64,
    /// Rows among them that could not be drawn: weight 0 under
    /// [`Perturb::Power`](super::Perturb::Power), a score of the uninformative infinity under
    /// [`Perturb::Softmax`](super::Perturb::Softmax).
    pub never_drawn: u64,
    /// Picked rows whose key equals that of the last picked one: without perturbation, whose score
    /// does.
    pub ties_picked: u64,
    /// Rows with that key which were not picked. With groups: which lost to rows of their own
    /// group, or by k.
    pub ties_left: u64,
}

impl Selector {
    /// An empty state.
    pub fn new(plan: Plan) -> Result<Selector> {
        plan.check()?;
        Ok(Selector::empty(Arc::new(plan), Arc::new(SharedCut::among(0))))
    }

    fn empty(plan: Arc<Plan>, shared: Arc<SharedCut>) -> Selector {
        Selector {
            top: TopK::new(plan.k),
            plan,
            groups: GroupLists::default(),
            seen: Seen::default(),
            own_ids: false,
            counts: Selected::default(),
            before: Seen::default(),
            shared,
        }
    }

    /// The configuration.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The key that rows must reach. Groups are cut at different keys: with them it is one that
    /// rows of any group must reach.
    #[inline(always)]
    pub(super) fn floor(&self) -> f64 {
        self.own_floor().max(self.shared.key())
    }

    /// The same by its own rows alone.
    #[inline(always)]
    fn own_floor(&self) -> f64 {
        if self.plan.grouped() { self.groups.floor() } else { self.top_floor() }
    }

    /// The key of the last of the best k of its own rows, whatever their groups.
    #[inline(always)]
    fn top_floor(&self) -> f64 {
        self.top.threshold().map_or(f64::NEG_INFINITY, |cut| cut.key)
    }

    /// Look for a key that rows of all groups must reach, of which so many are known.
    #[inline]
    pub(super) fn look_at_groups(&mut self, groups: Option<usize>) {
        let fill = self.top_floor();
        self.groups.look(&self.plan, groups, fill);
    }

    /// Raise the threshold that it shares to its own.
    pub(super) fn share_cut(&self) {
        self.shared.raise(self.own_floor());
    }

    /// Raise its threshold to what its rows have reached by now. That takes a look at up to 2k
    /// rows, and else is done once there are so many: it pays where the rows that come are dear.
    pub(crate) fn tighten(&mut self) {
        if !self.plan.grouped() {
            self.top.cut_now();
            self.share_cut();
        }
    }

    /// Tell the other threads that a share of k of its rows have reached some key, where its own
    /// threshold is another than it last was, or many rows have come since. It is the thread of
    /// that number. With groups it has nothing to tell: such rows may be more than can be picked.
    ///
    /// A share of many is looked for as the rows come, long before there are k of them, and those
    /// that the threads together leave behind are dropped.
    pub(crate) fn tell(&mut self, thread: usize, told: &mut LastTold) {
        let own = self.own_floor();
        let share = self.shared.share(self.plan.k);
        let many = share > MANY && self.top.len() >= told.kept.max(share).saturating_add(share / 2);
        if (own == told.key && !many) || self.plan.grouped() {
            return;
        }
        told.key = own;
        if let Some(key) = self.top.key_of(share) {
            self.shared.tell(thread, key);
        }
        if many {
            self.top.leave_out_below(self.shared.key());
            told.kept = self.top.len();
        }
    }

    /// Says whether `len` rows can be absorbed: their description fits, and none of their ids was
    /// seen before.
    ///
    /// Ids that come one by one are compared with the ranges seen and with each other, not with
    /// those of earlier blocks: a row that comes twice in that way is noticed at the end if both
    /// are among the best.
    pub fn check(&self, rows: &Rows<'_>, len: usize) -> Result<()> {
        rows.check(len)?;
        rows.check_groups(&self.plan)?;
        let seen = match rows.ids {
            None => self.overlap(&(rows.first_id..rows.first_id + len as u64)),
            Some(ids) => {
                let alone = |&id: &i64| self.overlap(&(id as u64..id as u64 + 1));
                ids.iter().find_map(alone)
            }
        };
        seen.map_or(Ok(()), |ids| Err(already_seen(&ids)))
    }

    fn overlap(&self, ids: &std::ops::Range<u64>) -> Option<std::ops::Range<u64>> {
        self.seen.overlap(ids).or_else(|| self.before.overlap(ids))
    }

    /// Notes the ids of `len` rows as seen.
    pub(crate) fn record(&mut self, rows: &Rows<'_>, len: usize) {
        match rows.ids {
            None => self.seen.add(rows.first_id..rows.first_id + len as u64),
            Some(_) => self.own_ids = true,
        }
    }

    /// A threshold for so many threads to share, starting from what this state has reached.
    pub(crate) fn shared_among(&self, threads: usize) -> Arc<SharedCut> {
        let shared = SharedCut::among(threads);
        shared.raise(self.own_floor().max(self.shared.key()));
        Arc::new(shared)
    }

    /// An empty state of the same plan, for a thread.
    pub(crate) fn fork(&self, shared: &Arc<SharedCut>) -> Selector {
        // A plan of its own: threads would contend for the reference count of a common one.
        Selector::empty(Arc::new(self.plan().clone()), Arc::clone(shared))
    }

    /// An empty state for rows that this one is to take over with [`Selector::commit`], or not at
    /// all. It knows the threshold and the ids of this one.
    pub fn draft(&self) -> Selector {
        let mut draft = self.draft_of_checked();
        draft.before = self.before.clone();
        draft.before.add_all(&self.seen);
        draft
    }

    /// The same for rows that this one was asked about with [`Selector::check`]: it does not know
    /// the ids, of which there may be many ranges.
    pub fn draft_of_checked(&self) -> Selector {
        Selector::empty(Arc::clone(&self.plan), self.shared_among(0))
    }

    /// Takes over the rows of a draft of this state: all of them, or none where one of their ids
    /// was seen meanwhile.
    pub fn commit(&mut self, draft: &Selector) -> Result<()> {
        if !Arc::ptr_eq(&self.plan, &draft.plan)
            && let Some(difference) = self.plan.difference(&draft.plan)
        {
            return Err(Error::Argument(format!("this is no draft of that Selector: {difference}")));
        }
        if let Some(ids) = self.seen.common(&draft.seen) {
            return Err(already_seen(&ids));
        }
        self.take_over(draft);
        Ok(())
    }

    fn take_over(&mut self, other: &Selector) {
        let copy = other.clone();
        // What is lacking later would leave this state half changed.
        self.top.make_room(copy.top.len());
        self.groups.make_room(&copy.groups);
        self.join(copy);
        self.own_ids |= other.own_ids;
        self.seen.add_all(&other.seen);
    }

    /// Takes over what a forked state has absorbed.
    pub(crate) fn join(&mut self, other: Selector) {
        debug_assert_eq!(self.plan.difference(&other.plan), None);
        self.top.merge(other.top);
        let plan = self.plan.clone();
        self.groups.merge(&plan, other.groups).expect("states of one plan accept the same groups");
        self.counts.rows += other.counts.rows;
        self.counts.invalid += other.counts.invalid;
        self.counts.excluded += other.counts.excluded;
        self.counts.never_drawn += other.counts.never_drawn;
    }

    /// Takes note of a block on the calling thread: all of it, or nothing when there is an error.
    pub fn update<T: Float>(&mut self, scores: &[T], rows: &Rows<'_>) -> Result<()> {
        self.check(rows, scores.len())?;
        let mut block = self.fork(&self.shared_among(0));
        block.absorb(scores, rows, Level::best())?;
        self.join(block);
        self.record(rows, scores.len());
        Ok(())
    }

    /// Takes note of
    /// `len` rows that have no scores, under [`Perturb::Uniform`](super::Perturb::Uniform): of all
    /// of them, or of nothing when there is an error.
    pub fn update_count(&mut self, len: usize, rows: &Rows<'_>, watch: &mut dyn Watch) -> Result<()> {
        self.check(rows, len)?;
        let shared = self.shared_among(0);
        let blocks = blocks::split(len, COUNTED).map(|block| (block, ()));
        let fork = || self.fork(&shared);
        let states = blocks::run(len, blocks, 1, watch, fork, |state, block, ()| {
            state.absorb_count(block.len(), &rows.slice(block.start, block.end))
        })?;
        states.into_iter().for_each(|state| self.join(state));
        self.record(rows, len);
        Ok(())
    }

    /// Takes over everything a state of the same plan and of other rows has seen.
    pub fn merge(&mut self, other: &Selector) -> Result<()> {
        if let Some(difference) = self.plan.difference(&other.plan) {
            return Err(Error::Unmergeable(difference));
        }
        if let Some(ids) = self.seen.common(&other.seen) {
            return Err(Error::Unmergeable(format!("{} seen by both", were(&ids))));
        }
        let mut merged = self.clone();
        merged.take_over(other);
        merged.check_repeats(&mut Unwatched)?;
        *self = merged;
        Ok(())
    }

    /// The picks so far; the state can go on afterwards.
    pub fn finish(&self) -> Result<Selected> {
        self.clone().into_selected(&mut Unwatched)
    }

    /// The same of a state that ends here, with a look up now and then where there are millions of
    /// picks.
    pub fn into_selected(mut self, watch: &mut dyn Watch) -> Result<Selected> {
        self.check_repeats(watch)?;
        let (candidates, ties_left) = self.pick(watch)?;
        let ties_picked = match candidates.last() {
            Some(last) => candidates.iter().rev().take_while(|c| c.key == last.key).count() as u64,
            None => 0,
        };
        Ok(Selected { candidates, ties_picked, ties_left, ..self.counts })
    }

    /// Says which id came twice, as far as the candidates kept can tell.
    fn check_repeats(&self, watch: &mut dyn Watch) -> Result<()> {
        if !self.own_ids {
            return Ok(());
        }
        let mut lists: Vec<Vec<Candidate>> = vec![self.top.finish(watch)?.candidates];
        if self.plan.grouped() {
            let tops = self.groups.finish(&self.plan, watch)?;
            let mut all = room::empty(tops.iter().map(|(_, top)| top.candidates.len()).sum());
            tops.iter().for_each(|(_, top)| all.extend_from_slice(&top.candidates));
            lists.push(all);
        }
        for list in &mut lists {
            sort::sort(list, |a, b| a.id.cmp(&b.id), watch)?;
            if let Some(pair) = list.windows(2).find(|pair| pair[0].id == pair[1].id) {
                return Err(Error::Argument(format!("id {} was given to two rows", pair[0].id)));
            }
        }
        Ok(())
    }
}

fn already_seen(ids: &std::ops::Range<u64>) -> Error {
    Error::Argument(format!("{} already seen", were(ids)))
}

/// "id 7 was" or "ids 7..9 were".
fn were(ids: &std::ops::Range<u64>) -> String {
    match ids.end - ids.start {
        1 => format!("id {} was", ids.start),
        _ => format!("ids {}..{} were", ids.start, ids.end),
    }
}
