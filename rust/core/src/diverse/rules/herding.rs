//! Coverage: each pick is the row that adds most to f(S) = Σ_r w_r max_{s ∈ S} κ(r, s), over
//! reference rows r.
//!
//! A top-hat κ gives ProbCover (Yehuda et al. 2022), any κ with w = 1 MaxHerding (Bae et al. 2024),
//! w = uncertainty Uncertainty Herding (Bae et al. 2025), and a similarity facility location. f is
//! submodular, so what a row would add can only fall, and the lazy engine applies (Minoux 1978).
//!
//! What a row would add is always summed over all references in one order, so it never rises by
//! rounding either.

use super::similarity::Similarity;
use crate::blocks::Watch;
use crate::distance::{Centres, GROUP, Metric, Pair, Tile, merge};
use crate::diverse::candidates::{AnyRows, Candidates};
use crate::diverse::engine::lazy::Engine;
use crate::diverse::engine::objective::{Objective, Stale};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd};

/// Rows that pass by a group of references together, so that it is fetched once for all of them.
const TOGETHER: usize = 16;

/// Pairs of references that the usual distance is taken from.
const PAIRS: usize = 1000;

/// How to select.
#[derive(Clone, Copy, Debug)]
pub struct HerdingOptions {
    /// Rows to pick: at most as many as there are.
    pub k: usize,
    /// What covering means.
    pub similarity: Similarity,
    /// The scale of the similarity; the median distance between references where there is none.
    pub scale: Option<f64>,
    /// What distance means.
    pub metric: Metric,
    /// Threads to use at most.
    pub threads: usize,
    /// The CPU level.
    pub level: Level,
}

/// The rows that cover the references best.
#[derive(Clone, Debug, PartialEq)]
pub struct Cover {
    /// Ids of the picks, in order.
    pub ids: Vec<i64>,
    /// What each pick added.
    pub gains: Vec<f64>,
    /// The sum over all references, labelled rows included.
    pub covered: f64,
    /// The most it could be: the sum of all weights.
    pub whole: f64,
    /// The scale used.
    pub scale: f64,
    /// Similarities computed.
    pub computed: u64,
}

/// Picks `options.k` rows of `matrix`, or of those of its rows that
/// `among` names in ascending order, each adding most to what `labelled` and the picks before it
/// cover of `references`; the lowest id of equals. References are rows of `matrix`, and `weights`
/// are theirs, at least 0.
pub fn herding<E: Element>(
    matrix: Matrix<'_, E>,
    among: Option<&[i64]>,
    (references, weights): (&[i64], Option<&[f64]>),
    labelled: Option<&Matrix<'_, f64>>,
    options: &HerdingOptions,
    watch: &mut dyn Watch,
) -> Result<Cover> {
    herd(&Candidates::new(matrix, among)?, (references, weights), labelled, options, watch)
}

/// The same, compiled once.
fn herd(
    candidates: &dyn AnyRows,
    (references, weights): (&[i64], Option<&[f64]>),
    labelled: Option<&Matrix<'_, f64>>,
    options: &HerdingOptions,
    watch: &mut dyn Watch,
) -> Result<Cover> {
    let HerdingOptions { k, threads, .. } = *options;
    if k > candidates.rows() {
        return Err(Error::TooMany { k, rows: candidates.rows() });
    }
    let mut added = Added::new(candidates, references, weights, options)?;
    if let Some(labelled) = labelled {
        for row in 0..labelled.rows() {
            let tile = Tile::of_row(options.metric, labelled, row, options.level);
            added.cover(&tile.map_err(|error| error.within("labelled"))?);
        }
    }
    let mut cover = Cover {
        ids: room::empty(k),
        gains: room::empty(k),
        covered: 0.0,
        whole: added.weights.iter().flatten().sum(),
        scale: added.scale,
        computed: 0,
    };
    let mut engine = Engine::new(added, &[], k, threads, watch)?;
    while cover.ids.len() < k
        && let Some(best) = engine.best(watch)?
    {
        cover.ids.push(candidates.id(best.row) as i64);
        cover.gains.push(best.value);
        engine.pick(best)?;
    }
    let added = &engine.objective;
    let pairs = added.weights.iter().flatten().zip(added.covered.iter().flatten());
    cover.covered = pairs.map(|(weight, covered)| weight * covered).sum();
    cover.computed = engine.work.computed;
    Ok(cover)
}

/// What each row would add.
struct Added<'a> {
    candidates: &'a dyn AnyRows,
    level: Level,
    similarity: Similarity,
    scale: f64,
    references: Centres,
    /// By group of references; zero where there is none.
    weights: Vec<[f64; GROUP]>,
    /// How much of each reference is covered.
    covered: Vec<[f64; GROUP]>,
    /// Groups to which something can be added.
    open: Vec<u32>,
    steps: usize,
}

