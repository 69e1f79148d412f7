//! The distance of each row to the nearest of a growing list of points.
//!
//! A row that is behind is compared with the points it has not seen, group by group, until it is up
//! to date or no longer matters. Two filters spare most of that. A group too far from the row's
//! nearest point is passed over ([`Triangle`]). Of the other groups, sums in `f32` rule out nearly
//! all points that are not nearer ([`F32Filter`]). What is left is computed directly, in `f64`:
//! that alone decides. A few rows go through the groups together, so that a group is fetched once.

use super::candidates::Candidates;
use super::f32_filter::{F32Filter, GROUP};
use super::objective::Stale;
use super::point_set::PointSet;
use super::triangle::Triangle;
use crate::distance::{LANES, Metric, Tile, to_one};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::{self, Kernel, Level, Simd};
use std::sync::atomic::{AtomicU32, Ordering};

/// So few points of a group are compared one by one.
const FEW: usize = 2;

/// Rows that pass through the first pass together.
const TOGETHER: usize = 16;

/// Rows that go through the groups together.
const SIDE_BY_SIDE: usize = 32;

/// More labelled rows than this are not put into the triangle's table, which takes the square of
/// their number.
const MOST_LABELLED: usize = 2048;

/// The nearest of no points.
const NONE: u32 = u32::MAX;

/// Rows of a pool, and points of which there is one more after each step.
pub(crate) struct Nearest<'a, E> {
    candidates: Candidates<'a, E>,
    level: Level,
    metric: Metric,
    points: Tile,
    filter: F32Filter,
    triangle: Option<Triangle>,
    /// The nearest point each row has seen. Each row is written by whichever thread brings it up to
    /// date, and read in a later call.
    nearest: Vec<AtomicU32>,
    /// Rows held in memory, where the pool is dear to reach: their positions, ascending, and their
    /// features.
    held: Vec<u32>,
    held_values: Vec<E>,
}

impl<'a, E: Element> Nearest<'a, E> {
    /// Starts with the labelled rows, to which up to `steps` picks are added.
    pub(crate) fn new(
        candidates: Candidates<'a, E>,
        metric: Metric,
        labelled: Option<&Matrix<'_, f64>>,
        steps: usize,
        level: Level,
    ) -> Result<Self> {
        let given = labelled.map_or(0, Matrix::rows);
        let triangle = if given <= MOST_LABELLED { Triangle::new(given.saturating_add(steps)) } else { None };
        let rows = if triangle.is_some() { candidates.rows() } else { 0 };
        let mut found = Nearest {
            candidates,
            // A row's lanes are summed for one point at a time: with few features a longer register
            // has more of that to do, and with many both wait for memory. Zen 4 took a fifth
            // longer.
            level: level.min(Level::Avx2),
            metric,
            points: Tile::new(metric, candidates.features()),
            filter: F32Filter::new(metric, candidates.features().next_multiple_of(LANES)),
            triangle,
            nearest: std::iter::repeat_with(|| AtomicU32::new(NONE)).take(rows).collect(),
            held: Vec::new(),
            held_values: Vec::new(),
        };
        if let Some(labelled) = labelled {
            for row in 0..given {
                found.add(labelled, row)?;
            }
        }
        Ok(found)
    }

    /// Adds the row at a position to a tile, from memory if it is held there.
    #[inline(always)]
    fn push<S: Simd>(&self, simd: S, tile: &mut Tile, position: u32) -> Result<()> {
        match self.held.binary_search(&position) {
            Ok(place) => {
                let held = Matrix::from_rows(&self.held_values, self.held.len(), self.candidates.features())?;
                // Rows are held once they have been compared, so this one is fine.
                tile.push(simd, &held, place)
            }
            Err(_) => self.candidates.push(simd, tile, position as usize),
        }
    }

