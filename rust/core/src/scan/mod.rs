//! One block of rows to scores: how rows reach the folds, whatever their layout.
//!
//! ```text
//! adjacent rows, few classes     narrow, straight from memory        a lane is a row
//! adjacent rows, many classes    wide, straight from memory          lanes share the classes of a row
//! adjacent columns, few classes  narrow, straight from memory
//! anything else                  a tile of rows, then as above
//! ```
//! Which of the two folds is used depends on the number of classes alone, never on the layout, so a row has the same bits in every layout.

#![allow(unsafe_code)]

mod fold;
mod narrow;
mod recipe;
mod tile;
mod wide;

pub(crate) use recipe::Recipe;
pub(crate) use tile::Tile;

use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::Needs;
use crate::simd::sealed::Lanes;
use crate::simd::{Float, Kernel, Simd, Vector};
use std::ops::Range;

/// Scores rows `rows` of a matrix into `out`; true when all are valid (the score of an invalid row is NaN).
pub(crate) struct ScoreRows<'a, 'm, E: Element> {
    pub(crate) matrix: &'a Matrix<'m, E>,
    pub(crate) rows: Range<usize>,
    pub(crate) recipe: &'a Recipe<E::Compute>,
    pub(crate) out: &'a mut [E::Compute],
    pub(crate) tile: &'a mut Tile<E::Compute>,
}

impl<E: Element> Kernel for ScoreRows<'_, '_, E> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self) -> bool {
        let ScoreRows { matrix, rows, recipe, out, tile } = self;
        debug_assert_eq!(rows.len(), out.len());
        let classes = matrix.columns();
        let lanes = E::Compute::LANES;
        let wide = classes > narrow::MOST_CLASSES;
        let mut row = rows.start;
        let mut valid = true;
        // The narrow walk reads past the end of a row into the next one: the last row of a matrix must not be in its groups.
        let end = if wide { rows.end } else { rows.end.min(matrix.rows() - 1) };
        let whole = (end - row.min(end)) / lanes * lanes;
        let origin = E::as_compute(matrix.pointer(row, 0));
        if let (Some(origin), Some(stride)) = (origin, matrix.row_major()) {
            // SAFETY: `whole` rows from `row` are inside, and the row after the last of them too where the narrow walk is used.
            valid &= unsafe { adjacent_rows::<S, _>(origin, stride, classes, recipe, &mut out[..whole]) };
            row += whole;
        } else if let (Some(origin), Some(stride), false) = (origin, matrix.column_major(), wide) {
            let source = narrow::ColumnMajor { origin, stride };
            // SAFETY: `whole` rows from `row` are inside.
            valid &= unsafe { narrow_rows::<S, _>(&source, classes, recipe, &mut out[..whole]) };
            row += whole;
        }
        while row < rows.end {
            let count = (rows.end - row).min(Tile::<E::Compute>::capacity(classes));
            let origin = E::as_compute(matrix.pointer(row, 0));
            let padded = match (origin, matrix.column_major()) {
                // SAFETY: `count` rows from `row` are inside.
                (Some(origin), Some(stride)) if count % 4 == 0 => unsafe {
                    tile.transpose::<S>(origin, stride, count, classes)
                },
                _ => tile.gather(matrix, row..row + count),
            };
            let start = row - rows.start;
            valid &= score_tile::<S, _>(tile, padded, classes, recipe, &mut out[start..start + count]);
            row += count;
        }
        valid
    }
}

/// Scores single rows, `first + rows[i]` into `out[rows[i]]`.
pub(crate) struct ScorePicked<'a, 'm, E: Element> {
    pub(crate) matrix: &'a Matrix<'m, E>,
    pub(crate) rows: &'a [u32],
    pub(crate) first: usize,
    pub(crate) recipe: &'a Recipe<E::Compute>,
    pub(crate) out: &'a mut [E::Compute],
    pub(crate) tile: &'a mut Tile<E::Compute>,
}

impl<E: Element> Kernel for ScorePicked<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let ScorePicked { matrix, rows, first, recipe, out, tile } = self;
        let classes = matrix.columns();
        let mut scores = [E::Compute::ZERO; tile::MOST_ROWS];
        for rows in rows.chunks(Tile::<E::Compute>::capacity(classes)) {
            let padded = tile.gather(matrix, rows.iter().map(|&row| first + row as usize));
            score_tile::<S, _>(tile, padded, classes, recipe, &mut scores[..rows.len()]);
            rows.iter().zip(scores).for_each(|(&row, score)| out[row as usize] = score);
        }
    }
}

/// Copies scores past the caches, where the output is too large to be read again from them.
pub(crate) struct StreamOut<'a, T> {
    pub(crate) from: &'a [T],
    pub(crate) to: &'a mut [T],
}

