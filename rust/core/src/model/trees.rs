//! Forests and boosted trees: what the leaves of a row add up to.
//!
//! Rows go through a tree sixteen at a time, a step down for each in turn, so that the processor
//! waits for sixteen nodes at once and not for one. All rows of a part go through one tree before
//! the next, so a tree and the part stay in cache. The two children of a node lie beside each
//! other: the next node is the left one, plus one where the feature is above the threshold. A leaf
//! is a node that leads to itself. Small trees need no steps: `masks.rs`.
//!
//! A comparison is exact, so every row ends in the leaf that the model finds. Sums are in `f64`;
//! only their order differs from the model's.

#![allow(unsafe_code)]

use super::linear::Link;
use super::masks::{Compared, Masks, TreeNode};
use super::outputs::Shape;
use crate::error::{Error, Result};
use crate::room;

/// Rows that go down a tree side by side.
const ABREAST: usize = 16;

/// Half the distance from 1 to the next `f64`.
const UNIT: f64 = f64::EPSILON / 2.0;

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
    /// The output that the first of these numbers is added to; the others follow.
    pub column: usize,
}

/// What the leaves of all trees come to.
#[derive(Clone, Copy, Debug)]
pub struct Leaves<'a> {
    /// What all rows start from: a number for each output, those of a member after those of the one
    /// before.
    pub base: &'a [f64],
    /// What the sums are. Under [`Link::Given`] no leaf is below 0.
    pub link: Link,
    /// Models that share the trees.
    pub members: usize,
    /// What a step of the model's own arithmetic is off by; 0 where that is `f64`.
    pub own_unit: f64,
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
    grown: Vec<Grown>,
    /// `width` numbers a node.
    values: Vec<f64>,
    width: usize,
    features: usize,
    /// What all rows start from.
    base: Vec<f64>,
    shape: Shape,
    /// The most that an output, and all that is added to it, comes to in size.
    size: f64,
    /// The most trees that add to an output.
    steps: usize,
    /// The same trees, where all are small.
    masks: Masks<T>,
}

