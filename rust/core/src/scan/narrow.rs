//! Few classes: a lane is a row. A group of rows is read column by column, and every operation is
//! vertical. Where rows are adjacent in memory, four columns at a time are read through 4 x 4
//! transposes, or eight of half precision. The sums run over the classes in their order.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::ahead::read_ahead;
use super::found::{Closed, Verdict};
use super::room::MOST_CLASSES;
use super::score_rows::{RowLayout, ScoreRows, Scoring};
use crate::float::Element;
use crate::fold::{Fold, MOST_KEPT, SingleFold, Tail, TailFold};
use crate::formula::{Formula, Walk};
use crate::simd::{Float, Vector};

/// How many bytes ahead memory is asked for where that is near.
#[inline(always)]
pub(crate) fn near(classes: usize) -> usize {
    if classes <= 8 { 4096 } else { 2048 }
}

/// Rows that can be read a column at a time.
pub(crate) trait Source: Copy {
    type Scalar: Float;
    /// A number of classes that a kernel is compiled for apart, if not 0.
    const APART: usize;

    /// How far ahead of each place that it reads from memory is asked for, where that is so many
    /// bytes of rows.
    #[inline(always)]
    fn ahead(bytes: usize, _: usize) -> usize {
        bytes
    }

    /// Hand over the classes of a group of rows from `row` on, in order: whether it is the first
    /// class, and a vector with a lane for each row.
    ///
    /// # Safety
    /// The rows must be readable. Where rows are adjacent and have fewer classes than
    /// [`Element::COLUMNS`], so many values from the start of each of them must be.
    unsafe fn columns<V: Vector<Scalar = Self::Scalar>>(
        self,
        simd: V::Simd,
        row: usize,
        classes: usize,
        ahead: usize,
        take: impl FnMut(bool, V),
    );
}

/// Rows that follow each other in memory, `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct RowMajor<E> {
    pub(crate) origin: *const E,
    pub(crate) stride: usize,
}

impl<E: Element> RowLayout for RowMajor<E> {
    const WIDENED: bool = E::WIDENED;
}

impl<E: Element> Source for RowMajor<E> {
    type Scalar = E::Compute;
    // With three classes a loop over them would cost as much as what it does. Ten are common, and
    // of half precision two of them would be loaded as eight.
    const APART: usize = if E::WIDENED { 10 } else { 3 };

    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = E::Compute>>(
        self,
        simd: V::Simd,
        row: usize,
        classes: usize,
        ahead: usize,
        mut take: impl FnMut(bool, V),
    ) {
        // SAFETY: the caller promises these rows [rows begin a value late] [columns too many of a
        // row], and the values past each where there are fewer classes than are loaded together.
        unsafe {
            let from = self.origin.add(row * self.stride);
            read_ahead(from, V::LANES * classes, ahead);
            // The classes that do not fill a group come first, so that this code is there once.
            let first = (classes - 1) % E::COLUMNS + 1;
            let columns = E::load_columns(simd, from, self.stride);
            take(true, columns[0]);
            for i in 1..E::COLUMNS {
                if first > i {
                    take(false, columns[i]);
                }
            }
            let mut class = first;
            while class < classes {
                let columns = E::load_columns(simd, from.add(class), self.stride);
                for i in 0..E::COLUMNS {
                    take(false, columns[i]);
                }
                class += E::COLUMNS;
            }
        }
    }
}

/// Rows of two classes that follow each other without a gap.
#[derive(Clone, Copy)]
pub(super) struct Pairs<E> {
    pub(super) origin: *const E,
}

impl<E: Element> RowLayout for Pairs<E> {
    const WIDENED: bool = E::WIDENED;
    const SPARED: bool = true;
}

impl<E: Element> Source for Pairs<E> {
    type Scalar = E::Compute;
    const APART: usize = 0;

    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = E::Compute>>(
        self,
        simd: V::Simd,
        row: usize,
        _: usize,
        ahead: usize,
        mut take: impl FnMut(bool, V),
    ) {
        let mut widened = [E::Compute::ZERO; 32];
        // SAFETY: the caller promises these rows [pairs begin a value late], and the array has room
        // for two vectors.
        unsafe {
            let from = self.origin.add(2 * row);
            read_ahead(from, 2 * V::LANES, ahead);
            let [a, b] = match E::as_compute(from) {
                Some(from) => V::load_pairs(simd, from),
                None => {
                    E::load::<V>(simd, from).store(widened.as_mut_ptr());
                    E::load::<V>(simd, from.add(V::LANES)).store(widened.as_mut_ptr().add(V::LANES));
                    V::load_pairs(simd, widened.as_ptr())
                }
            };
            take(true, a);
            take(false, b);
        }
    }
}

/// Columns that follow each other in memory, `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct ColumnMajor<T> {
    pub(crate) origin: *const T,
    pub(crate) stride: isize,
}

impl<T> RowLayout for ColumnMajor<T> {
    const SPARED: bool = true;
}

impl<T: Float> Source for ColumnMajor<T> {
    type Scalar = T;
    const APART: usize = 0;

