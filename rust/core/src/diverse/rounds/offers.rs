//! What is done with the offers of all parts: picking from them for as long as no row that was kept
//! back can be better.

use super::Worth;
use super::bounds::{Bound, order};
use crate::blocks::Watch;
use crate::distance::Metric;
use crate::diverse::candidates::Candidates;
use crate::diverse::engine::by_distance::{DistanceWorth, Greedy};
use crate::diverse::engine::nearest::Nearest;
use crate::diverse::engine::packed::Packed;
use crate::diverse::rules::k_center::Farthest;
use crate::diverse::rules::ranked_batch::RankedBatch;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::Level;

/// The rows that all parts offer.
#[derive(Clone, Copy, Debug)]
pub struct Offers<'a, E> {
    /// Their features.
    pub matrix: Matrix<'a, E>,
    /// Which rows they are in the pool, ascending.
    pub ids: &'a [i64],
    /// The distance of each to the nearest of all points.
    pub nearest: &'a [f64],
    /// What they are worth.
    pub worth: Worth<'a>,
    /// How many labelled and picked rows there are.
    pub points: usize,
    /// What no row that was kept back by any part comes before, at the next step and those after
    /// it; one bound where it is the same for all.
    pub bounds: &'a [Bound],
    /// What distance means.
    pub metric: Metric,
    /// The CPU level.
    pub level: Level,
    /// Threads to use at most.
    pub threads: usize,
}

/// What came of a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picked {
    /// The picks by their positions in the offers, in order.
    pub rows: Vec<i64>,
    /// What each was worth then.
    pub values: Vec<f64>,
    /// No further round is needed.
    pub done: bool,
    /// Of k-centre, once it is done: the largest distance that is left of any row.
    pub radius: f64,
    /// Distances computed.
    pub computed: u64,
}

impl<E: Element> Offers<'_, E> {
    /// Whether the rows reach, one by one, what bounds the rows kept back at the next step.
    pub fn reaching(&self) -> Result<Vec<bool>> {
        self.check()?;
        let bound = self.bounds[0].0;
        let reaches = |(row, &distance)| self.worth.key(row, distance, self.points) >= bound;
        Ok(room::collected(self.nearest.iter().enumerate().map(reaches)))
    }

    /// Picks up to `wanted` rows that are certain to be the best of all: at least one of those
    /// wanted, where every part offers its best.
    pub fn pick(&self, wanted: usize, watch: &mut dyn Watch) -> Result<Picked> {
        self.check()?;
        // The points so far are behind the distances: of those to come each row is compared with
        // what it may lose to.
        let candidates = Candidates::new(self.matrix, None)?;
        let points = Nearest::new(candidates, self.metric, None, None, self.level)?;
        match self.worth {
            Worth::Distance => self.pick_by(points, Farthest, wanted, watch),
            Worth::Batch { all, uncertainty } => {
                let worth = RankedBatch::going_on(uncertainty, all, self.points);
                self.pick_by(points, worth, wanted, watch)
            }
        }
    }

    fn check(&self) -> Result<()> {
        let rows = self.matrix.rows();
        let known = self.worth.known_of(rows);
        let ascending = self.ids.windows(2).all(|pair| pair[0] < pair[1]);
        if [self.ids.len(), self.nearest.len(), known] == [rows; 3] && ascending && !self.bounds.is_empty() {
            return Ok(());
        }
        let sentence =
            format!("{rows} rows are offered; accepted are ascending ids, as much about each row, and a bound");
        Err(Error::Argument(sentence))
    }

    fn pick_by<W: DistanceWorth>(
        &self,
        points: Nearest<'_, E>,
        worth: W,
        wanted: usize,
        watch: &mut dyn Watch,
    ) -> Result<Picked> {
        let by_distance = self.worth == Worth::Distance;
        let known = (Some(self.nearest), &[][..]);
        let mut engine = Packed::going_on(points, worth, known, wanted, self.threads, watch)?;
        let mut picked = Picked::default();
        // By distance alone it is also sought what would be picked next: that is the radius.
        while by_distance || picked.rows.len() < wanted {
            let Some(bound) = self.bound(picked.rows.len()) else { break };
            let best = engine.best_reaching(bound.0, watch)?;
            let Some(best) = best.filter(|best| order((best.key, self.ids[best.row]), bound).is_le()) else {
                // Nobody has a row left: all are picked.
                picked.done = best.is_none() && bound.0 == f64::NEG_INFINITY;
                break;
            };
            if picked.rows.len() == wanted {
                (picked.radius, picked.done) = (best.value, true);
                break;
            }
            room::push(&mut picked.rows, best.row as i64);
            room::push(&mut picked.values, best.key);
            engine.pick(best)?;
        }
        picked.done |= !by_distance && picked.rows.len() == wanted;
        picked.computed = engine.work.computed;
        Ok(picked)
    }

    /// The bound of the rows kept back after so many picks; `None` where it was not told.
    fn bound(&self, picks: usize) -> Option<Bound> {
        let last = *self.bounds.last()?;
        let stays = self.worth == Worth::Distance || last.0 == f64::NEG_INFINITY;
        self.bounds.get(picks).copied().or(stays.then_some(last))
    }
}
