//! The distance of each row to the nearest of a growing list of points.

use super::objective::Stale;
use super::pool::Pool;
use super::triangle::Triangle;
use crate::distance::{Centres, GROUP, Metric, Tile, row_fault};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::{Kernel, Level, Simd, Vector};
use std::sync::atomic::{AtomicU32, Ordering};

/// Points of the last group that rows are compared with one by one: with more, all eight at once are faster.
const FEW: usize = 2;

/// Rows that pass through the first pass together.
const TOGETHER: usize = 16;

/// More labelled rows than this are not put into the triangle's table, which takes the square of their number.
const MOST_LABELLED: usize = 2048;

/// The nearest of no points.
const NONE: u32 = u32::MAX;

/// Rows of a pool against a list of points that grows by one a step.
pub(crate) struct Nearest<'a, E> {
    pool: Pool<'a, E>,
    level: Level,
    centres: Centres,
    /// The points of the last group, as they are.
    last: Tile,
    triangle: Option<Triangle>,
    /// The nearest point each row has seen. Each row is written by whichever thread brings it up to date, and read in a later call.
    nearest: Vec<AtomicU32>,
}

impl<'a, E: Element> Nearest<'a, E> {
    /// Starts with the labelled rows, to which up to `steps` picks are added.
    pub(crate) fn new(
        pool: Pool<'a, E>,
        metric: Metric,
        labelled: Option<&Matrix<'_, f64>>,
        steps: usize,
        level: Level,
    ) -> Result<Self> {
        let points = labelled.map_or(0, Matrix::rows);
        let triangle = if points <= MOST_LABELLED { Triangle::new(points.saturating_add(steps)) } else { None };
        let rows = if triangle.is_some() { pool.rows() } else { 0 };
        let mut found = Nearest {
            pool,
            level,
            centres: Centres::new(metric, pool.features()),
            last: Tile::new(metric, pool.features()),
            triangle,
            nearest: std::iter::repeat_with(|| AtomicU32::new(NONE)).take(rows).collect(),
        };
        if let Some(labelled) = labelled {
            for row in 0..points {
                found.add(labelled, row)?;
            }
        }
        Ok(found)
    }

    /// Rows of the pool.
    pub(crate) fn pool(&self) -> &Pool<'a, E> {
        &self.pool
    }

    /// Points so far.
    pub(crate) fn steps(&self) -> usize {
        self.centres.len()
    }

    /// What a thread needs.
    pub(crate) fn scratch(&self) -> Tile {
        Tile::new(self.centres.metric(), self.pool.features())
    }

    /// See [`Objective::cost`](super::Objective::cost): a row that comes from memory costs as much as a few distances.
    pub(crate) fn cost(&self, behind: usize) -> usize {
        self.pool.features().next_multiple_of(8) * (behind + GROUP)
    }

    /// The row at a position becomes a point.
    pub(crate) fn pick(&mut self, position: usize) -> Result<()> {
        let matrix = *self.pool.matrix();
        self.add(&matrix, self.pool.id(position))
    }

    /// A row of a matrix becomes a point.
    pub(crate) fn add<F: Element>(&mut self, matrix: &Matrix<'_, F>, row: usize) -> Result<()> {
        let point = self.level.run(Prepare { tile: self.scratch(), matrix, row })?;
        let (values, zero) = (point.row(0), point.zero(0));
        if let Some(triangle) = &mut self.triangle {
            triangle.push(&self.level.run(Lengths { centres: &self.centres, values, zero }));
        }
        if self.centres.len().is_multiple_of(GROUP) {
            self.last.clear();
        }
        self.last.push_prepared(values, zero);
        self.centres.push(values, zero);
        Ok(())
    }

    /// Brings the values of rows up to date, until `below(row, value)` says of a row that no more is needed; returns the number of distances computed.
    pub(crate) fn refresh(
        &self,
        tile: &mut Tile,
        rows: &mut [Stale],
        first: bool,
        below: impl Fn(usize, f64) -> bool,
    ) -> Result<u64> {
        if first && self.centres.len() <= FEW {
            return self.level.run(First { nearest: self, tile, rows });
        }
        self.level.run(Refresh { nearest: self, tile, rows, below })
    }

    /// The point nearest to a row, of those it has seen.
    #[inline(always)]
    fn nearest_of(&self, row: u32) -> u32 {
        self.nearest.get(row as usize).map_or(NONE, |nearest| nearest.load(Ordering::Relaxed))
    }

    #[inline(always)]
    fn set_nearest(&self, row: u32, point: u32) {
        if let Some(nearest) = self.nearest.get(row as usize) {
            nearest.store(point, Ordering::Relaxed);
        }
    }
}

/// One prepared row in a tile.
struct Prepare<'m, 'a, F> {
    tile: Tile,
    matrix: &'m Matrix<'a, F>,
    row: usize,
}

impl<F: Element> Kernel for Prepare<'_, '_, F> {
    type Output = Result<Tile>;

    #[inline(always)]
    fn run<S: Simd>(mut self) -> Result<Tile> {
        if self.tile.push::<S, F>(self.matrix, self.row) {
            Ok(self.tile)
        } else {
            Err(row_fault(self.matrix, self.row, self.row as u64))
        }
    }
}

