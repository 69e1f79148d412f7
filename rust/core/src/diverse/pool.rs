//! The rows in question, by position.

use crate::error::{Error, Result};
use crate::matrix::Matrix;

/// Rows of a matrix: all of them, or those that a short list names. A row's *position* counts within the pool, and its *id* within the matrix; ids ascend
/// with positions, so that the lowest position is the lowest id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool<'a, E> {
    matrix: Matrix<'a, E>,
    ids: Option<&'a [i64]>,
}

impl<'a, E: Copy> Pool<'a, E> {
    /// `ids` ascend, and each is a row of the matrix.
    pub(crate) fn new(matrix: Matrix<'a, E>, ids: Option<&'a [i64]>) -> Result<Self> {
        let rows = matrix.rows();
        if let Some(ids) = ids {
            let ascending = ids.windows(2).all(|pair| pair[0] < pair[1]);
            let inside = ids.first().is_none_or(|&id| id >= 0) && ids.last().is_none_or(|&id| (id as usize) < rows);
            if !ascending || !inside {
                let sentence = format!("among must hold ascending ids, each once, of 0 to {}", rows as i64 - 1);
                return Err(Error::Argument(sentence));
            }
        }
        let pool = Pool { matrix, ids };
        if pool.rows() > u32::MAX as usize - 1 {
            let came = pool.rows();
            return Err(Error::Argument(format!("X has {came} rows to pick from; accepted are up to 4294967294")));
        }
        Ok(pool)
    }

    /// The matrix that positions lead into.
    #[inline(always)]
    pub(crate) fn matrix(&self) -> &Matrix<'a, E> {
        &self.matrix
    }

    /// Rows of the pool.
    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        self.ids.map_or(self.matrix.rows(), <[i64]>::len)
    }

    /// Features of a row.
    #[inline(always)]
    pub(crate) fn features(&self) -> usize {
        self.matrix.columns()
    }

    /// The id of the row at a position.
    #[inline(always)]
    pub(crate) fn id(&self, position: usize) -> usize {
        self.ids.map_or(position, |ids| ids[position] as usize)
    }

    /// The position of an id, if the pool has it.
    pub(crate) fn position(&self, id: usize) -> Option<usize> {
        match self.ids {
            None => (id < self.rows()).then_some(id),
            Some(ids) => ids.binary_search(&(id as i64)).ok(),
        }
    }
}
