//! Many classes in adjacent columns: a lane is a row, and some rows of a column are read at a time. Classes are shared out among virtual lanes and these
//! merged just as in `wide`, so that a row has the same bits; here what a virtual lane keeps lies in memory, in the first-level cache.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::ahead::read_ahead;
use super::fold::{Fold, SingleFold, Tail, TailFold};
use super::recipe::{Closed, Recipe, Verdict};
use crate::measure::Formula;
use crate::simd::{Float, Vector};

/// The most rows at a time: a kilobyte or two of each column.
const ROWS: usize = 512;

/// About how many bytes are to stay in cache between the two sweeps over logits: half of a small second-level cache.
const BYTES: usize = 256 << 10;

/// Virtual lanes of some rows that wait to be merged, and two that are folded: the tree of 16 lanes needs no more.
const DEPTH: usize = 5;

/// What virtual lanes keep, `[slot][number][row]`: tens of kilobytes, which a small stack has no room for.
struct Slots<T, const N: usize>(Box<[[[T; ROWS]; N]; DEPTH]>);

impl<T: Float, const N: usize> Slots<T, N> {
    fn new() -> Self {
        let slots = vec![[[T::ZERO; ROWS]; N]; DEPTH].into_boxed_slice().try_into();
        Slots(slots.unwrap_or_else(|_| unreachable!("there are so many")))
    }

    #[inline(always)]
    fn get<V: Vector<Scalar = T>>(&self, simd: V::Simd, slot: usize, row: usize) -> [V; N] {
        let mut kept = [V::splat(simd, T::ZERO); N];
        for number in 0..N {
            kept[number] = V::from_slice(simd, &self.0[slot][number][row..row + V::LANES]);
        }
        kept
    }

    #[inline(always)]
    fn put<V: Vector<Scalar = T>>(&mut self, slot: usize, row: usize, kept: [V; N]) {
        for number in 0..N {
            kept[number].to_slice(&mut self.0[slot][number][row..row + V::LANES]);
        }
    }
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

    /// The columns that are read together from a class on, of its virtual lane: two, or the last one.
    #[inline(always)]
    fn columns(self, class: usize) -> [*const T; 2] {
        let next = class + T::LANES;
        [self.column(class), self.column(if next < self.classes { next } else { class })]
    }

    /// Fold the classes of all rows: what is kept of them is in the first slot.
    ///
    /// # Safety
    /// All columns must be readable.
    #[inline(always)]
    unsafe fn fold<V, F, const N: usize>(self, folds: &impl Folds<V, F>, slots: &mut Slots<T, N>, bits: &mut V)
    where
        V: Vector<Scalar = T>,
        F: Fold<V, N>,
    {
        let half = T::LANES / 2;
        let mut depth = 0;
        for lane in 0..half {
            let next = if lane + 1 < half { self.column(lane + 1) } else { self.origin.wrapping_add(self.rows) };
            // SAFETY: the caller's promise.
            unsafe {
                self.lane(lane, self.column(lane + half), depth, folds, slots, bits);
                self.lane(lane + half, next, depth + 1, folds, slots, bits);
            }
            self.merge(bits.simd(), depth, folds, slots);
            // As many trees are complete as the number of lanes so far has factors of two: each joins the one before it.
            let mut lanes = lane + 1;
            while lanes % 2 == 0 {
                depth -= 1;
                self.merge(bits.simd(), depth, folds, slots);
                lanes /= 2;
            }
            depth += 1;
        }
    }

    /// Fold the classes of one virtual lane into a slot; `next` is the column that is read after them.
    ///
    /// # Safety
    /// All columns must be readable.
    #[inline(always)]
    unsafe fn lane<V, F, const N: usize>(
        self,
        lane: usize,
        next: *const T,
        slot: usize,
        folds: &impl Folds<V, F>,
        slots: &mut Slots<T, N>,
        bits: &mut V,
    ) where
        V: Vector<Scalar = T>,
        F: Fold<V, N>,
    {
        let mut class = lane + T::LANES;
        // SAFETY: the caller's promise.
        unsafe {
            self.step::<V, F, N, 1, true>([self.column(lane)], self.columns(class), slot, folds, slots, bits);
            while class + T::LANES < self.classes {
                let both = self.columns(class);
                class += 2 * T::LANES;
                let then = if class < self.classes { self.columns(class) } else { [next; 2] };
                self.step::<V, F, N, 2, false>(both, then, slot, folds, slots, bits);
            }
            if class < self.classes {
                self.step::<V, F, N, 1, false>([self.column(class)], [next; 2], slot, folds, slots, bits);
            }
        }
    }

    /// Fold some columns into a slot, as the first of its lane or after others, and ask for those that are read next.
    ///
    /// # Safety
    /// The columns must be readable.
    #[inline(always)]
    unsafe fn step<V, F, const N: usize, const COLUMNS: usize, const FIRST: bool>(
        self,
        columns: [*const T; COLUMNS],
        then: [*const T; 2],
        slot: usize,
        folds: &impl Folds<V, F>,
        slots: &mut Slots<T, N>,
        bits: &mut V,
    ) where
        V: Vector<Scalar = T>,
        F: Fold<V, N>,
    {
        for row in (0..self.rows).step_by(V::LANES) {
            if self.ask {
                read_ahead::<V>(then[0].wrapping_add(row), V::LANES, 0);
                read_ahead::<V>(then[1].wrapping_add(row), V::LANES, 0);
            }
            let fold = folds.at(row);
            let mut kept = slots.get::<V>(bits.simd(), slot, row);
            for i in 0..COLUMNS {
                // SAFETY: the caller's promise.
                let value = unsafe { V::load(bits.simd(), columns[i].add(row)) };
                if F::SIGNED {
                    *bits = bits.or(value);
                }
                kept = if FIRST { fold.first(value) } else { fold.step(kept, value) };
            }
            slots.put(slot, row, kept);
        }
    }

