//! One block of rows to scores: how rows reach the folds, whatever their layout.
//!
//! ```text
//! adjacent rows, few classes     narrow, straight from memory        a lane is a row
//! adjacent rows, many classes    wide, straight from memory          lanes share the classes of a row
//! adjacent columns, few classes  narrow, straight from memory        a lane is a row
//! adjacent columns, many         columns, straight from memory       as wide, what the lanes keep in cache
//! anything else                  a tile of rows, then as above
//! ```
//! In which order classes are summed depends on their number alone, never on the layout, so a row has the same bits in every layout.

#![allow(unsafe_code)]

mod ahead;
mod columns;
mod fold;
mod narrow;
mod pace;
mod recipe;
mod tile;
mod wide;

pub(crate) use narrow::MOST_CLASSES;
use pace::Pace;
pub(crate) use recipe::{Found, Goal, Recipe};
use tile::Tile;

use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::{Formula, Needs, Visit};
use crate::simd::sealed::Lanes;
use crate::simd::{self, Float, Kernel, Level, Simd, Vector};
use recipe::Verdict;
use std::ops::Range;

/// The fold or folds that a formula needs, of a kernel compiled for that formula alone.
macro_rules! choose {
    ($formula:ident, $simd:ident, $recipe:ident, $once:ident, $twice:ident) => {
        if !$recipe.logits {
            if const { $formula::NEEDS.is_none() } {
                unreachable!("a formula for logits alone, which `Scorer::new` refuses for probabilities")
            } else if const { matches!($formula::NEEDS, Some(Needs::Sum)) } {
                $once!(fold::Sums)
            } else if const { matches!($formula::NEEDS, Some(Needs::Second | Needs::Gap)) } {
                $once!(fold::Seconds)
            } else if const { matches!($formula::NEEDS, Some(Needs::Logs)) } {
                $once!(fold::Logarithms)
            } else if const { matches!($formula::NEEDS, Some(Needs::Squares)) } {
                $once!(fold::Squares)
            } else if const { matches!($formula::NEEDS, Some(Needs::Lines)) } {
                $once!(fold::Lines)
            } else {
                $once!(fold::Powers::new($simd, $recipe))
            }
        } else if const { $formula::NEEDS_OF_LOGITS.is_none() } {
            unreachable!("a formula for probabilities alone, which is not chosen for logits")
        } else if const { matches!($formula::NEEDS_OF_LOGITS, Some(Needs::Gap)) } {
            $once!(fold::Gaps)
        } else if const { matches!($formula::NEEDS_OF_LOGITS, Some(Needs::Sum)) } {
            $twice!(fold::Peak, fold::TailSum<_>)
        } else if const { matches!($formula::NEEDS_OF_LOGITS, Some(Needs::Second)) } {
            $twice!(fold::Peaks, fold::TailSum<_>)
        } else if const { matches!($formula::NEEDS_OF_LOGITS, Some(Needs::Logs)) } {
            $twice!(fold::Peak, fold::TailLogarithms<_>)
        } else if const { matches!($formula::NEEDS_OF_LOGITS, Some(Needs::Squares)) } {
            $twice!(fold::Peak, fold::TailSquares<_>)
        } else if const { matches!($formula::NEEDS_OF_LOGITS, Some(Needs::Rough)) } {
            $twice!(fold::Peak, fold::Rough<_>)
        } else {
            $twice!(fold::Peaks, fold::Rough<_>)
        }
    };
}

/// A tile, a level and a pace: what a thread scores rows with.
pub(crate) struct Scan<T> {
    tile: Tile<T>,
    level: Level,
    /// Of measures, and of bounds.
    paces: [Pace; 2],
}

impl<T: Float> Scan<T> {
    /// Nothing is allocated before a tile is needed.
    pub(crate) fn new(level: Level) -> Self {
        Scan { tile: Tile::new(), level, paces: [Pace::new(), Pace::new()] }
    }

