//! Bringing blocks of rows up to date.

use super::by_distance::DistanceWorth;
use super::filter::{ROWS, UNROLL, lower_sums};
use super::pack::{PackedBlock, PackedPoints};
use crate::distance::{Absolute, Metric, Square};
use crate::simd::{Kernel, Simd};

/// Points that a block sees before it is asked whether it still matters.
const AT_ONCE: usize = 4;

/// What came of a sweep.
pub(super) struct Swept {
    /// What the best row is worth at least.
    pub(super) floor: f64,
    /// Distances computed, and rows brought up to date.
    pub(super) compared: u64,
    pub(super) rows: u64,
}

/// Shows blocks whose bound reaches a floor the points they have not seen, until it falls below.
pub(super) struct Sweep<'s, W> {
    pub(super) points: &'s PackedPoints,
    pub(super) metric: Metric,
    pub(super) worth: &'s W,
    pub(super) steps: usize,
    pub(super) blocks: &'s mut [PackedBlock],
    pub(super) coordinates: &'s [[f32; ROWS]],
    pub(super) bounds: &'s mut [f64],
    pub(super) floor: f64,
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
