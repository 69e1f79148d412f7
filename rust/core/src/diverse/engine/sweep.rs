//! Bringing blocks of rows up to date.

use super::by_distance::DistanceWorth;
use super::filter::{ROWS, UNROLL, lower_sums};
use super::front::highest;
use super::pack::{PackedBlock, PackedPoints};
use crate::blocks::{self, Watch};
use crate::distance::{Absolute, Metric, Square};
use crate::error::Result;
use crate::simd::{Kernel, Level, Simd};

/// Blocks that a thread takes at a time.
const CHUNK: usize = 64;

/// Multiplications that make starting threads worth it.
const WORTH_THREADS: usize = 1 << 20;

/// Blocks that are looked at for a first floor.
const TRIES: usize = 3;

/// Points that a block sees before it is asked whether it still matters.
const AT_ONCE: usize = 4;

/// What packed rows are brought up to date with, whatever their type.
pub(super) struct Sweeper<'s, W> {
    pub(super) points: &'s PackedPoints,
    pub(super) metric: Metric,
    pub(super) worth: &'s W,
    pub(super) steps: usize,
    pub(super) level: Level,
}

/// Blocks, their coordinates and their bounds.
type BlocksOfRows<'b> = (&'b mut [PackedBlock], &'b [[f32; ROWS]], &'b mut [f64]);

impl<W: DistanceWorth> Sweeper<'_, W> {
    /// Brings all blocks up to date that may hold the best row. Returns what it is worth at least,
    /// or `known` where that is more; how many distances were computed, and of how many rows.
    pub(super) fn sweep(
        &self,
        (blocks, coordinates, bounds): BlocksOfRows<'_>,
        known: f64,
        threads: usize,
        look: &mut dyn Watch,
    ) -> Result<(f64, [u64; 2])> {
        let Sweeper { points, metric, worth, steps, level } = *self;
        let (drift, slack) = (worth.drift(), worth.slack());
        let least = |floor: f64| floor - drift - slack;
        let width = points.width;
        let sweep = |blocks: &mut [PackedBlock], coordinates: &[[f32; ROWS]], bounds: &mut [f64], floor| {
            level.run(Sweep { points, metric, worth, steps, blocks, coordinates, bounds, floor })
        };
        let mut floor = known;
        let mut done = [0; 2];
        for _ in 0..TRIES {
            let top = highest(bounds);
            if bounds.get(top).is_none_or(|&bound| bound < least(floor) || bound == f64::NEG_INFINITY) {
                break;
            }
            let fresh = blocks[top].seen as usize == steps;
            let (one, all) = (top..top + 1, top * width..(top + 1) * width);
            let came = sweep(&mut blocks[one.clone()], &coordinates[all], &mut bounds[one], floor);
            floor = came.floor;
            done = [done[0] + came.compared, done[1] + came.rows];
            if fresh {
                break;
            }
        }
        let reached = least(floor);
        let behind =
            |(block, &bound): (&PackedBlock, &f64)| if bound >= reached { steps - block.seen as usize } else { 0 };
        let work = blocks.iter().zip(bounds.iter()).map(behind).sum::<usize>() * ROWS * width;
        if work > 0 {
            let count = blocks.len();
            let chunks = blocks.chunks_mut(CHUNK).zip(coordinates.chunks(CHUNK * width).zip(bounds.chunks_mut(CHUNK)));
            let threads = threads.min(1 + work / WORTH_THREADS);
            let ended = blocks::run(
                count,
                blocks::split(count, CHUNK).zip(chunks),
                threads,
                look,
                || (f64::NEG_INFINITY, [0; 2]),
                |(reached, done), _, (blocks, (coordinates, bounds))| {
                    let came = sweep(blocks, coordinates, bounds, floor);
                    *reached = came.floor.max(*reached);
                    *done = [done[0] + came.compared, done[1] + came.rows];
                    Ok(())
                },
            )?;
            for (reached, more) in ended {
                floor = floor.max(reached);
                done = [done[0] + more[0], done[1] + more[1]];
            }
        }
        Ok((floor, done))
    }
}

/// What came of a sweep.
struct Swept {
    /// What the best row is worth at least.
    floor: f64,
    /// Distances computed, and rows brought up to date.
    compared: u64,
    rows: u64,
}

