//! The lazy engine: the best row, again and again, with as few rows brought up to date as can be.
//!
//! # The idea
//!
//! A greedy rule picks the row of the highest key, then all keys change a little, then it picks
//! again. The plain loop computes the value of every row at every step. But a row's value can only
//! fall as rows are picked (Minoux 1978), and its key never rises with a falling value. So the
//! value that a row had some steps ago is an upper bound of what it has now:
//!
//! ```text
//! key     ■ up to date      □ bound: the value of an earlier step
//!  │  □
//!  │  │  ■  ◀─ the best that is known for sure
//!  │  │  │  □
//!  │  │  │  │  □  □           c, d and e already lose: they are not looked at
//!  └──a──b──c──d──e──── rows
//! ```
//!
//! Only `a` must be brought up to date. If it then falls below `b`, `b` is the pick; if not, `a`
//! is. What comes out is what the plain loop picks, ties included, since rows are compared in one
//! total order (highest key, then lowest position).
//!
//! # Where rows are
//!
//! ```text
//! values, seen      of every row: its value, and how many steps that takes into account
//! front             the best bounds when all rows were last looked through, in order
//! survivors         rows of the front that were brought up to date and are still good: a heap
//! rest              an entry that no row outside of front and survivors beats
//! ```
//!
//! The best of front and survivors is the best of all rows, as long as it beats `rest`. Once it
//! does not, or both are empty, all bounds are looked through for a new front ([`scan`]).
//!
//! # One pick
//!
//! ```text
//! best():
//!     loop:
//!         next = the best entry of front and survivors, if it beats rest
//!         if there is none:  collect a new front, or end where all rows are out;  continue
//!         if next is up to date:  return it
//!         batch = the next few entries, down to the first that is up to date
//!         floor = the best key that is sure, or that rest may have
//!         objective.refresh(batch, floor)      on several threads if that is worth it
//!         those that still beat rest become survivors
//! pick(best):
//!     the row is out, and objective.pick(row) makes one more step
//! ```
//!
//! A batch begins small, as a few rows often show what is to be beaten, and doubles from there. A
//! row that falls below `floor` while it is brought up to date is left behind half-way: it has lost
//! this step, and what it was compared with so far is noted.
//!
//! # Two special cases
//!
//! - Keys that *drift*: where a key also depends on the step, bounds may rise by as much as
//!   [`Objective::drift`] does. `rest` is raised by that, front and survivors are sorted again
//!   (`key_again`), and if one step still takes two looks at all bounds, all rows that may be the
//!   best are brought up to date in the order of memory (`sweep`).
//! - The *first pass* (`pass`) gives every row its first bound, in order and on all threads.

use super::front::{Entry, scan};
use super::objective::{Objective, Stale};
use crate::blocks::{self, LOOK_EVERY, Watch};
use crate::error::Result;
use crate::room;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Rows that a thread brings up to date at a time.
const CHUNK: usize = 32;

/// Rows of a block of the first pass.
const FIRST: usize = 256;

/// Multiplications that make starting threads worth it: about a quarter of a millisecond.
const WORTH_THREADS: usize = 1 << 21;

/// No more than one row in so many is brought up to date for the sake of threads alone.
const LEAST_SHARE: usize = 64;

/// Largest number of rows brought up to date together.
const MOST_BATCH: usize = 1 << 14;

/// One row in so many is in the front.
const FRONT_SHARE: usize = 16;

/// The least number of rows in the front.
const FRONT_LEAST: usize = 1 << 12;

/// The number of rows in the front where keys change from step to step.
const FRONT_DRIFTING: usize = 1 << 10;

/// The value of a row that is out.
const OUT: f64 = f64::NEG_INFINITY;

/// The row to pick next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pick {
    /// Its position in the pool.
    pub(crate) row: usize,
    /// Its value, up to date.
    pub(crate) value: f64,
    /// Its key, up to date.
    pub(crate) key: f64,
}

