//! Typicality (Hacohen et al. 2022): one over the mean distance of a row to its nearest neighbours
//! inside its cluster.
//!
//! What is picked leaves the cluster, so means can only rise: a mean that is out of date is a
//! bound, and after the first pick of a cluster few rows need theirs again, unless the cluster is
//! so small that fewer neighbours count now.

use crate::blocks::{self, Watch};
use crate::distance::{Centres, GROUP, Metric, Tile};
use crate::diverse::candidates::{AnyRows, Candidates};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd};
use std::ops::Range;

/// Rows that pass by a group of neighbours together, so that it is fetched once for all of them.
const TOGETHER: usize = 16;

/// Rows that are not worth another thread.
const FEW: usize = 64;

/// A cluster, and how many of its rows are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Cluster<'a> {
    /// Ids in ascending order.
    pub ids: &'a [i64],
    /// Rows to pick: at most as many as there are.
    pub picks: usize,
}

/// A row picked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typical {
    /// Its id.
    pub id: i64,
    /// Its typicality among the rows that were left; infinite for a last row and for one that
    /// equals its neighbours.
    pub typicality: f64,
}

/// The most typical rows of each cluster, one cluster after the other; the lowest id of equals.
///
/// Of a cluster of which n rows are left, the nearest `neighbours` count, or n/2 if that is fewer.
pub fn typiclust<E: Element>(
    matrix: Matrix<'_, E>,
    clusters: &[Cluster<'_>],
    neighbours: usize,
    (level, threads): (Level, usize),
    watch: &mut dyn Watch,
) -> Result<Vec<Typical>> {
    let wanted = clusters.iter().map(|cluster| cluster.picks).sum();
    let mut found = room::empty(wanted);
    for cluster in clusters.iter().filter(|cluster| cluster.picks > 0) {
        let candidates = Candidates::new(matrix, Some(cluster.ids))?;
        if cluster.picks > candidates.rows() {
            return Err(Error::TooMany { k: cluster.picks, rows: candidates.rows() });
        }
        let mut neighbourhood = Neighbourhood::new(&candidates, neighbours, level, threads)?;
        for _ in 0..cluster.picks {
            let picked = found.len();
            let (row, mean) = neighbourhood.most_typical(&mut |_: usize, _: usize| watch.look(picked, wanted))?;
            found.push(Typical { id: cluster.ids[row], typicality: 1.0 / mean });
            neighbourhood.there[row] = false;
            neighbourhood.left -= 1;
        }
    }
    Ok(found)
}

/// The rows of one cluster.
struct Neighbourhood<'a> {
    candidates: &'a dyn AnyRows,
    level: Level,
    threads: usize,
    /// How many neighbours count at most, and how many counted for the means.
    most: usize,
    counted: usize,
    points: Centres,
    /// Whether a row has not been picked, and how many have not.
    there: Vec<bool>,
    left: usize,
    /// The mean distance of each row to its neighbours, or a bound below it.
    means: Vec<f64>,
}

impl<'a> Neighbourhood<'a> {
    fn new(candidates: &'a dyn AnyRows, most: usize, level: Level, threads: usize) -> Result<Self> {
        let rows = candidates.rows();
        let points = candidates.points(Metric::Euclidean, 0..rows, level)?;
        Ok(Neighbourhood {
            candidates,
            level,
            threads,
            most,
            counted: 0,
            points,
            there: room::filled(true, rows),
            left: rows,
            means: room::filled(0.0, rows),
        })
    }

    /// The row of the least mean distance, and that distance.
    fn most_typical(&mut self, watch: &mut dyn Watch) -> Result<(usize, f64)> {
        let counting = self.most.min(self.left / 2).max(usize::from(self.left > 1));
        let mut fresh = room::filled(counting == 0, self.means.len());
        if counting != self.counted {
            self.counted = counting;
            self.all_means(watch)?;
            fresh.fill(true);
        }
        loop {
            let mut best = None;
            for row in (0..self.means.len()).filter(|&row| self.there[row]) {
                if best.is_none_or(|best: usize| self.means[row] < self.means[best]) {
                    best = Some(row);
                }
            }
            let row = best.ok_or_else(|| Error::Argument("no row is left in the cluster".into()))?;
            if fresh[row] {
                return Ok((row, self.means[row]));
            }
            fresh[row] = true;
            let mut mean = [0.0];
            self.means_of(row..row + 1, &mut mean)?;
            self.means[row] = mean[0];
        }
    }

    fn all_means(&mut self, watch: &mut dyn Watch) -> Result<()> {
        let mut means = std::mem::take(&mut self.means);
        let rows = means.len();
        let blocks = blocks::split(rows, TOGETHER).zip(means.chunks_mut(TOGETHER));
        let threads = self.threads.min(rows.div_ceil(FEW));
        let this = &*self;
        let work = |(): &mut (), rows, means: &mut [f64]| this.means_of(rows, means);
        blocks::run(rows, blocks, threads, watch, || (), work)?;
        self.means = means;
        Ok(())
    }