    /// Columns are read side by side, each a share of the rows.
    #[inline(always)]
    fn ahead(bytes: usize, classes: usize) -> usize {
        bytes / classes
    }

    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = T>>(
        self,
        simd: V::Simd,
        row: usize,
        classes: usize,
        ahead: usize,
        mut take: impl FnMut(bool, V),
    ) {
        // SAFETY: the caller promises these rows [columns begin a row late] [a column too many of
        // few classes].
        unsafe {
            let column = self.origin.add(row);
            read_ahead(column, V::LANES, ahead);
            take(true, V::load(simd, column));
            for class in 1..classes {
                let column = self.origin.offset(class as isize * self.stride).add(row);
                read_ahead(column, V::LANES, ahead);
                take(false, V::load(simd, column));
            }
        }
    }
}

impl<T: Float, G, S: Source<Scalar = T>> Walk for ScoreRows<'_, T, G, S> {
    type Scalar = T;
    type Output = Verdict<T>;

    #[inline(always)]
    fn once<V, F, M>(self, simd: V::Simd, formula: M) -> Verdict<T>
    where
        V: Vector<Scalar = T>,
        F: SingleFold<V>,
        M: Formula,
    {
        match self.scoring.classes {
            classes if S::APART > 0 && classes == S::APART => self.groups::<V, F, M>(simd, S::APART, formula),
            classes => self.groups::<V, F, M>(simd, classes, formula),
        }
    }

    /// The sweep for the largest keeps the columns for the other.
    #[inline(always)]
    fn twice<V, P, F, M>(self, simd: V::Simd, formula: M) -> Verdict<T>
    where
        V: Vector<Scalar = T>,
        P: Fold<V> + Default,
        F: TailFold<V>,
        M: Formula,
    {
        let ScoreRows { scoring, layout } = self;
        let Scoring { recipe, classes, ask, room, out, .. } = scoring;
        let ahead = S::ahead(ask.bytes(near(classes)), classes);
        assert!((1..=MOST_CLASSES).contains(&classes) && V::LANES <= 16);
        let recipe = &{ *recipe };
        let zero = V::splat(simd, T::ZERO);
        let [temperature, inverse_temperature] =
            [V::splat(simd, recipe.temperature), V::splat(simd, recipe.inverse_temperature)];
        let peaks = P::default();
        let mut closed = Closed::nothing::<M>(simd);
        // The columns lie in memory, so that all else stays in registers.
        let columns = room.columns.place();
        for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
            let mut next = columns;
            let mut found = [zero; MOST_KEPT];
            // SAFETY: promised to `Scoring::over`; and a layout hands over as many columns as there
            // are classes, for which there is room [many classes in rows are read as few].
            unsafe {
                layout.columns(
                    simd,
                    group * V::LANES,
                    classes,
                    ahead,
                    #[inline(always)]
                    |first, value: V| {
                        value.store(next);
                        next = next.add(V::LANES);
                        found = if first { peaks.first(value) } else { peaks.step(found, value) };
                    },
                );
            }
            let fold = F::new(Tail { peak: found[0], temperature, inverse_temperature });
            // SAFETY: the columns of all classes were stored above; so below [columns of logits
            // that were not stored] [columns of logits begin a class late].
            let mut kept = fold.first(unsafe { V::load(simd, columns) });
            let mut class = 1;
            if V::LANES == T::LANES && !V::LARGE {
                while class + 4 <= classes {
                    let mut values = [zero; 4];
                    for i in 0..4 {
                        // SAFETY: as above.
                        values[i] = unsafe { V::load(simd, columns.add((class + i) * V::LANES)) };
                    }
                    kept = fold.steps(kept, values);
                    class += 4;
                }
            }
            while class < classes {
                // SAFETY: as above.
                kept = fold.step(kept, unsafe { V::load(simd, columns.add(class * V::LANES)) });
                class += 1;
            }
            let largest = [found[0], found[P::KEPT - 1]];
            closed.close(&F::row(largest, kept, recipe), formula, out);
        }
        closed.verdict::<M>(zero)
    }
}

impl<T: Float, G, S: Source<Scalar = T>> ScoreRows<'_, T, G, S> {
    /// Score all groups of rows, which have so many classes, by a fold that sees them once.
    #[inline(always)]
    fn groups<V, F, M>(self, simd: V::Simd, classes: usize, formula: M) -> Verdict<T>
    where
        V: Vector<Scalar = T>,
        F: SingleFold<V>,
        M: Formula,
    {
        let ScoreRows { scoring, layout } = self;
        let Scoring { recipe, ask, out, .. } = scoring;
        let ahead = S::ahead(ask.bytes(near(classes)), classes);
        // A copy, which the compiler knows that stores to `out` do not change, so that what is in
        // it is loaded once.
        let recipe = &{ *recipe };
        let fold = F::new(simd, recipe);
        let mut bits = V::splat(simd, T::ZERO);
        let mut kept = [bits; MOST_KEPT];
        let mut closed = Closed::nothing::<M>(simd);
        for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
            // SAFETY: promised to `Scoring::over`.
            unsafe {
                layout.columns(
                    simd,
                    group * V::LANES,
                    classes,
                    ahead,
                    #[inline(always)]
                    |first, value: V| {
                        if F::SIGNED {
                            bits = bits.or(value);
                        }
                        kept = if first { fold.first(value) } else { fold.step(kept, value) };
                    },
                );
            }
            closed.close(&F::row(kept, recipe), formula, out);
        }
        closed.verdict::<M>(bits)
    }
}
