//! The front: the rows of the best bounds, in order, and the bound of all the rest.

use crate::blocks::{self, Watch};
use crate::error::Result;
use crate::room;
use std::cmp::Ordering;
use std::ops::Range;

/// A row by its key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    /// What rows are compared by; never NaN.
    pub(crate) key: f64,
    /// Position in the pool.
    pub(crate) row: u32,
}

impl Entry {
    /// The total order: highest key first, then lowest position. `Less` comes first.
    #[inline(always)]
    pub(crate) fn compare(&self, other: &Entry) -> Ordering {
        match other.key.partial_cmp(&self.key) {
            Some(Ordering::Equal) | None => self.row.cmp(&other.row),
            Some(unequal) => unequal,
        }
    }

    /// Whether `self` comes before `other`.
    #[inline(always)]
    pub(crate) fn beats(&self, other: &Entry) -> bool {
        self.compare(other) == Ordering::Less
    }
}

/// The largest first, for a heap.
impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> Ordering {
        other.compare(self)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Entry {}

/// Rows looked at together.
const CHUNK: usize = 16;

/// Rows of a block.
const BLOCK: usize = 1 << 14;

/// Rows that the threshold is estimated from.
const SAMPLE: usize = 1 << 14;

/// How much more than its even share of the entries a thread has room for.
const ROOM: usize = 4;

/// What one thread has collected.
struct Leaders {
    entries: Vec<Entry>,
    /// The blocks that the entries are of, each by its first row and how many entries it gave;
    /// nothing once some were dropped.
    blocks: Option<Vec<(usize, usize)>>,
    /// Comes before every row left out, or is one of them.
    rest: Option<Entry>,
}

impl Leaders {
    fn new() -> Leaders {
        Leaders { entries: Vec::new(), blocks: Some(Vec::new()), rest: None }
    }

    fn leave_out(&mut self, entry: Entry) {
        if self.rest.is_none_or(|rest| entry.beats(&rest)) {
            self.rest = Some(entry);
        }
    }

    /// Room for more entries, in steps of a quarter: doubling would take more memory than the
    /// entries do.
    fn make_room(&mut self, more: usize) {
        let len = self.entries.len();
        if self.entries.capacity() - len < more {
            room::exactly(&mut self.entries, more.max(len / 4));
        }
    }

    /// Keeps the best `count`.
    fn shrink(&mut self, count: usize) {
        if self.entries.len() > count {
            let (_, &mut first_out, _) = self.entries.select_nth_unstable_by(count, Entry::compare);
            self.entries.truncate(count);
            self.leave_out(first_out);
            self.blocks = None;
        }
    }
}

/// About the `want` best of all rows in the order of rows, at least one if there is any, and an
/// entry that no row left out beats. The key of a row that is out is −∞.
pub(crate) fn scan(
    rows: usize,
    key: impl Fn(usize) -> f64 + Sync,
    want: usize,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<(Vec<Entry>, Option<Entry>)> {
    // Some at a time, so that all else is compiled once for all keys.
    let keys = |rows: Range<usize>, keys: &mut [f64]| keys.iter_mut().zip(rows).for_each(|(to, row)| *to = key(row));
    scan_by(rows, &keys, want, threads, watch)
}

/// Writes the keys of some rows.
type Keys<'k> = &'k (dyn Fn(Range<usize>, &mut [f64]) + Sync);

fn scan_by(
    rows: usize,
    write_keys: Keys<'_>,
    want: usize,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<(Vec<Entry>, Option<Entry>)> {
    let threshold = threshold(rows, write_keys, want);
    let most = want.saturating_add(want / 4);
    let threads = threads.min(1 + rows / (4 * BLOCK));
    // So that all threads together hold no more than a few of them would.
    let room = most.min(ROOM * most.div_ceil(threads));
    let ranges = blocks::share(rows, BLOCK, threads).map(|range| (range, ()));
    let parts = blocks::run(rows, ranges, threads, watch, Leaders::new, |part, range, ()| {
        part.make_room(range.len());
        let before = part.entries.len();
        let mut below = f64::NEG_INFINITY;
        let mut start = range.start;
        while start < range.end {
            let mut keys = [f64::NEG_INFINITY; CHUNK];
            write_keys(start..range.end, &mut keys);
            let mut hot = false;
            let mut highest = f64::NEG_INFINITY;
            for &key in &keys {
                hot |= key >= threshold;
                highest = if key > highest { key } else { highest };
            }
            if hot {
                for (i, &key) in keys.iter().enumerate() {
                    if key >= threshold && key > f64::NEG_INFINITY {
                        room::push(&mut part.entries, Entry { key, row: (start + i) as u32 });
                    } else {
                        below = below.max(key);
                    }
                }
            } else {
                below = below.max(highest);
            }
            start += CHUNK;
        }
        if below > f64::NEG_INFINITY {
            // Which of them has this key is not known: as if it were the first.
            part.leave_out(Entry { key: below, row: 0 });
        }
        let found = (range.start, part.entries.len() - before);
        part.blocks.iter_mut().for_each(|blocks| room::push(blocks, found));
        part.shrink(room);
        Ok(())
    })?;
    let mut all = Leaders::new();
    parts.iter().filter_map(|part| part.rest).for_each(|rest| all.leave_out(rest));
    all.entries = in_order(parts);
    all.shrink(most);
    if all.blocks.is_none() {
        all.entries.sort_unstable_by_key(|entry| entry.row);
    }
    // Rows that a thread left out for want of room may come before some that another kept.
    if let Some(rest) = all.rest {
        let best = all.entries.iter().copied().min_by(Entry::compare);
        all.entries.retain(|entry| entry.beats(&rest) || Some(*entry) == best);
    }
    Ok((all.entries, all.rest))
}

/// The entries of all threads in the order of their rows: block after block, where none were
/// dropped.
fn in_order(parts: Vec<Leaders>) -> Vec<Entry> {
    let mut blocks = Vec::new();
    for part in &parts {
        let mut entries = &part.entries[..];
        for &(start, count) in part.blocks.iter().flatten() {
            room::push(&mut blocks, (start, entries.split_off(..count).unwrap_or_default()));
        }
    }
    let count = parts.iter().map(|part| part.entries.len()).sum();
    let mut all = room::empty(count);
    if parts.iter().all(|part| part.blocks.is_some()) {
        blocks.sort_unstable_by_key(|&(start, _)| start);
        blocks.iter().for_each(|(_, entries)| all.extend_from_slice(entries));
    } else {
        parts.iter().for_each(|part| all.extend_from_slice(&part.entries));
        all.sort_unstable_by_key(|entry: &Entry| entry.row);
    }
    all
}

/// The place of the highest bound, 0 where there is none.
pub(super) fn highest(bounds: &[f64]) -> usize {
    const AT_ONCE: usize = 32;
    let higher = |a: f64, b: f64| if b > a { b } else { a };
    // As many maxima at a time, so that none waits for the one before.
    let mut tops = [f64::NEG_INFINITY; AT_ONCE];
    let (chunks, rest) = bounds.as_chunks::<AT_ONCE>();
    for chunk in chunks {
        for (top, &bound) in tops.iter_mut().zip(chunk) {
            *top = higher(*top, bound);
        }
    }
    let top = tops.iter().chain(rest).copied().fold(f64::NEG_INFINITY, higher);
    bounds.iter().position(|&bound| bound == top).unwrap_or(0)
}

/// A key that about `want` rows reach, from a sample of all rows; at least one row reaches it.
fn threshold(rows: usize, write_keys: Keys<'_>, want: usize) -> f64 {
    if rows <= want {
        return f64::NEG_INFINITY;
    }
    let step = rows.div_ceil(SAMPLE);
    let key = |row: usize| {
        let mut key = [0.0];
        write_keys(row..row + 1, &mut key);
        key[0]
    };
    let keys = (0..rows).step_by(step).map(key);
    let mut sample = room::gathered(keys.filter(|&key| key > f64::NEG_INFINITY));
    let rank = want / step;
    if rank >= sample.len() {
        return f64::NEG_INFINITY;
    }
    let (_, &mut threshold, _) = sample.select_nth_unstable_by(rank, |a, b| b.total_cmp(a));
    threshold
}

/// Brings entries of like keys together, the highest first.
pub(super) fn roughly_sort(entries: &mut Vec<Entry>) {
    const BINS: usize = 256;
    let low = entries.iter().map(|entry| entry.key).fold(f64::INFINITY, f64::min);
    let high = entries.iter().map(|entry| entry.key).fold(f64::NEG_INFINITY, f64::max);
    let per_key = (BINS - 1) as f64 / (high - low);
    if !(per_key.is_finite() && high.is_finite()) {
        return;
    }
    let bin = |entry: &Entry| ((high - entry.key) * per_key) as usize;
    let mut starts = [0; BINS + 1];
    entries.iter().for_each(|entry| starts[bin(entry) + 1] += 1);
    for i in 0..BINS {
        starts[i + 1] += starts[i];
    }
    let mut sorted = room::filled(Entry { key: 0.0, row: 0 }, entries.len());
    for entry in entries.iter() {
        let place = &mut starts[bin(entry)];
        sorted[*place] = *entry;
        *place += 1;
    }
    *entries = sorted;
}
