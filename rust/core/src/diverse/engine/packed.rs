//! Greedy picks by the distance to the nearest point, where the core reads the rows.
//!
//! # The idea
//!
//! As in [`lazy`](super::lazy), a row that has not seen the last points is worth at most what it
//! was worth before, and most rows never need to see them. But a comparison of one row with one
//! point is so little work that to find the row takes longer. So rows are *packed* sixteen to a
//! block, coordinate by coordinate and in `f32`, and a block is brought up to date as a whole:
//!
//! ```text
//! pool      of every row: its distance to the nearest of the points it has seen, true or by the
//!           filter, and how many it has seen
//!   │ the best bounds, in order
//!   ▼
//! blocks    the same of sixteen rows, with their coordinates and a bound above all their keys
//! rest      an entry that no row outside of the blocks beats
//! ```
//!
//! A small pool is packed as a whole; of a large one, the best sixteenth. Bounds of the rows fall
//! with each pick, and once the best in the blocks does not beat `rest`, the best are packed anew.
//!
//! # One pick
//!
//! ```text
//! best():
//!     floor = what the best row is worth at least: the block of the best bound shows it
//!     sweep:  blocks whose bound reaches the floor see the points they have not seen
//!     rows whose own bound reaches the floor may be the best, most often one or two: the best of
//!     them in the total order gets its true distance, until the best is one that has it
//! ```
//!
//! The sums of the filter are certified ([`filter`](super::filter)), so the picks and all that is
//! told of them are those of the loop over all rows in `f64`, ties included. Where everything is
//! near the floor a sweep is just the dense loop, over packed rows; otherwise it passes over most
//! blocks. Either way it goes through memory in order.

use super::by_distance::{DistanceWorth, Greedy, PointSet};
use super::filter::ROWS;
use super::front::{Entry, roughly_sort, scan};
use super::lazy::{Pick, Work};
use super::nearest::{Nearest, Truth};
use super::pack::{Fill, First, Kept, NOWHERE, PackedBlock, PackedPoints, RowState, unknown};
use super::sweep::Sweeper;
use crate::blocks::{self, LOOK_EVERY, Watch};
use crate::distance::Tile;
use crate::error::Result;
use crate::float::Element;
use crate::room;
use std::time::Instant;

/// Rows of a block of the first pass.
const FIRST: usize = 256;

/// A pool of so many bytes is packed as a whole.
const SMALL: usize = 32 << 20;

/// Of a larger one, one row in so many. So many of these are packed at first, and twice as many
/// whenever that was not enough.
const SHARE: usize = 16;

/// The fewest rows that are packed at a time.
const FEWEST: usize = 512;

/// Of so many rows of like bounds, those that have seen as many points go into one block.
const LIKE: usize = 1 << 10;

/// A further thread helps with so many entries of the front.
const WORTH_SORTING: usize = 8 * LIKE;

/// Rows of a file that are packed before whoever watches may hand its pages back.
const FILE_ROWS: usize = 1 << 12;

/// The value of a row that is out.
const OUT: f64 = f64::NEG_INFINITY;

/// A row that may be the best, and where it is.
#[derive(Clone, Copy)]
struct Contender {
    entry: Entry,
    place: usize,
    true_key: bool,
}

/// A greedy selection.
pub(crate) struct Packed<'a, E, W> {
    near: Nearest<'a, E>,
    worth: W,
    pub(crate) work: Work,
    threads: usize,
    /// Picks wanted in all: for progress.
    wanted: usize,
    picked: usize,
    looked: Instant,
    points: PackedPoints,
    /// Of every row of the pool.
    states: Vec<Kept>,
    /// Rows to pack, the best first, how many of them are packed, and what no row outside of them
    /// beats.
    front: Vec<Entry>,
    packed: usize,
    outside: Option<Entry>,
    blocks: Vec<PackedBlock>,
    coordinates: Vec<[f32; ROWS]>,
    /// Of each block a bound above the keys of its rows, less the drift then.
    bounds: Vec<f64>,
    rest: Option<Entry>,
    /// The drift when all bounds were looked through.
    drift: f64,
    contenders: Vec<Contender>,
    /// Where the last best row is packed.
    place: usize,
    tile: Tile,
}

