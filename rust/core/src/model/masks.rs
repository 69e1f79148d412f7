//! Small trees without steps: which leaf a row ends in, from comparisons alone.
//!
//! A tree's leaves are bits, from left to right. A row for which a node's feature is above its
//! threshold goes right there, so it can't end in the leaves to the left of that: their bits are
//! cleared. Once all nodes had their say, the first bit left is the leaf, whatever the order of the
//! nodes (Lucchese et al. 2015, "QuickScorer"). A node is one comparison and one mask for as many
//! rows as a vector has lanes, and no row waits for memory. A tree of more leaves than a lane has
//! bits takes several words of them.

use crate::float::Element;
use crate::room;
use crate::simd::{Float, Kernel, Simd, Vector};
use std::ops::Range;

/// The most leaves of a tree: with more there are so many nodes that steps down are quicker.
const MOST_LEAVES: usize = 256;

/// Rows that are looked at together, whose bits stay in registers.
pub(super) const ROWS: usize = 64;

/// Vectors of them, at most, that a node is compared with at a time.
const VECTORS: usize = 4;

/// What trees compare features in. Its bits can stand for leaves.
pub trait Compared: Float + Element<Compute = Self> {
    /// How many there are.
    const COUNT: usize;
    /// A number of these bits, the first ones of `bits`.
    fn of(bits: u64) -> Self;
    /// Its bits.
    fn bits(self) -> u64;
}

impl Compared for f32 {
    const COUNT: usize = 32;
    fn of(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}

impl Compared for f64 {
    const COUNT: usize = 64;
    fn of(bits: u64) -> Self {
        f64::from_bits(bits)
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// A node: rows above the threshold keep the bits of the mask alone.
#[derive(Clone, Copy, Debug)]
struct MaskNode<T> {
    threshold: T,
    mask: T,
    feature: u32,
}

/// Compared of some leaves of a tree, and the nodes that have to say about them.
#[derive(Clone, Debug)]
struct Word {
    nodes: Range<usize>,
    /// The place of the leaf of its first bit among those of all trees.
    first: usize,
}

/// Trees as masks.
#[derive(Clone, Debug)]
pub(super) struct Masks<T> {
    nodes: Vec<MaskNode<T>>,
    words: Vec<Word>,
    /// The words of each tree, and the output it adds to first.
    trees: Vec<(Range<usize>, usize)>,
    /// The numbers of each leaf.
    values: Vec<f64>,
    leaves: usize,
}

/// A node of a tree, as it is read from elsewhere.
pub(super) enum TreeNode<T> {
    Leaf,
    Split { feature: u32, threshold: T, left: usize, right: usize },
}

impl<T: Compared> Masks<T> {
    /// For no trees yet.
    pub(super) fn new() -> Self {
        Masks { nodes: Vec::new(), words: Vec::new(), trees: Vec::new(), values: Vec::new(), leaves: 0 }
    }

    /// Add a tree by its root, the output it adds to first, what each node is, and the numbers of a
    /// leaf; whether it is small enough.
    pub(super) fn push<'a>(
        &mut self,
        root: usize,
        column: usize,
        part: impl Fn(usize) -> TreeNode<T>,
        values: impl Fn(usize) -> &'a [f64],
    ) -> bool {
        // From left to right: a node is met once before the leaves to its left and once after.
        let (mut leaves, mut splits) = (Vec::new(), Vec::new());
        let mut waiting = vec![(root, None)];
        while let Some((node, left_from)) = waiting.pop() {
            match (part(node), left_from) {
                (TreeNode::Leaf, _) => leaves.push(node),
                (TreeNode::Split { left, .. }, None) => {
                    waiting.push((node, Some(leaves.len())));
                    waiting.push((left, None));
                }
                (TreeNode::Split { feature, threshold, right, .. }, Some(from)) => {
                    splits.push((feature, threshold, from..leaves.len()));
                    waiting.push((right, None));
                }
            }
            if leaves.len() > MOST_LEAVES {
                return false;
            }
        }
        let words = leaves.len().div_ceil(T::COUNT);
        room::more(&mut self.words, words);
        room::more(&mut self.nodes, words * splits.len());
        let (first_word, first_leaf) = (self.words.len(), self.leaves);
        self.leaves += leaves.len();
        for from in (0..leaves.len()).step_by(T::COUNT) {
            let first_node = self.nodes.len();
            for &(feature, threshold, ref gone) in &splits {
                let gone = gone.start.max(from)..gone.end.min(from + T::COUNT);
                if !gone.is_empty() {
                    let bits = gone.fold(0_u64, |bits, leaf| bits | 1 << (leaf - from));
                    self.nodes.push(MaskNode { threshold, mask: T::of(!bits), feature });
                }
            }
            self.words.push(Word { nodes: first_node..self.nodes.len(), first: first_leaf + from });
        }
        room::more(&mut self.trees, 1);
        self.trees.push((first_word..self.words.len(), column));
        leaves.iter().for_each(|&leaf| room::extend(&mut self.values, values(leaf)));
        true
    }

    /// Whether there is no tree.
    pub(super) fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }
}

/// Adds what some trees say of [`ROWS`] rows to their sums.
pub(super) struct AddByMasks<'a, T> {
    pub(super) masks: &'a Masks<T>,
    /// Which trees.
    pub(super) trees: &'a [usize],
    /// Numbers in a leaf.
    pub(super) width: usize,
    /// Feature by feature, each of as many rows.
    pub(super) features: &'a [T],
    /// Row by row.
    pub(super) sums: &'a mut [f64],
    /// How far the sums of one row are from those of the next.
    pub(super) apart: usize,
}

