//! Sixteen rows to a block, and bringing blocks up to date.

use super::by_distance::DistanceWorth;
use super::filter::{Filter, ROWS, UNROLL, lower_sums};
use super::front::Entry;
use super::nearest::Nearest;
use crate::distance::{Absolute, LANES, Metric, Square, Tile};
use crate::error::Result;
use crate::float::Element;
use crate::simd::{Kernel, Simd};
use std::ops::Range;

/// So many labelled rows give all others their first bound.
const FEW: usize = 8;

/// Rows that are compared with these together.
const TOGETHER: usize = 16;

/// Points that a block sees before it is asked whether it still matters.
const AT_ONCE: usize = 4;

/// No row.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What is known of a row.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub(super) struct State {
    /// Its true distance to the nearest of the first points, of which there are `exact`; −∞ for a
    /// row that is out.
    pub(super) value: f64,
    pub(super) exact: u32,
    /// Of those that come after them, up to `seen`, the least sum of the filter.
    pub(super) seen: u32,
    pub(super) sum: f32,
}

impl State {
    /// Of a row that has seen no point.
    pub(super) fn new(value: f64) -> State {
        State { value, exact: 0, seen: 0, sum: f32::INFINITY }
    }
}

/// Sixteen rows.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Where in the pool they are.
    pub(super) rows: [u32; ROWS],
    /// The points that all of them have seen.
    pub(super) seen: u32,
    pub(super) states: [State; ROWS],
    /// The least sum of each, or its cut where that is less; −∞ for a row that is out.
    pub(super) sums: [f32; ROWS],
    /// Points of at least this sum are not nearer than those behind the true distance.
    pub(super) cuts: [f32; ROWS],
}

impl Block {
    /// A block of no rows.
    pub(super) const EMPTY: Block = Block {
        rows: [NOWHERE; ROWS],
        seen: 0,
        states: [State { value: f64::NEG_INFINITY, exact: 0, seen: 0, sum: f32::INFINITY }; ROWS],
        sums: [f32::NEG_INFINITY; ROWS],
        cuts: [f32::NEG_INFINITY; ROWS],
    };
}

/// The points so far in `f32`, and what rows are made ready with.
pub(super) struct Points {
    pub(super) filter: Filter,
    origin: Vec<f64>,
    /// Coordinates of a row: see [`Points::write`].
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

impl Points {
    /// The points of `near`. No size, of a row or point, is above `largest`.
    pub(super) fn new<E: Element>(near: &Nearest<'_, E>, origin: Vec<f64>, largest: f64) -> Points {
        let zeros = if near.metric == Metric::Cosine { 2 } else { 0 };
        let width = (near.candidates.features() + zeros).next_multiple_of(UNROLL);
        let sizes = (0..near.points.len()).map(|i| size(near.metric, near.points.row(i), &origin));
        let largest = sizes.fold(largest, f64::max).max(if zeros > 0 { 1.0 } else { 0.0 });
        let filter = Filter::new(near.metric, width, largest * (1.0 + (width + 16) as f64 * f64::EPSILON));
        let mut points = Points { filter, origin, width, values: Vec::new() };
        (0..near.points.len()).for_each(|point| points.add(near, point));
        points
    }

    /// Adds the last point of `near`.
    pub(super) fn push<E: Element>(&mut self, near: &Nearest<'_, E>) {
        self.add(near, near.points.len() - 1);
    }

    fn add<E: Element>(&mut self, near: &Nearest<'_, E>, point: usize) {
        let start = self.values.len();
        self.values.resize(start + self.width, 0.0);
        let (row, features) = (near.points.row(point), near.candidates.features());
        for (to, (x, origin)) in self.values[start..].iter_mut().zip(row.iter().zip(&self.origin)) {
            *to = ((x - origin) * self.filter.scale) as f32;
        }
        if near.points.zero(point) {
            self.values[start + features + 1] = self.filter.scale as f32;
        }
    }

