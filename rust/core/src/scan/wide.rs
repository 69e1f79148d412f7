//! Many classes: the lanes share the classes of one row, lane `l` taking classes `l`, `l + LANES`, ... The lanes of `LANES` rows are then
//! merged together, transposed so that a lane is a row, in a fixed tree.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::fold::{Fold, Peaks, ProbabilityFold, Tail, TailFold};
use super::recipe::Recipe;
use crate::measure::Needs;
use crate::simd::{Float, Vector};

/// What the lanes of a group of rows keep: `[number][row][lane]`, as `f32` lanes need it.
struct Lanes<T, const N: usize>([[[T; 16]; 16]; N]);

impl<T: Float, const N: usize> Lanes<T, N> {
    #[inline(always)]
    fn new() -> Self {
        Lanes([[[T::ZERO; 16]; 16]; N])
    }

    #[inline(always)]
    fn keep<V: Vector<Scalar = T>>(&mut self, row: usize, kept: [V; N]) {
        for number in 0..N {
            // SAFETY: a row has room for 16 lanes, and none has more.
            unsafe { kept[number].store(self.0[number][row].as_mut_ptr()) };
        }
    }

    /// A lane per row: columns of four are merged in pairs, then one four after the other.
    #[inline(always)]
    fn merge<V: Vector<Scalar = T>>(&self, fold: impl Fold<V, N>) -> [V; N] {
        let mut merged = self.merge_four(fold, 0);
        let mut lane = 4;
        while lane < T::LANES {
            merged = fold.merge(merged, self.merge_four(fold, lane));
            lane += 4;
        }
        merged
    }

    #[inline(always)]
    fn merge_four<V: Vector<Scalar = T>>(&self, fold: impl Fold<V, N>, lane: usize) -> [V; N] {
        let zero = V::splat(T::ZERO);
        let [mut a, mut b, mut c, mut d] = [[zero; N]; 4];
        for number in 0..N {
            // SAFETY: `T::LANES <= 16` rows of 16 lanes are there, and `lane + 4 <= 16`.
            let columns = unsafe { V::load_columns(self.0[number][0].as_ptr().add(lane), 16) };
            [a[number], b[number], c[number], d[number]] = columns;
        }
        fold.merge(fold.merge(a, b), fold.merge(c, d))
    }
}

/// Fold the classes of one row over the lanes.
///
/// # Safety
/// `classes` values must be readable at `from`.
#[inline(always)]
unsafe fn row<V: Vector, F: Fold<V, N>, const N: usize>(from: *const V::Scalar, classes: usize, fold: F) -> [V; N] {
    let lanes = V::Scalar::LANES;
    let whole = classes - classes % lanes;
    let mut kept = fold.start();
    let mut class = 0;
    // SAFETY: only the `classes` values are read.
    unsafe {
        while class < whole {
            kept = fold.step(kept, V::load(from.add(class)));
            class += lanes;
        }
        if whole < classes {
            let absent = V::splat(V::Scalar::from_f64(F::ABSENT));
            kept = fold.step(kept, V::load_first(from.add(whole), classes - whole, absent));
        }
    }
    kept
}

/// Score whole groups of `LANES` rows of probabilities. True when all are valid.
///
/// # Safety
/// `out.len()` rows of `classes` values, `stride` apart, must be readable at `from`.
#[inline(always)]
pub(super) unsafe fn probabilities<V, F, const N: usize>(
    from: *const V::Scalar,
    stride: usize,
    classes: usize,
    fold: F,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> bool
where
    V: Vector,
    F: ProbabilityFold<V, N>,
{
    let count = V::Scalar::LANES;
    let mut lanes = Lanes::<V::Scalar, N>::new();
    let mut valid = true;
    for (group, out) in out.chunks_exact_mut(count).enumerate() {
        for i in 0..count {
            // SAFETY: the caller's promise.
            let kept = unsafe { row::<V, F, N>(from.add((group * count + i) * stride), classes, fold) };
            lanes.keep(i, kept);
        }
        let (scores, all) = recipe.close_probabilities(fold.folded(lanes.merge(fold)));
        // SAFETY: `out` has room for all lanes.
        unsafe { scores.store(out.as_mut_ptr()) };
        valid &= all;
    }
    valid
}

/// Score whole groups of `LANES` rows of logits, in two sweeps while they are in cache.
///
/// # Safety
/// As for [`probabilities`].
#[inline(always)]
pub(super) unsafe fn logits<V, F, const N: usize>(
    from: *const V::Scalar,
    stride: usize,
    classes: usize,
    needs: Needs,
    recipe: &Recipe<V::Scalar>,
    out: &mut [V::Scalar],
) -> bool
where
    V: Vector,
    F: TailFold<V, N>,
{
    let count = V::Scalar::LANES;
    let inverse_temperature = V::splat(recipe.inverse_temperature);
    let mut first = Lanes::<V::Scalar, 2>::new();
    let mut second = Lanes::<V::Scalar, N>::new();
    let mut tops = [V::Scalar::ZERO; 16];
    let mut valid = true;
    for (group, out) in out.chunks_exact_mut(count).enumerate() {
        let from = from.wrapping_add(group * count * stride);
        for i in 0..count {
            // SAFETY: the caller's promise.
            first.keep(i, unsafe { row::<V, Peaks, 2>(from.add(i * stride), classes, Peaks) });
        }
        let peaks: [V; 2] = first.merge(Peaks);
        // SAFETY: `tops` has room for all lanes.
        unsafe { peaks[0].store(tops.as_mut_ptr()) };
        for i in 0..count {
            let fold = F::new(Tail { peak: V::splat(tops[i]), inverse_temperature });
            // SAFETY: the caller's promise.
            second.keep(i, unsafe { row::<V, F, N>(from.add(i * stride), classes, fold) });
        }
        let merged = second.merge(F::new(Tail { peak: peaks[0], inverse_temperature }));
        let (scores, all) = F::close(recipe, needs, peaks, merged);
        // SAFETY: `out` has room for all lanes.
        unsafe { scores.store(out.as_mut_ptr()) };
        valid &= all;
    }
    valid
}
