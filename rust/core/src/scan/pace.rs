//! Which of some ways of doing the same is the quickest: found out while it runs, for it is the machine that decides, and whether the rows come
//! from memory or from a cache. Scores do not depend on it.
//!
//! ```text
//! parts   the first way     first, second, first, second, ...   the quickest, for a while   first, second, ...
//!         `FIRST` parts     `TRIALS` of each, timed             up to `WHILE` parts in all
//! ```

use std::time::{Duration, Instant};

/// Parts of the first way before the first trial: small pools, which are in a cache, are not worth one.
const FIRST: usize = 8;

/// Parts of each way that are timed before choosing. The slowest is left out: the thread may have been interrupted in it.
const TRIALS: usize = 4;

/// Parts from one trial to the next: a trial costs little beside them, and what else the machine does may change.
const WHILE: usize = 250;

/// The most ways there are.
const MOST: usize = 4;

/// Decides for one thread, part by part.
#[derive(Debug)]
pub(super) struct Pace {
    quickest: usize,
    /// Seconds a byte of the parts of a trial, of each way.
    trial: [[f64; TRIALS]; MOST],
    /// Parts since the last trial began, or as if there had been one.
    parts: usize,
}

impl Pace {
    /// Nothing is known yet.
    pub(super) fn new() -> Pace {
        Pace { quickest: 0, trial: [[0.0; TRIALS]; MOST], parts: WHILE - FIRST }
    }

    /// Do a part of so many bytes in one of so many ways, of which there are as many each time, told which.
    pub(super) fn part<R>(&mut self, bytes: usize, ways: usize, work: impl FnOnce(usize) -> R) -> R {
        if self.parts >= ways * TRIALS {
            self.parts = (self.parts + 1) % WHILE;
            return work(self.quickest);
        }
        let way = self.parts % ways;
        let start = Instant::now();
        let result = work(way);
        self.note(way, ways, start.elapsed(), bytes);
        result
    }

    fn note(&mut self, way: usize, ways: usize, took: Duration, bytes: usize) {
        self.trial[way][self.parts / ways] = took.as_secs_f64() / bytes.max(1) as f64;
        self.parts += 1;
        if self.parts == ways * TRIALS {
            let seconds = self.trial.map(but_the_slowest);
            self.quickest = (1..ways).fold(0, |best, way| if seconds[way] < seconds[best] { way } else { best });
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
    fn chosen<const WAYS: usize>(took: [[u64; TRIALS]; WAYS]) -> usize {
        let mut pace = Pace { parts: 0, ..Pace::new() };
        for trial in 0..TRIALS {
            for (way, took) in took.iter().enumerate() {
                pace.note(way, WAYS, Duration::from_micros(took[trial]), 100);
            }
        }
        pace.part(100, WAYS, |way| way)
    }

    #[test]
    fn the_quickest_way_is_kept() {
        assert_eq!(chosen([[3; 4], [4; 4]]), 0);
        assert_eq!(chosen([[4; 4], [3; 4]]), 1);
        assert_eq!(chosen([[4; 4], [5; 4], [3; 4], [4; 4]]), 2);
        assert_eq!(chosen([[4; 4], [3, 900, 3, 3]]), 1, "one interruption counts for nothing");
    }

    #[test]
    fn all_ways_are_tried_now_and_then() {
        for count in [2, 4] {
            let mut pace = Pace::new();
            assert!((0..FIRST).all(|_| pace.part(1, count, |way| way) == 0));
            let ways: Vec<usize> = (0..2 * WHILE).map(|_| pace.part(1, count, |way| way)).collect();
            let in_turn: Vec<usize> = (0..count * TRIALS).map(|part| part % count).collect();
            assert_eq!(ways[..count * TRIALS], in_turn);
            assert_eq!(ways[WHILE..][..count * TRIALS], in_turn);
        }
    }
}
