//! The best k candidates of a stream: a threshold buffer.
//!
//! Whatever beats the threshold goes into a buffer; when the buffer is full, a linear-time
//! selection keeps its best k and the k-th becomes the threshold. The worst case (ascending input)
//! is linear too, where a heap pays log k per row.

use super::shared::ordered;
use super::sort::{PART, sort, sort_by_high_half};
use crate::blocks::Watch;
use crate::error::Result;
use crate::order::Candidate;
use crate::room;

/// Candidates beyond which their keys are looked at first.
pub(super) const MANY: usize = 4096;

/// Keys that stand for many, where one is sought that so many have reached.
const SAMPLE: usize = 1024;

/// The best `k` candidates seen, and how many rows tie with the last of them.
#[derive(Debug)]
pub(crate) struct TopK {
    k: usize,
    full: usize,
    buffer: Vec<Candidate>,
    cut: Option<Candidate>,
    ties_left: u64,
}

impl Clone for TopK {
    fn clone(&self) -> TopK {
        TopK { buffer: room::collected(self.buffer.iter().copied()), ..*self }
    }
}

/// What a [`TopK`] has picked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TopRows {
    /// At most k candidates, best first.
    pub(crate) candidates: Vec<Candidate>,
    /// Candidates not among them whose key equals the last one's.
    pub(crate) ties_left: u64,
}

impl TopRows {
    /// Leave out candidates below a key that those picked in the end must reach.
    pub(super) fn leave_out_below(&mut self, key: f64) {
        let reached = self.candidates.partition_point(|candidate| candidate.key >= key);
        if reached < self.candidates.len() {
            self.candidates.truncate(reached);
            self.ties_left = 0;
        }
    }
}

impl TopK {
    /// An empty list of the best `k`; room is made as candidates come, so a huge `k` costs nothing
    /// by itself. Selections come soon: the sooner the threshold rises, the fewer rows survive a
    /// bound, and each of those costs more than its share of a selection.
    pub(crate) fn new(k: usize) -> TopK {
        TopK::with_slack(k, 64)
    }

    /// A list for when there are many: selections come sooner, so that the buffer stays near 2k.
    pub(crate) fn small(k: usize) -> TopK {
        TopK::with_slack(k, 16)
    }

    fn with_slack(k: usize, slack: usize) -> TopK {
        let full = k.saturating_add(k.max(slack));
        TopK { k, full, buffer: Vec::new(), cut: None, ties_left: 0 }
    }

    /// The k-th best so far: rows it beats cannot be picked any more. `None` until a selection has
    /// been made.
    #[inline(always)]
    pub(crate) fn threshold(&self) -> Option<&Candidate> {
        self.cut.as_ref()
    }

    /// A key that at least `n` of those kept have reached, if there are so many: the best such key,
    /// or of many nearly that. From a sample it is known about where the n-th lies, and whether
    /// `n` have reached a key a little below takes one look at each.
    pub(super) fn key_of(&self, n: usize) -> Option<f64> {
        if n == 0 || n > self.buffer.len() {
            return None;
        }
        let step = if n > MANY { self.buffer.len() / SAMPLE } else { 1 };
        let mut keys = room::collected(self.buffer.iter().step_by(step).map(|candidate| candidate.key));
        let best_first = |a: &f64, b: &f64| b.total_cmp(a);
        if step == 1 {
            return Some(*keys.select_nth_unstable_by(n - 1, best_first).1);
        }
        // The share of a sample that lies above is off by three times its deviation at most, or
        // nothing is found.
        let share = n as f64 / self.buffer.len() as f64 * keys.len() as f64 + 1.5 * (keys.len() as f64).sqrt();
        let place = share as usize;
        let key = (place < keys.len()).then(|| *keys.select_nth_unstable_by(place, best_first).1)?;
        (self.buffer.iter().filter(|candidate| candidate.key >= key).count() >= n).then_some(key)
    }

    /// Drops candidates below a key that those picked in the end must reach.
    pub(super) fn leave_out_below(&mut self, key: f64) {
        self.keep(|candidate| candidate.key >= key);
    }

    /// Drops candidates that do not pass. Which do cannot be foreseen, so there is no branch.
    fn keep(&mut self, passes: impl Fn(&Candidate) -> bool) {
        let mut kept = 0;
        for i in 0..self.buffer.len() {
            let candidate = self.buffer[i];
            self.buffer[kept] = candidate;
            kept += usize::from(passes(&candidate));
        }
        self.buffer.truncate(kept);
    }

