//! The most central row: the one whose mean distance to all rows of the pool is smallest.

use crate::blocks::{Watch, run};
use crate::distance::{Centres, GROUP, Metric, Tile};
use crate::diverse::candidates::Candidates;
use crate::error::Result;
use crate::float::Element;
use crate::room;
use crate::simd::{Kernel, Level, Simd};

/// Rows that all others are compared with in one pass.
const POINTS: usize = 1024;

/// Rows a thread takes at a time.
const CHUNK: usize = 256;

/// The position of the row with the smallest mean distance to all rows, of equals the lowest.
/// Compares each row with each, in O(rows) memory.
pub(crate) fn most_central<E: Element>(
    candidates: &Candidates<'_, E>,
    metric: Metric,
    level: Level,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<usize> {
    let rows = candidates.rows();
    let mut totals = room::filled(0.0_f64, rows);
    let mut start = 0;
    while start < rows {
        let points = candidates.points(metric, start..rows.min(start + POINTS), level)?;
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
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Add { candidates, points, tile, first, totals } = self;
        for (i, total) in totals.iter_mut().enumerate() {
            tile.clear();
            candidates.push(simd, tile, first + i)?;
            for group in 0..points.len().div_ceil(GROUP) {
                let sums = points.sums(simd, tile.row(0), tile.zero(0), group);
                for &sum in &sums[..GROUP.min(points.len() - group * GROUP)] {
                    *total += points.metric().finish(sum);
                }
            }
        }
        Ok(())
    }
}
