//! Rows that may be among the k best, given an interval for the score of each.

use crate::order::Order;
use crate::room;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// A row, and the interval its score lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its place in the pool.
    pub row: u64,
    /// The least score it can have.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

/// What a pass found.
#[derive(Clone, Debug, PartialEq)]
pub enum Narrowed {
    /// Every row that may be among the k best, by place.
    To(Vec<Interval>),
    /// The bounds rule so few rows out that the model had better be asked about all.
    NotWorthIt,
}

/// How many more rows than wanted are always worth asking about.
const ROOM: usize = 4096;

/// How many more are held, at least, before the threshold is raised. Until it is first known, all
/// rows get a second look.
const HELD: usize = 256;

/// The share of rows, at most, that may be left for the model: a pass is worth less than what it
/// spares then.
const WORTH: usize = 4;

/// What the threads of a pass know together: a threshold that k rows are known to reach, larger
/// being better.
pub(super) struct Shared {
    k: usize,
    order: Order,
    threshold: AtomicU64,
    seen: OwnLines<AtomicUsize>,
    more: AtomicUsize,
    stop: AtomicBool,
}

/// In cache lines of its own: it is written with each part of rows, and what lies beside it is read
/// as often by every thread.
#[repr(align(128))]
struct OwnLines<T>(T);

/// The candidates of one thread, turned so that larger is better.
pub(super) struct Intervals {
    rows: Vec<Interval>,
    counted: usize,
    /// How many more than wanted were left when they were counted.
    more: usize,
}