    /// A row of a matrix becomes a point.
    pub(crate) fn add<F: Element>(&mut self, matrix: &Matrix<'_, F>, row: usize) -> Result<()> {
        let point = Tile::of_row(self.metric, matrix, row, self.level)?;
        let values = point.row(0);
        if let Some(triangle) = &mut self.triangle {
            triangle.push(&self.level.run(Lengths { filter: &self.filter, values, points: self.points.len() }));
        }
        self.filter.push(values);
        self.points.push_prepared(values, point.zero(0));
        Ok(())
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

impl<E: Element> PointSet for Nearest<'_, E> {
    type Scratch = NearestScratch;

    fn rows(&self) -> usize {
        self.candidates.rows()
    }

    fn id(&self, position: usize) -> u64 {
        self.candidates.id(position) as u64
    }

    fn steps(&self) -> usize {
        self.points.len()
    }

    fn scratch(&self) -> NearestScratch {
        NearestScratch {
            tile: Tile::new(self.metric, self.candidates.features()),
            narrow: Vec::new(),
            jobs: Vec::with_capacity(SIDE_BY_SIDE),
        }
    }

    /// A row that comes from memory costs as much as a few distances.
    fn cost(&self, behind: usize) -> usize {
        self.candidates.features().next_multiple_of(8) * (behind + GROUP)
    }

    fn pick(&mut self, position: usize) -> Result<()> {
        let matrix = *self.candidates.matrix();
        self.add(&matrix, self.candidates.id(position))
    }

    fn hold(&mut self, rows: &[u32]) {
        let matrix = self.candidates.matrix();
        for &position in rows {
            let row = self.candidates.id(position as usize);
            match matrix.adjacent_row(row) {
                Some(values) => self.held_values.extend_from_slice(values),
                None => self.held_values.extend((0..matrix.columns()).map(|column| matrix.get(row, column))),
            }
        }
        self.held.extend_from_slice(rows);
    }

    fn let_go(&mut self) {
        self.held = Vec::new();
        self.held_values = Vec::new();
    }

    fn refresh(
        &self,
        scratch: &mut NearestScratch,
        rows: &mut [Stale],
        first: bool,
        below: impl Fn(usize, f64) -> bool,
    ) -> Result<u64> {
        if first && self.points.len() <= FEW {
            return self.level.run(First { nearest: self, tile: &mut scratch.tile, rows });
        }
        let mut computed = 0;
        for rows in rows.chunks_mut(SIDE_BY_SIDE) {
            computed += self.level.run(RefreshDistances { nearest: self, scratch, rows, below: &below })?;
        }
        Ok(computed)
    }
}

/// Lower bounds of the lengths from one prepared row to all points.
struct Lengths<'n> {
    filter: &'n F32Filter,
    values: &'n [f64],
    points: usize,
}

impl Kernel for Lengths<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let row: Vec<f32> = self.values.iter().map(|&x| x as f32).collect();
        let size = self.filter.size(self.values);
        let mut lengths = Vec::with_capacity(self.points.next_multiple_of(GROUP));
        for group in 0..self.points.div_ceil(GROUP) {
            for sum in self.filter.sums(simd, &row, group) {
                lengths.push(self.filter.least(sum, size));
            }
        }
        lengths.truncate(self.points);
        lengths
    }
}

/// The first pass where there are few points: it waits for memory, so one point at a time is
/// enough.
struct First<'n, 'a, E> {
    nearest: &'n Nearest<'a, E>,
    tile: &'n mut Tile,
    rows: &'n mut [Stale],
}