    /// Score adjacent rows of a matrix. The score of an invalid row is NaN.
    pub(crate) fn rows<E: Element<Compute = T>>(
        &mut self,
        matrix: &Matrix<'_, E>,
        rows: Range<usize>,
        recipe: &Recipe<T>,
        out: &mut [T],
    ) -> Found<T> {
        assert!(rows.len() == out.len() && rows.end <= matrix.rows());
        let classes = matrix.columns();
        let wide = classes > MOST_CLASSES;
        // The narrow walk reads four values of a row, and so past its end into the next ones: the last rows of a matrix must not be in its groups.
        let past = if classes == 1 { 3 } else { 1 };
        // Of fewer than four classes it reads past the end of every row, where only rows without gaps promise that there is something.
        let stride = matrix.row_major().filter(|&stride| classes > 3 || stride == classes);
        let end = if wide { rows.end } else { rows.end.min(matrix.rows().saturating_sub(past)) };
        let whole = end.saturating_sub(rows.start) / T::LANES * T::LANES;
        let origin = E::as_compute(matrix.pointer(rows.start, 0));
        let (direct, rest) = out.split_at_mut(whole);
        match (origin, stride, matrix.column_major()) {
            (Some(origin), Some(stride), _) => {
                let found = self.paced(classes, whole, recipe, |level, recipe| {
                    // SAFETY: `whole` rows from `row` are inside, and so is what the narrow walk reads past them.
                    level.run(unsafe { AdjacentRows::new(origin, stride, classes, recipe, direct) })
                });
                self.second_look(found, matrix, rows.start, recipe, direct).and(self.tiles(
                    matrix,
                    rows.start + whole,
                    recipe,
                    rest,
                ))
            }
            (Some(origin), _, Some(stride)) => {
                let found = self.paced(classes, whole, recipe, |level, recipe| {
                    // SAFETY: `whole` rows from `row` are inside.
                    level.run(unsafe { AdjacentColumns::new(origin, stride, classes, recipe, direct) })
                });
                self.second_look(found, matrix, rows.start, recipe, direct).and(self.tiles(
                    matrix,
                    rows.start + whole,
                    recipe,
                    rest,
                ))
            }
            _ => self.tiles(matrix, rows.start, recipe, out),
        }
    }

    /// Enter a kernel over so many rows in the way that is quickest on this machine and this matrix: at AVX-512 or at AVX2, whose groups of half
    /// as many rows leave the memory less to fetch at a time; and with many classes asking for memory ahead or not.
    fn paced<R>(
        &mut self,
        classes: usize,
        rows: usize,
        recipe: &Recipe<T>,
        enter: impl FnOnce(Level, &Recipe<T>) -> R,
    ) -> R {
        let levels = [self.level, if self.level == Level::Avx512 { Level::Avx2 } else { self.level }];
        let pace = &mut self.paces[usize::from(matches!(recipe.goal, Goal::Bound(_)))];
        let bytes = rows * classes * size_of::<T>();
        let both = usize::from(self.level == Level::Avx512);
        match (classes > MOST_CLASSES, both) {
            (true, _) => pace.part(bytes, 2 + 2 * both, |way| enter(levels[way / 2], &recipe.asking(way % 2 == 0))),
            (false, 1) => pace.part(bytes, 2, |way| enter(levels[way], recipe)),
            (false, _) => enter(self.level, recipe),
        }
    }

    /// What a kernel found; where it saw a sign, the rows again by way of tiles, which can tell what counts as 0 from what is negative.
    fn second_look<E: Element<Compute = T>>(
        &mut self,
        found: Verdict<T>,
        matrix: &Matrix<'_, E>,
        row: usize,
        recipe: &Recipe<T>,
        out: &mut [T],
    ) -> Found<T> {
        if found.signed { self.tiles(matrix, row, recipe, out) } else { found.found }
    }

    /// Score rows from `row` on by way of tiles.
    fn tiles<E: Element<Compute = T>>(
        &mut self,
        matrix: &Matrix<'_, E>,
        row: usize,
        recipe: &Recipe<T>,
        out: &mut [T],
    ) -> Found<T> {
        let classes = matrix.columns();
        let size = Tile::<T>::capacity(classes);
        let nothing = Found::nothing();
        out.chunks_mut(size).zip((row..).step_by(size)).fold(nothing, |found, (out, row)| {
            let rows = row..row + out.len();
            match matrix.column_major() {
                Some(_) => self.tile.transpose(matrix, rows),
                None => self.tile.gather(matrix, rows),
            }
            found.and(self.score_tile(classes, recipe, out))
        })
    }