/// Brings rows together that have seen as many points, among those of like bounds.
fn sort_by_seen(front: &mut [Entry], states: &[Kept], threads: usize, watch: &mut dyn Watch) -> Result<()> {
    let (rows, threads) = (front.len(), threads.min(1 + front.len() / WORTH_SORTING));
    let sort = |(): &mut (), _, some: &mut [Entry]| {
        some.sort_by_key(|entry| RowState::of(states[entry.row as usize]).seen);
        Ok(())
    };
    blocks::run(rows, blocks::split(rows, LIKE).zip(front.chunks_mut(LIKE)), threads, watch, || (), sort).map(drop)
}

impl<'a, E: Element, W: DistanceWorth> Packed<'a, E, W> {
    /// One pass over all rows gives each a first bound.
    pub(crate) fn new(
        near: Nearest<'a, E>,
        worth: W,
        out: &[usize],
        wanted: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Self> {
        Self::going_on(near, worth, (None, out), wanted, threads, watch)
    }

    /// For rows whose values are known, as they are before the first point; −∞ marks rows never to
    /// pick.
    pub(crate) fn going_on(
        near: Nearest<'a, E>,
        worth: W,
        (values, out): (Option<&[f64]>, &[usize]),
        wanted: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Self> {
        let origin = near.origin();
        let rows = near.candidates.rows();
        let mut states = unknown(rows);
        let crew = blocks::crew(threads, rows * near.candidates.features() * size_of::<E>());
        let mut left = &mut states[..];
        let blocks = blocks::share(rows, FIRST, crew).map(|rows| {
            let states = blocks::take(&mut left, rows.len());
            (rows, states)
        });
        let mut look = |_: usize, _: usize| watch.look(0, wanted);
        let state = || (Tile::new(near.metric, near.candidates.features()), 0.0, 0);
        let ended = blocks::run(rows, blocks, crew, &mut look, state, |(tile, largest, computed), rows, states| {
            let (size, compared) =
                near.level.run(First { near: &near, origin: &origin, tile, rows, values, states })?;
            *largest = f64::max(*largest, size);
            *computed += compared;
            Ok(())
        })?;
        let largest = ended.iter().map(|state| state.1).fold(0.0, f64::max);
        for &row in out {
            states[row] = RowState::new(OUT).keep();
        }
        Ok(Packed {
            work: Work { computed: ended.iter().map(|state| state.2).sum(), ..Work::default() },
            points: PackedPoints::new(&near, origin, largest),
            tile: Tile::new(near.metric, near.candidates.features()),
            drift: worth.drift(),
            near,
            worth,
            threads,
            wanted,
            picked: 0,
            looked: Instant::now(),
            states,
            front: Vec::new(),
            packed: 0,
            outside: None,
            blocks: Vec::new(),
            coordinates: Vec::new(),
            bounds: Vec::new(),
            rest: Some(Entry { key: f64::INFINITY, row: 0 }),
            contenders: Vec::new(),
            place: 0,
        })
    }

    /// The row to pick next, or `None` where the key of no row reaches `least`.
    pub(crate) fn best_reaching(&mut self, least: f64, watch: &mut dyn Watch) -> Result<Option<Pick>> {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            watch.look(self.picked, self.wanted)?;
        }
        loop {
            let rest = self.rest_now();
            let known = rest.map_or(least, |rest| rest.key.max(least));
            let floor = self.sweep(known, watch)?;
            if let Some(best) = self.contend(floor)
                && rest.is_none_or(|rest| best.beats(&rest))
            {
                let (row, value) = (best.row as usize, self.blocks[self.place / ROWS].values[self.place % ROWS]);
                return Ok((best.key >= least).then_some(Pick { row, value, key: best.key }));
            }
            if rest.is_none_or(|rest| rest.key < least) || !self.pack(watch)? {
                return Ok(None);
            }
        }
    }

    /// What no row outside of the blocks beats at this step.
    fn rest_now(&self) -> Option<Entry> {
        let rise = self.worth.drift() - self.drift;
        let risen = |rest: Entry| Entry { key: rest.key + rise + self.worth.slack(), row: 0 };
        self.rest.map(|rest| if rise > 0.0 { risen(rest) } else { rest })
    }

    /// Brings all blocks up to date that may hold the best row, and returns what it is worth at
    /// least, or `known` where that is more.
    fn sweep(&mut self, known: f64, watch: &mut dyn Watch) -> Result<f64> {
        let Self { near, worth, points, blocks, coordinates, bounds, .. } = self;
        let sweeper = Sweeper { points, metric: near.metric, worth, steps: near.points.len(), level: near.level };
        let (picked, wanted) = (self.picked, self.wanted);
        let mut look = |_: usize, _: usize| watch.look(picked, wanted);
        let (floor, done) = sweeper.sweep((blocks, coordinates, bounds), known, self.threads, &mut look)?;
        self.work.computed += done[0];
        self.work.refreshed += done[1];
        Ok(floor)
    }

    /// The best row of the blocks, if its key reaches the floor; the blocks that reach it are up to
    /// date.
    fn contend(&mut self, floor: f64) -> Option<Entry> {
        let Self { near, worth, points, blocks, bounds, contenders, .. } = self;
        let least = floor - worth.drift() - worth.slack();
        let filter = &points.filter;
        contenders.clear();
        for (number, _) in bounds.iter().enumerate().filter(|&(_, &bound)| bound >= least && bound > OUT) {
            let block = &blocks[number];
            for lane in (0..ROWS).filter(|&lane| block.values[lane] > OUT) {
                let (row, value, true_key) = (block.rows[lane], block.values[lane], block.true_value(lane));
                let value = if true_key { value } else { value.min(filter.upper(block.sums[lane])) };
                let entry = Entry { key: worth.key(row as usize, value), row };
                if entry.key >= floor {
                    room::push(contenders, Contender { entry, place: number * ROWS + lane, true_key });
                }
            }
        }
        loop {
            let best = contenders.iter_mut().reduce(|a, b| if b.entry.beats(&a.entry) { b } else { a })?;
            if best.true_key {
                self.place = best.place;
                return Some(best.entry);
            }
            let (block, lane) = (&mut blocks[best.place / ROWS], best.place % ROWS);
            let (row, seen, steps) = (best.entry.row as usize, block.exact[lane] as usize, near.points.len());
            // The row was read before, so it is fine.
            let found = near.level.run(Truth { near, tile: &mut self.tile, row, seen });
            self.work.computed += (steps - seen) as u64;
            let value = block.values[lane].min(found.unwrap_or(f64::INFINITY));
            block.set_value(lane, value, steps as u32, filter);
            (best.entry.key, best.true_key) = (worth.key(row, value), true);
        }
    }

    /// Packs more rows, the best first; `false` if there are none.
    fn pack(&mut self, watch: &mut dyn Watch) -> Result<bool> {
        let (picked, wanted) = (self.picked, self.wanted);
        let mut look = |_: usize, _: usize| watch.look(picked, wanted);
        if self.front.len() == self.packed {
            self.collect(&mut look)?;
        }
        let from = self.packed;
        let more =
            if self.near.held.is_some() { self.front.len() } else { from.max(FEWEST).max(self.front.len() / SHARE) };
        let front = &self.front[from..];
        let front = &front[..more.next_multiple_of(ROWS).min(front.len())];
        self.packed += front.len();
        // What comes later is sorted roughly, so none of it is known to be the best.
        let left = self.front[self.packed..].iter().map(|entry| entry.key).reduce(f64::max);
        self.rest = left.map_or(self.outside, |key| Some(Entry { key, row: 0 }));
        let (width, first) = (self.points.width, self.blocks.len());
        let count = first + front.len().div_ceil(ROWS);
        room::resize(&mut self.blocks, count, PackedBlock::EMPTY);
        room::resize(&mut self.bounds, count, f64::INFINITY);
        let threads = blocks::crew(self.threads, front.len() * width * size_of::<f32>());
        let Self { near, points, states, .. } = self;
        let (blocks, coordinates) = (&mut self.blocks[first..], &mut self.coordinates[first * width..count * width]);
        let step = FILE_ROWS / ROWS;
        for ((front, blocks), coordinates) in
            front.chunks(FILE_ROWS).zip(blocks.chunks_mut(step)).zip(coordinates.chunks_mut(step * width))
        {
            let few = FIRST / ROWS;
            let chunks = front.chunks(FIRST).zip(blocks.chunks_mut(few).zip(coordinates.chunks_mut(few * width)));
            let tile = || Tile::new(near.metric, near.candidates.features());
            let work = blocks::split(front.len(), FIRST).zip(chunks);
            blocks::run(front.len(), work, threads, &mut look, tile, |tile, _, (front, (blocks, coordinates))| {
                near.level.run(Fill { near, points, states, front, tile, blocks, coordinates })
            })?;
            if near.held.is_some() {
                // However little time has passed: whoever watches may hand pages of a file back.
                look(0, 0)?;
            }
        }
        Ok(count > first)
    }

    /// Unpacks all rows, and looks through all bounds for those to pack.
    fn collect(&mut self, watch: &mut dyn Watch) -> Result<()> {
        for block in &self.blocks {
            for lane in (0..ROWS).filter(|&lane| block.rows[lane] != NOWHERE) {
                self.states[block.rows[lane] as usize] = block.state(lane).keep();
            }
        }
        self.blocks.clear();
        self.bounds.clear();
        // Its memory first: the next one is as large.
        self.front = Vec::new();
        let (all, bytes) = (self.states.len(), self.points.width * size_of::<f32>() + size_of::<PackedBlock>() / ROWS);
        let want = match self.near.held {
            Some(held) => held,
            None if all * bytes <= SMALL => all,
            None => all / SHARE,
        };
        let (worth, filter, states) = (&self.worth, &self.points.filter, &self.states);
        let key = |row: usize| worth.key(row, RowState::of(states[row]).upper(filter));
        (self.front, self.outside) = scan(all, key, want, self.threads, watch)?;
        if self.near.held.is_none() {
            roughly_sort(&mut self.front);
            sort_by_seen(&mut self.front, states, self.threads, watch)?;
        }
        let wanted = self.front.len().div_ceil(ROWS) * self.points.width;
        if self.coordinates.len() < wanted {
            self.coordinates = Vec::new();
            // Zeros from the system: each thread is the first to touch what it fills.
            self.coordinates = room::zeros::<[f32; ROWS]>(wanted);
        }
        (self.packed, self.drift) = (0, self.worth.drift());
        self.work.scans += 1;
        Ok(())
    }
}

impl<E: Element, W: DistanceWorth> Greedy<W> for Packed<'_, E, W> {
    fn best(&mut self, watch: &mut dyn Watch) -> Result<Option<Pick>> {
        self.best_reaching(f64::NEG_INFINITY, watch)
    }

