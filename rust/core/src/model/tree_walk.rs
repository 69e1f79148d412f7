//! Trees over rows.
//!
//! Rows that the trees left can't bring over the bar go no further: each output can only fall by
//! what the least leaves of these trees add up to, and rise by the greatest. Trees of logits are
//! taken in the order of how far apart their leaves are, so that little is left soon.
//!
//! A row with NaN, or a feature out of the range that is compared in, goes where the model says,
//! and so is always left for it.

use super::blend::{Curve, candidates_of_mean};
use super::candidates::Narrowed;
use super::judge::Judge;
use super::jury::candidates_of_committee;
use super::linear::Link;
use super::masks::{AddByMasks, Compared, ROWS};
use super::measure::most;
use super::outputs::{OutputRoom, Outputs, Shape, inside};
use super::pass::{Pool, pass};
use super::trees::{Grown, Trees};
use crate::blocks::Watch;
use crate::committee::CommitteeMeasure;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::order::Candidate;
use crate::room;
use crate::scan::Scan;
use crate::simd::{Float, Level};
use std::ops::Range;

/// Rows of a part: with their features they stay in the second-level cache.
const PART: usize = 512;

/// Trees of an output after which it is asked which rows go on.
const STRETCH: usize = 8;

impl<T: Compared> Trees<T> {
    /// The rows of a matrix that may be among the k best by a measure of the model's probabilities.
    ///
    /// Takes `O(rows trees depth)` steps, and less than 2 MiB a thread for up to 256 features.
    pub fn candidates<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        let shape = self.shape();
        if shape.members > 1 || shape.link == Link::OneVersusRest {
            return self.candidates_of_mean(matrix, &[], measure, k, level, threads, watch);
        }
        let rows = self.rows(matrix, level)?;
        let logits = shape.link != Link::Given;
        let judge = Judge::new(measure, logits, shape.classes, level, shape.own_unit)?;
        let error =
            if logits { judge.error_of_logits(self.error()) } else { judge.error_of_probabilities(self.error()) };
        let (order, stops) = (judge.order(), self.stops());
        pass(&TreeWalk { rows, judge, error, stops }, k, order, threads, watch)
    }

    /// The rows of a matrix that may be among the k best by what the members of a committee say.
    pub fn candidates_of_committee<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        measure: CommitteeMeasure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        candidates_of_committee(&self.rows(matrix, level)?, measure, k, threads, watch)
    }

    /// The same by a measure of the mean of what its members say. Where there are curves, one for
    /// each output calibrates it.
    #[allow(clippy::too_many_arguments)]
    pub fn candidates_of_mean<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        curves: &[Curve],
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        candidates_of_mean(&self.rows(matrix, level)?, curves, measure, k, threads, watch)
    }

    fn rows<'a, 'm, E: Element>(&'a self, matrix: &'a Matrix<'m, E>, level: Level) -> Result<TreeRows<'a, 'm, T, E>> {
        if matrix.columns() != self.features() || self.features() == 0 {
            let (columns, features) = (matrix.columns(), self.features());
            return Err(Error::Argument(format!("x has {columns} columns; the model was fitted on {features}")));
        }
        Ok(TreeRows { trees: self, matrix, level })
    }

    /// In which order trees are taken, and where rows may stop.
    fn stops(&self) -> Stops {
        let (grown, width) = (self.grown(), self.width());
        let spread = |(row, tree): (u64, &Grown)| {
            let key = if self.shape().link == Link::Given { 0.0 } else { tree.greatest - tree.least };
            Candidate { key, tie: 0, id: row, score: key }
        };
        let mut widest = room::collected((0..).zip(grown).map(spread));
        widest.sort_unstable_by(Candidate::compare);
        let order = room::collected(widest.into_iter().map(|tree| tree.id as usize));
        let stretch = STRETCH * (self.base().len() / width).max(1);
        let slack = self.error();
        let mut left = room::filled((-slack, slack), self.base().len());
        let mut all = Vec::new();
        for (place, &tree) in order.iter().enumerate().rev() {
            if (place + 1).is_multiple_of(stretch) {
                all.push(room::collected(left.iter().copied()));
            }
            let tree = grown[tree];
            for (low, high) in &mut left[tree.column..][..width] {
                (*low, *high) = (*low + tree.least, *high + tree.greatest);
            }
        }
        all.reverse();
        Stops { order, stretch, left: all }
    }
}