    /// Score single rows: row `first + rows[i]` into `out[i]`.
    pub(crate) fn picked<E: Element<Compute = T>>(
        &mut self,
        matrix: &Matrix<'_, E>,
        first: usize,
        rows: &[u32],
        recipe: &Recipe<T>,
        out: &mut [T],
    ) {
        let classes = matrix.columns();
        let size = Tile::<T>::capacity(classes);
        for (rows, out) in rows.chunks(size).zip(out.chunks_mut(size)) {
            self.tile.gather(matrix, rows.iter().map(|&row| first + row as usize));
            self.score_tile(classes, recipe, out);
        }
    }

    /// Score the first `out.len()` rows of the tile.
    fn score_tile(&mut self, classes: usize, recipe: &Recipe<T>, out: &mut [T]) -> Found<T> {
        let mut found = self.tile_as_it_is(classes, recipe, out);
        if found.signed {
            self.tile.settle_signs(recipe.tolerance);
            found = self.tile_as_it_is(classes, recipe, out);
        }
        found.found
    }

    fn tile_as_it_is(&self, classes: usize, recipe: &Recipe<T>, out: &mut [T]) -> Verdict<T> {
        let (whole, rest) = out.split_at_mut(out.len() / T::LANES * T::LANES);
        let origin = self.tile.origin();
        // SAFETY: a tile is padded to whole groups of rows, and has slack past the last one.
        let found = self.level.run(unsafe { AdjacentRows::new(origin, classes, classes, recipe, whole) });
        if rest.is_empty() {
            return found;
        }
        let mut last = [T::ZERO; 16];
        let origin = origin.wrapping_add(whole.len() * classes);
        // SAFETY: as above; one group is left.
        let rows = unsafe { AdjacentRows::new(origin, classes, classes, recipe, &mut last[..T::LANES]) };
        let others = self.level.run(rows);
        rest.copy_from_slice(&last[..rest.len()]);
        Verdict { found: found.found.and(others.found), signed: found.signed | others.signed }
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
    fn run<S: Simd>(self, simd: S) {
        let StreamOut { from, to } = self;
        assert_eq!(from.len(), to.len());
        let unaligned = to.as_ptr().align_offset(64).min(to.len());
        let lanes = T::Vector::<S>::LANES;
        let end = unaligned + (to.len() - unaligned) / lanes * lanes;
        to[..unaligned].copy_from_slice(&from[..unaligned]);
        for i in (unaligned..end).step_by(lanes) {
            // SAFETY: lanes `i..i + lanes` are inside both slices, and `to + i` is aligned to a vector.
            unsafe { T::Vector::<S>::load(simd, from.as_ptr().add(i)).stream(to.as_mut_ptr().add(i)) };
        }
        to[end..].copy_from_slice(&from[end..]);
        simd::fence();
    }
}

/// Scores whole groups of adjacent rows.
struct AdjacentRows<'a, T> {
    origin: *const T,
    stride: usize,
    classes: usize,
    recipe: &'a Recipe<T>,
    out: &'a mut [T],
}

impl<'a, T: Float> AdjacentRows<'a, T> {
    /// # Safety
    /// `out.len()` rows of `classes` values, `stride` apart, must be readable at `origin`; three values past each of them too where there are fewer
    /// than four.
    unsafe fn new(origin: *const T, stride: usize, classes: usize, recipe: &'a Recipe<T>, out: &'a mut [T]) -> Self {
        AdjacentRows { origin, stride, classes, recipe, out }
    }
}

impl<T: Float> Kernel for AdjacentRows<'_, T> {
    type Output = Verdict<T>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Verdict<T> {
        let AdjacentRows { origin, stride, classes, recipe, out } = self;
        // SAFETY: promised to `new`, for each of the three.
        unsafe {
            if classes == 2 && stride == 2 {
                narrow_rows(simd, narrow::Pairs { origin }, classes, recipe, out)
            } else if classes <= MOST_CLASSES {
                narrow_rows(simd, narrow::RowMajor { origin, stride }, classes, recipe, out)
            } else {
                recipe.goal.visit(WideRows { origin, stride, classes, recipe, out, simd })
            }
        }
    }
}

/// Many classes, for one measure.
struct WideRows<'a, S, T> {
    origin: *const T,
    stride: usize,
    classes: usize,
    recipe: &'a Recipe<T>,
    out: &'a mut [T],
    simd: S,
}

