//! What a part does in a round: it brings its rows up to date, as few as can be, and offers the
//! best of them.

use super::Worth;
use super::bounds::{Bound, bounds, order};
use super::catch_up::{CatchUp, TOGETHER};
use crate::blocks::Watch;
use crate::distance::Metric;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::Level;

/// The rows of a part.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a, E> {
    /// Their features.
    pub matrix: Matrix<'a, E>,
    /// Which rows they are in the pool, each once.
    pub ids: &'a [i64],
    /// What they are worth.
    pub worth: Worth<'a>,
    /// What distance means.
    pub metric: Metric,
    /// The CPU level.
    pub level: Level,
    /// Threads to use at most.
    pub threads: usize,
}

/// What a part knows of its rows from one round to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The distance of each row to the nearest of the points it has seen; infinite before the
    /// first, −∞ for rows that are picked.
    pub nearest: Vec<f64>,
    /// How many points each row has seen.
    pub seen: Vec<u32>,
}

/// The best rows of a part, and what bounds all its other rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Positions in the part, ascending. What is known of these rows is up to date.
    pub rows: Vec<i64>,
    /// What no other row comes before, at the next step and those after it; one bound where it is
    /// the same for all.
    pub bounds: Vec<Bound>,
    /// Distances computed.
    pub computed: u64,
}

impl<E: Element> Part<'_, E> {
    /// Brings what is known up to date with all labelled and picked rows, of which there is at
    /// least one, as far as the `amount` best rows need it, and offers these, with bounds for
    /// `ahead` steps.
    pub fn offer(
        &self,
        known: Known,
        points: Matrix<'_, f64>,
        amount: usize,
        ahead: usize,
        watch: &mut dyn Watch,
    ) -> Result<(Known, Offer)> {
        self.check(&known, points, amount, ahead)?;
        let Part { matrix, ids, worth, metric, level, threads } = *self;
        let Known { nearest, seen } = known;
        let mut work = CatchUp { matrix, points, worth, metric, level, threads, nearest, seen, computed: 0 };
        let (all, steps) = (0..ids.len() as i64, points.rows());
        let new = room::gathered(all.clone().filter(|&row| work.seen[row as usize] == 0));
        work.bring(new, f64::NEG_INFINITY, steps.min(TOGETHER), watch)?;
        // The best of old keys show what a row must reach to be offered; then all that may reach it
        // are looked at.
        let mut some = self.best(&work, amount.saturating_mul(4));
        work.bring(room::collected(some.iter().copied()), f64::NEG_INFINITY, steps, watch)?;
        if amount < ids.len() {
            let place = |row: i64| (work.key(row as usize), ids[row as usize]);
            let last = some.len().min(amount) - 1;
            let floor = place(divide(&mut some, last, &place)).0;
            work.bring(room::collected(all), floor, steps, watch)?;
        }
        let mut rows = self.best(&work, amount);
        rows.retain(|&row| work.nearest[row as usize] > f64::NEG_INFINITY);
        let CatchUp { nearest, seen, computed, .. } = work;
        let back = |&row: &usize| nearest[row] > f64::NEG_INFINITY && rows.binary_search(&(row as i64)).is_err();
        let back = room::gathered((0..ids.len()).filter(back));
        let bounds = bounds(worth, back, &nearest, ids, steps, ahead);
        Ok((Known { nearest, seen }, Offer { rows, bounds, computed }))
    }

    fn check(&self, known: &Known, points: Matrix<'_, f64>, amount: usize, ahead: usize) -> Result<()> {
        let (rows, columns) = (self.matrix.rows(), self.matrix.columns());
        let all = [self.ids.len(), known.nearest.len(), known.seen.len(), self.worth.known_of(rows)];
        if all != [rows; 4] {
            return Err(Error::Argument(format!("a part has {rows} rows; accepted is as much about each of them")));
        }
        if amount == 0 || ahead == 0 {
            let sentence =
                format!("{amount} rows and bounds for {ahead} steps are asked for; accepted is at least one");
            return Err(Error::Argument(sentence));
        }
        if points.rows() == 0 || points.columns() != columns {
            let (came, width) = (points.rows(), points.columns());
            let sentence = format!("points has shape ({came}, {width}); accepted is at least one row of {columns}");
            return Err(Error::Argument(sentence));
        }
        Ok(())
    }

    /// The positions of the rows of the best keys, the lowest ids of equal ones, ascending; all
    /// rows where there are not more.
    fn best(&self, work: &CatchUp<'_, E>, amount: usize) -> Vec<i64> {
        let mut rows = room::collected(0..self.ids.len() as i64);
        if amount < rows.len() {
            divide(&mut rows, amount, &|row| (work.key(row as usize), self.ids[row as usize]));
            rows.truncate(amount);
            rows.sort_unstable();
        }
        rows
    }
}

/// Brings the rows that come first to the front, `count` of them, and returns the next.
fn divide(rows: &mut [i64], count: usize, place: &dyn Fn(i64) -> (f64, i64)) -> i64 {
    *rows.select_nth_unstable_by(count, |&a, &b| order(place(a), place(b))).1
}