    /// Writes prepared rows into the lanes of a block. Under the cosine metric a row of zeros is as
    /// far from all others as rows at right angles: it has a coordinate of its own, and as a point
    /// another one.
    #[inline(always)]
    fn write(&self, tile: &Tile, features: usize, to: &mut [[f32; ROWS]]) {
        for lane in 0..tile.len() {
            let row = &tile.row(lane)[..features];
            for ((x, origin), to) in row.iter().zip(&self.origin[..features]).zip(to[..features].iter_mut()) {
                to[lane] = ((x - origin) * self.filter.scale) as f32;
            }
            if tile.zero(lane) {
                to[features][lane] = self.filter.scale as f32;
            }
        }
    }
}

/// How far a prepared row is from the origin.
#[inline(always)]
fn size(metric: Metric, row: &[f64], origin: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (row, _) = row.as_chunks::<LANES>();
    let (origin, _) = origin.as_chunks::<LANES>();
    for (x, origin) in row.iter().zip(origin) {
        for lane in 0..LANES {
            let difference = x[lane] - origin[lane];
            sums[lane] += if metric == Metric::Manhattan { difference.abs() } else { difference * difference };
        }
    }
    let sum: f64 = sums.iter().sum();
    if metric == Metric::Manhattan { sum } else { sum.sqrt() }
}

/// The first pass: the size of all rows, and a first bound for those without.
pub(super) struct First<'n, 'a, E> {
    pub(super) near: &'n Nearest<'a, E>,
    pub(super) origin: &'n [f64],
    pub(super) tile: &'n mut Tile,
    pub(super) rows: Range<usize>,
    pub(super) states: &'n mut [State],
}

impl<E: Element> Kernel for First<'_, '_, E> {
    /// The largest size, and how many distances were computed.
    type Output = Result<(f64, u64)>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<(f64, u64)> {
        let First { near, origin, tile, rows, states } = self;
        let points = near.points.len().min(FEW);
        let (mut largest, mut computed) = (0.0, 0);
        let mut sums = [0.0; TOGETHER];
        for (states, start) in states.chunks_mut(TOGETHER).zip(rows.step_by(TOGETHER)) {
            tile.clear();
            for row in start..start + states.len() {
                near.candidates.push(simd, tile, row)?;
            }
            for i in 0..tile.len() {
                let size = size(near.metric, tile.row(i), origin);
                largest = if size > largest { size } else { largest };
            }
            if states[0].value < f64::INFINITY {
                continue;
            }
            let sums = &mut sums[..states.len()];
            for point in 0..points {
                tile.to_one(simd, near.points.row(point), near.points.zero(point), sums);
                for (state, &sum) in states.iter_mut().zip(sums.iter()) {
                    state.value = near.metric.finish(sum).min(state.value);
                }
            }
            for state in states.iter_mut() {
                (state.exact, state.seen) = (points as u32, points as u32);
            }
            computed += points * states.len();
        }
        Ok((largest, computed as u64))
    }
}

/// Packs some rows.
pub(super) struct Fill<'n, 'a, E> {
    pub(super) near: &'n Nearest<'a, E>,
    pub(super) points: &'n Points,
    pub(super) states: &'n [State],
    pub(super) front: &'n [Entry],
    pub(super) tile: &'n mut Tile,
    pub(super) blocks: &'n mut [Block],
    pub(super) coordinates: &'n mut [[f32; ROWS]],
}

impl<E: Element> Kernel for Fill<'_, '_, E> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Fill { near, points, states, front, tile, blocks, coordinates } = self;
        let features = near.candidates.features();
        let blocks = blocks.iter_mut().zip(coordinates.chunks_exact_mut(points.width));
        for ((block, coordinates), front) in blocks.zip(front.chunks(ROWS)) {
            tile.clear();
            if features < points.width {
                coordinates[features..].fill([0.0; ROWS]);
            }
            block.seen = u32::MAX;
            for (lane, entry) in front.iter().enumerate() {
                near.candidates.push(simd, tile, entry.row as usize)?;
                let state = states[entry.row as usize];
                let cut = points.filter.cut(state.value);
                let sum = if state.sum < cut { state.sum } else { cut };
                (block.rows[lane], block.states[lane]) = (entry.row, state);
                (block.sums[lane], block.cuts[lane]) = (sum, cut);
                block.seen = block.seen.min(state.seen);
            }
            points.write(tile, features, coordinates);
        }
        Ok(())
    }
}

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
    pub(super) points: &'s Points,
    pub(super) metric: Metric,
    pub(super) worth: &'s W,
    pub(super) steps: usize,
    pub(super) blocks: &'s mut [Block],
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
                let (upper, lower) = keys(points, worth, block);
                *bound = upper - drift;
                if seen == steps {
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

/// Keys that no row of a block is above, and that the best of them is not below, with the points
/// that it has seen.
#[inline(always)]
fn keys<W: DistanceWorth>(points: &Points, worth: &W, block: &Block) -> (f64, f64) {
    let filter = &points.filter;
    if W::ALIKE {
        let (mut most, mut best) = (f32::NEG_INFINITY, 0);
        for (lane, &sum) in block.sums.iter().enumerate() {
            (most, best) = if sum > most { (sum, lane) } else { (most, best) };
        }
        if most < 0.0 {
            return (f64::NEG_INFINITY, f64::NEG_INFINITY);
        }
        let value = block.states[best].value;
        let (high, low) = (filter.upper(most), filter.lower(most));
        return (worth.key(0, high), worth.key(0, if value < low { value } else { low }));
    }
    let (mut upper, mut lower) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for lane in 0..ROWS {
        let (row, sum, value) = (block.rows[lane] as usize, block.sums[lane], block.states[lane].value);
        if sum >= 0.0 {
            let (high, low) = (filter.upper(sum), filter.lower(sum));
            let high = worth.key(row, if value < high { value } else { high });
            let low = worth.key(row, if value < low { value } else { low });
            upper = if high > upper { high } else { upper };
            lower = if low > lower { low } else { lower };
        }
    }
    (upper, lower)
}