impl<E: Element> Kernel for First<'_, '_, E> {
    type Output = Result<u64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<u64> {
        let First { nearest, tile, rows } = self;
        let metric = nearest.metric;
        let points = nearest.points.len();
        let mut sums = [0.0; TOGETHER];
        let mut start = 0;
        while start < rows.len() {
            let some = start..rows.len().min(start + TOGETHER);
            let sums = &mut sums[..some.len()];
            tile.clear();
            for row in &rows[some.clone()] {
                nearest.push(simd, tile, row.row)?;
            }
            for point in 0..points {
                tile.to_one(simd, nearest.points.row(point), nearest.points.zero(point), sums);
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

/// What a thread needs to bring rows up to date.
pub(crate) struct NearestScratch {
    tile: Tile,
    /// The rows of the tile in `f32`.
    narrow: Vec<f32>,
    jobs: Vec<Job>,
}

/// A row on its way through the groups.
#[derive(Clone, Copy)]
struct Job {
    /// Where it is among the rows, and in the tile.
    index: usize,
    place: usize,
    /// The first group to look at.
    group: usize,
    value: f64,
    closest: u32,
    size: f64,
    /// Points this far from the closest one cannot be nearer.
    reach: f64,
    /// Points of at least this sum of the filter cannot be nearer.
    cut: f32,
}

struct RefreshDistances<'n, 'a, E, B> {
    nearest: &'n Nearest<'a, E>,
    scratch: &'n mut NearestScratch,
    rows: &'n mut [Stale],
    below: &'n B,
}

impl<E: Element, B: Fn(usize, f64) -> bool> Kernel for RefreshDistances<'_, '_, E, B> {
    type Output = Result<u64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<u64> {
        let RefreshDistances { nearest, scratch, rows, below } = self;
        let points = nearest.points.len();
        let mut group = nearest.line_up(simd, scratch, rows)?;
        let mut computed = 0;
        while group * GROUP < points && !scratch.jobs.is_empty() {
            let all = group * GROUP..points.min((group + 1) * GROUP);
            let mut i = 0;
            while i < scratch.jobs.len() {
                let job = &mut scratch.jobs[i];
                i += 1;
                if group < job.group || nearest.far(job.closest, group, job.reach) {
                    continue;
                }
                let stale = &mut rows[job.index];
                let pending = (stale.seen as usize).max(all.start)..all.end;
                computed += pending.len() as u64;
                let nearer = if pending.len() <= FEW || job.cut.is_nan() {
                    nearest.one_by_one(simd, &scratch.tile, job, pending.start, pending.end)
                } else {
                    nearest.together(simd, &scratch.tile, &scratch.narrow, job, group, all.len())
                };
                if nearer && below(stale.row as usize, job.value) {
                    nearest.set_nearest(stale.row, job.closest);
                    *stale = Stale { row: stale.row, seen: all.end as u32, value: job.value };
                    i -= 1;
                    scratch.jobs.swap_remove(i);
                }
            }
            group += 1;
        }
        for job in &scratch.jobs {
            let stale = &mut rows[job.index];
            nearest.set_nearest(stale.row, job.closest);
            *stale = Stale { row: stale.row, seen: points as u32, value: job.value };
        }
        Ok(computed)
    }
}

impl<E: Element> Nearest<'_, E> {
    /// Makes a job of each row that some group might matter to, and returns the first such group.
    #[inline(always)]
    fn line_up<S: Simd>(&self, simd: S, scratch: &mut NearestScratch, rows: &mut [Stale]) -> Result<usize> {
        let points = self.points.len();
        let mut first = usize::MAX / GROUP;
        scratch.tile.clear();
        scratch.narrow.clear();
        scratch.jobs.clear();
        for index in 0..rows.len() {
            let Stale { row, seen, value } = rows[index];
            let closest = self.nearest_of(row);
            let reach = 2.0 * self.metric.length(value);
            let mut group = seen as usize / GROUP;
            while group * GROUP < points && (value == 0.0 || self.far(closest, group, reach)) {
                group += 1;
            }
            if group * GROUP >= points {
                rows[index].seen = points as u32;
                continue;
            }
            if let Some(next) = rows.get(index + 1)
                && self.held.is_empty()
            {
                prefetch::<S, E>(&self.candidates, next.row);
            }
            let place = scratch.tile.len();
            self.push(simd, &mut scratch.tile, row)?;
            let values = scratch.tile.row(place);
            let start = scratch.narrow.len();
            scratch.narrow.resize(start + values.len(), 0.0);
            for (narrow, &x) in scratch.narrow[start..].iter_mut().zip(values) {
                *narrow = x as f32;
            }
            let size = self.filter.size(values);
            let cut = self.filter.cut(self.metric.length(value), size);
            scratch.jobs.push(Job { index, place, group, value, closest, size, reach, cut });
            first = first.min(group);
        }
        Ok(first)
    }

    /// Whether all points of a group are so far from a row's nearest one that none can be nearer to
    /// the row.
    #[inline(always)]
    fn far(&self, closest: u32, group: usize, reach: f64) -> bool {
        match &self.triangle {
            Some(triangle) if closest != NONE => f64::from(triangle.of(closest as usize)[group]) >= reach,
            _ => false,
        }
    }

    /// Compares a row with some points directly; whether one is nearer.
    #[inline(always)]
    fn one_by_one<S: Simd>(&self, simd: S, tile: &Tile, job: &mut Job, from: usize, to: usize) -> bool {
        let mut nearer = false;
        for point in from..to {
            nearer |= self.compare(simd, tile, job, point);
        }
        nearer
    }

    /// Compares a row with the first `count` points of a group; whether one is nearer.
    #[inline(always)]
    fn together<S: Simd>(
        &self,
        simd: S,
        tile: &Tile,
        narrow: &[f32],
        job: &mut Job,
        group: usize,
        count: usize,
    ) -> bool {
        let width = tile.width();
        let row = &narrow[job.place * width..(job.place + 1) * width];
        let mut sums = self.filter.sums(simd, row, group);
        let mut nearer = false;
        loop {
            // The smallest first: it most likely rules out the others.
            let mut open = GROUP;
            let mut least = f32::INFINITY;
            for (lane, &sum) in sums.iter().enumerate().take(count) {
                if sum < job.cut && sum < least {
                    (open, least) = (lane, sum);
                }
            }
            if open == GROUP {
                return nearer;
            }
            sums[open] = f32::INFINITY;
            nearer |= self.compare(simd, tile, job, group * GROUP + open);
        }
    }

    /// Compares a row with a point; whether that is nearer than all before.
    #[inline(always)]
    fn compare<S: Simd>(&self, simd: S, tile: &Tile, job: &mut Job, point: usize) -> bool {
        let mut sum = [0.0];
        to_one(simd, self.metric, tile.row(job.place), self.points.row(point), &mut sum);
        let distance = self.metric.finish(tile.orthogonal(job.place, &self.points, point).unwrap_or(sum[0]));
        if distance >= job.value {
            return false;
        }
        let length = self.metric.length(distance);
        (job.value, job.closest) = (distance, point as u32);
        (job.reach, job.cut) = (2.0 * length, self.filter.cut(length, job.size));
        true
    }
}

/// Asks for a row ahead of its use: rows are looked at in no order that the hardware could guess.
#[inline(always)]
fn prefetch<S: Simd, E: Element>(candidates: &Candidates<'_, E>, position: u32) {
    if let Some(row) = candidates.matrix().adjacent_row(candidates.id(position as usize)) {
        let line = 64 / size_of::<E>();
        let mut i = 0;
        while i < row.len() {
            simd::prefetch(row[i..].as_ptr());
            i += line;
        }
    }
}
