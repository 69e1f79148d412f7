//! D² sampling: rows drawn one after the other, each in proportion to its squared distance to the
//! nearest centre.
//!
//! Every row carries a clock that runs out after an exponential time, one random number for the
//! whole race, and runs at the speed of its D². The row whose clock runs out first is drawn: row i
//! with probability D²_i / ΣD². Exponential clocks have no memory, so what is left on the others is
//! as good as new, and the next draw follows the same law whatever was drawn before (Gibson & Bruck
//! 2000 simulate reactions so).
//!
//! A new centre can only slow a clock. So the time at which a clock will run out by the distances
//! known so far is never late, and the lazy engine applies: only rows that seem to be next are
//! compared with the centres they have not seen. On average a draw takes (sum of the known D²) /
//! (sum of the true D²) rows, instead of all of them.

use crate::blocks::Watch;
use crate::distance::GROUP;
use crate::diverse::engine::lazy::Engine;
use crate::diverse::engine::objective::{Objective, Stale};
use crate::diverse::points::Among;
use crate::error::Result;
use crate::random::{STEP_CLOCK, Stream, exponential_of};
use crate::room;
use crate::simd::{Kernel, Level, Simd};
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows that can be compared with centres.
pub(crate) trait Field: Sync {
    /// What a row is made ready in.
    type Ready: Send;
    /// Which rows.
    fn among(&self) -> Among<'_>;
    /// Something to make rows ready in.
    fn ready(&self) -> Self::Ready;
    /// Make a row ready to be compared.
    fn make_ready(&self, row: usize, ready: &mut Self::Ready) -> Result<()>;
    /// About how many multiplications one comparison takes.
    fn cost(&self) -> usize;
    /// Number of centres.
    fn centres(&self) -> usize;
    /// The squared distances to the centres of a group; anything where there is none. Must be
    /// `#[inline(always)]`.
    fn squared<S: Simd>(&self, simd: S, ready: &Self::Ready, group: usize) -> [f64; GROUP];
    /// Make a row the next centre.
    fn add_centre(&mut self, ready: &Self::Ready);
}

/// A row drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// Its position among the rows.
    pub row: usize,
    /// Its squared distance to the nearest centre before it.
    pub squared: f64,
}

/// What was drawn, and how much work it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The rows, in the order they were drawn.
    pub draws: Vec<Draw>,
    /// Distances computed between rows and centres, the first pass aside.
    pub compared: u64,
}

/// Where a race begins.
pub(crate) struct Start {
    /// The squared distance of each row to the nearest of the centres it has seen, or a bound above
    /// it.
    pub(crate) squared: Vec<f64>,
    /// How many of the field's centres, which are all there at time zero, each row has seen.
    pub(crate) seen: u32,
    /// What was drawn before the race.
    pub(crate) first: Option<Draw>,
    pub(crate) seed: u64,
}

/// Draw rows until there are `count`, or all there are. Once all that are left are at distance
/// zero, they follow in their order.
pub(crate) fn race<F: Field>(
    field: F,
    start: Start,
    count: usize,
    (level, threads): (Level, usize),
    watch: &mut dyn Watch,
) -> Result<Drawn> {
    let Start { squared, seen, first, seed } = start;
    let clocks = Clocks {
        level,
        stream: Stream::new(seed, STEP_CLOCK),
        came: room::filled(0.0, field.centres()),
        seen,
        squared: room::collected(squared.into_iter().map(|squared| AtomicU64::new(squared.to_bits()))),
        field,
        now: 0.0,
    };
    let rows = clocks.rows();
    let mut draws = room::empty(count.min(rows));
    draws.extend(first.filter(|_| count > 0));
    let out = first.map(|draw| draw.row);
    let mut engine = Engine::new(clocks, out.as_slice(), count, threads, watch)?;
    while draws.len() < count
        && let Some(best) = engine.best(watch)?.filter(|best| best.value > f64::NEG_INFINITY)
    {
        draws.push(Draw { row: best.row, squared: engine.objective.squared(best.row) });
        engine.objective.now = -best.value;
        engine.pick(best)?;
    }
    let mut drawn = room::collected(draws.iter().map(|draw| draw.row));
    drawn.sort_unstable();
    let left = (0..rows).filter(|row| drawn.binary_search(row).is_err());
    let missing = count - draws.len();
    draws.extend(left.take(missing).map(|row| Draw { row, squared: 0.0 }));
    Ok(Drawn { draws, compared: engine.work.computed })
}