/// How far each output can still fall and rise.
type Reach<'a> = &'a [(f64, f64)];

/// In which order trees are taken, and where rows may stop.
struct Stops {
    order: Vec<usize>,
    stretch: usize,
    /// After so many trees each time: how far those left can still move each output.
    left: Vec<Vec<(f64, f64)>>,
}

/// Which rows are certainly below a bar.
struct Bar {
    measure: Measure,
    classes: usize,
    link: Link,
    /// What the bar is, turned so that larger is better, less the error of a score.
    bar: f64,
    /// How far the largest logit must be ahead of all others.
    ahead: f64,
}

impl Bar {
    fn new(measure: Measure, shape: Shape, bar: f64) -> Self {
        let Shape { classes, link, .. } = shape;
        // Where the largest logit is so far ahead, all others are at most so likely.
        let most_of = |ahead: f64| {
            let second = (-ahead).exp();
            let top = 1.0 / (1.0 + (classes - 1) as f64 * second);
            most(measure, classes, top, top * second)
        };
        let (mut ahead, mut step) = (f64::INFINITY, 64.0);
        if link != Link::Given && most_of(step) < bar {
            ahead = step;
            for _ in 0..12 {
                step /= 2.0;
                ahead -= if most_of(ahead - step) < bar { step } else { 0.0 };
            }
        }
        Bar { measure, classes, link, bar, ahead }
    }

    /// Whether a row is, whose outputs so far can move by so much.
    fn excludes(&self, outputs: &[f64], left: &[(f64, f64)]) -> bool {
        if self.link == Link::Logistic {
            let (low, high) = (outputs[0] + left[0].0, outputs[0] + left[0].1);
            return low.max(-high) >= self.ahead;
        }
        let (mut best, mut top) = (0, f64::NEG_INFINITY);
        for (class, (output, left)) in outputs.iter().zip(left).enumerate() {
            (best, top) = if output + left.0 > top { (class, output + left.0) } else { (best, top) };
        }
        let mut second = f64::NEG_INFINITY;
        for (class, (output, left)) in outputs.iter().zip(left).enumerate() {
            second = if class == best { second } else { second.max(output + left.1) };
        }
        if self.link == Link::Given {
            most(self.measure, self.classes, top, second) < self.bar
        } else {
            top - second >= self.ahead
        }
    }
}

/// The rows of a matrix, and what the trees say of them.
struct TreeRows<'a, 'm, T, E> {
    trees: &'a Trees<T>,
    matrix: &'a Matrix<'m, E>,
    level: Level,
}

/// What a thread works with.
struct TreeRoom<T> {
    features: Vec<T>,
    /// Row by row.
    sums: Vec<f64>,
    known: Vec<bool>,
    /// Rows of the part that go on.
    going: Vec<u32>,
    /// Of some rows, feature by feature.
    panel: Vec<T>,
}

impl<T: Compared, E: Element> TreeRows<'_, '_, T, E> {
    /// Read a part of the rows as the model does, and let its sums begin.
    fn begin(&self, rows: Range<usize>, room: &mut TreeRoom<T>) {
        let (count, width) = (rows.len(), self.trees.features());
        let features = &mut room.features[..count * width];
        for ((row, to), known) in rows.zip(features.chunks_exact_mut(width)).zip(room.known.iter_mut()) {
            *known = read(self.matrix, row, to);
        }
        let base = self.trees.base();
        room.sums[..count * base.len()].chunks_exact_mut(base.len()).for_each(|row| row.copy_from_slice(base));
        room.going.clear();
        room.going.extend(0..count as u32);
    }

