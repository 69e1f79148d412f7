//! A matrix and which of its rows are in question.

use super::among::Among;
use crate::error::Result;
use crate::matrix::Matrix;

/// Rows of a matrix by position: all of them, or those that a short list names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidates<'a, E> {
    matrix: Matrix<'a, E>,
    among: Among<'a>,
}

impl<'a, E: Copy> Candidates<'a, E> {
    /// `ids` ascend, and each is a row of the matrix.
    pub(crate) fn new(matrix: Matrix<'a, E>, ids: Option<&'a [i64]>) -> Result<Self> {
        Ok(Candidates { matrix, among: Among::new(matrix.rows(), ids)? })
    }

    /// The matrix that positions lead into.
    #[inline(always)]
    pub(crate) fn matrix(&self) -> &Matrix<'a, E> {
        &self.matrix
    }

    /// Rows of the pool.
    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        self.among.count()
    }

    /// Features of a row.
    #[inline(always)]
    pub(crate) fn features(&self) -> usize {
        self.matrix.columns()
    }

    /// The id of the row at a position.
    #[inline(always)]
    pub(crate) fn id(&self, position: usize) -> usize {
        self.among.id(position) as usize
    }

    /// Which rows these are.
    pub(crate) fn among(&self) -> Among<'a> {
        self.among
    }
}
