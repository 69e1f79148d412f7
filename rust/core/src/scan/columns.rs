//! Many classes in adjacent columns (Fortran order): rows get the bits that `wide` gives them, but
//! a vector holds one class of neighbouring rows, so that nothing needs to be transposed.
//!
//! `wide` sums class `c` in virtual lane `c % LANES` and merges the lanes in a fixed tree. Here a
//! virtual lane is not a lane of a register but a turn: all its classes are folded for up to 512
//! rows, and what it keeps of each row lies in a *slot*, in the first-level cache. The lanes take
//! turns in the order 0, half, 1, half + 1, ... Like that neighbours in turn are always merged,
//! and a slot is free again soon: five are enough for the tree of 16 lanes.
//!
//! ```text
//! turn   lane   fold into   then merge              in use afterwards
//!   0      0    slot 0                              0
//!   1      8    slot 1      1 into 0                (0 8)
//!   2      1    slot 1                              (0 8) 1
//!   3      9    slot 2      2 into 1, 1 into 0      (0 8 1 9)
//!   4      2    slot 1                              (0 8 1 9) 2
//!   5     10    slot 2      2 into 1                (0 8 1 9) (2 10)
//!   6      3    slot 2                              (0 8 1 9) (2 10) 3
//!   7     11    slot 3      3, 2 and 1 into 0       (0 8 1 9 2 10 3 11)
//!   ...
//! ```
//!
//! In pseudo-code:
//!
//! ```text
//! for each block of up to 512 rows
//!     for each turn
//!         for each two classes of the lane      # two, to touch the slot half as often
//!             for each vector of rows           # a load from each column, ask for the next ones
//!                 slot[row] = step(step(slot[row], class), next class)
//!         merge as many slots as the turn ends in ones, in binary
//!     close slot 0, a vector of rows at a time
//! ```
//!
//! Logits take two such sweeps over a block, whose rows are few enough to be in cache for the
//! second; the peaks of the first are in its slot 0.
//!
//! Why not copy the rows instead, as for other layouts? Measured over 16 MB on one core of Zen 4,
//! as a share of the speed in C order (and, in brackets, what the copy gets): entropy of 100
//! classes of `f32` .52 (.16), margin .57 (.10), least confidence of 1,000 .86 (.04), entropy of
//! 64 logits of `f64` .47 (.24). Instructions at AVX2, times those in C order: 1.2 to 1.5 (the copy
//! 2.4 to 8.8).

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::ahead::{Ask, read_ahead};
use super::found::{Closed, Verdict};
use super::room::MOST_CLASSES;
use super::score_rows::{RowLayout, ScoreRows, Scoring};
use crate::fold::{Fold, Kept, MOST_KEPT, SingleFold, Tail, TailFold};
use crate::formula::{Formula, Walk};
use crate::simd::{Float, Vector};

/// The most rows at a time: a kilobyte or two of each column.
const ROWS: usize = 512;

/// About how many bytes must stay in cache between the two sweeps over logits: half of a small
/// second-level cache.
const BYTES: usize = 256 << 10;

/// The most slots in use at a time.
const DEPTH: usize = 5;

/// Columns of many classes, `stride` apart.
#[derive(Clone, Copy)]
pub(super) struct WideColumns<T> {
    pub(super) origin: *const T,
    pub(super) stride: isize,
}

/// What virtual lanes of some rows keep, `[slot][number][row]`: tens of kilobytes, which a small
/// stack has no room for.
struct Slots<T>(Box<[[[T; ROWS]; MOST_KEPT]; DEPTH]>);

impl<T: Float> Slots<T> {
    fn new() -> Self {
        let slots = vec![[[T::ZERO; ROWS]; MOST_KEPT]; DEPTH].into_boxed_slice().try_into();
        Slots(slots.unwrap_or_else(|_| unreachable!("there are so many")))
    }

    #[inline(always)]
    fn get<V: Vector<Scalar = T>, F: Fold<V>>(&self, simd: V::Simd, slot: usize, row: usize) -> Kept<V> {
        let mut kept = [V::splat(simd, T::ZERO); MOST_KEPT];
        for number in 0..F::KEPT {
            kept[number] = V::from_slice(simd, &self.0[slot][number][row..row + V::LANES]);
        }
        kept
    }

    #[inline(always)]
    fn put<V: Vector<Scalar = T>, F: Fold<V>>(&mut self, slot: usize, row: usize, kept: Kept<V>) {
        for number in 0..F::KEPT {
            kept[number].to_slice(&mut self.0[slot][number][row..row + V::LANES]);
        }
    }
}

