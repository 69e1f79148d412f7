//! Logits of dense rows.
//!
//! The sixteen virtual lanes share the features of a row: lane `l` adds the products of features
//! `l`, `l + 16`, ... So features and weights are read as they lie, and most of the work is one
//! fused operation for sixteen products. A few rows and a few classes are taken together, whose
//! sums stay in registers. Then lanes are merged in a fixed tree, the rows of a group together as
//! in `scan/wide.rs`, so that in the end a lane is a row:
//!
//! ```text
//! for each group of 16 rows (8 where a vector has 8 lanes):
//!     for each 5 classes (2), the first ones together with the size of the row:
//!         for each 4 rows (2):
//!             for each 16 features: sums[class][row] += weights[class] * features[row]
//!             sums[class] = the rows merged to one vector
//!         logits[class] = the vectors merged to one, a lane a row
//! ```
//!
//! The size of a row is the sum of |feature| times the size of the feature's weights: another
//! class, as it were.

#![allow(unsafe_code)]

use super::linear::{LANES, Linear, MOST};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::{self, Float, Kernel, Simd, Vector};
use std::ops::Range;

/// Features of a panel: the weights of a few classes stay in the first-level cache.
pub(super) const PANEL: usize = 1024;

/// Rows are looked at in multiples of it, which is whole groups at every level.
pub(super) const GROUP: usize = 16;

/// How many groups ahead memory is asked for. The rows of a group are read side by side, which the
/// hardware does not follow: asking line by line is twice as fast, measured.
const AHEAD: usize = 2;

/// Adds the products of a panel of features, of some rows, to their logits.
pub(super) struct PanelLogits<'a> {
    pub(super) model: &'a Linear,
    pub(super) features: Range<usize>,
    pub(super) rows: Readable<'a>,
    /// Class by class: each has as many places as there are rows, rounded up to whole groups.
    pub(super) logits: &'a mut [f32],
    /// The size of each row; as many places.
    pub(super) sizes: &'a mut [f32],
}

/// Rows of `f32` features, each adjacent, as many as a panel has.
#[derive(Clone, Copy)]
pub(super) struct Readable<'a> {
    matrix: Matrix<'a, f32>,
}

impl<'a> Readable<'a> {
    /// Some features of some rows, where they can be read as they lie.
    pub(super) fn direct<E: Element>(
        matrix: &Matrix<'a, E>,
        rows: Range<usize>,
        features: Range<usize>,
    ) -> Option<Readable<'a>> {
        let apart = matrix.row_major()?;
        let from = E::as_compute(matrix.slice(rows.clone()).pointer(0, features.start))?;
        if size_of::<E::Compute>() != size_of::<f32>() || features.end > matrix.columns() {
            return None;
        }
        // SAFETY: these elements are inside of a matrix [rows that a matrix doesn't have] [features
        // that a matrix doesn't have] whose elements are adjacent in rows [rows whose elements are
        // apart]; a compute type of this size is `f32` [float64 read as float32].
        let matrix = unsafe { Matrix::from_raw_parts(from.cast(), rows.len(), features.len(), apart as isize, 1) };
        Some(Readable { matrix })
    }

    /// The same of a copy.
    pub(super) fn copied(copy: &'a [f32], rows: usize, features: usize) -> Self {
        let matrix = Matrix::from_rows(copy, rows, features).expect("as many as were copied");
        Readable { matrix }
    }
}

impl Kernel for PanelLogits<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let PanelLogits { model, features, rows, logits, sizes } = self;
        let stride = rows.matrix.rows().next_multiple_of(GROUP);
        assert!(logits.len() >= model.outputs() * stride && sizes.len() >= stride);
        assert!(features.end <= model.features() && features.len() == rows.matrix.columns());
        assert!(features.start.is_multiple_of(LANES));
        let lanes = S::F32::LANES;
        let most = if lanes == LANES { MOST } else { 2 };
        let chunk = model.outputs().div_ceil(model.outputs().div_ceil(most));
        let mut places = [0; LANES];
        let mut row = 0;
        while row < lanes {
            places[S::F32::pair_place(row)] = row;
            row += 1;
        }
        for first_row in (0..stride).step_by(lanes) {
            let group = RowGroup { model, features: features.clone(), rows, first_row, stride, places };
            let alone = chunk >= model.outputs();
            for first in (0..model.outputs()).step_by(chunk) {
                let turn = if first > 0 { LATER } else { usize::from(alone) };
                match chunk {
                    1 => group.add::<S, 1>(simd, turn, first, logits, sizes),
                    2 => group.add::<S, 2>(simd, turn, first, logits, sizes),
                    3 if lanes == LANES => group.add::<S, 3>(simd, turn, first, logits, sizes),
                    4 if lanes == LANES => group.add::<S, 4>(simd, turn, first, logits, sizes),
                    _ if lanes == LANES => group.add::<S, MOST>(simd, turn, first, logits, sizes),
                    _ => unreachable!("no more classes at a time than there are registers for"),
                }
            }
        }
    }
}