/// The clocks of all rows, for the engine: a row's value is how late its clock runs out, with the
/// sign changed.
struct Clocks<F> {
    field: F,
    level: Level,
    stream: Stream,
    /// When each centre came.
    came: Vec<f64>,
    /// How many centres rows have seen when the race starts.
    seen: u32,
    /// The squared distance of each row to the nearest centre it has seen, or a bound above it, as
    /// bits. Each is written by whichever thread brings the row up to date, and read in a later
    /// call.
    squared: Vec<AtomicU64>,
    /// When the row to be picked runs out.
    now: f64,
}

impl<F: Field> Clocks<F> {
    fn squared(&self, row: usize) -> f64 {
        f64::from_bits(self.squared[row].load(Ordering::Relaxed))
    }

    /// When the clock of a row runs out that has seen what was there at the start; never for a row
    /// at distance zero.
    fn first_due(&self, row: usize) -> f64 {
        let squared = self.squared(row);
        let bits = self.stream.bits(self.field.among().id(row));
        if squared == 0.0 { f64::INFINITY } else { exponential_of(bits) / squared }
    }
}

impl<F: Field> Objective for Clocks<F> {
    type Scratch = F::Ready;

    fn rows(&self) -> usize {
        self.squared.len()
    }

    fn steps(&self) -> usize {
        self.came.len()
    }

    fn scratch(&self) -> F::Ready {
        self.field.ready()
    }

    fn key(&self, _: usize, value: f64) -> f64 {
        value
    }

    fn refresh(&self, ready: &mut F::Ready, rows: &mut [Stale], floor: f64) -> Result<u64> {
        let mut compared = 0;
        for stale in rows {
            let row = stale.row as usize;
            if stale.value == f64::INFINITY {
                (stale.value, stale.seen) = (-self.first_due(row), self.seen);
                continue;
            }
            self.field.make_ready(row, ready)?;
            let before = stale.seen;
            let mut squared = self.squared(row);
            let Clocks { field, came, .. } = self;
            self.level.run(RefreshClock { field, ready, came, stale, squared: &mut squared, until: -floor });
            self.squared[row].store(squared.to_bits(), Ordering::Relaxed);
            compared += u64::from(stale.seen - before);
        }
        Ok(compared)
    }

    fn cost(&self, behind: usize) -> usize {
        (behind + GROUP) * self.field.cost()
    }

    fn least_batch(&self) -> usize {
        1
    }

    fn pick(&mut self, row: usize) -> Result<()> {
        let mut ready = self.field.ready();
        self.field.make_ready(row, &mut ready)?;
        self.field.add_centre(&ready);
        self.came.push(self.now);
        Ok(())
    }
}

/// Shows a row the centres it has not seen, in the order they came, until its clock runs out later
/// than needed: the rest can wait.
struct RefreshClock<'a, F: Field> {
    field: &'a F,
    ready: &'a F::Ready,
    came: &'a [f64],
    stale: &'a mut Stale,
    squared: &'a mut f64,
    until: f64,
}

impl<F: Field> Kernel for RefreshClock<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (mut due, mut seen) = (-self.stale.value, self.stale.seen as usize);
        while seen < self.came.len() && due <= self.until {
            let group = seen / GROUP;
            let all = self.field.squared(simd, self.ready, group);
            let to = self.came.len().min((group + 1) * GROUP);
            for centre in seen..to {
                let squared = all[centre % GROUP];
                if squared < *self.squared {
                    due = slowed(due, self.came[centre], *self.squared, squared);
                    *self.squared = squared;
                }
            }
            seen = to;
        }
        (self.stale.value, self.stale.seen) = (-due, seen as u32);
    }
}

