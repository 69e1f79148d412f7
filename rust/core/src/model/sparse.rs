//! The same for features of which most are zero, in compressed rows (CSR): lanes are classes, and a
//! row's products are added in the order of its entries.

#![allow(unsafe_code)]

use super::linear::Linear;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::{Kernel, Simd, Vector};
use std::ops::Range;

/// Rows as SciPy's `csr_matrix` holds them: entries `starts[i]..starts[i + 1]` are row i's.
#[derive(Clone, Copy, Debug)]
pub struct Sparse<'a, E, I> {
    starts: &'a [I],
    columns: &'a [I],
    values: &'a [E],
    width: usize,
}

/// What counts entries and columns: `i32` or `i64`.
pub trait Index: Copy + Send + Sync + 'static {
    /// As a place; one that is out of every range where it is negative.
    fn place(self) -> usize;
}

impl Index for i32 {
    #[inline(always)]
    fn place(self) -> usize {
        usize::try_from(self).unwrap_or(usize::MAX)
    }
}

impl Index for i64 {
    #[inline(always)]
    fn place(self) -> usize {
        usize::try_from(self).unwrap_or(usize::MAX)
    }
}

impl<'a, E: Element, I: Index> Sparse<'a, E, I> {
    /// From the three arrays, as many columns wide. Entries are looked at when a row is read.
    pub fn new(starts: &'a [I], columns: &'a [I], values: &'a [E], width: usize) -> Result<Self> {
        let rises = starts.windows(2).all(|pair| pair[0].place() <= pair[1].place());
        let end = starts.last().map(|end| end.place());
        if !rises || end.is_none_or(|end| end > columns.len() || end > values.len()) {
            return Err(Error::Argument("x is no matrix of compressed rows: its indptr does not fit its data".into()));
        }
        Ok(Sparse { starts, columns, values, width })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Entries of all rows.
    pub(super) fn entries(&self) -> usize {
        self.values.len()
    }

    /// The entries of a row.
    #[inline(always)]
    fn row(&self, row: usize) -> Range<usize> {
        self.starts[row].place()..self.starts[row + 1].place()
    }
}

/// Computes the logits of some rows, and of each row its size and its number of entries.
pub(super) struct SparseLogits<'a, 'm, E, I> {
    pub(super) model: &'a Linear,
    pub(super) matrix: &'a Sparse<'m, E, I>,
    pub(super) rows: Range<usize>,
    /// Row by row, each padded.
    pub(super) logits: &'a mut [f32],
    pub(super) sizes: &'a mut [f32],
    pub(super) entries: &'a mut [u32],
}

/// Vectors of classes whose sums are in registers at a time.
const WIDTH: usize = 4;

impl<E: Element, I: Index> Kernel for SparseLogits<'_, '_, E, I> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let SparseLogits { model, matrix, rows, logits, sizes, entries } = self;
        assert!(rows.end <= matrix.rows() && matrix.width == model.features());
        for (i, row) in rows.enumerate() {
            let there = matrix.row(row);
            let (columns, values) = (&matrix.columns[there.clone()], &matrix.values[there]);
            let to = &mut logits[i * model.padded()..][..model.padded()];
            let mut size = 0.0_f32;
            for (column, value) in columns.iter().zip(values) {
                // An entry outside the matrix is for the model to complain about: such a row has no
                // interval.
                let bound = model.largest(column.place()).unwrap_or(f32::NAN);
                size += super::linear::narrowed(value.widen()).abs() * bound;
            }
            sizes[i] = size;
            entries[i] = u32::try_from(columns.len()).unwrap_or(u32::MAX);
            if size.is_nan() {
                to.fill(f32::NAN);
                continue;
            }
            let mut first = 0;
            while first + WIDTH * S::F32::LANES <= model.padded() {
                add::<S, E, I, WIDTH>(simd, model, columns, values, first, to);
                first += WIDTH * S::F32::LANES;
            }
            while first < model.padded() {
                add::<S, E, I, 1>(simd, model, columns, values, first, to);
                first += S::F32::LANES;
            }
        }
    }
}

/// The logits of `N` vectors of classes from `first` on.
#[inline(always)]
fn add<S: Simd, E: Element, I: Index, const N: usize>(
    simd: S,
    model: &Linear,
    columns: &[I],
    values: &[E],
    first: usize,
    to: &mut [f32],
) {
    let lanes = S::F32::LANES;
    let mut sums = [S::F32::splat(simd, 0.0); N];
    let mut i = 0;
    while i < N {
        sums[i] = S::F32::from_slice(simd, &model.intercepts()[first + i * lanes..][..lanes]);
        i += 1;
    }
    for (column, value) in columns.iter().zip(values) {
        let weights = &model.weights_of(column.place())[first..][..N * lanes];
        let value = S::F32::splat(simd, super::linear::narrowed(value.widen()));
        let mut i = 0;
        while i < N {
            sums[i] = value.mul_add(S::F32::from_slice(simd, &weights[i * lanes..][..lanes]), sums[i]);
            i += 1;
        }
    }
    let mut i = 0;
    while i < N {
        sums[i].to_slice(&mut to[first + i * lanes..][..lanes]);
        i += 1;
    }
}

/// Rows of logits that lie `padded` apart, as a matrix of the classes alone.
pub(super) fn as_matrix(logits: &[f32], rows: usize, padded: usize, classes: usize) -> Matrix<'_, f32> {
    assert!(classes <= padded && rows * padded <= logits.len());
    // SAFETY: every element lies inside the slice, by the line above.
    unsafe { Matrix::from_raw_parts(logits.as_ptr(), rows, classes, padded as isize, 1) }
}
