//! The same for features of which most are zero, in compressed rows (CSR): lanes are classes, and a
//! row's products are added in the order of its entries.
//!
//! Weights are whole numbers of a unit that each feature has. An entry's value times the unit of
//! its feature is its *factor*: what its weights are multiplied by.

#![allow(unsafe_code)]

use super::linear::{LANES, Linear, MOST_VECTORS};
use crate::error::{Error, Result};
use crate::matrix::Matrix;
use crate::simd::{self, Kernel, Simd, Vector};
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

/// What an entry may be: a number, or a count.
pub trait Value: Copy + Send + Sync + 'static {
    /// To the nearest `f32`.
    fn single(self) -> f32;
}

macro_rules! entries {
    ($($index:ty)*; $($value:ty)*) => {
        $(impl Index for $index {
            #[inline(always)]
            fn place(self) -> usize {
                usize::try_from(self).unwrap_or(usize::MAX)
            }
        })*
        $(impl Value for $value {
            #[inline(always)]
            fn single(self) -> f32 {
                self as f32
            }
        })*
    };
}

entries!(i32 i64; f32 f64 i32 i64);

impl<'a, E: Value, I: Index> Sparse<'a, E, I> {
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

/// The entries of some rows, as the kernel wants them.
#[derive(Default)]
pub(super) struct Entries {
    /// Where the weights of each entry's feature are.
    weights: Vec<usize>,
    factors: Vec<f32>,
    /// Where each row ends.
    ends: Vec<usize>,
    /// The sum of the sizes of a row's factors; NaN where an entry lies outside.
    sizes: Vec<f32>,
}

impl Entries {
    /// Read some rows.
    pub(super) fn read<E: Value, I: Index>(&mut self, model: &Linear, matrix: &Sparse<'_, E, I>, rows: Range<usize>) {
        self.weights.clear();
        self.factors.clear();
        self.ends.clear();
        self.sizes.clear();
        let units = &model.sizes_from(0)[..model.features()];
        for row in rows {
            let there = matrix.row(row);
            let mut size = 0.0_f32;
            for (column, value) in matrix.columns[there.clone()].iter().zip(&matrix.values[there]) {
                // An entry outside the matrix is for the model to complain about: such a row has no
                // interval.
                let column = column.place();
                let unit = units.get(column).copied().unwrap_or(f32::NAN);
                let factor = value.single() * unit;
                size += factor.abs();
                if !unit.is_nan() {
                    self.factors.push(factor);
                    self.weights.push(column * model.padded());
                }
            }
            self.sizes.push(size);
            self.ends.push(self.weights.len());
        }
    }

    /// The size of each row, and how many entries it has.
    pub(super) fn sizes(&self) -> impl Iterator<Item = (f32, usize)> {
        let mut start = 0;
        self.sizes.iter().zip(&self.ends).map(move |(&size, &end)| {
            let count = end - start;
            start = end;
            (size, count)
        })
    }
}

/// How many entries ahead weights are asked for: their features are all over the place.
const AHEAD: usize = 12;

/// Computes the logits of some rows.
pub(super) struct SparseLogits<'a> {
    pub(super) model: &'a Linear,
    pub(super) entries: &'a Entries,
    /// Row by row, each padded.
    pub(super) logits: &'a mut [f32],
}

impl Kernel for SparseLogits<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let vectors = self.model.padded() / LANES;
        match vectors / vectors.div_ceil(MOST_VECTORS) {
            1 => self.by::<S, 1>(simd),
            2 => self.by::<S, 2>(simd),
            3 => self.by::<S, 3>(simd),
            4 => self.by::<S, 4>(simd),
            5 => self.by::<S, 5>(simd),
            6 => self.by::<S, 6>(simd),
            7 => self.by::<S, 7>(simd),
            _ => self.by::<S, MOST_VECTORS>(simd),
        }
    }
}

impl SparseLogits<'_> {
    /// `N` vectors of classes at a time.
    #[inline(always)]
    fn by<S: Simd, const N: usize>(self, simd: S) {
        let SparseLogits { model, entries, logits } = self;
        let (padded, lanes) = (model.padded(), S::F32::LANES);
        let weights = model.wholes();
        assert!(padded.is_multiple_of(N * lanes) && logits.len() >= entries.ends.len() * padded);
        let mut start = 0;
        for (&end, to) in entries.ends.iter().zip(logits.chunks_exact_mut(padded)) {
            let (places, factors) = (&entries.weights[start..end], &entries.factors[start..end]);
            let later = &entries.weights[(start + AHEAD).min(entries.weights.len())..];
            let mut first = 0;
            while first < padded {
                let mut sums = [S::F32::splat(simd, 0.0); N];
                let mut i = 0;
                while i < N {
                    sums[i] = S::F32::from_slice(simd, &model.intercepts()[first + i * lanes..][..lanes]);
                    i += 1;
                }
                for (entry, (&place, &factor)) in places.iter().zip(factors).enumerate() {
                    if let Some(&later) = later.get(entry) {
                        let mut i = 0;
                        while i < N {
                            // Two vectors of 16 whole numbers are a line.
                            if i * lanes % (2 * LANES) == 0 {
                                simd::prefetch(weights.as_ptr().wrapping_add(later + first + i * lanes));
                            }
                            i += 1;
                        }
                    }
                    let wholes = &weights[place + first..][..N * lanes];
                    let factor = S::F32::splat(simd, factor);
                    let mut i = 0;
                    while i < N {
                        // SAFETY: the slice has `N` vectors of them [weights of a feature begin a
                        // class late].
                        let whole = unsafe { S::F32::load_wholes(simd, wholes.as_ptr().add(i * lanes)) };
                        sums[i] = factor.mul_add(whole, sums[i]);
                        i += 1;
                    }
                }
                let mut i = 0;
                while i < N {
                    sums[i].to_slice(&mut to[first + i * lanes..][..lanes]);
                    i += 1;
                }
                first += N * lanes;
            }
            start = end;
        }
    }
}

/// Rows of logits that lie `padded` apart, as a matrix of the classes alone.
pub(super) fn as_matrix(logits: &[f32], rows: usize, padded: usize, classes: usize) -> Matrix<'_, f32> {
    assert!(classes <= padded && rows * padded <= logits.len());
    // SAFETY: every element lies inside the slice, by the line above [logits that aren't there].
    unsafe { Matrix::from_raw_parts(logits.as_ptr(), rows, classes, padded as isize, 1) }
}
