//! Few classes: a lane is a row. A group of rows is read column by column (four at a time, through 4 x 4 transposes, where rows are
//! adjacent in memory), and every operation is vertical. The sums run over the classes in their order.

use super::fold::{Fold, Peaks, ProbabilityFold, Tail};
use super::recipe::Recipe;
use crate::simd::{Float, Vector};

/// The most classes that are read this way: beyond, the lanes share the classes of one row.
pub(super) const MOST_CLASSES: usize = 48;

/// Rows that can be read a column at a time.
pub(super) trait Source<T> {
    /// Hand over the classes of `LANES` rows from `row`, in order, a row a lane.
    ///
    /// # Safety
    /// The rows must be readable, and where rows are adjacent three values past the last one too.
    unsafe fn columns<V: Vector<Scalar = T>>(&self, row: usize, classes: usize, take: impl FnMut(V));
}

/// Rows that follow each other in memory, `stride` apart.
pub(super) struct RowMajor<T> {
    pub(super) origin: *const T,
    pub(super) stride: usize,
}

impl<T: Float> Source<T> for RowMajor<T> {
    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = T>>(&self, row: usize, classes: usize, mut take: impl FnMut(V)) {
        // SAFETY: the caller promises these rows and three values past them.
        unsafe {
            let from = self.origin.add(row * self.stride);
            if classes == 2 && self.stride == 2 {
                V::load_pairs(from).into_iter().for_each(take);
                return;
            }
            let mut class = 0;
            while class + 4 <= classes {
                let [a, b, c, d] = V::load_columns(from.add(class), self.stride);
                take(a);
                take(b);
                take(c);
                take(d);
                class += 4;
            }
            if class < classes {
                let last = V::load_columns(from.add(class), self.stride);
                last[..classes - class].iter().for_each(|&value| take(value));
            }
        }
    }
}

/// Columns that follow each other in memory, `stride` apart.
pub(super) struct ColumnMajor<T> {
    pub(super) origin: *const T,
    pub(super) stride: isize,
}

impl<T: Float> Source<T> for ColumnMajor<T> {
    #[inline(always)]
    unsafe fn columns<V: Vector<Scalar = T>>(&self, row: usize, classes: usize, mut take: impl FnMut(V)) {
        for class in 0..classes {
            // SAFETY: the caller promises these rows.
            take(unsafe { V::load(self.origin.offset(class as isize * self.stride).add(row)) });
        }
    }
}

/// Score whole groups of `LANES` rows of probabilities. True when all are valid.
///
/// # Safety
/// As for [`Source::columns`], for `out.len()` rows.
#[inline(always)]
pub(super) unsafe fn probabilities<V, F, const N: usize>(
    source: &impl Source<V::Scalar>,
    classes: usize,
    fold: F,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> bool
where
    V: Vector,
    F: ProbabilityFold<V, N>,
{
    let mut valid = true;
    for (group, out) in out.chunks_exact_mut(V::Scalar::LANES).enumerate() {
        let mut kept = fold.start();
        // SAFETY: the caller's promise; `out` has room for all lanes.
        unsafe {
            source.columns::<V>(group * V::Scalar::LANES, classes, |value| kept = fold.step(kept, value));
            let (scores, all) = recipe.close_probabilities(fold.folded(kept));
            scores.store(out.as_mut_ptr());
            valid &= all;
        }
    }
    valid
}

/// Score whole groups of `LANES` rows of logits: the first sweep keeps the columns for the second.
///
/// # Safety
/// As for [`Source::columns`], for `out.len()` rows.
#[inline(always)]
pub(super) unsafe fn logits<V, F, const N: usize>(
    source: &impl Source<V::Scalar>,
    classes: usize,
    fold: impl Fn(Tail<V>) -> F,
    close: impl Fn([V; 2], [V; N]) -> (V, bool),
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> bool
where
    V: Vector,
    F: Fold<V, N>,
{
    let mut valid = true;
    let mut columns = [V::splat(V::Scalar::ZERO); MOST_CLASSES];
    let inverse_temperature = V::splat(recipe.inverse_temperature);
    for (group, out) in out.chunks_exact_mut(V::Scalar::LANES).enumerate() {
        let mut peaks = Peaks.start();
        let mut class = 0;
        // SAFETY: the caller's promise.
        unsafe {
            source.columns::<V>(group * V::Scalar::LANES, classes, |value| {
                columns[class] = value;
                class += 1;
                peaks = Peaks.step(peaks, value);
            });
        }
        let fold = fold(Tail { peak: peaks[0], inverse_temperature });
        let kept = columns[..classes].iter().fold(fold.start(), |kept, &value| fold.step(kept, value));
        let (scores, all) = close(peaks, kept);
        // SAFETY: `out` has room for all lanes.
        unsafe { scores.store(out.as_mut_ptr()) };
        valid &= all;
    }
    valid
}