impl<T: Float> Kernel for StreamOut<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let StreamOut { from, to } = self;
        assert_eq!(from.len(), to.len());
        let unaligned = to.as_ptr().align_offset(64).min(to.len());
        let end = unaligned + (to.len() - unaligned) / T::LANES * T::LANES;
        to[..unaligned].copy_from_slice(&from[..unaligned]);
        for i in (unaligned..end).step_by(T::LANES) {
            // SAFETY: lanes `i..i + LANES` are inside both slices, and `to + i` is aligned to 64 bytes.
            unsafe { T::Vector::<S>::load(from.as_ptr().add(i)).stream(to.as_mut_ptr().add(i)) };
        }
        to[end..].copy_from_slice(&from[end..]);
        T::Vector::<S>::fence();
    }
}

/// Score the first `out.len()` rows of a tile of whole groups.
#[inline(always)]
fn score_tile<S: Simd, T: Float>(tile: &Tile<T>, padded: usize, classes: usize, recipe: &Recipe<T>, out: &mut [T]) -> bool {
    let whole = out.len() / T::LANES * T::LANES;
    // SAFETY: the tile has `padded` rows, and slack past the last one.
    let mut valid = unsafe { adjacent_rows::<S, _>(tile.origin(), classes, classes, recipe, &mut out[..whole]) };
    if whole < padded && whole < out.len() {
        let mut last = [T::ZERO; 16];
        let origin = tile.origin().wrapping_add(whole * classes);
        // SAFETY: as above; one group is left.
        valid &= unsafe { adjacent_rows::<S, _>(origin, classes, classes, recipe, &mut last[..T::LANES]) };
        let rest = out.len() - whole;
        out[whole..].copy_from_slice(&last[..rest]);
    }
    valid
}

/// # Safety
/// `out.len()` rows of `classes` values, `stride` apart, must be readable at `origin`, and three values past the last one.
#[inline(always)]
unsafe fn adjacent_rows<S: Simd, T: Float>(
    origin: *const T,
    stride: usize,
    classes: usize,
    recipe: &Recipe<T>,
    out: &mut [T],
) -> bool {
    if classes <= narrow::MOST_CLASSES {
        let source = narrow::RowMajor { origin, stride };
        // SAFETY: the caller's promise.
        return unsafe { narrow_rows::<S, T>(&source, classes, recipe, out) };
    }
    macro_rules! wide {
        ($fold:expr) => {
            wide::probabilities::<<T as Lanes>::Vector<S>, _, _>(origin, stride, classes, $fold, recipe, out)
        };
    }
    macro_rules! wide_logits {
        ($fold:expr, $close:expr) => {
            wide::logits::<<T as Lanes>::Vector<S>, _, _>(origin, stride, classes, $fold, $close, recipe, out)
        };
    }
    // SAFETY: the caller's promise.
    unsafe { choose!(S, T, recipe, wide, wide_logits) }
}

/// # Safety
/// As for [`narrow::Source::columns`], for `out.len()` rows.
#[inline(always)]
unsafe fn narrow_rows<S: Simd, T: Float>(
    source: &impl narrow::Source<T>,
    classes: usize,
    recipe: &Recipe<T>,
    out: &mut [T],
) -> bool {
    macro_rules! narrow {
        ($fold:expr) => {
            narrow::probabilities::<<T as Lanes>::Vector<S>, _, _>(source, classes, $fold, recipe, out)
        };
    }
    macro_rules! narrow_logits {
        ($fold:expr, $close:expr) => {
            narrow::logits::<<T as Lanes>::Vector<S>, _, _>(source, classes, $fold, $close, recipe, out)
        };
    }
    // SAFETY: the caller's promise.
    unsafe { choose!(S, T, recipe, narrow, narrow_logits) }
}

/// The fold that a measure needs.
macro_rules! choose {
    ($S:ty, $T:ty, $recipe:ident, $probabilities:ident, $logits:ident) => {{
        let zero = <$T as Lanes>::Vector::<$S>::splat(<$T>::ZERO);
        match ($recipe.logits, $recipe.measure.needs()) {
            (false, Needs::Sum) => $probabilities!(fold::Sums),
            (false, Needs::Second) => $probabilities!(fold::Seconds),
            (false, Needs::Logs) => $probabilities!(fold::Logarithms),
            (false, Needs::Squares) => $probabilities!(fold::Squares),
            (true, Needs::Sum | Needs::Second) => {
                $logits!(fold::TailSum, |peaks, kept| $recipe.close_logits(peaks, kept, zero, zero))
            }
            (true, Needs::Logs) => {
                $logits!(fold::TailLogarithms, |peaks, [a, b, c]| $recipe.close_logits(peaks, [a, b], c, zero))
            }
            (true, Needs::Squares) => {
                $logits!(fold::TailSquares, |peaks, [a, b, c]| $recipe.close_logits(peaks, [a, b], zero, c))
            }
        }
    }};
}
use choose;