/// What the work came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Work {
    /// Distances (or what else the objective counts) computed.
    pub(crate) computed: u64,
    /// Rows brought up to date, the first pass aside.
    pub(crate) refreshed: u64,
    /// Times that all bounds were looked through.
    pub(crate) scans: u64,
}

/// An objective with the state of a greedy selection.
pub(crate) struct Engine<O: Objective> {
    pub(crate) objective: O,
    pub(crate) work: Work,
    threads: usize,
    /// Picks wanted in all: for progress.
    wanted: usize,
    picked: usize,
    values: Vec<f64>,
    seen: Vec<u32>,
    /// The best bounds in order, and how far they are used up.
    front: Vec<Entry>,
    used: usize,
    /// Rows of the front that were brought up to date and still beat the rest.
    survivors: BinaryHeap<Entry>,
    /// Comes before every row outside of front and survivors, or is one of them.
    rest: Option<Entry>,
    /// The drift when the front was collected, and the key of `rest` then.
    drift: f64,
    rest_key: f64,
    /// Rows brought up to date for the last pick.
    effort: usize,
    looked: Instant,
}

impl<O: Objective> Engine<O> {
    /// One pass over all rows gives each a first bound. `out` are positions never to pick; `wanted`
    /// picks are what progress is counted towards.
    pub(crate) fn new(
        objective: O,
        out: &[usize],
        wanted: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Engine<O>> {
        let rows = objective.rows();
        let mut engine = Engine {
            objective,
            work: Work::default(),
            threads,
            wanted,
            picked: 0,
            seen: room::filled(0, rows),
            values: room::filled(f64::INFINITY, rows),
            front: Vec::new(),
            used: 0,
            survivors: BinaryHeap::new(),
            rest: Some(Entry { key: f64::INFINITY, row: 0 }),
            drift: 0.0,
            rest_key: f64::INFINITY,
            effort: 0,
            looked: Instant::now(),
        };
        engine.pass(f64::INFINITY, watch)?;
        for &row in out {
            engine.values[row] = OUT;
        }
        Ok(engine)
    }

    /// Brings rows up to date in the order of rows until they fall below `floor`: those that reach
    /// it, and those that have seen nothing yet.
    fn pass(&mut self, floor: f64, watch: &mut dyn Watch) -> Result<()> {
        let objective = &self.objective;
        let (rows, steps) = (self.values.len(), objective.steps() as u32);
        let threads = self.threads.min(1 + rows * objective.cost(1) / WORTH_THREADS);
        let (mut values, mut seen) = (&mut self.values[..], &mut self.seen[..]);
        let blocks = blocks::share(rows, FIRST, threads).map(|rows| {
            let states = (blocks::take(&mut values, rows.len()), blocks::take(&mut seen, rows.len()));
            (rows, states)
        });
        let states = blocks::run(
            rows,
            blocks,
            threads,
            &mut |_: usize, _: usize| watch.look(self.picked, self.wanted),
            || (objective.scratch(), Vec::with_capacity(FIRST), 0),
            |(scratch, stale, computed), range, (values, seen)| {
                stale.clear();
                for (row, (&value, &seen)) in range.clone().zip(values.iter().zip(seen.iter())) {
                    if value == f64::INFINITY || (seen < steps && objective.key(row, value) >= floor) {
                        room::push(stale, Stale { row: row as u32, seen, value });
                    }
                }
                *computed += objective.refresh(scratch, stale, floor)?;
                for from in stale.iter() {
                    let row = from.row as usize - range.start;
                    (values[row], seen[row]) = (from.value, from.seen);
                }
                Ok(())
            },
        )?;
        self.work.computed += states.iter().map(|state| state.2).sum::<u64>();
        Ok(())
    }

    /// Leaves no row out of date whose bound reaches the best key there is: where keys drift, a
    /// small front may leave out more than it holds.
    fn sweep(&mut self, mut fresh: f64, scratch: &mut O::Scratch, watch: &mut dyn Watch) -> Result<()> {
        let first = self.front.iter().take(self.objective.least_batch());
        let mut batch = room::collected(first.map(|entry| self.stale(*entry)));
        self.refresh(scratch, &mut batch, fresh, watch)?;
        fresh = fresh.max(self.take_back(&batch));
        self.pass(fresh, watch)?;
        self.start_again();
        Ok(())
    }

    /// The row to pick next, or `None` where all are out.
    pub(crate) fn best(&mut self, watch: &mut dyn Watch) -> Result<Option<Pick>> {
        let steps = self.objective.steps() as u32;
        let mut scratch = self.objective.scratch();
        let mut batch: Vec<Stale> = Vec::new();
        let mut size = self.objective.least_batch();
        let shared = (WORTH_THREADS / self.objective.cost(1).max(1)).min(self.values.len() / LEAST_SHARE);
        let second = shared.max(self.effort / 2);
        self.effort = 0;
        // The best key of this step: rows that fall below it are out of the running for now.
        let mut fresh = f64::NEG_INFINITY;
        let mut looks = 0;
        loop {
            self.look(watch)?;
            let Some(next) = self.peek() else {
                if !self.collect(watch)? {
                    return Ok(None);
                }
                looks += 1;
                if looks == 2 && self.objective.slack() > 0.0 {
                    self.sweep(fresh, &mut scratch, watch)?;
                }
                continue;
            };
            let row = next.row as usize;
            if self.seen[row] == steps {
                return Ok(Some(Pick { row, value: self.values[row], key: next.key }));
            }
            batch.clear();
            let mut floor = self.rest.map_or(fresh, |rest| rest.key.max(fresh));
            while batch.len() < size
                && let Some(next) = self.peek()
            {
                let row = next.row as usize;
                if self.seen[row] == steps {
                    floor = floor.max(next.key);
                    break;
                }
                self.drop_peeked();
                batch.push(self.stale(next));
            }
            // The first few show what is to be beaten; then about as many as the last pick took, or
            // as threads can share.
            size = (2 * size).max(second).min(MOST_BATCH);
            self.refresh(&mut scratch, &mut batch, floor, watch)?;
            fresh = fresh.max(self.take_back(&batch));
        }
    }

    /// What is known of a row.
    fn stale(&self, Entry { row, .. }: Entry) -> Stale {
        Stale { row, seen: self.seen[row as usize], value: self.values[row as usize] }
    }

    fn look(&mut self, watch: &mut dyn Watch) -> Result<()> {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            watch.look(self.picked, self.wanted)?;
        }
        Ok(())
    }