// What the classes of a group do beside: the first ones, alone or before others, add up the sizes.
// Half of the memory is asked for by the first ones and half by those after, or all by those alone.
const FIRST: usize = 0;
const ALONE: usize = 1;
const LATER: usize = 2;

/// A group of rows, as many as a vector has lanes.
struct RowGroup<'a> {
    model: &'a Linear,
    features: Range<usize>,
    rows: Readable<'a>,
    first_row: usize,
    stride: usize,
    /// The row of each place of the merge, counted from the first one.
    places: [usize; LANES],
}

impl RowGroup<'_> {
    /// Add the products to `N` logits from `first` on, and the sizes if it is their turn.
    #[inline(always)]
    fn add<S: Simd, const N: usize>(&self, simd: S, turn: usize, first: usize, logits: &mut [f32], sizes: &mut [f32]) {
        match turn {
            FIRST => self.add_in_turn::<S, N, FIRST>(simd, first, logits, sizes),
            ALONE => self.add_in_turn::<S, N, ALONE>(simd, first, logits, sizes),
            _ => self.add_in_turn::<S, N, LATER>(simd, first, logits, sizes),
        }
    }

    #[inline(always)]
    fn add_in_turn<S: Simd, const N: usize, const TURN: usize>(
        &self,
        simd: S,
        first: usize,
        logits: &mut [f32],
        sizes: &mut [f32],
    ) {
        let zero = S::F32::splat(simd, 0.0);
        let mut parts = [[zero; PARTS]; N];
        let mut part_sizes = [zero; PARTS];
        let mut part = 0;
        while part < PARTS {
            if S::F32::LANES == LANES {
                let rows = [self.row(4 * part), self.row(4 * part + 1), self.row(4 * part + 2), self.row(4 * part + 3)];
                let (sums, size) = self.sums::<S, 4, N, TURN>(simd, rows, first, part);
                let mut class = 0;
                while class < N {
                    parts[class][part] = merge::<S::F32, 0, 1>(sums[class]);
                    class += 1;
                }
                part_sizes[part] = merge::<S::F32, 0, 1>(size);
            } else {
                let rows = [self.row(2 * part), self.row(2 * part + 1)];
                let (sums, size) = self.sums::<S, 2, N, TURN>(simd, rows, first, part);
                let mut class = 0;
                while class < N {
                    parts[class][part] = step::<S::F32, 0>(sums[class][0], sums[class][1]);
                    class += 1;
                }
                part_sizes[part] = step::<S::F32, 0>(size[0], size[1]);
            }
            part += 1;
        }
        let begun = self.features.start > 0;
        let mut class = 0;
        while class < N {
            if first + class < self.model.outputs() {
                let to = &mut logits[(first + class) * self.stride + self.first_row..][..S::F32::LANES];
                let so_far = if begun {
                    S::F32::from_slice(simd, to)
                } else {
                    S::F32::splat(simd, self.model.intercepts()[first + class])
                };
                last_merge::<S>(parts[class]).add(so_far).to_slice(to);
            }
            class += 1;
        }
        if TURN != LATER {
            let to = &mut sizes[self.first_row..][..S::F32::LANES];
            let so_far = if begun { S::F32::from_slice(simd, to) } else { zero };
            last_merge::<S>(part_sizes).add(so_far).to_slice(to);
        }
    }

    /// Where the row of a place of the merge begins; the last one in place of those past it.
    #[inline(always)]
    fn row(&self, place: usize) -> *const f32 {
        let row = (self.first_row + self.places[place]).min(self.rows.matrix.rows() - 1);
        self.rows.matrix.pointer(row, 0)
    }

    /// The lanes of the sums of `R` rows, and of their sizes.
    #[inline(always)]
    fn sums<S: Simd, const R: usize, const N: usize, const TURN: usize>(
        &self,
        simd: S,
        rows: [*const f32; R],
        first: usize,
        part: usize,
    ) -> ([[S::F32; R]; N], [S::F32; R]) {
        let zero = S::F32::splat(simd, 0.0);
        let mut sums = DotSums { sums: [[[zero; R]; N]; 2], sizes: [[zero; R]; 2] };
        let (from, end) = (self.features.start, self.features.len());
        let weights = self.model.weights_from(first, from);
        let at_most = self.model.sizes_from(from);
        let padded = self.model.padded();
        assert!(weights.len() >= (N - 1) * padded + end.next_multiple_of(LANES));
        assert!(at_most.len() >= end.next_multiple_of(LANES));
        let (weights, at_most) = (weights.as_ptr(), at_most.as_ptr());
        // Line by line through the rows of a later group, which follow each other as a rule.
        let ahead = self.rows.matrix.pointer(self.first_row + AHEAD * S::F32::LANES + part * R, 0);
        let (asked, half_asked) = if TURN == ALONE { (R, 0) } else { (R / 2, if TURN == FIRST { 0 } else { R / 2 }) };
        let whole = end - end % LANES;
        let mut feature = 0;
        while feature < end {
            let mut half = 0;
            while half < LANES / S::F32::LANES {
                let at = feature + half * S::F32::LANES;
                let mut x = [zero; R];
                let mut row = 0;
                while row < R {
                    // SAFETY: a row has `end` readable features [features that a panel doesn't
                    // have], and past the last row come none [rows past the last of a group]. What
                    // is beyond is left out [features past a row's end] [whole vectors of features
                    // too many].
                    x[row] = unsafe {
                        if feature < whole {
                            S::F32::load(simd, rows[row].add(at))
                        } else {
                            let left = end.saturating_sub(at).min(S::F32::LANES);
                            S::F32::load_first(rows[row].wrapping_add(at), left, zero)
                        }
                    };
                    if half == 0 && row < asked {
                        simd::prefetch(ahead.wrapping_add(R * feature + LANES * (row + half_asked)));
                    }
                    row += 1;
                }
                // SAFETY: `at` and a vector after it lie below `end` rounded up, for which there
                // are weights [weights without room for classes that are computed together] and
                // sizes [sizes without room for whole vectors], by the assertions above.
                unsafe {
                    let mut class = 0;
                    while class < N {
                        let weight = S::F32::load(simd, weights.add(class * padded + at));
                        let mut row = 0;
                        while row < R {
                            sums.sums[half][class][row] = x[row].mul_add(weight, sums.sums[half][class][row]);
                            row += 1;
                        }
                        class += 1;
                    }
                    if TURN != LATER {
                        let weight = S::F32::load(simd, at_most.add(at));
                        let mask = S::F32::splat(simd, f32::from_bits(!(1 << 31)));
                        let mut row = 0;
                        while row < R {
                            sums.sizes[half][row] = x[row].bits_and(mask).mul_add(weight, sums.sizes[half][row]);
                            row += 1;
                        }
                    }
                }
                half += 1;
            }
            feature += LANES;
        }
        sums.halves_added()
    }
}

