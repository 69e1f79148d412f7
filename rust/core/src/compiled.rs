//! Scoring and selecting, compiled once for each type that a matrix may hold.
//!
//! Generic code is compiled by each crate that calls it. The loops over rows take minutes, so they
//! are compiled here, for all who use this crate.

use crate::blocks::Watch;
use crate::error::Result;
use crate::fault::RowFault;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::scorer::Scorer;
use crate::select::{Rows, Selector};
use half::{bf16, f16};

impl Scorer {
    /// The scores of all rows. Invalid rows get NaN, or make an error that names the first. Returns
    /// how many are invalid.
    pub fn score<E: Compiled>(
        &self,
        matrix: &Matrix<'_, E>,
        out: &mut [E::Compute],
        first_row: u64,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        E::compiled().0(self, matrix, out, first_row, threads, watch)
    }

    /// Score all rows and keep the best. An error leaves the selector as it was. Returns the number
    /// of rows whose measure was computed in full: fewer than all where a bound ruled rows out.
    pub fn select<E: Compiled>(
        &self,
        matrix: &Matrix<'_, E>,
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        self.select_all(std::slice::from_ref(matrix), selector, rows, threads, watch)
    }

    /// The same over the rows of matrices, one after the other, of as many classes each: threads
    /// share them all, however small they are.
    pub fn select_all<E: Compiled>(
        &self,
        matrices: &[Matrix<'_, E>],
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        E::compiled().1(self, matrices, selector, rows, threads, watch)
    }

    /// The same over rows of which each class is a slice of its own, wherever that lies.
    pub fn select_columns<E: Compiled>(
        &self,
        columns: &[&[E]],
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        E::compiled().2(self, columns, selector, rows, threads, watch)
    }

    /// Every invalid row and its fault, in order: a slow second look.
    pub fn faults<E: Compiled>(&self, matrix: &Matrix<'_, E>) -> Result<Vec<RowFault>> {
        E::compiled().3(self, matrix)
    }
}

/// [`Scorer::score`], [`Scorer::select_all`], [`Scorer::select_columns`] and [`Scorer::faults`] for
/// one type.
pub type Functions<E> = (
    fn(&Scorer, &Matrix<'_, E>, &mut [<E as Element>::Compute], u64, usize, &mut dyn Watch) -> Result<u64>,
    fn(&Scorer, &[Matrix<'_, E>], &mut Selector, &Rows<'_>, usize, &mut dyn Watch) -> Result<u64>,
    fn(&Scorer, &[&[E]], &mut Selector, &Rows<'_>, usize, &mut dyn Watch) -> Result<u64>,
    fn(&Scorer, &Matrix<'_, E>) -> Result<Vec<RowFault>>,
);

/// A type that scoring and selecting are compiled for.
pub trait Compiled: Element {
    /// All four.
    fn compiled() -> Functions<Self>;
}

macro_rules! compiled {
    ($($type:ty),*) => {
        $(impl Compiled for $type {
            // Inlined, it would be compiled by the caller's crate, and with it what it names.
            #[inline(never)]
            fn compiled() -> Functions<$type> {
                (Scorer::score_any, Scorer::select_any, Scorer::select_columns_any, Scorer::faults_any)
            }
        })*
    };
}

compiled!(f64, f32, f16, bf16);