/// The lengths from one prepared row to all points.
struct Lengths<'n> {
    centres: &'n Centres,
    values: &'n [f64],
    zero: bool,
}

impl Kernel for Lengths<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<f64> {
        let count = self.centres.len();
        let metric = self.centres.metric();
        let mut lengths = Vec::with_capacity(count.next_multiple_of(GROUP));
        for group in 0..count.div_ceil(GROUP) {
            for sum in self.centres.sums::<S>(self.values, self.zero, group) {
                lengths.push(metric.length(metric.finish(sum)));
            }
        }
        lengths.truncate(count);
        lengths
    }
}

/// The first pass where there are few points: it waits for memory, so one point at a time is enough.
struct First<'n, 'a, E> {
    nearest: &'n Nearest<'a, E>,
    tile: &'n mut Tile,
    rows: &'n mut [Stale],
}

impl<E: Element> Kernel for First<'_, '_, E> {
    type Output = Result<u64>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Result<u64> {
        let First { nearest, tile, rows } = self;
        let metric = nearest.centres.metric();
        let points = nearest.centres.len();
        let mut sums = [0.0; TOGETHER];
        let mut start = 0;
        while start < rows.len() {
            let some = start..rows.len().min(start + TOGETHER);
            let sums = &mut sums[..some.len()];
            tile.clear();
            for row in &rows[some.clone()] {
                push::<S, E>(&nearest.pool, tile, row.row)?;
            }
            for point in 0..points {
                tile.to_one::<S>(nearest.last.row(point), nearest.last.zero(point), sums);
                for (row, &sum) in rows[some.clone()].iter_mut().zip(sums.iter()) {
                    let value = metric.finish(sum);
                    if value < row.value {
                        row.value = value;
                        nearest.set_nearest(row.row, point as u32);
                    }
                    row.seen = point as u32 + 1;
                }
            }
            start = some.end;
        }
        Ok((points * rows.len()) as u64)
    }
}

struct Refresh<'n, 'a, E, B> {
    nearest: &'n Nearest<'a, E>,
    tile: &'n mut Tile,
    rows: &'n mut [Stale],
    below: B,
}

impl<E: Element, B: Fn(usize, f64) -> bool> Kernel for Refresh<'_, '_, E, B> {
    type Output = Result<u64>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Result<u64> {
        let Refresh { nearest, tile, rows, below } = self;
        let metric = nearest.centres.metric();
        let points = nearest.centres.len();
        let mut computed = 0;
        for i in 0..rows.len() {
            if i + 1 < rows.len() {
                prefetch::<S, E>(&nearest.pool, rows[i + 1].row);
            }
            let Stale { row, seen, mut value } = rows[i];
            if value == 0.0 {
                rows[i].seen = points as u32;
                continue;
            }
            let mut closest = nearest.nearest_of(row);
            let mut reach = 2.0 * metric.length(value);
            let mut ready = false;
            let mut group = seen as usize / GROUP;
            while group * GROUP < points {
                if let Some(triangle) = &nearest.triangle
                    && closest != NONE
                    && f64::from(triangle.of(closest as usize)[group]) >= reach
                {
                    group += 1;
                    continue;
                }
                if !ready {
                    tile.clear();
                    push::<S, E>(&nearest.pool, tile, row)?;
                    ready = true;
                }
                let from = (seen as usize).max(group * GROUP);
                let to = points.min((group + 1) * GROUP);
                let mut least = f64::INFINITY;
                let mut which = NONE;
                if to == points && to - from <= FEW {
                    for point in from..to {
                        let mut sum = [0.0];
                        let place = point - group * GROUP;
                        tile.to_one::<S>(nearest.last.row(place), nearest.last.zero(place), &mut sum);
                        if sum[0] < least {
                            (least, which) = (sum[0], point as u32);
                        }
                    }
                } else {
                    let sums = nearest.centres.sums::<S>(tile.row(0), tile.zero(0), group);
                    for (lane, &sum) in sums.iter().enumerate() {
                        if sum < least {
                            (least, which) = (sum, (group * GROUP + lane) as u32);
                        }
                    }
                }
                computed += to - from;
                group += 1;
                let distance = metric.finish(least);
                if distance < value {
                    (value, closest) = (distance, which);
                    reach = 2.0 * metric.length(value);
                    if below(row as usize, value) {
                        break;
                    }
                }
            }
            nearest.set_nearest(row, closest);
            rows[i] = Stale { row, seen: points.min(group * GROUP) as u32, value };
        }
        Ok(computed as u64)
    }
}

#[inline(always)]
fn push<S: Simd, E: Element>(pool: &Pool<'_, E>, tile: &mut Tile, position: u32) -> Result<()> {
    let row = pool.id(position as usize);
    if tile.push::<S, E>(pool.matrix(), row) { Ok(()) } else { Err(row_fault(pool.matrix(), row, row as u64)) }
}

/// Asks for a row ahead of its use: rows are looked at in no order that the hardware could guess.
#[inline(always)]
fn prefetch<S: Simd, E: Element>(pool: &Pool<'_, E>, position: u32) {
    if let Some(row) = pool.matrix().adjacent_row(pool.id(position as usize)) {
        let line = 64 / size_of::<E>();
        let mut i = 0;
        while i < row.len() {
            S::F32::prefetch(row[i..].as_ptr().cast());
            i += line;
        }
    }
}
