//! Sixteen rows to a block: how they get there, and what is known of them.

use super::filter::{Filter, ROWS, UNROLL};
use super::front::Entry;
use super::nearest::Nearest;
use crate::distance::{LANES, Metric, Tile, between, wide};
use crate::error::Result;
use crate::float::Element;
use crate::room;
use crate::simd::{Kernel, Simd};
use std::ops::Range;

/// So many labelled rows give all others their first bound.
const FEW: usize = 8;

/// Where the sum of a row to an acceptable one is below this, no coordinate of it is too large:
/// from there to the limit it would take a step of more.
const LARGEST: f64 = f64::from_bits((1023 + 400) << 52);

/// Rows that are asked for ahead of their use: they are packed in no order that the hardware could
/// guess.
const AHEAD: usize = 8;

/// No row.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What is known of a row that is not packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowState {
    /// Its true distance to the nearest of the points that it has seen, or, where it is vague, the
    /// sum of the filter; −∞ for a row that is out.
    pub(super) value: f64,
    /// How many it has seen.
    pub(super) seen: u32,
    pub(super) vague: bool,
}

/// A state as it is kept of every row. Memory for zeros comes untouched from the system, so that
/// each thread is the first to touch what it fills, and no thread fills all of it.
pub(super) type Kept = [u64; 2];

/// States that are not known yet.
pub(super) fn unknown(rows: usize) -> Vec<Kept> {
    room::zeros(rows)
}

impl RowState {
    /// Of a row that has seen no point.
    pub(super) fn new(value: f64) -> RowState {
        RowState { value, seen: 0, vague: false }
    }

    #[inline(always)]
    pub(super) fn of(kept: Kept) -> RowState {
        RowState { value: f64::from_bits(kept[0]), seen: kept[1] as u32, vague: kept[1] >> 32 != 0 }
    }

    #[inline(always)]
    pub(super) fn keep(self) -> Kept {
        [self.value.to_bits(), u64::from(self.seen) | u64::from(self.vague) << 32]
    }

    /// A distance that the row is not above.
    #[inline(always)]
    pub(super) fn upper(&self, filter: &Filter) -> f64 {
        if self.vague { filter.upper(self.value as f32) } else { self.value }
    }
}

/// Sixteen rows.
#[derive(Clone, Debug)]
pub(super) struct PackedBlock {
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
}

impl PackedBlock {
    /// A block of no rows.
    pub(super) const EMPTY: PackedBlock = PackedBlock {
        rows: [NOWHERE; ROWS],
        seen: 0,
        values: [f64::NEG_INFINITY; ROWS],
        exact: [0; ROWS],
        sums: [f32::NEG_INFINITY; ROWS],
        cuts: [f32::NEG_INFINITY; ROWS],
    };

    /// Whether the true distance of a row counts all points that it has seen.
    #[inline(always)]
    pub(super) fn true_value(&self, lane: usize) -> bool {
        self.sums[lane] >= self.cuts[lane]
    }

    /// What is known of a row.
    pub(super) fn state(&self, lane: usize) -> RowState {
        let vague = !self.true_value(lane);
        let value = if vague { self.sums[lane].into() } else { self.values[lane] };
        RowState { value, seen: self.seen, vague }
    }

    /// Puts a row in a lane.
    fn set(&mut self, lane: usize, row: u32, state: RowState, filter: &Filter) {
        self.rows[lane] = row;
        self.seen = self.seen.min(state.seen);
        if state.vague {
            (self.values[lane], self.exact[lane]) = (f64::INFINITY, 0);
            (self.sums[lane], self.cuts[lane]) = (state.value as f32, f32::INFINITY);
        } else {
            self.set_value(lane, state.value, state.seen, filter);
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
pub(super) struct PackedPoints {
    pub(super) filter: Filter,
    origin: Vec<f64>,
    /// Coordinates of a row.
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

impl PackedPoints {
    /// The points of `near`. No size, of a row or point, is above `largest`.
    pub(super) fn new<E: Element>(near: &Nearest<'_, E>, origin: Vec<f64>, largest: f64) -> PackedPoints {
        let zeros = if near.metric == Metric::Cosine { 2 } else { 0 };
        let width = (near.candidates.features() + zeros).next_multiple_of(UNROLL);
        let sizes = (0..near.points.len()).map(|i| size(near.metric, near.points.row(i), &origin));
        let largest = sizes.fold(largest, f64::max).max(if zeros > 0 { 1.0 } else { 0.0 });
        let filter = Filter::new(near.metric, width, largest * (1.0 + (width + 16) as f64 * f64::EPSILON));
        let mut points = PackedPoints { filter, origin, width, values: Vec::new() };
        (0..near.points.len()).for_each(|point| points.add(near, point));
        points
    }

    /// Adds the last point of `near`.
    pub(super) fn push<E: Element>(&mut self, near: &Nearest<'_, E>) {
        self.add(near, near.points.len() - 1);
    }

    fn add<E: Element>(&mut self, near: &Nearest<'_, E>, point: usize) {
        let start = self.values.len();
        room::resize(&mut self.values, start + self.width, 0.0);
        let (row, features) = (near.points.row(point), near.candidates.features());
        for (to, (x, origin)) in self.values[start..].iter_mut().zip(row.iter().zip(&self.origin)) {
            *to = ((x - origin) * self.filter.scale) as f32;
        }
        if near.points.zero(point) {
            self.values[start + features + 1] = self.filter.scale as f32;
        }
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
    /// What is known of all rows before; infinity of a row that is to be compared.
    pub(super) values: Option<&'n [f64]>,
    pub(super) states: &'n mut [Kept],
}

impl<E: Element> Kernel for First<'_, '_, E> {
    /// That size, and how many distances were computed.
    type Output = Result<(f64, u64)>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<(f64, u64)> {
        let First { near, origin, tile, rows, values, states } = self;
        let (points, features) = (near.points.len().min(FEW), near.candidates.features());
        let from_point = if points > 0 { size(near.metric, near.points.row(0), origin) } else { 0.0 };
        let mut largest = 0.0;
        let mut sums = [0.0; FEW];
        for (kept, row) in states.iter_mut().zip(rows) {
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
            let mut state = RowState::new(values.map_or(f64::INFINITY, |values| values[row]));
            if state.value == f64::INFINITY {
                state.seen = points as u32;
                for &sum in &sums[..points] {
                    state.value = near.metric.finish(sum).min(state.value);
                }
            }
            *kept = state.keep();
        }
        Ok((largest, (points * states.len()) as u64))
    }
}

/// Packs some rows.
pub(super) struct Fill<'n, 'a, E> {
    pub(super) near: &'n Nearest<'a, E>,
    pub(super) points: &'n PackedPoints,
    pub(super) states: &'n [Kept],
    pub(super) front: &'n [Entry],
    pub(super) tile: &'n mut Tile,
    pub(super) blocks: &'n mut [PackedBlock],
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
                block.set(lane, entry.row, RowState::of(states[entry.row as usize]), &points.filter);
            }
        }
        Ok(())
    }
}