/// Bits of a number that order as numbers do.
fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Its inverse.
fn number(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

impl Shared {
    pub(super) fn new(k: usize, order: Order) -> Self {
        Shared {
            k,
            order,
            threshold: AtomicU64::new(ordered(f64::NEG_INFINITY)),
            seen: OwnLines(AtomicUsize::new(0)),
            more: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        }
    }

    /// What k rows are known to reach. Only rises, so an old value is a bound too.
    pub(super) fn threshold(&self) -> f64 {
        number(self.threshold.load(Ordering::Relaxed))
    }

    /// The places of rows whose interval reaches the threshold.
    pub(super) fn reaching(&self, scores: &[f64], errors: &[f64], places: &mut Vec<u32>) {
        let threshold = self.threshold();
        places.clear();
        for ((&score, &error), place) in scores.iter().zip(errors).zip(0..) {
            if ends(score, error, self.order).1 >= threshold {
                places.push(place);
            }
        }
    }

    /// Whether too many rows were left for the pass to be worth its time.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// All candidates of all threads: those that the last threshold leaves, whatever was known
    /// when.
    pub(super) fn finish(self, threads: Vec<Intervals>) -> Narrowed {
        if self.stopped() {
            return Narrowed::NotWorthIt;
        }
        let mut all = room::empty(threads.iter().map(|thread| thread.rows.len()).sum());
        threads.iter().for_each(|thread| all.extend_from_slice(&thread.rows));
        let threshold = kth(&mut all, self.k).max(self.threshold());
        all.retain(|row| row.high >= threshold);
        all.sort_unstable_by_key(|row| row.row);
        let turned = |row: Interval| match self.order {
            Order::Highest => row,
            Order::Lowest => Interval { row: row.row, low: -row.high, high: -row.low },
        };
        Narrowed::To(room::collected(all.into_iter().map(turned)))
    }
}

/// The k-th largest of the lower ends, which k rows reach; minus infinity of fewer rows.
fn kth(rows: &mut [Interval], k: usize) -> f64 {
    if k == 0 || rows.len() < k {
        return f64::NEG_INFINITY;
    }
    let (_, kth, _) = rows.select_nth_unstable_by(k - 1, |a, b| b.low.total_cmp(&a.low));
    kth.low
}

/// The ends of the interval of a score, turned so that larger is better.
fn ends(score: f64, error: f64, order: Order) -> (f64, f64) {
    let score = order.orient(score);
    let known = score.is_finite() && error.is_finite();
    if known { (score - error, score + error) } else { (f64::NEG_INFINITY, f64::INFINITY) }
}

impl Intervals {
    pub(super) fn new() -> Self {
        Intervals { rows: Vec::new(), counted: 0, more: 0 }
    }

    /// Look at rows from `first` on: those at `places` of them, with their scores, NaN where there
    /// is none, and how wrong each may be. The others are out.
    pub(super) fn take(&mut self, first: u64, places: &[u32], scores: &[f64], errors: &[f64], shared: &Shared) {
        let mut threshold = shared.threshold();
        for &place in places {
            let (low, high) = ends(scores[place as usize], errors[place as usize], shared.order);
            if high >= threshold {
                room::push(&mut self.rows, Interval { row: first + u64::from(place), low, high });
                if self.rows.len() >= 2 * self.counted.max(shared.k + HELD) {
                    self.prune(shared);
                    threshold = shared.threshold();
                }
            }
        }
        let seen = shared.seen.0.fetch_add(scores.len(), Ordering::Relaxed) + scores.len();
        if self.counted > 0 && shared.more.load(Ordering::Relaxed) > (shared.k + ROOM).max(seen / WORTH) {
            shared.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Raise the threshold, drop what lies below it, and say how many are left.
    fn prune(&mut self, shared: &Shared) {
        let own = kth(&mut self.rows, shared.k);
        shared.threshold.fetch_max(ordered(own), Ordering::Relaxed);
        let threshold = shared.threshold();
        self.rows.retain(|row| row.high >= threshold);
        self.counted = self.rows.len();
        let more = self.counted.saturating_sub(shared.k);
        shared.more.fetch_add(more, Ordering::Relaxed);
        shared.more.fetch_sub(self.more, Ordering::Relaxed);
        self.more = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{hash, uniform};

    fn found(scores: &[f64], errors: &[f64], k: usize, order: Order, threads: usize) -> Narrowed {
        let shared = Shared::new(k, order);
        let mut parts: Vec<Intervals> = (0..threads).map(|_| Intervals::new()).collect();
        for (i, (scores, errors)) in scores.chunks(100).zip(errors.chunks(100)).enumerate() {
            let mut places = Vec::new();
            shared.reaching(scores, errors, &mut places);
            parts[i % threads].take(100 * i as u64, &places, scores, errors, &shared);
        }
        shared.finish(parts)
    }

    #[test]
    fn what_is_left_is_what_the_kth_lower_end_leaves_whatever_the_threads() {
        let rows = 60_000;
        let score = |i: usize| uniform(hash(1, 0, i as u64));
        let mut scores: Vec<f64> = (0..rows).map(score).collect();
        let errors: Vec<f64> = (0..rows).map(|i| 1e-3 * uniform(hash(2, 0, i as u64))).collect();
        scores[777] = f64::NAN;
        for order in [Order::Highest, Order::Lowest] {
            for k in [1, 10, 3000] {
                let turned = |i: usize| order.orient(scores[i]);
                let mut lows: Vec<f64> = (0..rows).filter(|&i| i != 777).map(|i| turned(i) - errors[i]).collect();
                lows.sort_unstable_by(|a, b| b.total_cmp(a));
                let expected: Vec<u64> =
                    (0..rows).filter(|&i| i == 777 || turned(i) + errors[i] >= lows[k - 1]).map(|i| i as u64).collect();
                for threads in [1, 2, 5] {
                    let Narrowed::To(left) = found(&scores, &errors, k, order, threads) else { panic!() };
                    assert_eq!(left.iter().map(|row| row.row).collect::<Vec<_>>(), expected);
                    let inside = |row: &&Interval| row.row != 777;
                    assert!(left.iter().filter(inside).all(|row| {
                        let score = scores[row.row as usize];
                        row.low <= score && score <= row.high
                    }));
                }
            }
        }
    }

    #[test]
    fn a_pass_that_rules_nothing_out_is_given_up() {
        let rows = 100_000;
        assert_eq!(found(&vec![0.5; rows], &vec![1e-6; rows], 10, Order::Highest, 2), Narrowed::NotWorthIt);
    }

    #[test]
    fn few_rows_are_all_left() {
        let Narrowed::To(left) = found(&[0.1, 0.2], &[0.0; 2], 5, Order::Lowest, 1) else { panic!() };
        assert_eq!(left.len(), 2);
    }

    #[test]
    fn bits_order_as_numbers_do() {
        let values = [f64::NEG_INFINITY, -2.0, -1e-300, 0.0, 1e-300, 2.0, f64::INFINITY];
        assert!(values.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert!(values.iter().all(|&value| number(ordered(value)) == value));
    }
}
