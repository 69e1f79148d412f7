//! Batches of rows that are uncertain and unlike each other: the rules of
//! `ranked_batch.rs` and `diverse_uncertain.rs` on the engine, for features that the core reads or
//! for distances it is told.

use super::central::most_central;
use super::diverse_uncertain::{DiverseUncertain, Weights, weighed};
use super::ranked_batch::RankedBatch;
use crate::blocks::Watch;
use crate::distance::Metric;
use crate::diverse::candidates::Candidates;
use crate::diverse::engine::by_distance::{Greedy, PointSet};
use crate::diverse::engine::lazy::Pick;
use crate::diverse::engine::nearest::Nearest;
use crate::diverse::engine::told::{Distances, Told};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::order::{Candidate, greatest};
use crate::room;
use crate::simd::Level;

/// Features, and what they are compared with.
#[derive(Clone, Copy, Debug)]
pub struct FeatureSpace<'a, E> {
    /// Rows of features.
    pub matrix: Matrix<'a, E>,
    /// The rows to pick from, ascending; all of them without.
    pub among: Option<&'a [i64]>,
    /// Features of rows that are labelled already.
    pub labelled: Option<Matrix<'a, f64>>,
    /// How far rows are apart.
    pub metric: Metric,
    /// The CPU level.
    pub level: Level,
}

/// The rule that weighs uncertainty against diversity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Cardoso et al. 2017.
    RankedBatch,
    /// A weighted sum with frozen scales.
    DiverseUncertain(Weights),
}

impl<E: Element> FeatureSpace<'_, E> {
    /// `k` positions in the order picked, each with what it was worth then. `uncertainty` has one
    /// finite number for each row to pick from.
    pub fn pick(
        &self,
        rule: Rule,
        uncertainty: &[f64],
        k: usize,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Candidate>> {
        let candidates = Candidates::new(self.matrix, self.among)?;
        check(uncertainty, candidates.rows(), k)?;
        if k == 0 {
            return Ok(Vec::new());
        }
        let points = Nearest::new(candidates, self.metric, self.labelled.as_ref(), None, self.level)
            .map_err(|error| error.within("labelled"))?;
        // Nothing is picked while the central row is looked for.
        let central = |watch: &mut dyn Watch| {
            let mut reading = |_: usize, _: usize| watch.look(0, k);
            most_central(&candidates, self.metric, self.level, threads, &mut reading)
        };
        rule.pick(points, uncertainty, k, threads, watch, central)
    }
}

/// What [`FeatureSpace::pick`] does, where somebody else knows the distances to `labelled` points
/// and to the picks. `central` gives the row with the smallest mean distance to all rows.
pub fn pick_by<D: Distances>(
    distances: D,
    labelled: usize,
    central: impl FnOnce() -> Result<usize>,
    rule: Rule,
    uncertainty: &[f64],
    k: usize,
    watch: &mut dyn Watch,
) -> Result<Vec<Candidate>> {
    check(uncertainty, distances.among().count(), k)?;
    if k == 0 {
        return Ok(Vec::new());
    }
    rule.pick(Told::new(distances, labelled), uncertainty, k, 1, watch, |_| central())
}

fn check(uncertainty: &[f64], rows: usize, k: usize) -> Result<()> {
    if uncertainty.len() != rows {
        return Err(Error::Length { argument: "uncertainty", came: uncertainty.len(), rows });
    }
    if let Some(row) = uncertainty.iter().position(|u| !u.is_finite()) {
        let (argument, came) = (format!("uncertainty[{row}]"), uncertainty[row].to_string());
        return Err(Error::OutOfRange { argument, came, accepted: "a finite number" });
    }
    if k > rows {
        return Err(Error::TooMany { k, rows });
    }
    Ok(())
}

impl Rule {
    fn pick<N: PointSet>(
        self,
        mut points: N,
        uncertainty: &[f64],
        k: usize,
        threads: usize,
        watch: &mut dyn Watch,
        central: impl FnOnce(&mut dyn Watch) -> Result<usize>,
    ) -> Result<Vec<Candidate>> {
        let labelled = points.steps();
        let mut picks = room::empty(k);
        let (weights, weighed) = match self {
            Rule::RankedBatch => (None, None),
            Rule::DiverseUncertain(weights) => (Some(weights), Some(weighed(uncertainty, weights.uncertainty))),
        };
        if labelled == 0 {
            // Infinitely far from no points at all, so every row's value is 1 by the first rule;
            // and by the second, diversity doesn't count yet.
            let (row, value) = match &weighed {
                None => {
                    let row = central(watch)?;
                    points.pick(row)?;
                    (row, 1.0)
                }
                Some(weighed) => {
                    let row = greatest(weighed).unwrap_or(0);
                    // It may not be the first bad row; to compare all rows would have met that one.
                    if let Err(error) = points.pick(row) {
                        return Err(central(watch).err().unwrap_or(error));
                    }
                    (row, weighed[row])
                }
            };
            picks.push(Pick { row, value: f64::INFINITY, key: value });
        }
        let out = room::collected(picks.iter().map(|pick: &Pick| pick.row));
        match (weights, &weighed) {
            (Some(weights), Some(weighed)) => {
                let worth = DiverseUncertain::new(weighed, weights.diversity);
                let mut engine = points.greedy(worth, &out, k, threads, watch)?;
                if let Some(farthest) = engine.best(watch)? {
                    engine.change(|worth| worth.freeze(farthest.value));
                }
                go_on(engine, &mut picks, k, watch)?;
            }
            _ => {
                let worth = RankedBatch::new(uncertainty, labelled, points.steps());
                go_on(points.greedy(worth, &out, k, threads, watch)?, &mut picks, k, watch)?;
            }
        }
        let candidate = |pick: Pick| Candidate { key: pick.key, tie: 0, id: pick.row as u64, score: pick.key };
        Ok(room::collected(picks.into_iter().map(candidate)))
    }
}

fn go_on<W>(mut engine: impl Greedy<W>, picks: &mut Vec<Pick>, k: usize, watch: &mut dyn Watch) -> Result<()> {
    while picks.len() < k
        && let Some(best) = engine.best(watch)?
    {
        engine.pick(best)?;
        picks.push(best);
    }
    Ok(())
}