    /// The same as a key, of the rows seen up to now; negative infinity where they are fewer than
    /// k.
    pub(super) fn cut_now(&mut self) -> f64 {
        if self.buffer.len() > self.k || self.cut.is_none() {
            self.compact();
        }
        self.cut.map_or(f64::NEG_INFINITY, |cut| cut.key)
    }

    /// Adds the keys of those kept.
    pub(super) fn keys(&self, to: &mut Vec<f64>) {
        room::more(to, self.buffer.len());
        to.extend(self.buffer.iter().map(|candidate| candidate.key));
    }

    /// Takes note of one candidate.
    #[inline]
    pub(crate) fn offer(&mut self, candidate: Candidate) {
        if let Some(cut) = &self.cut
            && !candidate.beats(cut)
        {
            self.ties_left += u64::from(candidate.key == cut.key);
            return;
        }
        if self.k > 0 {
            if self.buffer.len() == self.buffer.capacity() {
                room::more(&mut self.buffer, 1);
            }
            self.buffer.push(candidate);
            if self.buffer.len() >= self.full {
                self.compact();
            }
        }
    }

    /// Takes note of `count` candidates at once, known to have the threshold's key and to be beaten
    /// by it.
    #[inline]
    pub(crate) fn count_ties(&mut self, count: u64) {
        debug_assert!(self.cut.is_some());
        self.ties_left += count;
    }

    /// Keeps the best k of the buffer and raises the threshold to the k-th.
    fn compact(&mut self) {
        if self.k == 0 || self.buffer.len() < self.k {
            return;
        }
        if self.buffer.len() > MANY {
            self.leave_out_worst();
        }
        let (_, &mut cut, rest) = self.buffer.select_nth_unstable_by(self.k - 1, Candidate::compare);
        let ties = rest.iter().filter(|c| c.key == cut.key).count() as u64;
        self.buffer.truncate(self.k);
        self.raise(cut, ties);
    }

    /// The k-th best is another now, and so many of those dropped have its key.
    fn raise(&mut self, cut: Candidate, ties: u64) {
        // Rows counted at an earlier, lower threshold no longer tie with anything picked.
        if self.cut.is_none_or(|old| old.key != cut.key) {
            self.ties_left = 0;
        }
        self.ties_left += ties;
        self.cut = Some(cut);
    }

    /// Drops candidates whose key alone shows that they are not among the best k: numbers are told
    /// apart much sooner than candidates. Those with the key of the k-th are counted as ties later.
    fn leave_out_worst(&mut self) {
        let mut keys = Vec::new();
        if !room::could_add(&mut keys, self.buffer.len()) {
            return; // It is only slower without.
        }
        keys.extend(self.buffer.iter().map(rank));
        let kth = *keys.select_nth_unstable_by(self.k - 1, |a, b| b.cmp(a)).1;
        self.keep(|candidate| rank(candidate) >= kth);
    }

    /// Takes over everything `other`, a list of the same k, has seen.
    pub(crate) fn merge(&mut self, other: TopK) {
        debug_assert_eq!(self.k, other.k);
        if self.buffer.is_empty() && self.cut.is_none() {
            *self = other;
            return;
        }
        for &candidate in &other.buffer {
            self.offer(candidate);
        }
        // What `other` dropped ties with the common cut only if its own cut does; otherwise it is
        // below.
        if let Some(theirs) = &other.cut
            && other.ties_left > 0
        {
            self.compact();
            if self.cut.is_some_and(|cut| cut.key == theirs.key) {
                self.ties_left += other.ties_left;
            }
        }
    }

    /// Room for all that a merge with so many rows keeps, so that it takes no memory.
    pub(super) fn make_room(&mut self, count: usize) {
        let most = self.full.saturating_sub(self.buffer.len());
        room::more(&mut self.buffer, count.min(most));
    }

    /// How many rows are kept.
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// The best k of what was seen; the list can go on afterwards.
    pub(crate) fn finish(&self, watch: &mut dyn Watch) -> Result<TopRows> {
        self.clone().into_top(watch)
    }