/// When a clock runs out that was due at `due`, once it is slowed at `time`. Never before `due`,
/// whatever the rounding.
#[inline(always)]
fn slowed(due: f64, time: f64, from: f64, to: f64) -> f64 {
    if to == 0.0 { f64::INFINITY } else { due.max(time + (due - time) * (from / to)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;

    /// Numbers on a line.
    struct Line {
        rows: Vec<f64>,
        centres: Vec<f64>,
    }

    impl Field for Line {
        type Ready = f64;
        fn among(&self) -> Among<'_> {
            Among::new(self.rows.len(), None).unwrap()
        }
        fn ready(&self) -> f64 {
            0.0
        }
        fn make_ready(&self, row: usize, ready: &mut f64) -> Result<()> {
            *ready = self.rows[row];
            Ok(())
        }
        fn cost(&self) -> usize {
            1 << 14
        }
        fn centres(&self) -> usize {
            self.centres.len()
        }
        #[inline(always)]
        fn squared<S: Simd>(&self, _: S, ready: &f64, group: usize) -> [f64; GROUP] {
            let squared = |centre: &f64| (ready - centre).powi(2);
            std::array::from_fn(|lane| self.centres.get(group * GROUP + lane).map_or(f64::NAN, squared))
        }
        fn add_centre(&mut self, ready: &f64) {
            self.centres.push(*ready);
        }
    }

    fn rows(count: u64) -> Vec<f64> {
        (0..count).map(|id| (crate::random::hash(5, 0, id) % 1000) as f64).collect()
    }

    fn lazily(rows: &[f64], centres: &[f64], bound: f64, seed: u64, count: usize) -> (Vec<Draw>, u64) {
        let line = Line { rows: rows.to_vec(), centres: centres.to_vec() };
        let start = Start { squared: vec![bound; rows.len()], seen: 0, first: None, seed };
        let threads = 1 + seed as usize % 3;
        let drawn = race(line, start, count, (Level::best(), threads), &mut Unwatched).unwrap();
        (drawn.draws, drawn.compared)
    }

    /// Every clock is brought up to date after every draw.
    fn eagerly(rows: &[f64], centres: &[f64], bound: f64, seed: u64, count: usize) -> Vec<Draw> {
        let stream = Stream::new(seed, STEP_CLOCK);
        let mut squared = vec![bound; rows.len()];
        let mut due: Vec<f64> = (0..rows.len()).map(|row| exponential_of(stream.bits(row as u64)) / bound).collect();
        let mut left: Vec<usize> = (0..rows.len()).collect();
        let mut draws = Vec::new();
        let mut come: Vec<(f64, f64)> = centres.iter().map(|&centre| (centre, 0.0)).collect();
        loop {
            for (centre, time) in come.drain(..) {
                for &row in &left {
                    let now = (rows[row] - centre).powi(2);
                    if now < squared[row] {
                        due[row] = slowed(due[row], time, squared[row], now);
                        squared[row] = now;
                    }
                }
            }
            let first = left.iter().copied().min_by(|&a, &b| due[a].total_cmp(&due[b]).then(a.cmp(&b)));
            let Some(row) = first.filter(|_| draws.len() < count) else { return draws };
            left.retain(|&other| other != row);
            draws.push(Draw { row, squared: squared[row] });
            if due[row] < f64::INFINITY {
                come.push((rows[row], due[row]));
            }
        }
    }

    #[test]
    fn lazy_draws_are_those_of_the_eager_race() {
        for (count, k) in [(1, 1), (2, 2), (50, 50), (700, 60), (3000, 300)] {
            for seed in 0..10 {
                let rows = rows(count);
                let (draws, compared) = lazily(&rows, &[400.0, 10.5], 1e6, seed, k);
                assert_eq!(draws, eagerly(&rows, &[400.0, 10.5], 1e6, seed, k), "{count} {k} {seed}");
                assert!(compared <= count * (k as u64 + 2));
            }
        }
    }

    #[test]
    fn few_rows_are_looked_at() {
        let (draws, compared) = lazily(&rows(3000), &[500.0], 1e6, 1, 100);
        assert_eq!(draws.len(), 100);
        assert!(compared < 3000 * 100 / 3, "{compared}");
    }

    #[test]
    fn rows_at_distance_zero_come_last_in_their_order() {
        let (draws, _) = lazily(&[7.0, 3.0, 7.0, 3.0, 7.0], &[7.0], 1e6, 3, 9);
        let order: Vec<_> = draws.iter().map(|draw| draw.row).collect();
        assert!(order == [1, 0, 2, 3, 4] || order == [3, 0, 1, 2, 4], "{order:?}");
        assert_eq!(draws[1..].iter().map(|draw| draw.squared).collect::<Vec<_>>(), [0.0; 4]);
    }

    /// The chance of each ordered pair of draws, against its count, by chi-square.
    #[test]
    fn pairs_are_drawn_by_their_law() {
        let (rows, centre, rounds) = ([0.0, 1.0, 2.0, 4.0, 7.0], 9.0, 40_000u64);
        let mut counts = [[0u64; 5]; 5];
        for seed in 0..rounds {
            let (draws, _) = lazily(&rows, &[centre], 100.0, seed, 2);
            counts[draws[0].row][draws[1].row] += 1;
        }
        let from = |row: f64, centres: &[f64]| centres.iter().map(|c| (row - c).powi(2)).fold(f64::INFINITY, f64::min);
        let mut chi_square = 0.0;
        for (i, &first) in rows.iter().enumerate() {
            let one = from(first, &[centre]) / rows.iter().map(|&row| from(row, &[centre])).sum::<f64>();
            let all = rows.iter().map(|&row| from(row, &[centre, first])).sum::<f64>();
            for (j, &second) in rows.iter().enumerate().filter(|&(j, _)| j != i) {
                let expected = rounds as f64 * one * from(second, &[centre, first]) / all;
                chi_square += (counts[i][j] as f64 - expected).powi(2) / expected;
            }
        }
        // 19 degrees of freedom: exceeded once in 100,000 times.
        assert!(chi_square < 57.0, "{chi_square}");
    }
}
