//! Few classes: a lane is a row. A group of rows is read column by column (four at a time, through 4 x 4 transposes, where rows are
//! adjacent in memory), and every operation is vertical. The sums run over the classes in their order.

use super::ahead::read_ahead;
use super::fold::{Fold, SingleFold, Tail, TailFold};
use super::recipe::{Closed, Recipe, Verdict};
use crate::measure::Formula;
use crate::simd::{Float, Vector};

/// The most classes that are read this way: beyond, the lanes share the classes of one row.
pub(crate) const MOST_CLASSES: usize = 48;

/// How many bytes ahead memory is asked for, with few classes and with more. Measured: with 2 to 5 classes less is slower by a tenth on
/// Zen 4, with 32 more is; on Zen 3 both are alike.
#[inline(always)]
fn ahead(classes: usize) -> usize {
    if classes <= 8 { 4096 } else { 2048 }
}

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
    /// The rows must be readable, and where rows are adjacent and have fewer than four classes three values past each of them too.
    unsafe fn columns<V: Vector<Scalar = T>>(
        &self,
        simd: V::Simd,
        row: usize,
        classes: usize,
        taker: &mut impl Take<V>,
    );
}

/// Rows that follow each other in memory, `stride` apart.
pub(super) struct RowMajor<T> {
    pub(super) origin: *const T,
    pub(super) stride: usize,
}