    /// The same, of a list that ends here.
    pub(super) fn into_top(mut self, watch: &mut dyn Watch) -> Result<TopRows> {
        if self.buffer.len() <= MANY.max(self.k) || self.k == 0 {
            self.compact();
            return Ok(TopRows { candidates: in_order(self.buffer, watch)?, ties_left: self.ties_left });
        }
        // To sort a few too many takes less than to find the best before.
        if let Some(key) = self.key_of(self.k) {
            self.leave_out_below(key);
        }
        let mut candidates = in_order(std::mem::take(&mut self.buffer), watch)?;
        let rest = room::split_off(&mut candidates, self.k);
        if let Some(&cut) = candidates.last() {
            self.raise(cut, rest.iter().take_while(|one| one.key == cut.key).count() as u64);
        }
        Ok(TopRows { candidates, ties_left: self.ties_left })
    }

    /// Puts an empty list into the state [`TopK::finish`] describes; nothing if no list of this k
    /// can be in it.
    pub(super) fn resume(&mut self, top: TopRows) -> Option<()> {
        let candidates = &top.candidates;
        // A row that came twice is told at the end. Which of two different ones comes first,
        // nothing would say.
        let bits = |one: &Candidate| (one.key.to_bits(), one.score.to_bits());
        let follows = |a: &Candidate, b: &Candidate| a.beats(b) || (!b.beats(a) && bits(a) == bits(b));
        let ordered = candidates.iter().all(|one| !one.key.is_nan()) && candidates.is_sorted_by(follows);
        if !ordered || candidates.len() > self.k || (top.ties_left > 0 && candidates.len() < self.k) {
            return None;
        }
        self.cut = top.candidates.last().copied().filter(|_| top.candidates.len() == self.k);
        self.buffer = top.candidates;
        self.ties_left = top.ties_left;
        Some(())
    }
}

/// A number that is greater for a better key, and the same for both zeros.
#[inline(always)]
fn rank(candidate: &Candidate) -> u64 {
    ordered(candidate.key + 0.0)
}