/// How many vectors the rows of a group are merged to at first.
const PARTS: usize = 4;

/// Sums of lanes, of both halves of the virtual ones where a vector has no more.
struct DotSums<V, const R: usize, const N: usize> {
    sums: [[[V; R]; N]; 2],
    sizes: [[V; R]; 2],
}

impl<V: Vector, const R: usize, const N: usize> DotSums<V, R, N> {
    /// The first step of the tree, where a vector is half of the virtual lanes.
    #[inline(always)]
    fn halves_added(self) -> ([[V; R]; N], [V; R]) {
        let ([mut sums, other], [mut sizes, other_sizes]) = (self.sums, self.sizes);
        if V::LANES < LANES {
            let mut row = 0;
            while row < R {
                let mut class = 0;
                while class < N {
                    sums[class][row] = sums[class][row].add(other[class][row]);
                    class += 1;
                }
                sizes[row] = sizes[row].add(other_sizes[row]);
                row += 1;
            }
        }
        (sums, sizes)
    }
}

/// One step of the tree.
#[inline(always)]
fn step<V: Vector, const STEP: usize>(one: V, other: V) -> V {
    let [one, other] = one.pair::<STEP>(other);
    one.add(other)
}

/// Two steps.
#[inline(always)]
fn merge<V: Vector, const STEP: usize, const NEXT: usize>(four: [V; 4]) -> V {
    step::<V, NEXT>(step::<V, STEP>(four[0], four[1]), step::<V, STEP>(four[2], four[3]))
}

/// The last two.
#[inline(always)]
fn last_merge<S: Simd>(parts: [S::F32; PARTS]) -> S::F32 {
    if S::F32::LANES == LANES { merge::<S::F32, 2, 3>(parts) } else { merge::<S::F32, 1, 2>(parts) }
}

/// Copies some features of some rows, rounded to `f32`, to adjacent rows.
pub(super) struct CopyPanel<'a, 'm, E> {
    pub(super) matrix: &'a Matrix<'m, E>,
    pub(super) rows: Range<usize>,
    pub(super) features: Range<usize>,
    pub(super) to: &'a mut [f32],
}

impl<E: Element> Kernel for CopyPanel<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let CopyPanel { matrix, rows, features, to } = self;
        let width = features.len();
        assert!(to.len() == rows.len() * width);
        if matrix.column_major().is_some() {
            for (i, feature) in features.enumerate() {
                let column = matrix.adjacent_column(rows.clone(), feature);
                for (row, value) in column.iter().enumerate() {
                    to[row * width + i] = narrowed(value.widen());
                }
            }
            return;
        }
        for (row, to) in rows.zip(to.chunks_exact_mut(width)) {
            match matrix.adjacent_row(row) {
                Some(from) => {
                    let mut wide = [<E::Compute as Float>::ZERO; 64];
                    for (from, to) in from[features.clone()].chunks(64).zip(to.chunks_mut(64)) {
                        E::widen_all(from, &mut wide[..from.len()]);
                        for (to, &wide) in to.iter_mut().zip(&wide) {
                            *to = narrowed(wide);
                        }
                    }
                }
                None => {
                    for (to, feature) in to.iter_mut().zip(features.clone()) {
                        *to = narrowed(matrix.get(row, feature).widen());
                    }
                }
            }
        }
    }
}

/// To the nearest `f32`.
#[inline(always)]
pub(super) fn narrowed<T: Into<f64>>(value: T) -> f32 {
    let wide: f64 = value.into();
    wide as f32
}
