//! Distances that somebody else tells: picks by them, with the lazy engine.

use super::by_distance::{DistanceWorth, Greedy, PointSet};
use super::lazy::{Engine, Pick, Work};
use super::objective::{Objective, Stale};
use crate::blocks::Watch;
use crate::diverse::among::Among;
use crate::error::{Error, Result};
use crate::room;
use std::ops::Range;

/// Somebody else who knows distances: a function of the user's, say.
pub trait Distances: Sync {
    /// Which rows of the pool.
    fn among(&self) -> Among<'_>;
    /// The distance of each of some rows to the nearest of some points: the labelled rows, then the
    /// picked ones, in order.
    fn nearest(&self, rows: &[u32], points: Range<usize>) -> Result<Vec<f64>>;
    /// The row becomes a point.
    fn pick(&mut self, row: usize) -> Result<()>;
}

/// Points that rows are compared with in one call.
const TOGETHER: usize = 32;

/// [`Distances`] as points.
pub(crate) struct Told<D> {
    distances: D,
    steps: usize,
}

impl<D: Distances> Told<D> {
    /// `labelled` is the number of points from the start.
    pub(crate) fn new(distances: D, labelled: usize) -> Self {
        Told { distances, steps: labelled }
    }
}

impl<D: Distances> PointSet for Told<D> {
    type Greedy<W: DistanceWorth> = Engine<ByTold<D, W>>;

    fn rows(&self) -> usize {
        self.distances.among().count()
    }

    fn id(&self, position: usize) -> u64 {
        self.distances.among().id(position)
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn pick(&mut self, position: usize) -> Result<()> {
        self.distances.pick(position)?;
        self.steps += 1;
        Ok(())
    }

    fn greedy<W: DistanceWorth>(
        self,
        worth: W,
        out: &[usize],
        wanted: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Self::Greedy<W>> {
        Engine::new(ByTold { points: self, worth }, out, wanted, threads, watch)
    }
}

/// Points, and what the distance to the nearest of them is worth.
pub(crate) struct ByTold<D, W> {
    points: Told<D>,
    worth: W,
}

impl<D: Distances, W: DistanceWorth> Greedy<W> for Engine<ByTold<D, W>> {
    fn best(&mut self, watch: &mut dyn Watch) -> Result<Option<Pick>> {
        Engine::best(self, watch)
    }

    fn pick(&mut self, best: Pick) -> Result<()> {
        Engine::pick(self, best)
    }

    fn id(&self, position: usize) -> u64 {
        self.objective.points.id(position)
    }

    fn change(&mut self, change: impl FnOnce(&mut W)) {
        change(&mut self.objective.worth);
        self.start_again();
    }

    fn work(&self) -> Work {
        self.work
    }
}

impl<D: Distances, W: DistanceWorth> Objective for ByTold<D, W> {
    type Scratch = ();

    fn rows(&self) -> usize {
        self.points.rows()
    }

    fn steps(&self) -> usize {
        self.points.steps
    }

    fn scratch(&self) {}

    #[inline(always)]
    fn key(&self, row: usize, distance: f64) -> f64 {
        self.worth.key(row, distance)
    }

    fn drift(&self) -> f64 {
        self.worth.drift()
    }

    fn slack(&self) -> f64 {
        self.worth.slack()
    }

    /// Nothing: the calls are made by the calling thread.
    fn cost(&self, _: usize) -> usize {
        0
    }

    fn pick(&mut self, position: usize) -> Result<()> {
        self.points.pick(position)?;
        self.worth.stepped(self.points.steps);
        Ok(())
    }

    fn refresh(&self, (): &mut (), rows: &mut [Stale], floor: f64) -> Result<u64> {
        let Told { distances, steps } = &self.points;
        let mut computed = 0;
        let mut done = room::filled(false, rows.len());
        for start in (0..*steps).step_by(TOGETHER) {
            let stop = (*steps).min(start + TOGETHER);
            let late = |&i: &usize| !done[i] && (rows[i].seen as usize) < stop;
            let behind = room::gathered((0..rows.len()).filter(late));
            // Some have seen more of these points than others: to ask again for a few of them costs
            // less than to ask often.
            let Some(seen) = behind.iter().map(|&i| rows[i].seen as usize).min() else { continue };
            let points = start.max(seen)..stop;
            let ids = room::collected(behind.iter().map(|&i| rows[i].row));
            let distances = distances.nearest(&ids, points.clone())?;
            computed += ids.len() * points.len();
            for (&i, distance) in behind.iter().zip(distances) {
                let row = &mut rows[i];
                check(distance, self.points.id(row.row as usize))?;
                row.value = row.value.min(distance);
                row.seen = stop as u32;
                done[i] = self.worth.key(row.row as usize, row.value) < floor;
            }
        }
        Ok(computed as u64)
    }
}

/// A distance that the engine can pick by.
pub(crate) fn check(distance: f64, id: u64) -> Result<()> {
    if (0.0..f64::INFINITY).contains(&distance) {
        return Ok(());
    }
    Err(Error::Argument(format!("metric gave {distance} for row {id}; accepted are finite numbers, 0 or more")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::diverse::k_center::{Init, k_center_by};
    use crate::random::{hash, uniform};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Numbers on a line, and how many distances were asked for.
    struct Line<'a> {
        numbers: &'a [f64],
        among: Among<'a>,
        points: Vec<f64>,
        asked: &'a AtomicUsize,
    }

    impl Line<'_> {
        fn number(&self, row: usize) -> f64 {
            self.numbers[self.among.id(row) as usize]
        }
    }

    impl Distances for Line<'_> {
        fn among(&self) -> Among<'_> {
            self.among
        }

        fn nearest(&self, rows: &[u32], points: Range<usize>) -> Result<Vec<f64>> {
            self.asked.fetch_add(rows.len() * points.len(), Ordering::Relaxed);
            let to = |row: f64| self.points[points.clone()].iter().map(move |point| (row - point).abs());
            Ok(rows.iter().map(|&row| to(self.number(row as usize)).fold(f64::INFINITY, f64::min)).collect())
        }

        fn pick(&mut self, row: usize) -> Result<()> {
            self.points.push(self.number(row));
            Ok(())
        }
    }

