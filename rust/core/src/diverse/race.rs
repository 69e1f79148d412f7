//! D² sampling: rows drawn one after the other, each in proportion to its squared distance to the nearest centre.
//!
//! Every row carries a clock that runs out after an exponential time, one random number for the whole race, and runs at the speed of
//! its D². The row whose clock runs out first is drawn: row i with probability D²_i / ΣD². Exponential clocks have no memory, so what
//! is left on the others is as good as new, and the next draw follows the same law whatever was drawn before (Gibson & Bruck 2000
//! simulate reactions so).
//!
//! A new centre can only slow a clock. So the time at which a clock will run out by the distances known so far is never
//! late, and only the row that seems to be next has to be compared with the centres it has not seen. On average that takes as many
//! rows a draw as the sum of the known D² exceeds that of the true ones, instead of all rows.

use crate::blocks::{LOOK_EVERY, Watch};
use crate::distance::GROUP;
use crate::error::Result;
use crate::random::{STEP_CLOCK, Stream, exponential_of};
use crate::simd::{Kernel, Level, Simd};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Rows that can be compared with centres.
pub(crate) trait Field {
    /// What a row is made ready in.
    type Ready;
    /// Make a row ready to be compared.
    fn make_ready(&self, row: usize, ready: &mut Self::Ready) -> Result<()>;
    /// The squared distances to the centres of a group; anything where there is none. Must be `#[inline(always)]`.
    fn squared<S: Simd>(&self, ready: &Self::Ready, group: usize) -> [f64; GROUP];
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

/// When a row's clock runs out.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// By the centres seen; infinite for a row at distance zero.
    due: f64,
    row: u32,
    /// How many centres it has seen.
    seen: u32,
}

/// The clocks of all rows that have not been drawn.
pub(crate) struct Race {
    clocks: BinaryHeap<Clock>,
    /// The squared distance of each row to the nearest centre it has seen, or a bound above it.
    squared: Vec<f64>,
    /// When each centre came.
    came: Vec<f64>,
    /// Distances computed.
    compared: u64,
}

impl Race {
    /// Start all clocks at time zero, when `centres` of the field were there: each row has seen the first `seen` of them, and
    /// `squared` is its distance to the nearest of those or a bound above it. A row called `drawn` doesn't take part.
    pub(crate) fn start(
        squared: Vec<f64>,
        id: impl Fn(usize) -> u64,
        seed: u64,
        (centres, seen): (usize, u32),
        drawn: Option<usize>,
    ) -> Race {
        let stream = Stream::new(seed, STEP_CLOCK);
        let clock = |row: usize| Clock {
            due: if squared[row] == 0.0 { f64::INFINITY } else { exponential_of(stream.bits(id(row))) / squared[row] },
            row: row as u32,
            seen,
        };
        let clocks = (0..squared.len()).filter(|&row| Some(row) != drawn).map(clock).collect();
        Race { clocks, squared, came: vec![0.0; centres], compared: 0 }
    }

    /// Draw `count` rows, or all there are. Once all that are left are at distance zero, they follow in their order.
    pub(crate) fn draw<F: Field>(
        &mut self,
        field: &mut F,
        ready: &mut F::Ready,
        count: usize,
        level: Level,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Draw>> {
        let mut draws = Vec::with_capacity(count.min(self.clocks.len()));
        let mut looked = Instant::now();
        while draws.len() < count
            && let Some(clock) = self.clocks.pop()
        {
            let row = clock.row as usize;
            if clock.due == f64::INFINITY {
                draws.push(Draw { row, squared: self.squared[row] });
                continue;
            }
            field.make_ready(row, ready)?;
            if clock.seen as usize == self.came.len() {
                draws.push(Draw { row, squared: self.squared[row] });
                field.add_centre(ready);
                self.came.push(clock.due);
            } else {
                let next = self.clocks.peek().map_or(f64::INFINITY, |next| next.due);
                let squared = &mut self.squared[row];
                let after = level.run(Refresh { field, ready, came: &self.came, clock, squared, next });
                self.compared += u64::from(after.seen - clock.seen);
                self.clocks.push(after);
            }
            if looked.elapsed() >= LOOK_EVERY {
                looked = Instant::now();
                watch.look(draws.len(), count)?;
            }
        }
        Ok(draws)
    }

    /// Distances computed so far.
    pub(crate) fn compared(&self) -> u64 {
        self.compared
    }
}

/// Shows a row the centres it has not seen, in the order they came, until its clock runs out later than the next row's: the rest can wait.
struct Refresh<'a, F: Field> {
    field: &'a F,
    ready: &'a F::Ready,
    came: &'a [f64],
    clock: Clock,
    squared: &'a mut f64,
    next: f64,
}

impl<F: Field> Kernel for Refresh<'_, F> {
    type Output = Clock;
    #[inline(always)]
    fn run<S: Simd>(self) -> Clock {
        let mut clock = self.clock;
        while (clock.seen as usize) < self.came.len() && clock.due <= self.next {
            let group = clock.seen as usize / GROUP;
            let all = self.field.squared::<S>(self.ready, group);
            for centre in clock.seen as usize..self.came.len().min((group + 1) * GROUP) {
                let squared = all[centre % GROUP];
                if squared < *self.squared {
                    clock.due = slowed(clock.due, self.came[centre], *self.squared, squared);
                    *self.squared = squared;
                }
                clock.seen += 1;
            }
        }
        clock
    }
}

/// When a clock runs out that would have done so at `due` and is slowed at `time`. Never earlier, whatever the rounding.
#[inline(always)]
fn slowed(due: f64, time: f64, from: f64, to: f64) -> f64 {
    if to == 0.0 { f64::INFINITY } else { due.max(time + (due - time) * (from / to)) }
}

/// Earlier is greater, as a `BinaryHeap` gives the greatest; then the lower row.
impl Ord for Clock {
    fn cmp(&self, other: &Clock) -> Ordering {
        other.due.total_cmp(&self.due).then(other.row.cmp(&self.row))
    }
}

impl PartialOrd for Clock {
    fn partial_cmp(&self, other: &Clock) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Clock {
    fn eq(&self, other: &Clock) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Clock {}

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
        fn make_ready(&self, row: usize, ready: &mut f64) -> Result<()> {
            *ready = self.rows[row];
            Ok(())
        }
        #[inline(always)]
        fn squared<S: Simd>(&self, ready: &f64, group: usize) -> [f64; GROUP] {
            let centre =
                |lane| self.centres.get(group * GROUP + lane).map_or(f64::NAN, |centre| (ready - centre).powi(2));
            std::array::from_fn(centre)
        }
        fn add_centre(&mut self, ready: &f64) {
            self.centres.push(*ready);
        }
    }

    fn rows(count: u64) -> Vec<f64> {
        (0..count).map(|id| (crate::random::hash(5, 0, id) % 1000) as f64).collect()
    }

    fn lazily(rows: &[f64], centres: &[f64], bound: f64, seed: u64, count: usize) -> (Vec<Draw>, u64) {
        let mut line = Line { rows: rows.to_vec(), centres: centres.to_vec() };
        let mut race = Race::start(vec![bound; rows.len()], |row| row as u64, seed, (centres.len(), 0), None);
        let draws = race.draw(&mut line, &mut 0.0, count, Level::best(), &mut Unwatched).unwrap();
        (draws, race.compared())
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
        assert!(compared < 3000 * 100 / 5, "{compared}");
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
