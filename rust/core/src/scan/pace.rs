//! Which of some ways to do the same thing is the quickest. It is found out while the work runs,
//! since it depends on the machine, and on whether the rows come from memory or from a cache.
//! Scores do not depend on it.
//!
//! ```text
//! `FIRST` parts       the first way
//! `TRIALS` of each    first, second, first, second, ... each timed
//! up to `WHILE`       the quickest; then trials again
//! ```

use std::time::{Duration, Instant};

/// Parts done in the first way before the first trial. Small pools are in a cache and need no
/// trial.
const FIRST: usize = 8;

/// Parts of each way that are timed before choosing. The slowest of them is left out, as the thread
/// may have been interrupted in it.
const TRIALS: usize = 4;

/// Parts from one trial to the next, as what else the machine does may change. At worst 24 of these
/// 400 parts are trials, and 20 of those in a slower way.
const WHILE: usize = 400;

/// The most ways there are.
const MOST: usize = 6;

/// The way that one part is done in, and when it began, if it is timed.
pub(super) struct Turn {
    pub(super) way: usize,
    began: Option<Instant>,
}

/// Decides for one thread, part by part.
#[derive(Debug)]
pub(super) struct Pace {
    quickest: usize,
    /// The seconds a byte that each part of a trial took, for each way.
    trial: [[f64; TRIALS]; MOST],
    /// Parts since the last trial began, or as if there had been one.
    parts: usize,
}

impl Pace {
    /// Nothing is known yet.
    pub(super) fn new() -> Pace {
        Pace { quickest: 0, trial: [[0.0; TRIALS]; MOST], parts: WHILE - FIRST }
    }

    /// The way to do the next part in, of so many, which must be as many each time.
    pub(super) fn begin(&self, ways: usize) -> Turn {
        if ways == 1 || self.parts >= ways * TRIALS {
            return Turn { way: self.quickest, began: None };
        }
        Turn { way: self.parts % ways, began: Some(Instant::now()) }
    }

    /// The part of so many bytes is done.
    pub(super) fn end(&mut self, turn: Turn, ways: usize, bytes: usize) {
        match turn.began {
            Some(began) => self.note(turn.way, ways, began.elapsed(), bytes),
            None => self.parts = (self.parts + 1) % WHILE,
        }
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
        pace.begin(WAYS).way
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
        for count in [2, 3, 6] {
            let mut pace = Pace::new();
            let mut part = || {
                let turn = pace.begin(count);
                let way = turn.way;
                pace.end(turn, count, 1);
                way
            };
            assert!((0..FIRST).all(|_| part() == 0));
            let ways: Vec<usize> = (0..2 * WHILE).map(|_| part()).collect();
            let in_turn: Vec<usize> = (0..count * TRIALS).map(|part| part % count).collect();
            assert_eq!(ways[..count * TRIALS], in_turn);
            assert_eq!(ways[WHILE..][..count * TRIALS], in_turn);
        }
    }
}