impl<'a> Added<'a> {
    fn new(
        candidates: &'a dyn AnyRows,
        references: &[i64],
        weights: Option<&[f64]>,
        options: &HerdingOptions,
    ) -> Result<Self> {
        let HerdingOptions { similarity, scale, metric, level, .. } = *options;
        let count = references.len();
        if let Some(weights) = weights.filter(|weights| weights.len() != count) {
            return Err(Error::Length { argument: "weights", came: weights.len(), rows: count });
        }
        let groups = count.div_ceil(GROUP);
        let mut added = Added {
            candidates,
            level,
            similarity,
            scale: scale.unwrap_or(1.0),
            references: Centres::new(metric, candidates.features()),
            weights: room::filled([0.0; GROUP], groups),
            covered: room::filled([0.0; GROUP], groups),
            open: Vec::new(),
            steps: 0,
        };
        for (i, &id) in references.iter().enumerate() {
            let row = usize::try_from(id).ok().filter(|&row| row < candidates.ids());
            let Some(row) = row else {
                return Err(Error::NoSuchRow { argument: "references", id, rows: candidates.ids() });
            };
            let point = candidates.prepared(level, metric, row)?;
            added.references.push(point.row(0), point.zero(0));
            added.weights[i / GROUP][i % GROUP] = weights.map_or(1.0, |weights| weights[i]);
        }
        if scale.is_none() && similarity != Similarity::Cosine {
            added.scale = added.usual_distance(references)?;
        }
        added.find_open();
        Ok(added)
    }

    /// The median distance between references and others half of the list away.
    fn usual_distance(&self, references: &[i64]) -> Result<f64> {
        let half = references.len() / 2;
        let mut distances = Vec::new();
        let mut pair = Pair::new(self.candidates.features());
        for (&id, &other) in references.iter().zip(&references[half..]).take(half.min(PAIRS)) {
            let ids = (id as usize, other as usize);
            distances.push(self.candidates.apart(self.level, self.references.metric(), ids, &mut pair));
        }
        distances.sort_unstable_by(f64::total_cmp);
        let median = distances.get(distances.len() / 2).copied().unwrap_or(0.0);
        if median > 0.0 {
            Ok(median)
        } else {
            let sentence =
                "scale is None, and the reference rows are too alike to tell one; accepted is a number above 0";
            Err(Error::Argument(sentence.into()))
        }
    }

    /// A prepared row covers what it is near.
    fn cover(&mut self, tile: &Tile) {
        self.level.run(CoverMore { added: self, tile });
        self.find_open();
    }

    fn find_open(&mut self) {
        let open = |group: &u32| {
            let lanes = self.weights[*group as usize].iter().zip(&self.covered[*group as usize]);
            lanes.into_iter().any(|(&weight, &covered)| weight > 0.0 && covered < 1.0)
        };
        self.open = room::gathered((0..self.weights.len() as u32).filter(open));
    }
}

impl Objective for Added<'_> {
    type Scratch = Tile;

    fn rows(&self) -> usize {
        self.candidates.rows()
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn scratch(&self) -> Tile {
        Tile::new(self.references.metric(), self.candidates.features())
    }

    #[inline(always)]
    fn key(&self, _: usize, value: f64) -> f64 {
        value
    }

    fn refresh(&self, tile: &mut Tile, rows: &mut [Stale], _: f64) -> Result<u64> {
        for rows in rows.chunks_mut(TOGETHER) {
            self.candidates.fill(self.level, tile, &mut rows.iter().map(|stale| stale.row as usize))?;
            self.level.run(RefreshGains { added: self, tile, rows });
        }
        Ok((rows.len() * self.open.len() * GROUP) as u64)
    }

    fn cost(&self, _: usize) -> usize {
        (self.open.len() + 1) * GROUP * self.candidates.features().next_multiple_of(8)
    }

    fn pick(&mut self, row: usize) -> Result<()> {
        self.steps += 1;
        let tile = self.candidates.prepared(self.level, self.references.metric(), self.candidates.id(row))?;
        self.cover(&tile);
        Ok(())
    }
}

/// One prepared row covers what it is near.
struct CoverMore<'o, 'a> {
    added: &'o mut Added<'a>,
    tile: &'o Tile,
}

impl Kernel for CoverMore<'_, '_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Added { references, similarity, scale, covered, .. } = self.added;
        for (group, covered) in covered.iter_mut().enumerate() {
            let sums = references.sums(simd, self.tile.row(0), self.tile.zero(0), group);
            let near = similarity.of(simd, references.metric(), *scale, sums);
            for (covered, near) in covered.iter_mut().zip(near) {
                *covered = covered.max(near);
            }
        }
    }
}