/// Candidates, best first. Where there are many, what tells their keys apart is sorted first, with
/// their places: 32 bits of each, from the highest on in which any two differ. Scores of single
/// precision seldom differ in others.
fn in_order(mut candidates: Vec<Candidate>, watch: &mut dyn Watch) -> Result<Vec<Candidate>> {
    if candidates.len() <= MANY || u32::try_from(candidates.len()).is_err() {
        sort(&mut candidates, Candidate::compare, watch)?;
        return Ok(candidates);
    }
    let first = rank(&candidates[0]);
    let varying = candidates.iter().fold(0, |bits, candidate| bits | (rank(candidate) ^ first));
    let shift = (u64::BITS - varying.leading_zeros()).saturating_sub(u32::BITS);
    let bits = |candidate: &Candidate| (!rank(candidate) >> shift) as u32;
    let place = |(place, candidate): (u32, _)| u64::from(bits(candidate)) << u32::BITS | u64::from(place);
    let mut keys = room::collected((0..).zip(&candidates).map(place));
    if keys.len() <= PART {
        sort_by_high_half(&mut keys);
    } else {
        sort(&mut keys, u64::cmp, watch)?;
    }
    let mut sorted = room::collected(keys.into_iter().map(|key| candidates[key as u32 as usize]));
    sorted.chunk_by_mut(|a, b| bits(a) == bits(b)).filter(|alike| alike.len() > 1).for_each(|alike| {
        alike.sort_unstable_by(Candidate::compare);
    });
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::random::hash;

    /// Rows with heavy ties in key and some in the tie-break number.
    fn rows(seed: u64, n: u64, levels: u64) -> Vec<Candidate> {
        let row = |id| {
            let key = (hash(seed, 0, id) % levels) as f64 - 1.0;
            Candidate { key, tie: hash(seed, 1, id) % 3, id, score: -key }
        };
        (0..n).map(row).collect()
    }

    fn oracle(rows: &[Candidate], k: usize) -> TopRows {
        let mut sorted = rows.to_vec();
        sorted.sort_by(Candidate::compare);
        let rest = sorted.split_off(k.min(sorted.len()));
        let ties_left = match sorted.last() {
            Some(last) => rest.iter().filter(|c| c.key == last.key).count() as u64,
            None => 0,
        };
        TopRows { candidates: sorted, ties_left }
    }

    fn fill(k: usize, rows: &[Candidate]) -> TopK {
        let mut list = TopK::small(k);
        rows.iter().for_each(|&row| list.offer(row));
        list
    }

    #[test]
    fn equals_sorting_for_any_order_of_rows() {
        for seed in 0..30 {
            for (n, levels) in [(0, 1), (1, 1), (50, 1), (300, 4), (300, 1000), (2000, 7)] {
                let mut rows = rows(seed, n, levels);
                for k in [0, 1, 2, 17, 300, 5000] {
                    let expected = oracle(&rows, k);
                    assert_eq!(fill(k, &rows).finish(&mut Unwatched).unwrap(), expected);
                    rows.sort_by(Candidate::compare);
                    assert_eq!(fill(k, &rows).finish(&mut Unwatched).unwrap(), expected);
                    rows.reverse();
                    assert_eq!(fill(k, &rows).finish(&mut Unwatched).unwrap(), expected);
                }
            }
        }
    }

    #[test]
    fn merging_in_any_order_changes_nothing() {
        for seed in 0..60 {
            let rows = rows(seed, 900, 1 + seed % 9);
            let k = [1, 3, 40, 400, 2000][seed as usize % 5];
            let mut parts: Vec<TopK> = (0..5).map(|_| TopK::small(k)).collect();
            rows.iter().for_each(|&row| parts[(hash(seed, 9, row.id) % 5) as usize].offer(row));
            for round in 0..4 {
                let mut left: Vec<TopK> = parts.clone();
                while left.len() > 1 {
                    let taken = left.remove(hash(seed, round, left.len() as u64) as usize % left.len());
                    let into = hash(seed, round + 10, left.len() as u64) as usize % left.len();
                    left[into].merge(taken);
                }
                assert_eq!(left[0].finish(&mut Unwatched).unwrap(), oracle(&rows, k));
            }
        }
    }

    #[test]
    fn resuming_a_finished_list_goes_on_as_before() {
        let rows = rows(5, 1000, 3);
        for k in [0, 1, 20, 999, 1001] {
            let mut list = TopK::new(k);
            assert!(list.resume(fill(k, &rows[..400]).finish(&mut Unwatched).unwrap()).is_some());
            rows[400..].iter().for_each(|&row| list.offer(row));
            assert_eq!(list.finish(&mut Unwatched).unwrap(), oracle(&rows, k));
        }
    }

    #[test]
    fn a_share_has_reached_the_key_of_its_last() {
        let rows = rows(3, 100, 1000);
        let list = fill(40, &rows);
        for n in [1, 2, 39, 40] {
            assert_eq!(list.key_of(n), Some(oracle(&rows, 40).candidates[n - 1].key));
        }
        assert_eq!((list.key_of(0), list.key_of(1000)), (None, None));
    }

    #[test]
    fn many_rows_come_in_the_same_order_as_few() {
        // Keys that differ in a few high bits, in more than 32, and hardly at all.
        for (levels, scale) in [(1 << 20, 1.0), (1 << 50, 1e-3), (3, 1.0), (1 << 30, 1e280)] {
            let mut rows = rows(4, 30_000, levels);
            rows.iter_mut().for_each(|row| row.key *= scale);
            for k in [20_000, 30_000] {
                assert_eq!(fill(k, &rows).finish(&mut Unwatched).unwrap(), oracle(&rows, k));
            }
        }
    }

    #[test]
    fn of_many_a_key_is_reached_by_enough_and_few_more() {
        for levels in [1, 3, 1 << 40] {
            let rows = rows(6, 40_000, levels);
            let mut list = fill(40_000, &rows);
            let key = list.key_of(20_000).unwrap();
            let reached = rows.iter().filter(|row| row.key >= key).count();
            let ties = rows.iter().filter(|row| row.key == key).count();
            assert!(reached >= 20_000 && reached - ties < 23_000, "{reached} {ties}");
            list.leave_out_below(key);
            assert_eq!(list.len(), reached);
        }
    }

    #[test]
    fn the_threshold_appears_with_the_first_selection() {
        let mut list = TopK::new(2);
        for row in rows(1, 65, 1) {
            list.offer(row);
            assert!(list.threshold().is_none());
        }
        list.offer(rows(1, 66, 1)[65]);
        assert_eq!(list.threshold(), oracle(&rows(1, 66, 1), 2).candidates.last());
    }

    #[test]
    fn a_huge_k_takes_no_room_up_front() {
        let mut list = TopK::new(usize::MAX);
        rows(2, 10, 2).into_iter().for_each(|row| list.offer(row));
        assert_eq!(list.finish(&mut Unwatched).unwrap().candidates.len(), 10);
    }
}
