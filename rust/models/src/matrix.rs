//! A matrix, of which these files ask how wide a row is.

pub struct Matrix<'a, E>(pub &'a [E]);

impl<E> Matrix<'_, E> {
    pub fn columns(&self) -> usize {
        self.0.len()
    }

    pub fn column_major(&self) -> Option<usize> {
        None
    }
}
