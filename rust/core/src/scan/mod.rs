//! Rows to scores: one block of rows at a time, whatever their layout.
//!
//! A score is made of four things that vary independently:
//!
//! ```text
//! layout    where the values of a row lie        adjacent rows, adjacent columns, anything else
//! walk      how vectors go over the rows         narrow, wide, columns
//! fold      what is kept of the classes          the largest and the sum; the two largest; ...
//! formula   what closes a folded row             a measure, or a bound on one
//! ```
//!
//! Layout and number of classes choose the walk. The formula names its folds (see `formula.rs`).
//! Each combination is compiled as one loop without calls, for every CPU level and number type:
//!
//! ```text
//!                     up to 48 classes                      more classes
//!                     a lane is a row                       virtual lanes share the classes
//! adjacent rows       narrow, by 4 x 4 transposes           wide, and the rows' lanes are merged
//! adjacent columns    narrow, a load is a vector of rows    columns: as wide, lanes kept in cache
//! anything else       a copy of some rows (`row_copy`), then as for adjacent rows
//! ```
//!
//! "Anything else" is odd strides, single rows picked out, the last rows of a matrix, and rows that
//! need a second look. Half precision in rows is widened as it is loaded (`narrow` takes eight of
//! its columns at a time); in columns, and at a level that can't, it is anything else too. So are
//! columns at the portable level of x86-64, whose kernels for them a wheel does without; there rows
//! of two classes are read like any others.
//!
//! How `select` by entropy runs on a `float32` matrix of 10 classes in C order:
//!
//! ```text
//! Scorer::select (fused.rs)           a block of rows for each thread in turn
//!   Pass::part                        4,096 rows: their scores stay in the first-level cache
//!     Screen::bound (screen.rs)       is a threshold known, and does a bound pay? Here: no
//!     Scan::rows                      adjacent rows, 10 classes: walk narrow, source RowMajor
//!       Pace::begin                   which level is quicker now? (only where there is AVX-512)
//!       Level::run (simd/)            from here on all is one function, compiled for that level
//!         ScoreRows::run              Measure::Entropy -> its formula -> its folds: Once<Apart>
//!           Walk::once (narrow.rs)    for each group of rows, a lane a row:
//!             RowMajor::columns         for each class: load a vector of 8 or 16 rows
//!               Apart::step               fold it: largest, sum, sum of p ln p
//!             Apart::row                what was kept, as a summary
//!             Closed::close             valid? entropy::OfProbabilities; store; best so far
//!     Selector::absorb (select/)      unless the best score of all 4,096 is below the threshold
//! ```
//!
//! The loop in the middle, in pseudo-code:
//!
//! ```text
//! for 8 rows at a time                          # 16 with AVX-512
//!     top, rest, logs = first class
//!     for each other class p                    # a vector: one value of each row
//!         beaten = min(top, p)                  # so the largest stays apart
//!         top    = max(top, p)
//!         rest  += beaten
//!         logs  += beaten * ln(beaten)
//!         bits  |= p                            # any sign? looked at once, at the end
//!     valid  = 0.999 <= top + rest <= 1.001     # NaN and infinity fail this too
//!     score  = entropy(top, rest, logs)
//!     store score where valid, NaN elsewhere
//! ```
//!
//! A loop only notes whether any value had its sign set. If one had, the rows are scored once more
//! by way of a copy, in which what is below 0 by rounding was made 0 (`below_zero.rs`).
//!
//! In which order classes are summed depends on their number alone, never on the layout or on the
//! level, so a row has the same bits in every layout.

#![allow(unsafe_code)]

mod ahead;
mod columns;
mod found;
mod narrow;
mod pace;
mod room;
mod row_copy;
mod score_rows;
mod stream;
#[cfg(test)]
mod tests;
mod wide;

pub(crate) use found::Found;
pub(crate) use narrow::{ColumnMajor, RowMajor, Source, near};
pub(crate) use room::MOST_CLASSES;
pub(crate) use row_copy::RowCopy;
pub(crate) use stream::StreamOut;

use crate::float::Element;
use crate::formula::Goal;
use crate::matrix::Matrix;
use crate::rules::Recipe;
use crate::simd::{Float, Level};
use ahead::Ask;
use columns::WideColumns;
use found::Verdict;
use narrow::Pairs;
use pace::Pace;
use room::Room;
use score_rows::Scoring;
use std::ops::Range;
use wide::WideRows;

/// What a thread scores rows with.
pub(crate) struct Scan<T> {
    copy: RowCopy<T>,
    level: Level,
    /// One for each [`Goal::PACE`].
    paces: [Pace; 2],
    room: Box<Room<T>>,
}

impl<T: Float + Element<Compute = T>> Scan<T> {
    /// Room for copies is allocated once rows must be copied.
    pub(crate) fn new(level: Level) -> Self {
        Scan { copy: RowCopy::new(), level, paces: [Pace::new(), Pace::new()], room: Room::new() }
    }

