//! Which of two ways of doing the same is quicker: found out while it runs, for it is the machine that decides, and whether the rows come from
//! memory or from a cache. Scores do not depend on it.
//!
//! ```text
//! parts   the one way       one, other, one, other, ...   the quicker one, for a while   one, other, ...
//!         the first `FIRST`  `TRIALS` of each, timed        up to `WHILE` parts in all
//! ```

use std::time::{Duration, Instant};

/// Parts of the one way before the first trial: small pools, which are in a cache, are not worth one.
const FIRST: usize = 8;

/// Parts of each way that are timed before choosing. The slowest is left out: the thread may have been interrupted in it.
const TRIALS: usize = 4;

/// Parts from one trial to the next: a trial costs little beside them, and what else the machine does may change.
const WHILE: usize = 500;

/// Decides for one thread, part by part.
#[derive(Debug)]
pub(super) struct Pace {
    other: bool,
    /// Seconds a byte of the parts of a trial, of the one way and of the other.
    trial: [[f64; TRIALS]; 2],
    /// Parts since the last trial began, or as if there had been one.
    parts: usize,
}

impl Pace {
    /// Nothing is known yet.
    pub(super) fn new() -> Pace {
        Pace { other: false, trial: [[0.0; TRIALS]; 2], parts: WHILE - FIRST }
    }

    /// Do a part of so many bytes, told whether to do it the other way.
    pub(super) fn part<R>(&mut self, bytes: usize, work: impl FnOnce(bool) -> R) -> R {
        if self.parts >= 2 * TRIALS {
            self.parts = (self.parts + 1) % WHILE;
            return work(self.other);
        }
        let other = self.parts % 2 == 1;
        let start = Instant::now();
        let result = work(other);
        self.note(other, start.elapsed(), bytes);
        result
    }

    fn note(&mut self, other: bool, took: Duration, bytes: usize) {
        self.trial[usize::from(other)][self.parts / 2] = took.as_secs_f64() / bytes.max(1) as f64;
        self.parts += 1;
        if self.parts == 2 * TRIALS {
            let [one, other] = self.trial.map(but_the_slowest);
            self.other = other < one;
        }
    }
}

fn but_the_slowest(parts: [f64; TRIALS]) -> f64 {
    parts.iter().sum::<f64>() - parts.iter().fold(0.0, |slowest: f64, &part| slowest.max(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is chosen after a trial in which parts took so long.
    fn chosen(one: [u64; TRIALS], other: [u64; TRIALS]) -> bool {
        let mut pace = Pace { parts: 0, ..Pace::new() };
        for trial in 0..TRIALS {
            pace.note(false, Duration::from_micros(one[trial]), 100);
            pace.note(true, Duration::from_micros(other[trial]), 100);
        }
        pace.part(100, |other| other)
    }

    #[test]
    fn the_quicker_way_is_kept() {
        assert!(!chosen([3, 3, 3, 3], [4, 4, 4, 4]));
        assert!(chosen([4, 4, 4, 4], [3, 3, 3, 3]));
        assert!(chosen([4, 4, 4, 4], [3, 900, 3, 3]), "one interruption counts for nothing");
    }

    #[test]
    fn both_ways_are_tried_now_and_then() {
        let mut pace = Pace::new();
        assert!((0..FIRST).all(|_| !pace.part(1, |other| other)));
        let ways: Vec<bool> = (0..2 * WHILE).map(|_| pace.part(1, |other| other)).collect();
        let alternate: Vec<bool> = (0..2 * TRIALS).map(|part| part % 2 == 1).collect();
        assert_eq!(ways[..2 * TRIALS], alternate);
        assert_eq!(ways[WHILE..][..2 * TRIALS], alternate);
    }
}
