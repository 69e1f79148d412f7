//! Scoring and selecting, compiled once for each type that a matrix may hold.
//!
//! Generic code is compiled by each crate that calls it. The loops over rows take minutes, so they
//! are compiled here, for all who use this crate.

use crate::blocks::Watch;
use crate::error::Result;
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
        E::score(self, matrix, out, first_row, threads, watch)
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
        E::select(self, matrix, selector, rows, threads, watch)
    }
}

/// A type that scoring and selecting are compiled for.
pub trait Compiled: Element {
    /// [`Scorer::score`].
    fn score(
        scorer: &Scorer,
        matrix: &Matrix<'_, Self>,
        out: &mut [Self::Compute],
        first_row: u64,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64>;
    /// [`Scorer::select`].
    fn select(
        scorer: &Scorer,
        matrix: &Matrix<'_, Self>,
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64>;
}

macro_rules! compiled {
    ($type:ty, $compute:ty) => {
        impl Compiled for $type {
            fn score(
                scorer: &Scorer,
                matrix: &Matrix<'_, $type>,
                out: &mut [$compute],
                first_row: u64,
                threads: usize,
                watch: &mut dyn Watch,
            ) -> Result<u64> {
                scorer.score_any(matrix, out, first_row, threads, watch)
            }

            fn select(
                scorer: &Scorer,
                matrix: &Matrix<'_, $type>,
                selector: &mut Selector,
                rows: &Rows<'_>,
                threads: usize,
                watch: &mut dyn Watch,
            ) -> Result<u64> {
                scorer.select_any(matrix, selector, rows, threads, watch)
            }
        }
    };
}

compiled!(f64, f64);
compiled!(f32, f32);
compiled!(f16, f32);
compiled!(bf16, f32);