    /// Score adjacent rows of a matrix. The score of an invalid row is NaN.
    pub(crate) fn rows<E: Element<Compute = T>, G: Goal>(
        &mut self,
        matrix: &Matrix<'_, E>,
        rows: Range<usize>,
        goal: G,
        recipe: &Recipe<T>,
        out: &mut [T],
    ) -> Found<T> {
        assert!(rows.len() == out.len() && rows.end <= matrix.rows());
        let classes = matrix.columns();
        // The narrow walk reads some values of a row together, and so past its end into the next
        // rows: the last rows of a matrix must not be in its groups.
        let together = E::COLUMNS;
        let past = if classes > MOST_CLASSES { 0 } else { ((together - 1) / classes).max(1) };
        // Of fewer classes than that it reads past the end of every row. Only rows without gaps
        // promise that there are values.
        let loaded = !E::WIDENED || self.level.widens();
        let stride = matrix.row_major().filter(|&stride| loaded && (classes >= together || stride == classes));
        let end = rows.end.min(matrix.rows().saturating_sub(past));
        let whole = end.saturating_sub(rows.start) / T::LANES * T::LANES;
        let (direct, rest) = out.split_at_mut(whole);
        let origin = matrix.pointer(rows.start, 0);
        let plain = E::as_compute(origin);
        let ways = self.ways(classes);
        let turn = self.paces[G::PACE].begin(ways);
        let (level, ask) = self.way(classes, turn.way);
        let scoring = Scoring { goal, recipe, classes, ask, room: &mut self.room, out: &mut *direct };
        let verdict = match (stride, plain, matrix.column_major()) {
            // SAFETY: `whole` rows are inside [a group of rows too many counts as whole] and
            // adjacent [rows whose elements are apart] [rows that overlap], and so is what the
            // narrow walk reads past them [four values are read at a row's end] [rows with gaps are
            // read past their end].
            (Some(stride), ..) => unsafe { adjacent_rows(scoring, level, origin, stride) },
            // SAFETY: `whole` rows are inside [a group of rows too many counts as whole], in
            // adjacent columns [columns whose elements are apart].
            (_, Some(origin), Some(stride)) if level.every_layout() => unsafe {
                adjacent_columns(scoring, level, origin, stride)
            },
            _ => return self.by_copies(matrix, rows.start, goal, recipe, out),
        };
        self.paces[G::PACE].end(turn, ways, whole * classes * size_of::<E>());
        // Where a sign was seen the rows are scored again by copies, which can tell what counts as
        // 0 from what is negative.
        let found =
            if verdict.signed { self.by_copies(matrix, rows.start, goal, recipe, direct) } else { verdict.found };
        found.and(self.by_copies(matrix, rows.start + whole, goal, recipe, rest))
    }

    /// Score single rows: row `first + rows[i]` into `out[i]`. Of many classes they are read where
    /// they lie; of few, a lane is a row, and they are copied next to each other.
    pub(crate) fn picked<E: Element<Compute = T>, G: Goal>(
        &mut self,
        matrix: &Matrix<'_, E>,
        first: usize,
        rows: &[u32],
        goal: G,
        recipe: &Recipe<T>,
        out: &mut [T],
    ) {
        let classes = matrix.columns();
        if let Some(stride) = matrix.row_major()
            && classes > MOST_CLASSES
            && (!E::WIDENED || self.level.widens())
        {
            assert!(rows.iter().all(|&row| first + (row as usize) < matrix.rows()));
            // SAFETY: these rows are inside [picked rows that a matrix doesn't have].
            let signed =
                unsafe { self.picked_in_place(matrix.pointer(first, 0), stride, rows, (classes, goal, recipe), out) };
            if !signed {
                return;
            }
        }
        let size = RowCopy::<T>::capacity(classes);
        for (rows, out) in rows.chunks(size).zip(out.chunks_mut(size)) {
            self.copy.gather(matrix, rows.iter().map(|&row| first + row as usize));
            self.score_copy(classes, goal, recipe, out);
        }
    }

    /// Score rows of many classes where they lie; returns whether a sign was seen, and they must be
    /// scored in another way.
    ///
    /// # Safety
    /// The rows must be readable at `origin`, `stride` apart.
    unsafe fn picked_in_place<E: Element<Compute = T>, G: Goal>(
        &mut self,
        origin: *const E,
        stride: usize,
        rows: &[u32],
        (classes, goal, recipe): (usize, G, &Recipe<T>),
        out: &mut [T],
    ) -> bool {
        // A row that is longer than what is asked for ahead is asked for itself.
        let ask = if classes * size_of::<E>() > 4 * Ask::Far.bytes(0) { Ask::Far } else { Ask::Not };
        let mut signed = false;
        for (rows, out) in rows.chunks(T::LANES).zip(out.chunks_mut(T::LANES)) {
            let mut group = [T::ZERO; 16];
            let scoring = Scoring { goal, recipe, classes, ask, room: &mut self.room, out: &mut group[..T::LANES] };
            // SAFETY: the caller's promise.
            let layout = unsafe { scoring.over(WideRows { origin, stride, picked: Some(rows) }) };
            signed |= self.level.run(layout).signed;
            out.copy_from_slice(&group[..rows.len()]);
        }
        signed
    }