    /// Takes the row that [`Engine::best`] has just found.
    pub(crate) fn pick(&mut self, best: Pick) -> Result<()> {
        debug_assert_eq!(self.peek().map(|entry| entry.row), Some(best.row as u32));
        self.drop_peeked();
        self.values[best.row] = OUT;
        self.objective.pick(best.row)?;
        self.picked += 1;
        if self.objective.slack() > 0.0 {
            self.key_again(self.objective.drift() - self.drift + self.objective.slack());
        }
        Ok(())
    }

    /// Keys are other ones from now on.
    pub(crate) fn start_again(&mut self) {
        self.front.clear();
        self.survivors.clear();
        self.used = 0;
        self.rest = Some(Entry { key: f64::INFINITY, row: 0 });
    }

    /// The best entry of front and survivors, if it beats the rest.
    fn peek(&self) -> Option<Entry> {
        let front = self.front.get(self.used);
        let next = match (front, self.survivors.peek()) {
            (Some(a), Some(b)) => {
                if a.beats(b) {
                    a
                } else {
                    b
                }
            }
            (a, b) => a.or(b)?,
        };
        self.rest.is_none_or(|rest| next.beats(&rest)).then_some(*next)
    }

    /// Drops the entry that `peek` has shown.
    fn drop_peeked(&mut self) {
        match (self.front.get(self.used), self.survivors.peek()) {
            (Some(a), Some(b)) if b.beats(a) => drop(self.survivors.pop()),
            (Some(_), _) => self.used += 1,
            (None, _) => drop(self.survivors.pop()),
        }
    }