    /// Merge the slot after one into it.
    #[inline(always)]
    fn merge<V, F, const N: usize>(self, simd: V::Simd, slot: usize, folds: &impl Folds<V, F>, slots: &mut Slots<T, N>)
    where
        V: Vector<Scalar = T>,
        F: Fold<V, N>,
    {
        for row in (0..self.rows).step_by(V::LANES) {
            slots.put(slot, row, folds.at(row).merge(slots.get::<V>(simd, slot, row), slots.get(simd, slot + 1, row)));
        }
    }
}

/// The folds of the rows of a block. A trait, and not a closure, for the reason of `narrow`'s `Take`.
trait Folds<V, F> {
    /// Of a vector of rows.
    fn at(&self, row: usize) -> F;
}

/// One for all.
struct Same<F>(F);

impl<V, F: Copy> Folds<V, F> for Same<F> {
    #[inline(always)]
    fn at(&self, _: usize) -> F {
        self.0
    }
}

/// Around the peaks that a first sweep kept.
struct Around<'a, V: Vector, const K: usize, const N: usize> {
    peaks: &'a Slots<V::Scalar, K>,
    temperature: V,
    inverse_temperature: V,
}

impl<V: Vector, F: TailFold<V, N>, const K: usize, const N: usize> Folds<V, F> for Around<'_, V, K, N> {
    #[inline(always)]
    fn at(&self, row: usize) -> F {
        let peak = self.peaks.get::<V>(self.temperature.simd(), 0, row)[0];
        F::new(Tail { peak, temperature: self.temperature, inverse_temperature: self.inverse_temperature })
    }
}

/// Score whole groups of rows by a fold that sees them once.
///
/// # Safety
/// `classes` columns of `out.len()` values, `stride` apart, must be readable at `origin`.
#[inline(always)]
pub(super) unsafe fn once<M, V, F, const N: usize>(
    simd: V::Simd,
    origin: *const V::Scalar,
    stride: isize,
    classes: usize,
    fold: F,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> Verdict<V::Scalar>
where
    M: Formula,
    V: Vector,
    F: SingleFold<V, N>,
{
    let recipe = &{ *recipe };
    let mut slots = Slots::<V::Scalar, N>::new();
    let mut bits = V::splat(simd, V::Scalar::ZERO);
    let mut closed = Closed::nothing::<M>(simd);
    for (block, out) in out.chunks_mut(ROWS).enumerate() {
        let block =
            Block { origin: origin.wrapping_add(block * ROWS), stride, classes, rows: out.len(), ask: recipe.ask };
        // SAFETY: the caller's promise.
        unsafe { block.fold(&Same(fold), &mut slots, &mut bits) };
        for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
            let kept = slots.get(simd, 0, group * V::LANES);
            // SAFETY: `out` has room for all lanes.
            closed = closed.and::<M>(unsafe { F::close::<M>(recipe, kept, out.as_mut_ptr()) });
        }
    }
    closed.verdict::<M>(F::SIGNED && bits.signs() != 0)
}

/// Score whole groups of rows by two folds over logits, the second while they are in cache.
///
/// # Safety
/// As for [`once`].
#[inline(always)]
pub(super) unsafe fn twice<M, V, P, F, const K: usize, const N: usize>(
    simd: V::Simd,
    origin: *const V::Scalar,
    stride: isize,
    classes: usize,
    peaks: P,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> Verdict<V::Scalar>
where
    M: Formula,
    V: Vector,
    P: Fold<V, K>,
    F: TailFold<V, N>,
{
    let recipe = &{ *recipe };
    let (temperature, inverse_temperature) =
        (V::splat(simd, recipe.temperature), V::splat(simd, recipe.inverse_temperature));
    let lanes = V::Scalar::LANES;
    let rows = (BYTES / (classes * size_of::<V::Scalar>()) / lanes * lanes).clamp(lanes, ROWS);
    let mut first = Slots::<V::Scalar, K>::new();
    let mut second = Slots::<V::Scalar, N>::new();
    let mut closed = Closed::nothing::<M>(simd);
    let mut unwatched = inverse_temperature;
    for (block, out) in out.chunks_mut(rows).enumerate() {
        let block =
            Block { origin: origin.wrapping_add(block * rows), stride, classes, rows: out.len(), ask: recipe.ask };
        // SAFETY: the caller's promise.
        unsafe { block.fold(&Same(peaks), &mut first, &mut unwatched) };
        let around = Around::<V, K, N> { peaks: &first, temperature, inverse_temperature };
        // SAFETY: the caller's promise.
        unsafe { block.fold::<V, F, N>(&around, &mut second, &mut unwatched) };
        for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
            let row = group * V::LANES;
            let found = first.get::<V>(simd, 0, row);
            // SAFETY: `out` has room for all lanes.
            let rows =
                unsafe { F::close::<M>(recipe, [found[0], found[K - 1]], second.get(simd, 0, row), out.as_mut_ptr()) };
            closed = closed.and::<M>(rows);
        }
    }
    closed.verdict::<M>(false)
}