    /// Add all trees to the sums of the rows that were read last. Where there is a bar, rows below
    /// it are left out on the way: those that are still in `going` afterwards are not.
    fn add(&self, stops: &Stops, bar: Option<&Bar>, count: usize, room: &mut TreeRoom<T>) {
        let (trees, apart) = (self.trees, self.trees.base().len());
        let TreeRoom { features, sums, known, going, panel } = room;
        let features = &features[..count * trees.features()];
        let goes_on = |row: u32, sums: &[f64], left: &[(f64, f64)], bar: &Bar| {
            let row = row as usize;
            !known[row] || !bar.excludes(&sums[row * apart..][..apart], left)
        };
        let Some(masks) = trees.masks() else {
            for (of_stretch, left) in stops.stretches() {
                of_stretch.iter().for_each(|&tree| trees.add(&trees.grown()[tree], going, features, sums, apart));
                if let (Some(bar), Some(left)) = (bar, left) {
                    going.retain(|&row| goes_on(row, sums, left, bar));
                }
            }
            return;
        };
        going.clear();
        let mut chunk: Vec<u32> = room::empty(ROWS);
        for first in (0..count).step_by(ROWS) {
            chunk.clear();
            chunk.extend(first as u32..count.min(first + ROWS) as u32);
            for (row, from) in
                features[first * trees.features()..].chunks_exact(trees.features()).take(ROWS).enumerate()
            {
                from.iter().enumerate().for_each(|(feature, &value)| panel[feature * ROWS + row] = value);
            }
            for (of_stretch, left) in stops.stretches() {
                let of_chunk = &mut sums[first * apart..];
                let add = AddByMasks {
                    masks,
                    trees: of_stretch,
                    width: trees.width(),
                    features: panel,
                    sums: of_chunk,
                    apart,
                };
                self.level.run(add);
                if let (Some(bar), Some(left)) = (bar, left) {
                    chunk.retain(|&row| goes_on(row, sums, left, bar));
                    if chunk.is_empty() {
                        break;
                    }
                }
            }
            going.extend(&chunk);
        }
    }
}

impl<T: Compared, E: Element> TreeRows<'_, '_, T, E> {
    fn tree_room(&self, rows: usize) -> TreeRoom<T> {
        TreeRoom {
            features: room::filled(T::ZERO, rows * self.trees.features()),
            sums: room::filled(0.0, rows * self.trees.base().len()),
            known: room::filled(true, rows),
            going: room::empty(rows),
            panel: room::filled(T::ZERO, ROWS * self.trees.features()),
        }
    }
}

impl<T: Compared, E: Element> Outputs for TreeRows<'_, '_, T, E> {
    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        4 * PART
    }

    fn part_rows(&self, _: usize) -> usize {
        PART
    }

    fn bytes(&self) -> usize {
        // A step takes about as long as reading a cache line.
        self.matrix.rows() * self.trees.grown().len() * 64
    }

    fn shape(&self) -> Shape {
        self.trees.shape()
    }

    fn level(&self) -> Level {
        self.level
    }

    fn room(&self, rows: usize) -> OutputRoom {
        Box::new(self.tree_room(rows))
    }

    fn compute(&self, rows: Range<usize>, room: &mut OutputRoom, outputs: &mut [f32], errors: &mut [f64]) {
        let room = inside::<TreeRoom<T>>(room);
        let (count, apart) = (rows.len(), self.trees.base().len());
        self.begin(rows, room);
        self.add(&Stops::none(self.trees.grown().len()), None, count, room);
        let TreeRoom { sums, known, .. } = room;
        let sums = &sums[..count * apart];
        let stride = outputs.len() / apart;
        for (output, to) in outputs.chunks_exact_mut(stride).enumerate() {
            to.iter_mut().zip(sums.chunks_exact(apart)).for_each(|(to, row)| *to = row[output] as f32);
        }
        let error = self.trees.error() + f64::from(f32::EPSILON) * self.trees.size().max(1.0);
        for (wrong, known) in errors.iter_mut().zip(known) {
            *wrong = if *known { error } else { f64::NAN };
        }
    }
}

