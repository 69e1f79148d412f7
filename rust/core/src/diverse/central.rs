//! The most central row: the one whose mean distance to all rows of the pool is smallest.

use super::candidates::Candidates;
use crate::blocks::{Watch, run};
use crate::distance::{Centres, GROUP, Metric, Tile, row_fault};
use crate::error::Result;
use crate::float::Element;
use crate::simd::{Kernel, Level, Simd};

/// Rows that all others are compared with in one pass.
const POINTS: usize = 1024;

/// Rows a thread takes at a time.
const CHUNK: usize = 256;

/// The position of the row with the smallest mean distance to all rows, of equals the lowest. Compares each row with each, in O(rows) memory.
pub(crate) fn most_central<E: Element>(
    candidates: &Candidates<'_, E>,
    metric: Metric,
    level: Level,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<usize> {
    let rows = candidates.rows();
    let mut totals = vec![0.0_f64; rows];
    let mut start = 0;
    while start < rows {
        let points = level.run(Pack { candidates, metric, from: start, to: rows.min(start + POINTS) })?;
        let chunks = totals.chunks_mut(CHUNK).enumerate();
        let blocks = chunks.map(|(i, totals)| (i * CHUNK..rows.min((i + 1) * CHUNK), totals));
        let work = |tile: &mut Tile, rows: std::ops::Range<usize>, totals: &mut [f64]| {
            level.run(Add { candidates, points: &points, tile, first: rows.start, totals })
        };
        run(rows, blocks, threads, watch, || Tile::new(metric, candidates.features()), work)?;
        start += POINTS;
    }
    let mut central = 0;
    for (row, total) in totals.iter().enumerate() {
        if *total < totals[central] {
            central = row;
        }
    }
    Ok(central)
}

/// Some rows of a pool as points.
struct Pack<'p, 'a, E> {
    candidates: &'p Candidates<'a, E>,
    metric: Metric,
    from: usize,
    to: usize,
}

impl<E: Element> Kernel for Pack<'_, '_, E> {
    type Output = Result<Centres>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Result<Centres> {
        let features = self.candidates.features();
        let (mut points, mut tile) = (Centres::new(self.metric, features), Tile::new(self.metric, features));
        for position in self.from..self.to {
            let row = self.candidates.id(position);
            tile.clear();
            if !tile.push::<S, E>(self.candidates.matrix(), row) {
                return Err(row_fault(self.candidates.matrix(), row, row as u64));
            }
            points.push(tile.row(0), tile.zero(0));
        }
        Ok(points)
    }
}

/// Adds to the total of each row its distances to some points, in order.
struct Add<'p, 'a, E> {
    candidates: &'p Candidates<'a, E>,
    points: &'p Centres,
    tile: &'p mut Tile,
    first: usize,
    totals: &'p mut [f64],
}

impl<E: Element> Kernel for Add<'_, '_, E> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Result<()> {
        let Add { candidates, points, tile, first, totals } = self;
        for (i, total) in totals.iter_mut().enumerate() {
            let row = candidates.id(first + i);
            tile.clear();
            if !tile.push::<S, E>(candidates.matrix(), row) {
                return Err(row_fault(candidates.matrix(), row, row as u64));
            }
            for group in 0..points.len().div_ceil(GROUP) {
                let sums = points.sums::<S>(tile.row(0), tile.zero(0), group);
                for &sum in &sums[..GROUP.min(points.len() - group * GROUP)] {
                    *total += points.metric().finish(sum);
                }
            }
        }
        Ok(())
    }
}