/// Shows blocks whose bound reaches a floor the points they have not seen, until it falls below.
struct Sweep<'s, W> {
    points: &'s PackedPoints,
    metric: Metric,
    worth: &'s W,
    steps: usize,
    blocks: &'s mut [PackedBlock],
    coordinates: &'s [[f32; ROWS]],
    bounds: &'s mut [f64],
    floor: f64,
}

impl<W: DistanceWorth> Kernel for Sweep<'_, W> {
    type Output = Swept;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Swept {
        let Sweep { points, metric, worth, steps, blocks, coordinates, bounds, floor } = self;
        let (drift, slack, width) = (worth.drift(), worth.slack(), points.width);
        let mut swept = Swept { floor, compared: 0, rows: 0 };
        let blocks = blocks.iter_mut().zip(coordinates.chunks_exact(width));
        for ((block, coordinates), bound) in blocks.zip(bounds) {
            if *bound < swept.floor - drift - slack {
                continue;
            }
            let first = block.seen as usize;
            let mut seen = first;
            loop {
                let at_once = if steps - seen >= AT_ONCE { AT_ONCE } else { (steps - seen).min(1) };
                let some = &points.values[seen * width..(seen + at_once) * width];
                let sums = &mut block.sums;
                match (at_once, metric == Metric::Manhattan) {
                    (AT_ONCE, false) => lower_sums::<S, Square, AT_ONCE, 1>(simd, coordinates, some, sums),
                    (AT_ONCE, true) => lower_sums::<S, Absolute, AT_ONCE, 1>(simd, coordinates, some, sums),
                    (1, false) => lower_sums::<S, Square, 1, UNROLL>(simd, coordinates, some, sums),
                    (1, true) => lower_sums::<S, Absolute, 1, UNROLL>(simd, coordinates, some, sums),
                    _ => {}
                }
                seen += at_once;
                let upper = upper(points, worth, block);
                *bound = upper - drift;
                if seen == steps {
                    let lower = lower(points, worth, block);
                    swept.floor = if lower > swept.floor { lower } else { swept.floor };
                    break;
                }
                if upper < swept.floor {
                    break;
                }
            }
            block.seen = seen as u32;
            swept.compared += ((seen - first) * ROWS) as u64;
            swept.rows += ROWS as u64;
        }
        swept
    }
}

/// A key that no row of a block is above, with the points that it has seen.
#[inline(always)]
fn upper<W: DistanceWorth>(points: &PackedPoints, worth: &W, block: &PackedBlock) -> f64 {
    if W::ALIKE {
        let most = most(&block.sums);
        return worth.key(0, if most < 0.0 { f64::NEG_INFINITY } else { points.filter.upper(most) });
    }
    let mut upper = f64::NEG_INFINITY;
    for lane in 0..ROWS {
        let (sum, value) = (block.sums[lane], block.values[lane]);
        if sum >= 0.0 {
            let high = points.filter.upper(sum);
            let key = worth.key(block.rows[lane] as usize, if value < high { value } else { high });
            upper = if key > upper { key } else { upper };
        }
    }
    upper
}

/// A key that the best row of a block is not below.
#[inline(always)]
fn lower<W: DistanceWorth>(points: &PackedPoints, worth: &W, block: &PackedBlock) -> f64 {
    let most = if W::ALIKE { most(&block.sums) } else { f32::NEG_INFINITY };
    let mut lower = f64::NEG_INFINITY;
    for lane in 0..ROWS {
        let (sum, value) = (block.sums[lane], block.values[lane]);
        // Where a distance is worth the same for all, that of the largest sum will do.
        if sum >= 0.0 && sum >= most {
            let low = points.filter.lower(sum);
            let key = worth.key(block.rows[lane] as usize, if value < low { value } else { low });
            lower = if key > lower { key } else { lower };
        }
    }
    lower
}

/// The largest of some sums.
#[inline(always)]
fn most(sums: &[f32; ROWS]) -> f32 {
    let mut most = *sums;
    let mut half = ROWS / 2;
    while half > 0 {
        for i in 0..half {
            most[i] = if most[i + half] > most[i] { most[i + half] } else { most[i] };
        }
        half /= 2;
    }
    most[0]
}
