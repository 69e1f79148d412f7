//! One matrix in every memory layout a user may have it in. What lies between its elements is NaN,
//! so that reading it shows, and what lies before or behind them may not be read.

#![allow(unsafe_code)]

use crate::dtype::Dtype;
use crate::fence::{At, Fenced};
use shortlist_core::matrix::Matrix;
use shortlist_core::random::hash;

/// How a matrix lies in memory.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    /// C order.
    RowMajor,
    /// C order with room between the rows.
    StridedRows,
    /// Every other element.
    StridedColumns,
    /// C order upside down.
    ReversedRows,
    /// C order mirrored.
    ReversedColumns,
    /// Fortran order.
    ColumnMajor,
    /// Fortran order with room between the columns.
    StridedColumnMajor,
    /// Fortran order upside down.
    ReversedColumnMajor,
    /// Fortran order mirrored.
    MirroredColumnMajor,
}

pub use Layout::*;

/// All of them.
pub const LAYOUTS: [Layout; 9] = [
    RowMajor,
    StridedRows,
    StridedColumns,
    ReversedRows,
    ReversedColumns,
    ColumnMajor,
    StridedColumnMajor,
    ReversedColumnMajor,
    MirroredColumnMajor,
];

/// A matrix with memory of its own.
pub struct Laid<E> {
    memory: Fenced<E>,
    origin: isize,
    rows: usize,
    columns: usize,
    strides: [isize; 2],
}

impl<E: Dtype> Laid<E> {
    /// Lay out rows that are given next to each other.
    pub fn new(values: &[E], columns: usize, layout: Layout) -> Self {
        let rows = values.len() / columns;
        let (r, c) = (rows as isize, columns as isize);
        let strides = match layout {
            RowMajor => [c, 1],
            StridedRows => [c + 3, 1],
            StridedColumns => [2 * c + 1, 2],
            ReversedRows => [-c, 1],
            ReversedColumns => [c, -1],
            ColumnMajor => [1, r],
            StridedColumnMajor => [1, r + 5],
            ReversedColumnMajor => [-1, r],
            MirroredColumnMajor => [1, -r],
        };
        let last = [(r - 1) * strides[0], (c - 1) * strides[1]];
        let origin = -(last[0].min(0) + last[1].min(0));
        // Not an element more than the layout needs.
        let size = origin + last[0].max(0) + last[1].max(0) + 1;
        // Mostly the end is fenced, where vectors are more likely to reach too far.
        let at = if hash(rows as u64, columns as u64, 0).is_multiple_of(4) { At::Start } else { At::End };
        let mut memory = Fenced::filled(E::of(f64::NAN), size as usize, at);
        for (i, &value) in values.iter().enumerate() {
            let (row, column) = ((i / columns) as isize, (i % columns) as isize);
            memory[(origin + row * strides[0] + column * strides[1]) as usize] = value;
        }
        Laid { memory, origin, rows, columns, strides }
    }

    /// The matrix.
    pub fn matrix(&self) -> Matrix<'_, E> {
        let [row_stride, column_stride] = self.strides;
        // SAFETY: `new` wrote every element of this matrix to the memory, which lives as long as
        // the matrix.
        unsafe {
            let origin = self.memory.as_ptr().offset(self.origin);
            Matrix::from_raw_parts(origin, self.rows, self.columns, row_stride, column_stride)
        }
    }
}
