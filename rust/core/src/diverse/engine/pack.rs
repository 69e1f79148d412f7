//! Sixteen rows to a block, and bringing blocks up to date.

use super::by_distance::DistanceWorth;
use super::filter::{Filter, ROWS, UNROLL, sums_to};
use super::front::Entry;
use super::nearest::Nearest;
use super::triangle::{Push, Triangle, UNKNOWN};
use crate::distance::{Absolute, LANES, Metric, Square, Tile, between, wide};
use crate::error::Result;
use crate::float::Element;
use crate::simd::{Kernel, Simd};
use std::ops::Range;

/// So many labelled rows give all others their first bound.
const FEW: usize = 8;

/// Coordinates are not too large where a sum is below this: it is far from overflow.
const LARGEST: f64 = f64::from_bits((1023 + 900) << 52);

/// Rows that are asked for ahead of their use: they are packed in no order that the hardware could
/// guess.
const AHEAD: usize = 8;

/// Points that a block sees before it is asked whether it still matters.
const AT_ONCE: usize = 4;

/// No row.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What is known of a row that is not packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// Its true distance to the nearest of the points that it has seen, or, where it is [`VAGUE`],
    /// the sum of the filter; −∞ for a row that is out.
    pub(super) value: f64,
    /// How many it has seen.
    pub(super) seen: u32,
    /// The nearest of them, if it is known which.
    pub(super) near: u32,
}

/// In [`State::near`]: the true distance is not known.
const VAGUE: u32 = 1 << 31;

impl State {
    /// Of a row that has seen no point.
    pub(super) fn new(value: f64) -> State {
        State { value, seen: 0, near: UNKNOWN }
    }

    /// A distance that the row is not above.
    #[inline(always)]
    pub(super) fn upper(&self, filter: &Filter) -> f64 {
        if self.near & VAGUE == 0 { self.value } else { filter.upper(self.value as f32) }
    }
}

/// Sixteen rows.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Where in the pool they are.
    pub(super) rows: [u32; ROWS],
    /// The points that all of them have seen.
    pub(super) seen: u32,
    /// Of each the true distance to the nearest of the first points, and how many these are; −∞ for
    /// a row that is out.
    pub(super) values: [f64; ROWS],
    pub(super) exact: [u32; ROWS],
    /// The least sum to those after them, or the cut where that is less; −∞ for a row that is out.
    pub(super) sums: [f32; ROWS],
    /// Points of at least this sum are not nearer than those behind the true distance.
    pub(super) cuts: [f32; ROWS],
    /// Which of all points is the nearest, as far as it is known.
    pub(super) near: [u32; ROWS],
}

impl Block {
    /// A block of no rows.
    pub(super) const EMPTY: Block = Block {
        rows: [NOWHERE; ROWS],
        seen: 0,
        values: [f64::NEG_INFINITY; ROWS],
        exact: [0; ROWS],
        sums: [f32::NEG_INFINITY; ROWS],
        cuts: [f32::NEG_INFINITY; ROWS],
        near: [UNKNOWN; ROWS],
    };

    /// Whether the true distance of a row counts all points that it has seen.
    #[inline(always)]
    pub(super) fn true_value(&self, lane: usize) -> bool {
        self.sums[lane] >= self.cuts[lane]
    }

    /// Takes note of the sums to some points, and of `which` is the nearest.
    #[inline(always)]
    fn lower<const N: usize>(&mut self, points: [usize; N], sums: [[f32; ROWS]; N], which: bool) {
        for (point, sums) in points.into_iter().zip(&sums) {
            if !which {
                for lane in 0..ROWS {
                    self.sums[lane] = if sums[lane] < self.sums[lane] { sums[lane] } else { self.sums[lane] };
                }
                continue;
            }
            for lane in 0..ROWS {
                let nearer = sums[lane] < self.sums[lane];
                self.near[lane] = if nearer { point as u32 } else { self.near[lane] };
                self.sums[lane] = if nearer { sums[lane] } else { self.sums[lane] };
            }
        }
    }

    /// What is known of a row.
    pub(super) fn state(&self, lane: usize) -> State {
        let (seen, near) = (self.seen, self.near[lane]);
        if self.true_value(lane) {
            State { value: self.values[lane], seen, near }
        } else {
            State { value: self.sums[lane].into(), seen, near: near | VAGUE }
        }
    }

