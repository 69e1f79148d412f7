//! A borrowed matrix as it lies in memory: any strides, never copied.

#![allow(unsafe_code)]

use crate::error::{Error, Result};
use std::marker::PhantomData;
use std::ops::Range;

/// Rows and columns of `E`, with strides counted in elements.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    origin: *const E,
    rows: usize,
    columns: usize,
    row_stride: isize,
    column_stride: isize,
    borrowed: PhantomData<&'a [E]>,
}

// SAFETY: a matrix is a shared borrow of its elements.
unsafe impl<E: Sync> Send for Matrix<'_, E> {}
// SAFETY: as above.
unsafe impl<E: Sync> Sync for Matrix<'_, E> {}

impl<'a, E: Copy> Matrix<'a, E> {
    /// A matrix over adjacent rows.
    pub fn from_rows(data: &'a [E], rows: usize, columns: usize) -> Result<Self> {
        if rows.checked_mul(columns) != Some(data.len()) {
            let came = data.len();
            return Err(Error::Argument(format!("data has {came} elements, {rows} rows of {columns} were announced")));
        }
        // SAFETY: every element lies inside the slice [rows that the data are too short for].
        Ok(unsafe { Self::from_raw_parts(data.as_ptr(), rows, columns, columns as isize, 1) })
    }

    /// A matrix over adjacent columns (Fortran order).
    pub fn from_columns(data: &'a [E], rows: usize, columns: usize) -> Result<Self> {
        let Matrix { origin, .. } = Self::from_rows(data, rows, columns)?;
        // SAFETY: every element lies inside the slice [rows that the data are too short for].
        Ok(unsafe { Self::from_raw_parts(origin, rows, columns, 1, rows as isize) })
    }

    /// A matrix over memory owned by somebody else.
    ///
    /// # Safety
    /// For every row and column, `origin + row * row_stride + column * column_stride` must be an
    /// aligned element, readable and not written to for the lifetime of the matrix.
    pub const unsafe fn from_raw_parts(
        origin: *const E,
        rows: usize,
        columns: usize,
        row_stride: isize,
        column_stride: isize,
    ) -> Self {
        Matrix { origin, rows, columns, row_stride, column_stride, borrowed: PhantomData }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of all elements.
    pub fn bytes(&self) -> usize {
        self.rows * self.columns * size_of::<E>()
    }

    /// One element.
    ///
    /// # Panics
    /// When it lies outside.
    #[inline(always)]
    pub fn get(&self, row: usize, column: usize) -> E {
        assert!(row < self.rows && column < self.columns, "element ({row}, {column}) lies outside");
        // SAFETY: inside, by the line above [an element that a matrix doesn't have] and the promise
        // made at construction.
        unsafe { *self.pointer(row, column) }
    }

    /// Some of the rows.
    pub fn slice(&self, rows: Range<usize>) -> Matrix<'a, E> {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} lie outside");
        Matrix { origin: self.pointer(rows.start, 0), rows: rows.len(), ..*self }
    }

    /// Every so many columns: the first, and those that many after it.
    pub(crate) fn every(&self, columns: usize) -> Matrix<'a, E> {
        assert!(columns > 0);
        let column_stride = self.column_stride * columns as isize;
        Matrix { columns: self.columns.div_ceil(columns), column_stride, ..*self }
    }

    /// A row whose elements are adjacent.
    pub(crate) fn adjacent_row(&self, row: usize) -> Option<&'a [E]> {
        assert!(row < self.rows);
        // SAFETY: the elements of the row are adjacent, by the test [a row whose elements are
        // apart], and readable [a row that a matrix doesn't have], by the promise made at
        // construction.
        (self.column_stride == 1 || self.columns == 1)
            .then(|| unsafe { std::slice::from_raw_parts(self.pointer(row, 0), self.columns) })
    }

    /// Some rows of a column.
    ///
    /// # Panics
    /// Where columns are not adjacent, or it lies outside.
    pub(crate) fn adjacent_column(&self, rows: Range<usize>, column: usize) -> &'a [E] {
        assert!(rows.start <= rows.end && rows.end <= self.rows && column < self.columns && self.row_stride == 1);
        // SAFETY: the elements are adjacent and inside, by the line above [a column that a matrix
        // doesn't have], and readable, by the promise made at construction.
        unsafe { std::slice::from_raw_parts(self.pointer(rows.start, column), rows.len()) }
    }

    /// The distance between rows whose elements are adjacent and which do not overlap.
    pub(crate) fn row_major(&self) -> Option<usize> {
        let adjacent = self.column_stride == 1 || self.columns == 1;
        (adjacent && self.row_stride >= self.columns as isize).then_some(self.row_stride as usize)
    }

    /// The distance between columns whose elements are adjacent.
    pub(crate) fn column_major(&self) -> Option<isize> {
        (self.row_stride == 1).then_some(self.column_stride)
    }

    /// Where an element is; may be any address for an element that lies outside.
    #[inline(always)]
    pub(crate) fn pointer(&self, row: usize, column: usize) -> *const E {
        self.origin.wrapping_offset(row as isize * self.row_stride + column as isize * self.column_stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn more_than_there_is_is_refused() {
        let data: Vec<u8> = (0..6).collect();
        for (rows, columns) in [(3, 3), (2, 4), (1, 3), (0, 1), (usize::MAX, 3)] {
            assert!(Matrix::from_rows(&data, rows, columns).is_err());
            assert!(Matrix::from_columns(&data, rows, columns).is_err());
        }
        let matrix = Matrix::from_rows(&data, 2, 3).unwrap();
        let turned = Matrix::from_columns(&data, 2, 3).unwrap();
        assert_eq!((matrix.get(1, 2), turned.adjacent_column(1..2, 2)), (5, &[5][..]));
        assert_eq!(matrix.slice(1..2).adjacent_row(0), Some(&[3, 4, 5][..]));
        assert_eq!(turned.adjacent_row(0), None);
        assert!(catch_unwind(|| matrix.slice(1..3)).is_err());
        assert!(catch_unwind(|| matrix.get(2, 0)).is_err());
        assert!(catch_unwind(|| matrix.get(0, 3)).is_err());
        assert!(catch_unwind(|| matrix.adjacent_row(2)).is_err());
        assert!(catch_unwind(|| turned.adjacent_column(0..3, 0)).is_err());
        assert!(catch_unwind(|| turned.adjacent_column(0..1, 3)).is_err());
    }
}