    /// Collects a new front; `false` if no row is left.
    fn collect(&mut self, watch: &mut dyn Watch) -> Result<bool> {
        let objective = &self.objective;
        let drifting = objective.slack() > 0.0;
        let want = if drifting { FRONT_DRIFTING } else { FRONT_LEAST.max(self.values.len() / FRONT_SHARE) };
        self.survivors.clear();
        // Its memory first: the next one is as large.
        self.front = Vec::new();
        let mut watch = |_: usize, _: usize| watch.look(self.picked, self.wanted);
        let key = |row: usize| objective.key(row, self.values[row]);
        (self.front, self.rest) = scan(self.values.len(), key, want, self.threads, &mut watch)?;
        self.front.sort_unstable_by(Entry::compare);
        self.used = 0;
        self.drift = objective.drift();
        self.rest_key = self.rest.map_or(f64::NEG_INFINITY, |rest| rest.key);
        self.work.scans += 1;
        Ok(!self.front.is_empty())
    }

    /// Notes what bringing rows up to date has found: those that beat the rest are survivors.
    /// Returns the best key that is up to date.
    fn take_back(&mut self, batch: &[Stale]) -> f64 {
        let steps = self.objective.steps() as u32;
        let mut fresh = f64::NEG_INFINITY;
        for stale in batch {
            let row = stale.row as usize;
            (self.values[row], self.seen[row]) = (stale.value, stale.seen);
            let entry = Entry { key: self.objective.key(row, stale.value), row: stale.row };
            if stale.seen == steps {
                fresh = fresh.max(entry.key);
            }
            if self.rest.is_none_or(|rest| entry.beats(&rest)) {
                room::push_to_heap(&mut self.survivors, entry);
            }
        }
        fresh
    }

    /// Front and survivors by their keys at this step; what may have risen in the rest counts as
    /// risen.
    fn key_again(&mut self, rise: f64) {
        if let Some(rest) = &mut self.rest {
            *rest = Entry { key: self.rest_key + rise, row: 0 };
        }
        self.front.drain(..self.used.min(self.front.len()));
        self.used = 0;
        room::more(&mut self.front, self.survivors.len());
        self.front.extend(self.survivors.drain());
        for entry in &mut self.front {
            let row = entry.row as usize;
            entry.key = self.objective.key(row, self.values[row]);
        }
        self.front.sort_unstable_by(Entry::compare);
    }

    fn refresh(
        &mut self,
        scratch: &mut O::Scratch,
        batch: &mut [Stale],
        floor: f64,
        watch: &mut dyn Watch,
    ) -> Result<()> {
        let objective = &self.objective;
        let steps = objective.steps();
        let cost: usize = batch.iter().map(|stale| objective.cost(steps - stale.seen as usize)).sum();
        self.effort += batch.len();
        self.work.refreshed += batch.len() as u64;
        let threads = self.threads.min(1 + cost / WORTH_THREADS).min(batch.len().div_ceil(CHUNK));
        if threads <= 1 {
            self.work.computed += objective.refresh(scratch, batch, floor)?;
            return Ok(());
        }
        let rows = batch.len();
        let ranges = blocks::split(rows, CHUNK);
        let states = blocks::run(
            rows,
            ranges.zip(batch.chunks_mut(CHUNK)),
            threads,
            &mut |_: usize, _: usize| watch.look(self.picked, self.wanted),
            || (objective.scratch(), 0),
            |(scratch, computed), _, stale| {
                *computed += objective.refresh(scratch, stale, floor)?;
                Ok(())
            },
        )?;
        self.work.computed += states.iter().map(|state| state.1).sum::<u64>();
        Ok(())
    }
}
