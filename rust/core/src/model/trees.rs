//! Forests and boosted trees: what the leaves of a row add up to.
//!
//! Rows go through a tree eight at a time, a step down for each in turn, so that the processor
//! waits for eight nodes at once and not for one. All rows of a part go through one tree before the
//! next, so a tree and the part stay in cache. The two children of a node lie beside each other:
//! the next node is the left one, plus one where the feature is above the threshold. A leaf is a
//! node that leads to itself.
//!
//! Of a mean of trees, rows that the trees left can't bring over the bar go no further:
//! probabilities only grow, and by no more than the largest leaves.
//!
//! A comparison is exact, so every row ends in the leaf that the model finds. Sums are in `f64`;
//! only their order differs from the model's. A row with NaN, or a feature out of the range that is
//! compared in, goes where the model says, and so is always left for it.

#![allow(unsafe_code)]

use super::candidates::Narrowed;
use super::judge::Judge;
use super::measure::most;
use super::pass::{Pool, pass};
use crate::blocks::Watch;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::scan::Scan;
use crate::simd::{Float, Level};
use std::ops::Range;

/// Rows that go down a tree side by side.
const ABREAST: usize = 8;

/// Rows of a part: with their features they stay in the second-level cache.
const PART: usize = 512;

/// Trees after which it is asked which rows go on.
const STRETCH: usize = 8;

/// Half the distance from 1 to the next `f64`.
const UNIT: f64 = f64::EPSILON / 2.0;

/// What the sums of leaves are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Probabilities of all classes, to be divided by the number of trees.
    Mean,
    /// Logits of all classes, of which tree `t` adds to number `t` modulo their number; their
    /// softmax.
    Softmax,
    /// A logit of the second of two classes.
    Logistic,
}

/// A tree as it is handed over: entry `i` of each slice is node `i`, the first is the root.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    /// The left child, negative in a leaf.
    pub left: &'a [i64],
    /// The right child.
    pub right: &'a [i64],
    /// The feature that is compared; of a leaf anything.
    pub feature: &'a [i64],
    /// Rows that are at most so large go left.
    pub threshold: &'a [f64],
    /// What a leaf adds: as many numbers a node as a leaf has.
    pub values: &'a [f64],
}

/// A node: 12 bytes, or 16.
#[derive(Clone, Copy, Debug)]
struct Node<T> {
    threshold: T,
    feature: u32,
    next: u32,
}

/// Trees with their nodes where the walk wants them. `T` is what the model compares features in.
#[derive(Clone, Debug)]
pub struct Trees<T> {
    nodes: Vec<Node<T>>,
    roots: Vec<u32>,
    /// The most steps from each root to a leaf.
    depths: Vec<u32>,
    /// `width` numbers a node.
    values: Vec<f64>,
    width: usize,
    features: usize,
    outcome: Outcome,
    /// What all rows start from.
    base: Vec<f64>,
    /// The largest size of a leaf of each tree.
    largest: Vec<f64>,
    /// The sum of them, and of the largest size that rows start from.
    size: f64,
    /// Whether no leaf is below 0.
    grows: bool,
}