    /// In how many ways rows of so many classes can be read.
    fn ways(&self, classes: usize) -> usize {
        asks(classes).len() * (1 + usize::from(self.level == Level::Avx512))
    }

    /// One of these ways, of which one or another is the quickest on this machine and this matrix:
    /// the level, and how far ahead memory is asked for. AVX2 may be quicker than AVX-512, as its
    /// groups have half as many rows and so ask less of the memory at a time.
    fn way(&self, classes: usize, way: usize) -> (Level, Ask) {
        let asks = asks(classes);
        let lower = self.level == Level::Avx512 && way >= asks.len();
        (if lower { Level::Avx2 } else { self.level }, asks[way % asks.len()])
    }

    /// Score rows from `row` on by way of copies.
    fn by_copies<E: Element<Compute = T>, G: Goal>(
        &mut self,
        matrix: &Matrix<'_, E>,
        row: usize,
        goal: G,
        recipe: &Recipe<T>,
        out: &mut [T],
    ) -> Found<T> {
        let classes = matrix.columns();
        let size = RowCopy::<T>::capacity(classes);
        out.chunks_mut(size).zip((row..).step_by(size)).fold(Found::nothing(), |found, (out, row)| {
            let rows = row..row + out.len();
            match matrix.column_major() {
                Some(_) => self.copy.transpose(matrix, rows),
                None => self.copy.gather(matrix, rows),
            }
            found.and(self.score_copy(classes, goal, recipe, out))
        })
    }

    /// Score the first `out.len()` rows of the copy.
    fn score_copy<G: Goal>(&mut self, classes: usize, goal: G, recipe: &Recipe<T>, out: &mut [T]) -> Found<T> {
        let mut verdict = self.copy_as_it_is(classes, goal, recipe, out);
        if verdict.signed {
            self.copy.settle_signs(recipe.tolerance);
            verdict = self.copy_as_it_is(classes, goal, recipe, out);
        }
        verdict.found
    }

    fn copy_as_it_is<G: Goal>(&mut self, classes: usize, goal: G, recipe: &Recipe<T>, out: &mut [T]) -> Verdict<T> {
        let (whole, rest) = out.split_at_mut(out.len() / T::LANES * T::LANES);
        let origin = self.copy.origin();
        let last = origin.wrapping_add(whole.len() * classes);
        let (level, room) = (self.level, &mut *self.room);
        let mut score = |origin, out| {
            let scoring = Scoring { goal, recipe, classes, ask: Ask::Not, room: &mut *room, out };
            // SAFETY: a copy is padded to whole groups of rows [a copy without room for whole
            // groups], and has slack past the last one [a copy without room for what is read past
            // it].
            unsafe { adjacent_rows(scoring, level, origin, classes) }
        };
        let verdict = score(origin, whole);
        if rest.is_empty() {
            return verdict;
        }
        let mut group = [T::ZERO; 16];
        let others = score(last, &mut group[..T::LANES]);
        rest.copy_from_slice(&group[..rest.len()]);
        Verdict { found: verdict.found.and(others.found), signed: verdict.signed | others.signed }
    }
}

/// How far ahead memory may be asked for. Not to ask pays only with many classes.
fn asks(classes: usize) -> &'static [Ask] {
    if classes > MOST_CLASSES { &[Ask::Far, Ask::Near, Ask::Not] } else { &[Ask::Far, Ask::Near] }
}

/// Score rows that follow each other in memory, by the walk for so many classes.
///
/// # Safety
/// A row for each score must be readable at `origin`, `stride` apart; and where it has fewer
/// classes, [`Element::COLUMNS`] values from its start.
unsafe fn adjacent_rows<E: Element, G: Goal>(
    scoring: Scoring<'_, E::Compute, G>,
    level: Level,
    origin: *const E,
    stride: usize,
) -> Verdict<E::Compute> {
    // SAFETY: the caller's promise, and each walk has the classes that it is for [many classes in
    // rows are read as few] [few classes in rows are read as many].
    unsafe {
        match scoring.classes {
            2 if stride == 2 && level.every_layout() => level.run(scoring.over(Pairs { origin })),
            ..=MOST_CLASSES => level.run(scoring.over(RowMajor { origin, stride })),
            _ => level.run(scoring.over(WideRows { origin, stride, picked: None })),
        }
    }
}

/// Score rows whose columns follow each other in memory.
///
/// # Safety
/// A row for each score must be readable in columns that are `stride` apart.
unsafe fn adjacent_columns<T: Float, G: Goal>(
    scoring: Scoring<'_, T, G>,
    level: Level,
    origin: *const T,
    stride: isize,
) -> Verdict<T> {
    // SAFETY: the caller's promise, and columns are read for as many classes as there are [few
    // classes in columns are read as many].
    unsafe {
        match scoring.classes {
            ..=MOST_CLASSES => level.run(scoring.over(ColumnMajor { origin, stride })),
            _ => level.run(scoring.over(WideColumns { origin, stride })),
        }
    }
}
