//! Few classes: a lane is a row. A group of rows is read column by column (four at a time, through 4 x 4 transposes, where rows are
//! adjacent in memory), and every operation is vertical. The sums run over the classes in their order.

use super::fold::{Fold, Peaks, SingleFold, Tail, TailFold};
use super::recipe::Recipe;
use crate::measure::Needs;
use crate::simd::{Float, Vector};

/// The most classes that are read this way: beyond, the lanes share the classes of one row.
pub(super) const MOST_CLASSES: usize = 48;

/// How many bytes ahead memory is asked for. Measured: 1 KiB is slower, 4 KiB no faster.
const AHEAD: usize = 2048;

/// What is done with each column. A trait, and not a closure: closures are compiled without the features of the level they are called in, and
/// can't be marked to be inlined.
pub(super) trait Take<V> {
    /// Take the first class of a group of rows.
    fn first(&mut self, value: V);
    /// Take the next class.
    fn next(&mut self, value: V);
}

/// Rows that can be read a column at a time.
pub(super) trait Source<T> {
    /// Whether a kernel is worth compiling for three classes apart.
    const APART: bool;

    /// Hand over the classes of a group of rows from `row`, in order, a row a lane.
    ///
    /// # Safety
    /// The rows must be readable, and where rows are adjacent three values past the last one too.
    unsafe fn columns<V: Vector<Scalar = T>>(&self, row: usize, classes: usize, taker: &mut impl Take<V>);
}

/// Rows that follow each other in memory, `stride` apart.
pub(super) struct RowMajor<T> {
    pub(super) origin: *const T,
    pub(super) stride: usize,
}

impl<T: Float> Source<T> for RowMajor<T> {
    const APART: bool = true;

    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = T>>(&self, row: usize, classes: usize, taker: &mut impl Take<V>) {
        // SAFETY: the caller promises these rows and three values past them.
        unsafe {
            let from = self.origin.add(row * self.stride);
            super::read_ahead::<V>(from, V::LANES * classes, AHEAD);
            let [a, b, c, d] = V::load_columns(from, self.stride);
            taker.first(a);
            if classes > 1 {
                taker.next(b);
            }
            if classes > 2 {
                taker.next(c);
            }
            if classes > 3 {
                taker.next(d);
            }
            let mut class = 4;
            while class + 4 <= classes {
                let [a, b, c, d] = V::load_columns(from.add(class), self.stride);
                taker.next(a);
                taker.next(b);
                taker.next(c);
                taker.next(d);
                class += 4;
            }
            if class < classes {
                let last = V::load_columns(from.add(class), self.stride);
                for &value in &last[..classes - class] {
                    taker.next(value);
                }
            }
        }
    }
}

/// Rows of two classes that follow each other without a gap.
pub(super) struct Pairs<T> {
    pub(super) origin: *const T,
}

impl<T: Float> Source<T> for Pairs<T> {
    const APART: bool = false;

    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = T>>(&self, row: usize, _: usize, taker: &mut impl Take<V>) {
        // SAFETY: the caller promises these rows.
        unsafe {
            let from = self.origin.add(2 * row);
            super::read_ahead::<V>(from, 2 * V::LANES, AHEAD);
            let [a, b] = V::load_pairs(from);
            taker.first(a);
            taker.next(b);
        }
    }
}

/// Columns that follow each other in memory, `stride` apart.
pub(super) struct ColumnMajor<T> {
    pub(super) origin: *const T,
    pub(super) stride: isize,
}

impl<T: Float> Source<T> for ColumnMajor<T> {
    const APART: bool = false;

    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = T>>(&self, row: usize, classes: usize, taker: &mut impl Take<V>) {
        // SAFETY: the caller promises these rows.
        unsafe {
            taker.first(V::load(self.origin.add(row)));
            for class in 1..classes {
                taker.next(V::load(self.origin.offset(class as isize * self.stride).add(row)));
            }
        }
    }
}

/// Folds the columns.
struct Folding<F, V, const N: usize> {
    fold: F,
    kept: [V; N],
}

impl<V: Vector, F: Fold<V, N>, const N: usize> Take<V> for Folding<F, V, N> {
    #[inline(always)]
    fn first(&mut self, value: V) {
        self.kept = self.fold.first(value);
    }

    #[inline(always)]
    fn next(&mut self, value: V) {
        self.kept = self.fold.step(self.kept, value);
    }
}

/// Keeps the columns, and finds the two largest.
struct Keeping<V> {
    columns: [V; MOST_CLASSES],
    count: usize,
    peaks: [V; 2],
}

impl<V: Vector> Take<V> for Keeping<V> {
    #[inline(always)]
    fn first(&mut self, value: V) {
        self.columns[0] = value;
        self.count = 1;
        self.peaks = Peaks.first(value);
    }

    #[inline(always)]
    fn next(&mut self, value: V) {
        self.columns[self.count] = value;
        self.count += 1;
        self.peaks = Peaks.step(self.peaks, value);
    }
}

/// Score whole groups of rows by a fold that sees them once. True when all are valid.
///
/// # Safety
/// As for [`Source::columns`], for `out.len()` rows.
#[inline(always)]
pub(super) unsafe fn once<V, F, S, const N: usize>(
    source: &S,
    classes: usize,
    fold: F,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> bool
where
    V: Vector,
    F: SingleFold<V, N>,
    S: Source<V::Scalar>,
{
    // SAFETY: the caller's promise.
    unsafe {
        match classes {
            // With so few classes, a loop over them would cost as much as what it does.
            3 if S::APART => groups::<V, F, S, N>(source, 3, fold, recipe, out),
            _ => groups::<V, F, S, N>(source, classes, fold, recipe, out),
        }
    }
}

/// # Safety
/// As for [`once`].
#[inline(always)]
unsafe fn groups<V, F, S, const N: usize>(
    source: &S,
    classes: usize,
    fold: F,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> bool
where
    V: Vector,
    F: SingleFold<V, N>,
    S: Source<V::Scalar>,
{
    // A copy of its own, which stores to `out` can't change: what the loop asks of it is asked once.
    let recipe = &{ *recipe };
    let mut valid = true;
    for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
        let mut folding = Folding { fold, kept: fold.start() };
        // SAFETY: the caller's promise; `out` has room for all lanes.
        unsafe {
            source.columns::<V>(group * V::LANES, classes, &mut folding);
            valid &= F::close(recipe, folding.kept, out.as_mut_ptr());
        }
    }
    valid
}

/// Score whole groups of rows by two folds over logits: the first keeps the columns for the second.
///
/// # Safety
/// As for [`Source::columns`], for `out.len()` rows.
#[inline(always)]
pub(super) unsafe fn twice<V, F, const N: usize>(
    source: &impl Source<V::Scalar>,
    classes: usize,
    needs: Needs,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> bool
where
    V: Vector,
    F: TailFold<V, N>,
{
    let recipe = &{ *recipe };
    let mut valid = true;
    let inverse_temperature = V::splat(recipe.inverse_temperature);
    let mut keeping = Keeping { columns: [V::splat(V::Scalar::ZERO); MOST_CLASSES], count: 0, peaks: Peaks.start() };
    for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { source.columns::<V>(group * V::LANES, classes, &mut keeping) };
        let fold = F::new(Tail { peak: keeping.peaks[0], inverse_temperature });
        let mut kept = fold.start();
        for &value in &keeping.columns[..classes] {
            kept = fold.step(kept, value);
        }
        // SAFETY: `out` has room for all lanes.
        valid &= unsafe { F::close(recipe, needs, keeping.peaks, kept, out.as_mut_ptr()) };
    }
    valid
}
