//! k-centre greedy, or core-set: each pick is the row farthest from everything labelled or picked
//! (Gonzalez 1985; Sener & Savarese 2018).

use super::mean;
use crate::blocks::Watch;
use crate::distance::Metric;
use crate::diverse::among::Among;
use crate::diverse::candidates::Candidates;
use crate::diverse::engine::by_distance::{DistanceWorth, Greedy, PointSet};
use crate::diverse::engine::front::Entry;
use crate::diverse::engine::lazy::Work;
use crate::diverse::engine::nearest::Nearest;
use crate::diverse::engine::told::{Distances, Told, check};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
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

impl CoreSet {
    /// No picks yet, with room for them.
    fn new(k: usize, radius: f64) -> CoreSet {
        CoreSet {
            ids: room::empty(k),
            distances: room::empty(k),
            radius,
            computed: 0,
            refreshed: 0,
            scans: 0,
            first_passes: 1,
        }
    }
}

/// The farthest row is worth the most.
pub(crate) struct Farthest;

impl DistanceWorth for Farthest {
    const ALIKE: bool = true;

    #[inline(always)]
    fn key(&self, _: usize, distance: f64) -> f64 {
        distance
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
    let labelled = labelled.filter(|labelled| labelled.rows() > 0);
    if let Some(nothing) = nothing(k, candidates.rows(), labelled.is_some())? {
        return Ok(nothing);
    }
    let points = Nearest::new(candidates, metric, labelled, held, level)?;
    // Nothing is picked while the mean is made.
    let mut reading = |_: usize, _: usize| watch.look(0, k);
    let mut extreme = |farthest| mean::extreme(&candidates, metric, farthest, level, threads, &mut reading);
    let first = match init {
        _ if labelled.is_some() => None,
        Init::Farthest => Some(extreme(true)?),
        Init::Central => Some(extreme(false)?),
        Init::Row(id) => Some(position(candidates.among(), id)?),
    };
    let picked = greedy(points, first, k, threads, watch)?;
    let to_find_the_first = if first.is_none() || matches!(init, Init::Row(_)) { 0 } else { 2 };
    Ok(CoreSet { first_passes: picked.first_passes + to_find_the_first, ..picked })
}

/// What [`k_center`] does, where somebody else knows the distances to `labelled` points and to the
/// picks. `from_mean` gives the distance of each row to the mean of all.
pub fn k_center_by<D: Distances>(
    distances: D,
    labelled: usize,
    from_mean: impl FnOnce() -> Result<Vec<f64>>,
    k: usize,
    init: Init,
    watch: &mut dyn Watch,
) -> Result<CoreSet> {
    let among = distances.among();
    if let Some(nothing) = nothing(k, among.count(), labelled > 0)? {
        return Ok(nothing);
    }
    let first = match init {
        _ if labelled > 0 => None,
        Init::Row(id) => Some(position(among, id)?),
        Init::Farthest | Init::Central => {
            let mut best: Option<Entry> = None;
            for (row, distance) in from_mean()?.into_iter().enumerate() {
                check(distance, among.id(row))?;
                let key = if init == Init::Farthest { distance } else { -distance };
                let entry = Entry { key, row: row as u32 };
                best = best.filter(|best| !entry.beats(best)).or(Some(entry));
            }
            best.map(|best| best.row as usize)
        }
    };
    greedy(Told::new(distances, labelled), first, k, 1, watch)
}

/// What is picked of no rows, or where nothing is wanted and nothing labelled; an error where too
/// much is wanted.
fn nothing(k: usize, rows: usize, labelled: bool) -> Result<Option<CoreSet>> {
    if k > rows {
        return Err(Error::TooMany { k, rows });
    }
    let radius = if rows == 0 { 0.0 } else { f64::INFINITY };
    Ok((rows == 0 || (k == 0 && !labelled)).then(|| CoreSet::new(k, radius)))
}

fn position(among: Among<'_>, id: usize) -> Result<usize> {
    let rows = among.count();
    among
        .position(id)
        .ok_or_else(|| Error::Argument(format!("init is {id}; accepted are the ids of the {rows} rows to pick from")))
}

/// The rule itself, by whatever knows the distances to the points so far.
fn greedy<N: PointSet>(
    mut points: N,
    first: Option<usize>,
    k: usize,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<CoreSet> {
    let mut picked = CoreSet::new(k, f64::INFINITY);
    if let Some(first) = first {
        points.pick(first)?;
        picked.ids.push(points.id(first) as i64);
        picked.distances.push(f64::INFINITY);
    }
    let mut engine = points.greedy(Farthest, first.as_slice(), k, threads, watch)?;
    while picked.ids.len() < k
        && let Some(best) = engine.best(watch)?
    {
        picked.ids.push(engine.id(best.row) as i64);
        picked.distances.push(best.value);
        engine.pick(best)?;
    }
    picked.radius = engine.best(watch)?.map_or(0.0, |best| best.value);
    let Work { computed, refreshed, scans } = engine.work();
    Ok(CoreSet { computed, refreshed, scans, ..picked })
}