/// A pass over the rows of a matrix.
struct TreeWalk<'a, 'm, T, E> {
    rows: TreeRows<'a, 'm, T, E>,
    judge: Judge<f64>,
    error: f64,
    stops: Stops,
}

/// What a thread works with.
struct WalkRoom<T> {
    of_rows: TreeRoom<T>,
    /// Whether each row is below the bar.
    out: Vec<bool>,
    /// A logit of 0 for the first of two classes, and that of the second.
    pairs: Vec<f64>,
    scores: Vec<f64>,
    scan: Scan<f64>,
}

impl<T: Compared, E: Element> Pool for TreeWalk<'_, '_, T, E> {
    type State = WalkRoom<T>;

    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn block_rows(&self) -> usize {
        self.rows.block_rows()
    }

    fn part_rows(&self) -> usize {
        PART
    }

    fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    fn state(&self) -> WalkRoom<T> {
        let of_rows = self.rows.tree_room(PART);
        let (out, pairs, scores) = (room::filled(false, PART), room::filled(0.0, 2 * PART), room::filled(0.0, PART));
        WalkRoom { of_rows, out, pairs, scores, scan: self.judge.scan() }
    }

    fn score(&self, rows: Range<usize>, bar: f64, room: &mut WalkRoom<T>, scores: &mut [f64], errors: &mut [f64]) {
        let WalkRoom { of_rows, out, pairs, scores: own, scan } = room;
        let (trees, count) = (self.rows.trees, rows.len());
        let (shape, apart) = (trees.shape(), trees.base().len());
        let below = bar - self.error - 1e-9;
        let bar = (bar > f64::NEG_INFINITY).then(|| Bar::new(self.judge.measure(), shape, below));
        self.rows.begin(rows, of_rows);
        self.rows.add(&self.stops, bar.as_ref(), count, of_rows);
        let TreeRoom { sums, known, going, .. } = of_rows;
        let sums = &sums[..count * apart];
        let matrix = if shape.link == Link::Logistic {
            pairs.iter_mut().skip(1).step_by(2).zip(sums).for_each(|(to, &logit)| *to = logit);
            Matrix::from_rows(&pairs[..2 * count], count, 2)
        } else {
            Matrix::from_rows(sums, count, shape.classes)
        };
        self.judge.scores(&matrix.expect("as many as there is room for"), scan, own, scores);
        out[..count].fill(true);
        going.iter().for_each(|&row| out[row as usize] = false);
        for (((score, error), &out), &known) in scores.iter_mut().zip(errors).zip(&*out).zip(&*known) {
            *error = if out { 0.0 } else { self.error };
            if !known {
                *score = f64::NAN;
            } else if out {
                *score = self.judge.order().orient(f64::MIN);
            }
        }
    }
}

impl Stops {
    /// All trees in their order, and no stop.
    fn none(trees: usize) -> Self {
        Stops { order: room::collected(0..trees), stretch: trees, left: Vec::new() }
    }

    /// Trees that are taken one after the other, and how far those after them can still move each
    /// output.
    fn stretches(&self) -> impl Iterator<Item = (&[usize], Option<Reach<'_>>)> {
        let left = self.left.iter().map(|left| Some(&left[..])).chain(std::iter::repeat(None));
        self.order.chunks(self.stretch).zip(left)
    }
}

/// Read a row as the model does; whether all of it is finite.
#[inline(always)]
fn read<T: Float, E: Element>(matrix: &Matrix<'_, E>, row: usize, to: &mut [T]) -> bool {
    let mut known = true;
    let mut take = |(to, value): (&mut T, E)| {
        *to = T::from_f64(value.widen().into());
        known &= Into::<f64>::into(*to).is_finite();
    };
    match matrix.adjacent_row(row) {
        Some(from) => to.iter_mut().zip(from.iter().copied()).for_each(&mut take),
        None => to.iter_mut().enumerate().for_each(|(column, to)| take((to, matrix.get(row, column)))),
    }
    known
}