    /// Puts a row in a lane.
    fn set(&mut self, lane: usize, row: u32, state: State, filter: &Filter) {
        self.rows[lane] = row;
        self.near[lane] = state.near & !VAGUE;
        self.seen = self.seen.min(state.seen);
        if state.near & VAGUE == 0 {
            self.set_value(lane, state.value, state.seen, filter);
        } else {
            (self.values[lane], self.exact[lane]) = (f64::INFINITY, 0);
            (self.sums[lane], self.cuts[lane]) = (state.value as f32, f32::INFINITY);
        }
    }

    /// The true distance of a row to the nearest of so many points.
    pub(super) fn set_value(&mut self, lane: usize, value: f64, exact: u32, filter: &Filter) {
        let cut = filter.cut(value);
        (self.values[lane], self.exact[lane], self.sums[lane], self.cuts[lane]) = (value, exact, cut, cut);
    }
}

/// The points so far in `f32`, and what rows are made ready with. Under the cosine metric a row of
/// zeros is as far from all others as rows at right angles: it has a coordinate of its own, and as
/// a point another one.
pub(super) struct Points {
    pub(super) filter: Filter,
    origin: Vec<f64>,
    /// Coordinates of a row.
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
    triangle: Option<Triangle>,
}

impl Points {
    /// The points of `near`. No size, of a row or point, is above `largest`.
    pub(super) fn new<E: Element>(near: &Nearest<'_, E>, origin: Vec<f64>, largest: f64, wanted: usize) -> Points {
        let zeros = if near.metric == Metric::Cosine { 2 } else { 0 };
        let width = (near.candidates.features() + zeros).next_multiple_of(UNROLL);
        let sizes = (0..near.points.len()).map(|i| size(near.metric, near.points.row(i), &origin));
        let largest = sizes.fold(largest, f64::max).max(if zeros > 0 { 1.0 } else { 0.0 });
        let filter = Filter::new(near.metric, width, largest * (1.0 + (width + 16) as f64 * f64::EPSILON));
        let triangle = Triangle::new(near.candidates.rows(), width, near.points.len().saturating_add(wanted));
        let mut points = Points { filter, origin, width, values: Vec::new(), triangle };
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
        if let Some(triangle) = &mut self.triangle {
            let (filter, values, metric) = (&self.filter, &self.values[start..], near.metric);
            near.level.run(Push { triangle, filter, values, metric });
        }
    }

    /// A point.
    #[inline(always)]
    fn row(&self, point: usize) -> &[f32] {
        &self.values[point * self.width..(point + 1) * self.width]
    }