    fn pick(&mut self, best: Pick) -> Result<()> {
        let (block, lane) = (&mut self.blocks[self.place / ROWS], self.place % ROWS);
        debug_assert_eq!(block.rows[lane] as usize, best.row);
        (block.values[lane], block.sums[lane], block.cuts[lane]) = (OUT, f32::NEG_INFINITY, f32::NEG_INFINITY);
        self.near.pick(best.row)?;
        self.points.push(&self.near);
        self.picked += 1;
        self.worth.stepped(self.near.points.len());
        Ok(())
    }

    fn id(&self, position: usize) -> u64 {
        self.near.candidates.id(position) as u64
    }

    fn change(&mut self, change: impl FnOnce(&mut W)) {
        change(&mut self.worth);
        self.bounds.fill(f64::INFINITY);
        if self.rest.is_some() {
            // What was left out was left out by other keys.
            (self.packed, self.rest) = (self.front.len(), Some(Entry { key: f64::INFINITY, row: 0 }));
        }
    }

    fn work(&self) -> Work {
        self.work
    }
}

impl<'a, E: Element> PointSet for Nearest<'a, E> {
    type Greedy<W: DistanceWorth> = Packed<'a, E, W>;

    fn rows(&self) -> usize {
        self.candidates.rows()
    }

    fn id(&self, position: usize) -> u64 {
        self.candidates.id(position) as u64
    }

    fn steps(&self) -> usize {
        self.points.len()
    }

    fn pick(&mut self, position: usize) -> Result<()> {
        let matrix = *self.candidates.matrix();
        self.add(&matrix, self.candidates.id(position))
    }

    fn greedy<W: DistanceWorth>(
        self,
        worth: W,
        out: &[usize],
        wanted: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Packed<'a, E, W>> {
        Packed::new(self, worth, out, wanted, threads, watch)
    }
}