/// What some prepared rows would add: at most [`TOGETHER`].
struct RefreshGains<'o, 'a> {
    added: &'o Added<'a>,
    tile: &'o Tile,
    rows: &'o mut [Stale],
}

impl Kernel for RefreshGains<'_, '_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let RefreshGains { added, tile, rows } = self;
        let Added { references, similarity, scale, weights, covered, open, .. } = added;
        let metric = references.metric();
        let mut lanes = [[0.0_f64; GROUP]; TOGETHER];
        for &group in open {
            let (weights, covered) = (&weights[group as usize], &covered[group as usize]);
            for (i, lanes) in lanes.iter_mut().enumerate().take(rows.len()) {
                let sums = references.sums(simd, tile.row(i), tile.zero(i), group as usize);
                let near = similarity.of(simd, metric, *scale, sums);
                for lane in 0..GROUP {
                    let more = (near[lane] - covered[lane]).max(0.0);
                    lanes[lane] = weights[lane].mul_add(more, lanes[lane]);
                }
            }
        }
        for (stale, lanes) in rows.iter_mut().zip(lanes) {
            stale.value = merge(lanes);
            stale.seen = added.steps as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::random::{hash, uniform};

    const WIDTH: usize = 3;

    fn data(rows: usize) -> Vec<f32> {
        (0..rows * WIDTH).map(|i| uniform(hash(3, 0, i as u64)) as f32 - 0.5).collect()
    }

    /// The loop over all rows and references.
    fn plainly(values: &[f32], references: &[i64], weights: &[f64], similarity: Similarity, k: usize) -> Vec<i64> {
        let row = |id: usize| values[id * WIDTH..(id + 1) * WIDTH].iter().map(|&x| f64::from(x));
        let near = |a: usize, b: usize| {
            let squared: f64 = row(a).zip(row(b)).map(|(x, y)| (x - y).powi(2)).sum();
            let lengths = (row(a).map(|x| x * x).sum::<f64>() * row(b).map(|x| x * x).sum::<f64>()).sqrt();
            match similarity {
                Similarity::TopHat => f64::from(u8::from(squared.sqrt() <= 0.3)),
                Similarity::Gaussian => (-squared / (2.0 * 0.3 * 0.3)).exp(),
                Similarity::Laplacian => (-squared.sqrt() / 0.3).exp(),
                Similarity::Cosine => (row(a).zip(row(b)).map(|(x, y)| x * y).sum::<f64>() / lengths).max(0.0),
            }
        };
        let rows = values.len() / WIDTH;
        let mut covered = vec![0.0_f64; references.len()];
        let mut picks = Vec::new();
        while picks.len() < k {
            let gain = |i: usize| -> f64 {
                let terms = references.iter().zip(weights).zip(&covered);
                terms.map(|((&r, weight), covered)| weight * (near(r as usize, i) - covered).max(0.0)).sum()
            };
            let left = (0..rows).filter(|&i| !picks.contains(&(i as i64)));
            let best = left.reduce(|best, i| if gain(i) > gain(best) + 1e-12 { i } else { best }).unwrap();
            for (&r, covered) in references.iter().zip(&mut covered) {
                *covered = covered.max(near(r as usize, best));
            }
            picks.push(best as i64);
        }
        picks
    }

    #[test]
    fn lazy_picks_are_those_of_the_plain_loop_at_every_level() {
        let values = data(300);
        let matrix = Matrix::from_rows(&values, 300, WIDTH).unwrap();
        let references: Vec<i64> = (0..300).filter(|id| id % 3 != 0).collect();
        let weights: Vec<f64> = references.iter().map(|&id| uniform(hash(4, 0, id as u64))).collect();
        for similarity in Similarity::ALL {
            let metric = if similarity == Similarity::Cosine { Metric::Cosine } else { Metric::Euclidean };
            let wanted = plainly(&values, &references, &weights, similarity, 25);
            let mut first = None;
            for level in Level::ALL {
                for threads in [1, 3] {
                    let options = HerdingOptions { k: 25, similarity, scale: Some(0.3), metric, threads, level };
                    let what = (&references[..], Some(&weights[..]));
                    let cover = herding(matrix, None, what, None, &options, &mut Unwatched).unwrap();
                    assert_eq!(cover.ids, wanted, "{similarity:?}");
                    assert!((cover.gains.iter().sum::<f64>() - cover.covered).abs() < 1e-9);
                    assert_eq!(*first.get_or_insert(cover.clone()), cover);
                }
            }
        }
    }
}
