//! k-centre greedy, or core-set: each pick is the row farthest from everything labelled or picked
//! (Gonzalez 1985; Sener & Savarese 2018).

use super::by_distance::{ByDistance, Worth};
use super::candidates::Candidates;
use super::lazy::{Engine, Work};
use super::mean;
use super::nearest::Nearest;
use super::point_set::PointSet;
use crate::blocks::Watch;
use crate::distance::Metric;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::Level;

/// The first pick where nothing is labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// The row farthest from the mean.
    Farthest,
    /// The row nearest to the mean.
    Central,
    /// The row of that id.
    Row(usize),
}

/// How to select.
#[derive(Clone, Copy, Debug)]
pub struct KCenterOptions {
    /// Rows to pick: at most as many as there are.
    pub k: usize,
    /// What distance means.
    pub metric: Metric,
    /// The first pick where nothing is labelled.
    pub init: Init,
    /// Where the rows are dear to reach (in a file), how many candidates may be held in memory:
    /// rows are then read in order, in rounds.
    pub held: Option<usize>,
    /// Threads to use at most.
    pub threads: usize,
    /// The CPU level.
    pub level: Level,
}

/// A core-set.
#[derive(Clone, Debug, PartialEq)]
pub struct CoreSet {
    /// Ids of the picks, in order.
    pub ids: Vec<i64>,
    /// The distance of each pick to everything labelled or picked before it; infinite for a first
    /// pick with nothing before it. It never rises: it is the cover radius of what came before.
    pub distances: Vec<f64>,
    /// The largest distance left of any row to what is labelled or picked; 0 where all rows are.
    pub radius: f64,
    /// Distances computed.
    pub computed: u64,
    /// Rows brought up to date after the first pass.
    pub refreshed: u64,
    /// Times that all bounds were looked through: with `KCenterOptions::held`, the passes over the
    /// rows after the first.
    pub scans: u64,
    /// Passes over the rows up to the first bounds: the mean, the first pick, the first bounds.
    pub first_passes: u64,
}

/// The farthest row is worth the most.
struct Farthest {
    held: Option<usize>,
}

impl Worth for Farthest {
    #[inline(always)]
    fn key(&self, _: usize, distance: f64) -> f64 {
        distance
    }

    fn round(&self) -> Option<usize> {
        self.held
    }
}

/// Picks `options.k` rows of `matrix`, or of those of its rows that
/// `among` names in ascending order, each the farthest from `labelled` and the picks before it; the
/// lowest id of equals. Once every row coincides with one of these, the rest are filled up by
/// lowest id.
pub fn k_center<E: Element>(
    matrix: Matrix<'_, E>,
    among: Option<&[i64]>,
    labelled: Option<&Matrix<'_, f64>>,
    options: &KCenterOptions,
    watch: &mut dyn Watch,
) -> Result<CoreSet> {
    let candidates = Candidates::new(matrix, among)?;
    let KCenterOptions { k, metric, init, held, threads, level } = *options;
    if k > candidates.rows() {
        return Err(Error::TooMany { k, rows: candidates.rows() });
    }
    let labelled = labelled.filter(|labelled| labelled.rows() > 0);
    let mut picked = CoreSet {
        ids: Vec::with_capacity(k),
        distances: Vec::with_capacity(k),
        radius: f64::INFINITY,
        computed: 0,
        refreshed: 0,
        scans: 0,
        first_passes: 1,
    };
    if candidates.rows() == 0 || (k == 0 && labelled.is_none()) {
        picked.radius = if candidates.rows() == 0 { 0.0 } else { f64::INFINITY };
        return Ok(picked);
    }
    let mut nearest = Nearest::new(candidates, metric, labelled, k, level)?;
    let mut first = None;
    if labelled.is_none() {
        picked.first_passes += if matches!(init, Init::Row(_)) { 0 } else { 2 };
        // Nothing is picked while the mean is made.
        let mut reading = |_: usize, _: usize| watch.look(0, k);
        let position = match init {
            Init::Farthest => mean::extreme(&candidates, metric, true, level, threads, &mut reading)?,
            Init::Central => mean::extreme(&candidates, metric, false, level, threads, &mut reading)?,
            Init::Row(id) => candidates
                .position(id)
                .ok_or_else(|| Error::Argument(format!("init is {id}, which is no row to pick from")))?,
        };
        nearest.pick(position)?;
        picked.ids.push(candidates.id(position) as i64);
        picked.distances.push(f64::INFINITY);
        first = Some(position);
    }
    let mut engine =
        Engine::new(ByDistance { points: nearest, worth: Farthest { held } }, first.as_slice(), k, threads, watch)?;
    while picked.ids.len() < k
        && let Some(best) = engine.best(watch)?
    {
        picked.ids.push(candidates.id(best.row) as i64);
        picked.distances.push(best.value);
        engine.pick(best)?;
    }
    picked.radius = engine.best(watch)?.map_or(0.0, |best| best.value);
    let Work { computed, refreshed, scans } = engine.work;
    Ok(CoreSet { computed, refreshed, scans, ..picked })
}