    /// The plain loop over the numbers of some ids.
    fn plain(numbers: &[f64], ids: &[i64], mut points: Vec<f64>, first: Option<i64>, k: usize) -> (Vec<i64>, f64) {
        let mut picks = Vec::new();
        loop {
            let away = |id: i64| points.iter().map(|p| (numbers[id as usize] - p).abs()).fold(f64::INFINITY, f64::min);
            let left = ids.iter().copied().filter(|id| !picks.contains(id));
            let best = left.reduce(|best, id| if away(id) > away(best) { id } else { best });
            let next = first.filter(|_| picks.is_empty()).or(best);
            let Some(next) = next.filter(|_| picks.len() < k) else {
                return (picks, best.map_or(0.0, away));
            };
            picks.push(next);
            points.push(numbers[next as usize]);
        }
    }

    #[test]
    fn k_centre_by_somebody_elses_distances_is_the_plain_loop_with_fewer_of_them() {
        let rows = 600;
        let numbers: Vec<f64> = (0..rows).map(|i| (uniform(hash(3, 1, i)) * 500.0).round()).collect();
        let all: Vec<i64> = (0..rows as i64).collect();
        let some: Vec<i64> = all.iter().copied().filter(|id| id % 3 > 0).collect();
        for ids in [&all, &some] {
            let among = Among::new(numbers.len(), (ids.len() < all.len()).then_some(ids)).unwrap();
            let mean = ids.iter().map(|&id| numbers[id as usize]).sum::<f64>() / ids.len() as f64;
            let from_mean: Vec<f64> = ids.iter().map(|&id| (numbers[id as usize] - mean).abs()).collect();
            let best = |sign: f64| {
                let key = |position: usize| sign * from_mean[position];
                ids[(0..ids.len()).reduce(|best, i| if key(i) > key(best) { i } else { best }).unwrap()]
            };
            for labelled in [&[][..], &[250.0, 10.0]] {
                for (init, first) in [(Init::Farthest, best(1.0)), (Init::Central, best(-1.0)), (Init::Row(4), 4)] {
                    let asked = AtomicUsize::new(0);
                    let points = labelled.to_vec();
                    let line = Line { numbers: &numbers, among, points, asked: &asked };
                    let known = labelled.len();
                    let from_mean = || Ok(from_mean.clone());
                    let came = k_center_by(line, known, from_mean, 50, init, &mut Unwatched).unwrap();
                    let first = labelled.is_empty().then_some(first);
                    let wanted = plain(&numbers, ids, labelled.to_vec(), first, 50);
                    assert_eq!((came.ids, came.radius), wanted);
                    assert_eq!(came.computed as usize, asked.load(Ordering::Relaxed));
                    assert!((came.computed as usize) < ids.len() * (50 + labelled.len()), "{}", came.computed);
                }
            }
        }
    }

    #[test]
    fn a_distance_that_is_none_is_named_by_its_row() {
        let (numbers, asked) = ([1.0, 2.0, f64::NAN, 4.0], AtomicUsize::new(0));
        let ids = [1, 2, 3];
        let among = Among::new(4, Some(&ids)).unwrap();
        let line = || Line { numbers: &numbers, among, points: Vec::new(), asked: &asked };
        let error = |init, from_mean: Vec<f64>| {
            k_center_by(line(), 0, || Ok(from_mean), 2, init, &mut Unwatched).unwrap_err().to_string()
        };
        let accepted = "accepted are finite numbers, 0 or more";
        assert_eq!(error(Init::Row(1), vec![]), format!("metric gave inf for row 2; {accepted}"));
        assert_eq!(error(Init::Central, vec![0.0, 1.0, -1.0]), format!("metric gave -1 for row 3; {accepted}"));
        assert_eq!(error(Init::Row(0), vec![]), "init is 0; accepted are the ids of the 3 rows to pick from");
    }
}