impl<T: Compared> Kernel for AddByMasks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let AddByMasks { masks, trees, width, features, sums, apart } = self;
        let lanes = T::Vector::<S>::LANES;
        let step = VECTORS * lanes;
        let mut bits = [T::ZERO; ROWS];
        let mut leaves = [0_u32; ROWS];
        for &tree in trees {
            // The first bit of all words is wanted, so the last word comes first.
            let (words, column) = &masks.trees[tree];
            for word in masks.words[words.clone()].iter().rev() {
                let nodes = &masks.nodes[word.nodes.clone()];
                let mut row = 0;
                while row < ROWS {
                    let all = T::Vector::<S>::splat(simd, T::of(u64::MAX));
                    let mut left = [all; VECTORS];
                    for node in nodes {
                        let threshold = T::Vector::<S>::splat(simd, node.threshold);
                        let mask = T::Vector::<S>::splat(simd, node.mask);
                        let from = &features[node.feature as usize * ROWS + row..][..step];
                        let mut i = 0;
                        while i < VECTORS {
                            let value = T::Vector::<S>::from_slice(simd, &from[i * lanes..][..lanes]);
                            left[i] = T::Vector::<S>::select(value.le(threshold), left[i], left[i].bits_and(mask));
                            i += 1;
                        }
                    }
                    let mut i = 0;
                    while i < VECTORS {
                        left[i].to_slice(&mut bits[row + i * lanes..][..lanes]);
                        i += 1;
                    }
                    row += step;
                }
                for (leaf, bits) in leaves.iter_mut().zip(&bits) {
                    let bits = bits.bits();
                    *leaf = if bits != 0 { word.first as u32 + bits.trailing_zeros() } else { *leaf };
                }
            }
            if width == 1 {
                for (row, &leaf) in sums.chunks_exact_mut(apart).zip(&leaves) {
                    row[*column] += masks.values[leaf as usize];
                }
            } else {
                for (row, &leaf) in sums.chunks_exact_mut(apart).zip(&leaves) {
                    let values = &masks.values[leaf as usize * width..][..width];
                    row[*column..][..width].iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
                }
            }
        }
    }
}