impl<S: Simd, T: Float> Visit for WideRows<'_, S, T> {
    type Output = Verdict<T>;

    #[inline(always)]
    fn visit<M: Formula>(self) -> Verdict<T> {
        let WideRows { origin, stride, classes, recipe, out, simd } = self;
        macro_rules! once {
            ($fold:expr) => {
                wide::once::<M, <T as Lanes>::Vector<S>, _, _>(simd, origin, stride, classes, $fold, recipe, out)
            };
        }
        macro_rules! twice {
            ($peaks:expr, $fold:ty) => {
                wide::twice::<M, <T as Lanes>::Vector<S>, _, $fold, _, _>(
                    simd, origin, stride, classes, $peaks, recipe, out,
                )
            };
        }
        // SAFETY: promised to `AdjacentRows::new`.
        unsafe { choose!(M, simd, recipe, once, twice) }
    }
}

/// Scores whole groups of rows whose columns are adjacent.
struct AdjacentColumns<'a, T> {
    origin: *const T,
    stride: isize,
    classes: usize,
    recipe: &'a Recipe<T>,
    out: &'a mut [T],
}

impl<'a, T: Float> AdjacentColumns<'a, T> {
    /// # Safety
    /// `classes` columns of `out.len()` values, `stride` apart, must be readable at `origin`.
    unsafe fn new(origin: *const T, stride: isize, classes: usize, recipe: &'a Recipe<T>, out: &'a mut [T]) -> Self {
        AdjacentColumns { origin, stride, classes, recipe, out }
    }
}

impl<T: Float> Kernel for AdjacentColumns<'_, T> {
    type Output = Verdict<T>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Verdict<T> {
        let AdjacentColumns { origin, stride, classes, recipe, out } = self;
        if classes > MOST_CLASSES {
            return recipe.goal.visit(WideColumns { origin, stride, classes, recipe, out, simd });
        }
        // SAFETY: promised to `new`.
        unsafe { narrow_rows(simd, narrow::ColumnMajor { origin, stride }, classes, recipe, out) }
    }
}

/// Many classes in adjacent columns, for one measure.
struct WideColumns<'a, S, T> {
    origin: *const T,
    stride: isize,
    classes: usize,
    recipe: &'a Recipe<T>,
    out: &'a mut [T],
    simd: S,
}

impl<S: Simd, T: Float> Visit for WideColumns<'_, S, T> {
    type Output = Verdict<T>;

    #[inline(always)]
    fn visit<M: Formula>(self) -> Verdict<T> {
        let WideColumns { origin, stride, classes, recipe, out, simd } = self;
        macro_rules! once {
            ($fold:expr) => {
                columns::once::<M, <T as Lanes>::Vector<S>, _, _>(simd, origin, stride, classes, $fold, recipe, out)
            };
        }
        macro_rules! twice {
            ($peaks:expr, $fold:ty) => {
                columns::twice::<M, <T as Lanes>::Vector<S>, _, $fold, _, _>(
                    simd, origin, stride, classes, $peaks, recipe, out,
                )
            };
        }
        // SAFETY: promised to `AdjacentColumns::new`.
        unsafe { choose!(M, simd, recipe, once, twice) }
    }
}

/// # Safety
/// As for [`narrow::Source::columns`], for `out.len()` rows.
#[inline(always)]
unsafe fn narrow_rows<S: Simd, T: Float>(
    simd: S,
    source: impl narrow::Source<T>,
    classes: usize,
    recipe: &Recipe<T>,
    out: &mut [T],
) -> Verdict<T> {
    recipe.goal.visit(NarrowRows { source, classes, recipe, out, simd })
}

/// Few classes, for one measure.
struct NarrowRows<'a, S, T, R> {
    source: R,
    classes: usize,
    recipe: &'a Recipe<T>,
    out: &'a mut [T],
    simd: S,
}

impl<S: Simd, T: Float, R: narrow::Source<T>> Visit for NarrowRows<'_, S, T, R> {
    type Output = Verdict<T>;

    #[inline(always)]
    fn visit<M: Formula>(self) -> Verdict<T> {
        let NarrowRows { source, classes, recipe, out, simd } = self;
        macro_rules! once {
            ($fold:expr) => {
                narrow::once::<M, <T as Lanes>::Vector<S>, _, _, _>(simd, &source, classes, $fold, recipe, out)
            };
        }
        macro_rules! twice {
            ($peaks:expr, $fold:ty) => {
                narrow::twice::<M, <T as Lanes>::Vector<S>, _, $fold, _, _>(simd, &source, classes, $peaks, recipe, out)
            };
        }
        // SAFETY: promised to `narrow_rows`.
        unsafe { choose!(M, simd, recipe, once, twice) }
    }
}