impl<T: Float> Source<T> for RowMajor<T> {
    const APART: bool = true;

    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = T>>(
        &self,
        simd: V::Simd,
        row: usize,
        classes: usize,
        taker: &mut impl Take<V>,
    ) {
        // SAFETY: the caller promises these rows, and three values past each where four at once are more than there are.
        unsafe {
            let from = self.origin.add(row * self.stride);
            read_ahead::<V>(from, V::LANES * classes, ahead(classes));
            // Those that do not fill a group of four come first, so that they are written once here.
            let first = (classes - 1) % 4 + 1;
            let [a, b, c, d] = V::load_columns(simd, from, self.stride);
            taker.first(a);
            if first > 1 {
                taker.next(b);
            }
            if first > 2 {
                taker.next(c);
            }
            if first > 3 {
                taker.next(d);
            }
            let mut class = first;
            while class < classes {
                let [a, b, c, d] = V::load_columns(simd, from.add(class), self.stride);
                taker.next(a);
                taker.next(b);
                taker.next(c);
                taker.next(d);
                class += 4;
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
    unsafe fn columns<V: Vector<Scalar = T>>(&self, simd: V::Simd, row: usize, _: usize, taker: &mut impl Take<V>) {
        // SAFETY: the caller promises these rows.
        unsafe {
            let from = self.origin.add(2 * row);
            read_ahead::<V>(from, 2 * V::LANES, ahead(2));
            let [a, b] = V::load_pairs(simd, from);
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
    unsafe fn columns<V: Vector<Scalar = T>>(
        &self,
        simd: V::Simd,
        row: usize,
        classes: usize,
        taker: &mut impl Take<V>,
    ) {
        // SAFETY: the caller promises these rows.
        unsafe {
            taker.first(V::load(simd, self.origin.add(row)));
            for class in 1..classes {
                taker.next(V::load(simd, self.origin.offset(class as isize * self.stride).add(row)));
            }
        }
    }
}

/// Folds the columns.
struct Folding<F, V, const N: usize> {
    fold: F,
    kept: [V; N],
    /// The bits set in any of them.
    bits: V,
}

impl<V: Vector, F: Fold<V, N>, const N: usize> Folding<F, V, N> {
    #[inline(always)]
    fn watch(&mut self, value: V) {
        if F::SIGNED {
            self.bits = self.bits.or(value);
        }
    }
}

impl<V: Vector, F: Fold<V, N>, const N: usize> Take<V> for Folding<F, V, N> {
    #[inline(always)]
    fn first(&mut self, value: V) {
        self.watch(value);
        self.kept = self.fold.first(value);
    }

    #[inline(always)]
    fn next(&mut self, value: V) {
        self.watch(value);
        self.kept = self.fold.step(self.kept, value);
    }
}

/// Keeps the columns, and folds them. The columns lie apart, so that all else stays in registers.
struct Keeping<'a, F, V, const N: usize> {
    columns: &'a mut [V; MOST_CLASSES],
    count: usize,
    fold: F,
    kept: [V; N],
}

impl<V: Vector, F: Fold<V, N>, const N: usize> Take<V> for Keeping<'_, F, V, N> {
    #[inline(always)]
    fn first(&mut self, value: V) {
        self.columns[0] = value;
        self.count = 1;
        self.kept = self.fold.first(value);
    }

    #[inline(always)]
    fn next(&mut self, value: V) {
        self.columns[self.count] = value;
        self.count += 1;
        self.kept = self.fold.step(self.kept, value);
    }
}

/// Score whole groups of rows by a fold that sees them once.
///
/// # Safety
/// As for [`Source::columns`], for `out.len()` rows.
#[inline(always)]
pub(super) unsafe fn once<M, V, F, S, const N: usize>(
    simd: V::Simd,
    source: &S,
    classes: usize,
    fold: F,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> Verdict<V::Scalar>
where
    M: Formula,
    V: Vector,
    F: SingleFold<V, N>,
    S: Source<V::Scalar>,
{
    // SAFETY: the caller's promise.
    unsafe {
        match classes {
            // With so few classes, a loop over them would cost as much as what it does.
            3 if S::APART => groups::<M, V, F, S, N>(simd, source, 3, fold, recipe, out),
            _ => groups::<M, V, F, S, N>(simd, source, classes, fold, recipe, out),
        }
    }
}

/// # Safety
/// As for [`once`].
#[inline(always)]
unsafe fn groups<M, V, F, S, const N: usize>(
    simd: V::Simd,
    source: &S,
    classes: usize,
    fold: F,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> Verdict<V::Scalar>
where
    M: Formula,
    V: Vector,
    F: SingleFold<V, N>,
    S: Source<V::Scalar>,
{
    // A copy of its own, which stores to `out` can't change: what the loop asks of it is asked once.
    let recipe = &{ *recipe };
    let mut folding = Folding { fold, kept: fold.start(simd), bits: V::splat(simd, V::Scalar::ZERO) };
    let mut closed = Closed::nothing::<M>(simd);
    for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
        // SAFETY: the caller's promise; `out` has room for all lanes.
        unsafe {
            source.columns::<V>(simd, group * V::LANES, classes, &mut folding);
            closed = closed.and::<M>(F::close::<M>(recipe, folding.kept, out.as_mut_ptr()));
        }
    }
    closed.verdict::<M>(F::SIGNED && folding.bits.signs() != 0)
}

/// Score whole groups of rows by two folds over logits: one for the peaks, which keeps the columns for the other.
///
/// # Safety
/// As for [`Source::columns`], for `out.len()` rows.
#[inline(always)]
pub(super) unsafe fn twice<M, V, P, F, const K: usize, const N: usize>(
    simd: V::Simd,
    source: &impl Source<V::Scalar>,
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
    let mut closed = Closed::nothing::<M>(simd);
    let mut columns = [V::splat(simd, V::Scalar::ZERO); MOST_CLASSES];
    for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
        let mut keeping = Keeping { columns: &mut columns, count: 0, fold: peaks, kept: peaks.start(simd) };
        // SAFETY: the caller's promise.
        unsafe { source.columns::<V>(simd, group * V::LANES, classes, &mut keeping) };
        let found = keeping.kept;
        let fold = F::new(Tail { peak: found[0], temperature, inverse_temperature });
        let mut kept = fold.first(columns[0]);
        for &value in &columns[1..classes] {
            kept = fold.step(kept, value);
        }
        // SAFETY: `out` has room for all lanes.
        let rows = unsafe { F::close::<M>(recipe, [found[0], found[K - 1]], kept, out.as_mut_ptr()) };
        closed = closed.and::<M>(rows);
    }
    closed.verdict::<M>(false)
}