    /// The mean distances of some rows to their nearest neighbours among those that are left.
    fn means_of(&self, rows: Range<usize>, means: &mut [f64]) -> Result<()> {
        if self.counted == 0 {
            means.fill(0.0);
            return Ok(());
        }
        let mut tile = Tile::new(Metric::Euclidean, self.candidates.features());
        self.candidates.fill(self.level, &mut tile, &mut rows.clone())?;
        self.level.run(Means { of: self, first: rows.start, tile: &tile, means });
        Ok(())
    }
}

/// The means of prepared rows, the first of which is at that position.
struct Means<'n, 'a> {
    of: &'n Neighbourhood<'a>,
    first: usize,
    tile: &'n Tile,
    means: &'n mut [f64],
}

impl Kernel for Means<'_, '_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Means { of: Neighbourhood { counted, points, there, .. }, first, tile, means } = self;
        let (counted, count) = (*counted, means.len());
        // Of each row the least sums so far, ascending.
        let mut least = room::filled(f64::INFINITY, count * counted);
        for group in 0..points.len().div_ceil(GROUP) {
            for i in 0..count {
                let sums = points.sums(simd, tile.row(i), false, group);
                let least = &mut least[i * counted..(i + 1) * counted];
                for (lane, &sum) in sums.iter().enumerate() {
                    let neighbour = group * GROUP + lane;
                    if sum < least[counted - 1] && neighbour != first + i && there[neighbour] {
                        insert(least, sum);
                    }
                }
            }
        }
        for (mean, least) in means.iter_mut().zip(least.chunks_exact(counted)) {
            let mut sum = 0.0;
            for &squared in least {
                sum += Metric::Euclidean.finish(squared);
            }
            *mean = sum / counted as f64;
        }
    }
}

/// Puts a number that is below the last into its place; the last drops out.
#[inline(always)]
fn insert(ascending: &mut [f64], number: f64) {
    let mut i = ascending.len() - 1;
    while i > 0 && ascending[i - 1] > number {
        ascending[i] = ascending[i - 1];
        i -= 1;
    }
    ascending[i] = number;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::random::{hash, uniform};

    const WIDTH: usize = 2;

    fn plainly(values: &[f64], ids: &[i64], picks: usize, neighbours: usize) -> Vec<i64> {
        let apart = |a: i64, b: i64| {
            let row = |id: i64| &values[id as usize * WIDTH..][..WIDTH];
            row(a).iter().zip(row(b)).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
        };
        let mut left = ids.to_vec();
        let mut found = Vec::new();
        while found.len() < picks {
            let counted = neighbours.min(left.len() / 2).max(usize::from(left.len() > 1));
            let mean = |id: i64| {
                let mut all: Vec<f64> =
                    left.iter().filter(|&&other| other != id).map(|&other| apart(id, other)).collect();
                all.sort_unstable_by(f64::total_cmp);
                all[..counted].iter().sum::<f64>()
            };
            let best = left.iter().copied().reduce(|best, id| if mean(id) < mean(best) { id } else { best }).unwrap();
            left.retain(|&id| id != best);
            found.push(best);
        }
        found
    }

    #[test]
    fn picks_are_those_of_the_plain_loop() {
        let values: Vec<f64> = (0..400 * WIDTH).map(|i| uniform(hash(6, 0, i as u64))).collect();
        let matrix = Matrix::from_rows(&values, 400, WIDTH).unwrap();
        let groups: Vec<Vec<i64>> = (0..4).map(|g| (0..400).filter(|id| id * id % 7 % 4 == g).collect()).collect();
        for (picks, neighbours) in [(1, 20), (12, 20), (30, 5), (57, 20)] {
            let clusters: Vec<_> = groups.iter().map(|ids| Cluster { ids, picks: picks.min(ids.len()) }).collect();
            let wanted: Vec<i64> =
                clusters.iter().flat_map(|cluster| plainly(&values, cluster.ids, cluster.picks, neighbours)).collect();
            for level in Level::ALL {
                let found = typiclust(matrix, &clusters, neighbours, (level, 3), &mut Unwatched).unwrap();
                assert_eq!(found.iter().map(|typical| typical.id).collect::<Vec<_>>(), wanted);
            }
        }
    }

    #[test]
    fn rows_that_equal_their_neighbours_are_as_typical_as_can_be() {
        let values = [1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 9.0, 9.0];
        let matrix = Matrix::from_rows(&values, 4, WIDTH).unwrap();
        let clusters = [Cluster { ids: &[0, 1, 2, 3], picks: 4 }];
        let found = typiclust(matrix, &clusters, 1, (Level::best(), 1), &mut Unwatched).unwrap();
        assert_eq!(found.iter().map(|typical| typical.id).collect::<Vec<_>>(), [1, 0, 2, 3]);
        assert_eq!((found[0].typicality, found[3].typicality), (f64::INFINITY, f64::INFINITY));
        assert_eq!(found[1].typicality, 1.0 / 2.0_f64.sqrt());
    }
}