/// The virtual lane whose turn it is: 0, half, 1, half + 1, ..., so that neighbours in turn are
/// merged.
#[inline(always)]
fn in_turn<T: Float>(turn: usize) -> usize {
    turn / 2 + turn % 2 * (T::LANES / 2)
}

/// Some rows of adjacent columns.
#[derive(Clone, Copy)]
struct Block<T> {
    origin: *const T,
    stride: isize,
    classes: usize,
    rows: usize,
    /// Ask for memory ahead.
    ask: bool,
}

impl<T: Float> Block<T> {
    #[inline(always)]
    fn column(self, class: usize) -> *const T {
        self.origin.wrapping_offset(class as isize * self.stride)
    }

    /// The columns of a virtual lane that are read together, from a class on: two, or the last one
    /// twice.
    #[inline(always)]
    fn columns(self, class: usize) -> [*const T; 2] {
        let next = class + T::LANES;
        [self.column(class), self.column(if next < self.classes { next } else { class })]
    }

    /// Fold the classes of all rows: what is kept of them is in the first slot. `folds` tells the
    /// fold of a vector of rows.
    ///
    /// # Safety
    /// All columns must be readable.
    #[inline(always)]
    unsafe fn fold<V, F>(self, folds: impl Fn(usize) -> F, slots: &mut Slots<T>, bits: &mut V)
    where
        V: Vector<Scalar = T>,
        F: Fold<V>,
    {
        let mut slot = 0;
        for turn in 0..T::LANES {
            let next = if turn + 1 < T::LANES {
                self.column(in_turn::<T>(turn + 1))
            } else {
                self.origin.wrapping_add(self.rows)
            };
            // SAFETY: the caller's promise.
            unsafe { self.lane(in_turn::<T>(turn), next, slot, &folds, slots, bits) };
            // Each 1 at the end of the turn's bits is a tree that this lane completes: it joins the
            // one before it.
            for _ in 0..turn.trailing_ones() {
                slot -= 1;
                self.merge(bits.simd(), slot, &folds, slots);
            }
            slot += 1;
        }
    }

    /// Fold the classes of one virtual lane into a slot; `next` is the column that is read after
    /// them.
    ///
    /// # Safety
    /// All columns must be readable.
    #[inline(always)]
    unsafe fn lane<V, F>(
        self,
        lane: usize,
        next: *const T,
        slot: usize,
        folds: &impl Fn(usize) -> F,
        slots: &mut Slots<T>,
        bits: &mut V,
    ) where
        V: Vector<Scalar = T>,
        F: Fold<V>,
    {
        let mut class = lane + T::LANES;
        // SAFETY: the caller's promise, of which there are no more [a column too many of many
        // classes].
        unsafe {
            self.step::<V, F, 1, true>([self.column(lane)], self.columns(class), slot, folds, slots, bits);
            while class + T::LANES < self.classes {
                let both = self.columns(class);
                class += 2 * T::LANES;
                let then = if class < self.classes { self.columns(class) } else { [next; 2] };
                self.step::<V, F, 2, false>(both, then, slot, folds, slots, bits);
            }
            if class < self.classes {
                self.step::<V, F, 1, false>([self.column(class)], [next; 2], slot, folds, slots, bits);
            }
        }
    }

    /// Fold some columns into a slot, as the first of its lane or after others, and ask for those
    /// that are read next.
    ///
    /// # Safety
    /// The columns must be readable.
    #[inline(always)]
    unsafe fn step<V, F, const COLUMNS: usize, const FIRST: bool>(
        self,
        columns: [*const T; COLUMNS],
        then: [*const T; 2],
        slot: usize,
        folds: &impl Fn(usize) -> F,
        slots: &mut Slots<T>,
        bits: &mut V,
    ) where
        V: Vector<Scalar = T>,
        F: Fold<V>,
    {
        let simd = bits.simd();
        for row in (0..self.rows).step_by(V::LANES) {
            if self.ask {
                read_ahead(then[0].wrapping_add(row), V::LANES, 0);
                read_ahead(then[1].wrapping_add(row), V::LANES, 0);
            }
            let fold = folds(row);
            let mut kept = slots.get::<V, F>(simd, slot, row);
            for i in 0..COLUMNS {
                // SAFETY: the caller's promise.
                let value = unsafe { V::load(simd, columns[i].add(row)) };
                if F::SIGNED {
                    *bits = bits.or(value);
                }
                kept = if FIRST { fold.first(value) } else { fold.step(kept, value) };
            }
            slots.put::<V, F>(slot, row, kept);
        }
    }