    /// Writes the coordinates of a row into a lane of a block.
    #[inline(always)]
    fn write<F: Element>(&self, row: &[F], to: &mut [[f32; ROWS]], lane: usize) {
        let (row, rest) = row.as_chunks::<LANES>();
        let (origin, _) = self.origin.as_chunks::<LANES>();
        let (places, last) = to.as_chunks_mut::<LANES>();
        for ((x, origin), to) in row.iter().zip(origin).zip(places.iter_mut()) {
            let (x, mut ready) = (wide(x), [0.0; LANES]);
            for j in 0..LANES {
                ready[j] = ((x[j] - origin[j]) * self.filter.scale) as f32;
            }
            for j in 0..LANES {
                to[j][lane] = ready[j];
            }
        }
        if !rest.is_empty() {
            let (x, origin) = (wide(rest), &origin[row.len()]);
            let to = places.get_mut(row.len()).map_or(last, |place| &mut place[..]);
            for j in 0..rest.len() {
                to[j][lane] = ((x[j] - origin[j]) * self.filter.scale) as f32;
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

/// The first pass: a first bound for each row, and a size that no row is above.
pub(super) struct First<'n, 'a, E> {
    pub(super) near: &'n Nearest<'a, E>,
    pub(super) origin: &'n [f64],
    pub(super) tile: &'n mut Tile,
    pub(super) rows: Range<usize>,
    pub(super) states: &'n mut [State],
}

impl<E: Element> Kernel for First<'_, '_, E> {
    /// That size, and how many distances were computed.
    type Output = Result<(f64, u64)>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<(f64, u64)> {
        let First { near, origin, tile, rows, states } = self;
        let (points, features) = (near.points.len().min(FEW), near.candidates.features());
        let from_point = if points > 0 { size(near.metric, near.points.row(0), origin) } else { 0.0 };
        let mut largest = 0.0;
        let mut sums = [0.0; FEW];
        for (state, row) in states.iter_mut().zip(rows) {
            let in_place = near.candidates.matrix().adjacent_row(near.candidates.id(row));
            let mut reached = LARGEST;
            if let Some(values) = in_place
                && near.metric != Metric::Cosine
            {
                for (point, sum) in sums[..points].iter_mut().enumerate() {
                    *sum = between(simd, near.metric, values, &near.points.row(point)[..features]);
                }
                // By the triangle inequality.
                reached = if points > 0 { sums[0] } else { LARGEST };
            }
            // False for NaN: such a row is not acceptable, or else this is not known to be so.
            let fine = reached < LARGEST;
            if !fine {
                tile.clear();
                near.candidates.push(simd, tile, row)?;
                for (point, sum) in sums[..points].iter_mut().enumerate() {
                    tile.to_one(simd, near.points.row(point), near.points.zero(point), std::slice::from_mut(sum));
                }
            }
            let to_point = if near.metric == Metric::Manhattan { reached } else { reached.sqrt() };
            let size = if fine { to_point + from_point } else { size(near.metric, tile.row(0), origin) };
            largest = if size > largest { size } else { largest };
            if state.value == f64::INFINITY {
                state.seen = points as u32;
                for (point, &sum) in sums[..points].iter().enumerate() {
                    let value = near.metric.finish(sum);
                    (state.value, state.near) =
                        if value < state.value { (value, point as u32) } else { (state.value, state.near) };
                }
            }
        }
        Ok((largest, (points * states.len()) as u64))
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
        for (number, (block, coordinates)) in blocks.enumerate() {
            if features < points.width {
                coordinates[features..].fill([0.0; ROWS]);
            }
            block.seen = u32::MAX;
            for (lane, entry) in front[number * ROWS..].iter().take(ROWS).enumerate() {
                if let Some(ahead) = front.get(number * ROWS + lane + AHEAD) {
                    near.candidates.prefetch(ahead.row as usize);
                }
                let in_place = near.candidates.matrix().adjacent_row(near.candidates.id(entry.row as usize));
                match in_place {
                    Some(values) if near.metric != Metric::Cosine => points.write(values, coordinates, lane),
                    _ => {
                        tile.clear();
                        near.candidates.push(simd, tile, entry.row as usize)?;
                        points.write(&tile.row(0)[..features], coordinates, lane);
                        if tile.zero(0) {
                            coordinates[features][lane] = points.filter.scale as f32;
                        }
                    }
                }
                block.set(lane, entry.row, states[entry.row as usize], &points.filter);
            }
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
            let mut seen = block.seen as usize;
            loop {
                // The next few points that may be nearer to one of the rows.
                let (mut some, mut count) = ([0; AT_ONCE], 0);
                let reach =
                    points.triangle.as_ref().map(|triangle| triangle.reach(&points.filter, &block.sums, &block.near));
                while seen < steps && count < AT_ONCE {
                    if reach.as_ref().is_none_or(|(triangle, reach)| !triangle.far(seen, &block.near, reach)) {
                        (some[count], count) = (seen, count + 1);
                    }
                    seen += 1;
                }
                let which = reach.is_some();
                if count == AT_ONCE {
                    let rows = [points.row(some[0]), points.row(some[1]), points.row(some[2]), points.row(some[3])];
                    block.lower(some, sums::<S, AT_ONCE, 1>(simd, metric, coordinates, rows), which);
                } else {
                    for &point in &some[..count] {
                        let row = [points.row(point)];
                        block.lower([point], sums::<S, 1, UNROLL>(simd, metric, coordinates, row), which);
                    }
                }
                swept.compared += (count * ROWS) as u64;
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
            swept.rows += ROWS as u64;
        }
        swept
    }
}

/// See [`sums_to`].
#[inline(always)]
fn sums<S: Simd, const N: usize, const SIDE: usize>(
    simd: S,
    metric: Metric,
    rows: &[[f32; ROWS]],
    points: [&[f32]; N],
) -> [[f32; ROWS]; N] {
    if metric == Metric::Manhattan {
        sums_to::<S, Absolute, N, SIDE>(simd, rows, points)
    } else {
        sums_to::<S, Square, N, SIDE>(simd, rows, points)
    }
}

/// A key that no row of a block is above, with the points that it has seen.
#[inline(always)]
fn upper<W: DistanceWorth>(points: &Points, worth: &W, block: &Block) -> f64 {
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
fn lower<W: DistanceWorth>(points: &Points, worth: &W, block: &Block) -> f64 {
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
