//! A small row-major copy of some rows, for those the kernels can't read where they lie: other
//! strides, half precision in columns, single rows picked out, and the last few rows of a matrix.
//! It stays in cache; its size does not depend on the number of rows.

use crate::below_zero;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::Float;
use std::ops::Range;

/// About how many bytes a copy may have: half of a small second-level cache.
const BYTES: usize = 256 << 10;

/// The most rows of a copy, however narrow.
const MOST_ROWS: usize = 256;

/// Columns that are copied together, so that a row is written to less often.
const TOGETHER: usize = 4;

/// What the kernels may read past the last row.
const SLACK: usize = 4;

/// Rows of the compute type, adjacent.
#[derive(Debug)]
pub(crate) struct RowCopy<T> {
    values: Vec<T>,
    columns: usize,
}

impl<T: Float> RowCopy<T> {
    /// No rows, no memory.
    pub(crate) fn new() -> Self {
        RowCopy { values: Vec::new(), columns: 0 }
    }

    /// How many rows of that width fit: whole groups of `LANES`, at least one.
    pub(crate) fn capacity(columns: usize) -> usize {
        let rows = BYTES / (columns * size_of::<T>());
        (rows - rows % T::LANES).clamp(T::LANES, MOST_ROWS)
    }

    /// Where the rows start. Rows are as far apart as they are wide.
    pub(crate) fn origin(&self) -> *const T {
        self.values.as_ptr()
    }

    /// Make room for whole groups holding `rows` rows; returns how many.
    fn resize(&mut self, rows: usize, columns: usize) -> usize {
        let rows = rows.next_multiple_of(T::LANES);
        self.columns = columns;
        room::resize(&mut self.values, rows * columns + SLACK, T::ZERO);
        rows
    }

    fn row(&mut self, row: usize) -> &mut [T] {
        &mut self.values[row * self.columns..][..self.columns]
    }

    /// Fill the rows from `count` to the end with the first row, so that groups are whole and no
    /// lane of padding is invalid.
    fn pad(&mut self, count: usize, rows: usize) {
        for row in count..rows {
            self.values.copy_within(..self.columns, row * self.columns);
        }
    }

    /// Copy the rows given by number.
    pub(crate) fn gather<E: Element<Compute = T>>(
        &mut self,
        matrix: &Matrix<'_, E>,
        rows: impl ExactSizeIterator<Item = usize>,
    ) {
        let count = rows.len();
        let whole = self.resize(count, matrix.columns());
        for (i, row) in rows.enumerate() {
            let to = self.row(i);
            match matrix.adjacent_row(row) {
                // With two or three classes, a copy whose length the compiler does not know takes
                // longer than the measure.
                Some(from) if from.len() == 2 => E::widen_all(&from[..2], &mut to[..2]),
                Some(from) if from.len() == 3 => E::widen_all(&from[..3], &mut to[..3]),
                Some(from) => E::widen_all(from, to),
                None => to.iter_mut().enumerate().for_each(|(column, to)| *to = matrix.get(row, column).widen()),
            }
        }
        self.pad(count, whole);
    }

    /// Leave no sign: see [`below_zero::settle`].
    pub(crate) fn settle_signs(&mut self, tolerance: f64) {
        self.values.chunks_exact_mut(self.columns).for_each(|row| below_zero::settle(row, tolerance));
    }

    /// Copy rows whose columns are adjacent.
    pub(super) fn transpose<E: Element<Compute = T>>(&mut self, matrix: &Matrix<'_, E>, rows: Range<usize>) {
        let (count, columns) = (rows.len(), matrix.columns());
        let whole = self.resize(count, columns);
        let mut buffers = [[T::ZERO; MOST_ROWS]; TOGETHER];
        let fill = |buffer: &mut [T], column| {
            E::widen_all(matrix.adjacent_column(rows.clone(), column), buffer);
        };
        let side_by_side = columns - columns % TOGETHER;
        for column in (0..side_by_side).step_by(TOGETHER) {
            for (i, buffer) in buffers.iter_mut().enumerate() {
                fill(&mut buffer[..count], column + i);
            }
            for (i, row) in self.values.chunks_exact_mut(columns).take(count).enumerate() {
                let to = &mut row[column..column + TOGETHER];
                to.iter_mut().zip(&buffers).for_each(|(to, buffer)| *to = buffer[i]);
            }
        }
        for column in side_by_side..columns {
            let buffer = &mut buffers[0][..count];
            fill(buffer, column);
            for (&value, row) in buffer.iter().zip(self.values.chunks_exact_mut(columns)) {
                row[column] = value;
            }
        }
        self.pad(count, whole);
    }
}