    /// Merge the slot after one into it.
    #[inline(always)]
    fn merge<V, F>(self, simd: V::Simd, slot: usize, folds: &impl Fn(usize) -> F, slots: &mut Slots<T>)
    where
        V: Vector<Scalar = T>,
        F: Fold<V>,
    {
        for row in (0..self.rows).step_by(V::LANES) {
            let (one, other) = (slots.get::<V, F>(simd, slot, row), slots.get::<V, F>(simd, slot + 1, row));
            slots.put::<V, F>(slot, row, folds(row).merge(one, other));
        }
    }
}

/// Rows in blocks of so many, each with the place of its scores.
#[inline(always)]
fn blocks<'a, T: Float, G>(
    work: ScoreRows<'a, T, G, WideColumns<T>>,
    rows: usize,
) -> impl Iterator<Item = (Block<T>, &'a mut [T])> {
    let ScoreRows { scoring: Scoring { classes, ask, out, .. }, layout: WideColumns { origin, stride } } = work;
    out.chunks_mut(rows).enumerate().map(
        #[inline(always)]
        move |(i, out)| {
            let origin = origin.wrapping_add(i * rows);
            (Block { origin, stride, classes, rows: out.len(), ask: ask != Ask::Not }, out)
        },
    )
}

impl<T> RowLayout for WideColumns<T> {
    const SPARED: bool = true;
}

impl<T: Float, G> Walk for ScoreRows<'_, T, G, WideColumns<T>> {
    type Scalar = T;
    type Output = Verdict<T>;

    #[inline(always)]
    fn once<V, F, M>(self, simd: V::Simd, formula: M) -> Verdict<T>
    where
        V: Vector<Scalar = T>,
        F: SingleFold<V>,
        M: Formula,
    {
        assert!(self.scoring.classes > MOST_CLASSES);
        let recipe = &{ *self.scoring.recipe };
        let fold = F::new(simd, recipe);
        let mut slots = Slots::new();
        let mut bits = V::splat(simd, T::ZERO);
        let mut closed = Closed::nothing::<M>(simd);
        for (block, out) in blocks(self, ROWS) {
            // SAFETY: promised to `Scoring::over`, block by block [blocks of columns begin a row
            // late].
            unsafe {
                block.fold(
                    #[inline(always)]
                    |_| fold,
                    &mut slots,
                    &mut bits,
                );
            }
            for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
                closed.close(&F::row(slots.get::<V, F>(simd, 0, group * V::LANES), recipe), formula, out);
            }
        }
        closed.verdict::<M>(bits)
    }

    /// The second sweep goes over a block while it is in cache.
    #[inline(always)]
    fn twice<V, P, F, M>(self, simd: V::Simd, formula: M) -> Verdict<T>
    where
        V: Vector<Scalar = T>,
        P: Fold<V> + Default,
        F: TailFold<V>,
        M: Formula,
    {
        assert!(self.scoring.classes > MOST_CLASSES);
        let recipe = &{ *self.scoring.recipe };
        let (temperature, inverse_temperature) =
            (V::splat(simd, recipe.temperature), V::splat(simd, recipe.inverse_temperature));
        let rows = (BYTES / (self.scoring.classes * size_of::<T>()) / T::LANES * T::LANES).clamp(T::LANES, ROWS);
        let peaks = P::default();
        let (mut first, mut second) = (Slots::new(), Slots::new());
        let mut closed = Closed::nothing::<M>(simd);
        // Logits may have signs: nothing is watched.
        let mut bits = V::splat(simd, T::ZERO);
        for (block, out) in blocks(self, rows) {
            // SAFETY: promised to `Scoring::over`, block by block [blocks of columns begin a row
            // late].
            unsafe {
                block.fold(
                    #[inline(always)]
                    |_| peaks,
                    &mut first,
                    &mut bits,
                );
                block.fold(
                    #[inline(always)]
                    |row| {
                        let peak = first.get::<V, P>(simd, 0, row)[0];
                        F::new(Tail { peak, temperature, inverse_temperature })
                    },
                    &mut second,
                    &mut bits,
                );
            }
            for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
                let row = group * V::LANES;
                let found = first.get::<V, P>(simd, 0, row);
                let largest = [found[0], found[P::KEPT - 1]];
                closed.close(&F::row(largest, second.get::<V, F>(simd, 0, row), recipe), formula, out);
            }
        }
        closed.verdict::<M>(bits)
    }
}