/// A tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grown {
    root: u32,
    /// The most steps from its root to a leaf.
    depth: u32,
    /// The output it adds to first.
    pub(super) column: usize,
    /// The least and the greatest number in its leaves.
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl<T: Compared> Trees<T> {
    /// From trees over so many features.
    pub fn new<'a>(trees: impl Iterator<Item = Tree<'a>>, features: usize, leaves: Leaves<'_>) -> Result<Self> {
        let Leaves { base, link, members, own_unit } = leaves;
        let whole = members > 0 && base.len().is_multiple_of(members);
        let of_each = if whole { base.len() / members } else { 0 };
        let classes = if link == Link::Logistic { 2 } else { of_each };
        if if link == Link::Logistic { of_each != 1 } else { of_each < 2 } {
            return Err(unusual());
        }
        let shape = Shape { members, classes, link, own_unit: own_unit.max(UNIT) };
        let (nodes, grown, values, base) = (Vec::new(), Vec::new(), Vec::new(), room::collected(base.iter().copied()));
        let mut all =
            Trees { nodes, grown, values, width: 0, features, base, shape, size: 0.0, steps: 0, masks: Masks::new() };
        let mut added = room::collected(all.base.iter().map(|base| (base.abs(), 0)));
        for tree in trees {
            all.push(&tree)?;
            let Some(grown) = all.grown.last().filter(|tree| tree.column + all.width <= added.len()) else {
                return Err(unusual());
            };
            for (size, steps) in &mut added[grown.column..][..all.width] {
                (*size, *steps) = (*size + grown.least.abs().max(grown.greatest.abs()), *steps + 1);
            }
        }
        all.size = added.iter().fold(0.0, |most, &(size, _)| if size <= most { most } else { size });
        all.steps = added.iter().map(|&(_, steps)| steps).max().unwrap_or(0);
        let probable = link != Link::Given || all.grown.iter().all(|tree| tree.least >= 0.0);
        if all.grown.is_empty() || !all.size.is_finite() || !probable || u32::try_from(all.nodes.len()).is_err() {
            return Err(unusual());
        }
        all.masks = all.as_masks().unwrap_or_else(Masks::new);
        Ok(all)
    }

    /// The trees as masks; None where one is too large.
    fn as_masks(&self) -> Option<Masks<T>> {
        let mut masks = Masks::new();
        let part = |at: usize| {
            let Node { threshold, feature, next } = self.nodes[at];
            let next = next as usize;
            if next == at {
                TreeNode::Leaf
            } else {
                TreeNode::Split { feature, threshold, left: next, right: next + 1 }
            }
        };
        let values = |at: usize| &self.values[at * self.width..][..self.width];
        self.grown.iter().all(|tree| masks.push(tree.root as usize, tree.column, part, values)).then_some(masks)
    }

    /// Add a tree, level by level, so that the children of a node lie beside each other.
    fn push(&mut self, tree: &Tree<'_>) -> Result<()> {
        let count = tree.left.len();
        if self.width == 0 {
            self.width = tree.values.len() / count.max(1);
        }
        let fits = [tree.right.len(), tree.feature.len(), tree.threshold.len()];
        if count == 0 || tree.values.len() != count * self.width || fits.iter().any(|&length| length != count) {
            return Err(unusual());
        }
        let first = self.nodes.len();
        room::more(&mut self.nodes, count);
        room::more(&mut self.values, count * self.width);
        let (mut order, mut depth, mut level_end) = (room::empty(count), 0, 1);
        order.push(0_usize);
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
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
                if !values.iter().all(|value| value.is_finite()) {
                    return Err(unusual());
                }
                least = values.iter().copied().fold(least, f64::min);
                greatest = values.iter().copied().fold(greatest, f64::max);
            }
            at += 1;
        }
        self.grown.push(Grown { root: first as u32, depth, column: tree.column, least, greatest });
        Ok(())
    }

    /// Features of a row.
    pub fn features(&self) -> usize {
        self.features
    }

    /// How wrong an output may be: only the order of sums differs from the model's. Beside its own
    /// size where outputs are probabilities, which are sums of what is not below 0.
    pub(super) fn error(&self) -> f64 {
        let steps = (self.steps + 8) as f64 * (UNIT + self.shape.own_unit);
        2.0 * steps * self.size.max(1.0)
    }

    /// The same trees, where all are small.
    pub(super) fn masks(&self) -> Option<&Masks<T>> {
        (!self.masks.is_empty()).then_some(&self.masks)
    }

    /// What is put out.
    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// What all rows start from.
    pub(super) fn base(&self) -> &[f64] {
        &self.base
    }

    /// Numbers in a leaf.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The most that an output, and all that is added to it, comes to in size.
    pub(super) fn size(&self) -> f64 {
        self.size
    }

    /// Its trees.
    pub(super) fn grown(&self) -> &[Grown] {
        &self.grown
    }

    /// Add what a tree says of some rows of a part to their sums, which lie `apart`.
    pub(super) fn add(&self, tree: &Grown, rows: &[u32], features: &[T], sums: &mut [f64], apart: usize) {
        let (root, held) = (tree.root, features.len() / self.features);
        for rows in rows.chunks(ABREAST) {
            assert!(rows.iter().all(|&row| (row as usize) < held));
            let mut from = [0; ABREAST];
            for (i, from) in from.iter_mut().enumerate() {
                *from = rows[i.min(rows.len() - 1)] as usize * self.features;
            }
            let mut at = [root; ABREAST];
            for _ in 0..tree.depth {
                let mut moved = 0;
                for (from, at) in from.iter().zip(at.iter_mut()) {
                    // SAFETY: `push` gave every node a next one with a neighbour, or itself, inside
                    // `nodes`, and a feature of a row [a tree that asks for a feature that isn't
                    // there] [a tree's next feature]; the rows are inside `features`, by the
                    // assertion [rows that a tree isn't given].
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
                let sums = &mut sums[row as usize * apart + tree.column..][..self.width];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
    }
}

fn unusual() -> Error {
    Error::Argument(
        "trees came in a form that is not known; accepted are binary trees whose children follow them".into(),
    )
}