impl<T: Float + Element<Compute = T>> Trees<T> {
    /// From trees over so many features. `base` has a number for each class, or one for
    /// [`Outcome::Logistic`].
    pub fn new<'a>(
        trees: impl Iterator<Item = Tree<'a>>,
        features: usize,
        base: &[f64],
        outcome: Outcome,
    ) -> Result<Self> {
        let width = if outcome == Outcome::Mean { base.len() } else { 1 };
        let (nodes, roots, depths, values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let size = base.iter().fold(0.0_f64, |most, base| most.max(base.abs()));
        let base = base.to_vec();
        let (largest, grows) = (Vec::new(), true);
        let mut all = Trees { nodes, roots, depths, values, width, features, outcome, base, largest, size, grows };
        trees.into_iter().try_for_each(|tree| all.push(&tree))?;
        let enough = !all.roots.is_empty() && all.base.len() >= if outcome == Outcome::Logistic { 1 } else { 2 };
        if !enough || !all.size.is_finite() || u32::try_from(all.nodes.len()).is_err() {
            return Err(unusual());
        }
        Ok(all)
    }

    /// Add a tree, level by level, so that the children of a node lie beside each other.
    fn push(&mut self, tree: &Tree<'_>) -> Result<()> {
        let count = tree.left.len();
        let fits = [tree.right.len(), tree.feature.len(), tree.threshold.len(), tree.values.len() / self.width];
        if count == 0 || fits.iter().any(|&length| length != count) {
            return Err(unusual());
        }
        let first = self.nodes.len();
        let (mut order, mut depth, mut level_end, mut largest) = (vec![0_usize], 0, 1, 0.0_f64);
        let mut at = 0;
        while at < order.len() {
            if at == level_end {
                (depth, level_end) = (depth + 1, order.len());
            }
            let node = order[at];
            let leaf = tree.left[node] < 0;
            let next = if leaf { first + at } else { first + order.len() };
            if !leaf {
                for child in [tree.left[node], tree.right[node]] {
                    // A tree has no more nodes than it says, and no way back up.
                    let child = usize::try_from(child).ok().filter(|&child| child > node && child < count);
                    order.push(child.filter(|_| order.len() < count).ok_or_else(unusual)?);
                }
            }
            let feature = usize::try_from(tree.feature[node]).ok().filter(|&feature| feature < self.features);
            self.nodes.push(Node {
                threshold: T::at_most(if leaf { f64::INFINITY } else { tree.threshold[node] }),
                feature: if leaf { 0 } else { feature.ok_or_else(unusual)? as u32 },
                next: next as u32,
            });
            let values = &tree.values[node * self.width..][..self.width];
            self.values.extend(values.iter().map(|value| if leaf { *value } else { 0.0 }));
            if leaf {
                largest =
                    values.iter().fold(largest, |most, value| if value.abs() <= most { most } else { value.abs() });
                self.grows &= values.iter().all(|&value| value >= 0.0);
            }
            at += 1;
        }
        self.roots.push(first as u32);
        self.depths.push(depth);
        self.largest.push(largest);
        self.size += largest;
        Ok(())
    }

    /// Features of a row.
    pub fn features(&self) -> usize {
        self.features
    }

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
        if matrix.columns() != self.features || self.features == 0 {
            let (columns, features) = (matrix.columns(), self.features);
            return Err(Error::Argument(format!("x has {columns} columns; the model was fitted on {features}")));
        }
        let judge = Judge::new(measure, self.outcome != Outcome::Mean, self.classes(), level, UNIT)?;
        let steps = (self.roots.len() + 8) as f64 * UNIT;
        let error = match self.outcome {
            Outcome::Mean => judge.error_of_probabilities(2.0 * steps * self.size / self.roots.len() as f64),
            Outcome::Softmax | Outcome::Logistic => judge.error_of_logits(4.0 * steps * self.size),
        };
        let order = judge.order();
        pass(&TreeWalk { trees: self, matrix, judge, error }, k, order, threads, watch)
    }

    fn classes(&self) -> usize {
        if self.outcome == Outcome::Logistic { 2 } else { self.base.len() }
    }

    /// Add what a tree says of some rows of a part to their sums, `classes` apart.
    fn add(&self, tree: usize, rows: &[u32], features: &[T], sums: &mut [f64], classes: usize, column: usize) {
        let (root, held) = (self.roots[tree], features.len() / self.features);
        for rows in rows.chunks(ABREAST) {
            assert!(rows.iter().all(|&row| (row as usize) < held));
            let mut from = [0; ABREAST];
            for (i, from) in from.iter_mut().enumerate() {
                *from = rows[i.min(rows.len() - 1)] as usize * self.features;
            }
            let mut at = [root; ABREAST];
            for _ in 0..self.depths[tree] {
                let mut moved = 0;
                for (from, at) in from.iter().zip(at.iter_mut()) {
                    // SAFETY: `push` gave every node a next one with a neighbour, or itself, inside
                    // `nodes`, and a feature below `self.features`; the rows are inside `features`,
                    // by the assertion.
                    let (node, value) = unsafe {
                        let node = self.nodes.get_unchecked(*at as usize);
                        (node, *features.get_unchecked(from + node.feature as usize))
                    };
                    let next = node.next + u32::from(value > node.threshold);
                    moved |= next ^ *at;
                    *at = next;
                }
                if moved == 0 {
                    break;
                }
            }
            for (&leaf, &row) in at.iter().zip(rows) {
                let values = &self.values[leaf as usize * self.width..][..self.width];
                let sums = &mut sums[row as usize * classes + column..][..self.width];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
    }

    /// The most that a row can come to by a measure, turned so that larger is better, once so many
    /// trees have been added.
    fn most(&self, sums: &[f64], left: f64, measure: Measure) -> f64 {
        let (mut top, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for &sum in sums {
            (top, second) = if sum > top { (sum, top) } else { (top, second.max(sum)) };
        }
        let trees = self.roots.len() as f64;
        most(measure, sums.len(), top / trees, (second + left) / trees)
    }
}

fn unusual() -> Error {
    Error::Argument(
        "trees came in a form that is not known; accepted are binary trees whose children follow them".into(),
    )
}

/// A pass over the rows of a matrix.
struct TreeWalk<'a, 'm, T, E> {
    trees: &'a Trees<T>,
    matrix: &'a Matrix<'m, E>,
    judge: Judge<f64>,
    error: f64,
}

/// What a thread works with.
struct TreeRoom<T> {
    features: Vec<T>,
    sums: Vec<f64>,
    known: Vec<bool>,
    /// Rows of the part that go on, and what those that don't can come to at most.
    going: Vec<u32>,
    most: Vec<f64>,
    scores: Vec<f64>,
    scan: Scan<f64>,
}

impl<T: Float + Element<Compute = T>, E: Element> Pool for TreeWalk<'_, '_, T, E> {
    type State = TreeRoom<T>;

    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        4 * PART
    }

    fn part_rows(&self) -> usize {
        PART
    }

    fn bytes(&self) -> usize {
        // A step takes about as long as reading a cache line.
        self.matrix.rows() * self.trees.roots.len() * 64
    }

    fn state(&self) -> TreeRoom<T> {
        TreeRoom {
            features: vec![T::ZERO; PART * self.trees.features],
            sums: vec![0.0; PART * self.judge.classes()],
            known: vec![true; PART],
            going: Vec::with_capacity(PART),
            most: vec![f64::INFINITY; PART],
            scores: vec![0.0; PART],
            scan: self.judge.scan(),
        }
    }

    fn score(&self, rows: Range<usize>, bar: f64, room: &mut TreeRoom<T>, scores: &mut [f64], errors: &mut [f64]) {
        let TreeRoom { features, sums, known, going, most, scores: own, scan } = room;
        let (count, width, classes) = (rows.len(), self.trees.features, self.judge.classes());
        let (features, sums, most) = (&mut features[..count * width], &mut sums[..count * classes], &mut most[..count]);
        for ((row, to), known) in rows.zip(features.chunks_exact_mut(width)).zip(known.iter_mut()) {
            *known = read(self.matrix, row, to);
        }
        let column = usize::from(self.trees.outcome == Outcome::Logistic);
        for row in sums.chunks_exact_mut(classes) {
            row[..column].fill(0.0);
            row[column..].copy_from_slice(&self.trees.base);
        }
        most.fill(f64::INFINITY);
        going.clear();
        going.extend(0..count as u32);
        let trees = self.trees.roots.len();
        let stops = self.trees.outcome == Outcome::Mean && self.trees.grows && bar > f64::NEG_INFINITY;
        let mut left = self.trees.largest.iter().sum::<f64>();
        for tree in 0..trees {
            let column = match self.trees.outcome {
                Outcome::Mean => 0,
                Outcome::Softmax => tree % classes,
                Outcome::Logistic => 1,
            };
            self.trees.add(tree, going, features, sums, classes, column);
            left -= self.trees.largest[tree];
            if stops && (tree + 1).is_multiple_of(STRETCH) {
                going.retain(|&row| {
                    let row = row as usize;
                    let sums = &sums[row * classes..][..classes];
                    most[row] = self.trees.most(sums, left, self.judge.measure()) + self.error + 1e-9;
                    most[row] >= bar || !known[row]
                });
            }
        }
        if self.trees.outcome == Outcome::Mean {
            sums.iter_mut().for_each(|sum| *sum /= trees as f64);
        }
        let matrix = Matrix::from_rows(sums, count, classes).expect("as many as there is room for");
        self.judge.scores(&matrix, scan, own, scores);
        errors.fill(self.error);
        for (((score, error), &most), &known) in scores.iter_mut().zip(errors).zip(&*most).zip(&known[..count]) {
            if !known {
                *score = f64::NAN;
            } else if most < bar {
                (*score, *error) = (self.judge.order().orient(most), 0.0);
            }
        }
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
