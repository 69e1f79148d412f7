//! Many classes: the virtual lanes share the classes of one row, lane `l` taking classes `l`, `l + LANES`, ... Then the lanes are merged
//! in a fixed tree: first `l` with `l + LANES / 2`, and the halves of some rows together, transposed so that a lane is a row.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::fold::{Fold, SingleFold, Tail, TailFold};
use super::recipe::{Closed, Recipe, Verdict};
use crate::measure::Formula;
use crate::simd::{Float, Vector};

/// How many bytes ahead memory is asked for: as far as the loads of one latency reach, for long steps and for short ones.
const AHEAD: [usize; 2] = [2048, 1024];

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

    /// A lane per row.
    #[inline(always)]
    fn merge<V: Vector<Scalar = T>>(&self, fold: impl Fold<V, N>) -> [V; N] {
        let mut merged = self.merge_four(fold, 0);
        let mut lane = 4;
        while lane < T::LANES / 2 {
            merged = fold.merge(merged, self.merge_four(fold, lane));
            lane += 4;
        }
        merged
    }

    #[inline(always)]
    fn merge_four<V: Vector<Scalar = T>>(&self, fold: impl Fold<V, N>, lane: usize) -> [V; N] {
        let [mut a, mut b, mut c, mut d] = self.columns(lane);
        if V::LANES == T::LANES {
            // The first merge, done in `row` where a vector is half of the virtual lanes.
            let [e, f, g, h] = self.columns(lane + T::LANES / 2);
            (a, b) = (fold.merge(a, e), fold.merge(b, f));
            (c, d) = (fold.merge(c, g), fold.merge(d, h));
        }
        fold.merge(fold.merge(a, b), fold.merge(c, d))
    }

    #[inline(always)]
    fn columns<V: Vector<Scalar = T>>(&self, lane: usize) -> [[V; N]; 4] {
        let mut lanes = [[V::splat(T::ZERO); N]; 4];
        for number in 0..N {
            // SAFETY: 16 rows of 16 lanes are there, no vector has more lanes, and `lane + 4 <= 16`.
            let columns = unsafe { V::load_columns(self.0[number][0].as_ptr().add(lane), 16) };
            for j in 0..4 {
                lanes[j][number] = columns[j];
            }
        }
        lanes
    }
}

/// Where to ask for memory while a row is read: from there on, a value for each of the row, or for every other one.
#[derive(Clone, Copy)]
struct Ahead<T> {
    from: *const T,
    shift: u32,
}

impl<T: Float> Ahead<T> {
    #[inline(always)]
    fn ask<V: Vector<Scalar = T>>(self, class: usize) {
        super::read_ahead::<V>(self.from.wrapping_add(class >> self.shift), T::LANES, 0);
    }
}

/// The same value, its bits noted where signs are to be watched.
#[inline(always)]
fn watched<V: Vector, F: Fold<V, N>, const N: usize>(value: V, bits: &mut V) -> V {
    if F::SIGNED {
        *bits = bits.or(value);
    }
    value
}

/// Fold the classes of one row over the virtual lanes: a vector of them, or of their first half merged with the second.
///
/// # Safety
/// `classes >= LANES` values must be readable at `from`.
#[inline(always)]
unsafe fn row<V: Vector, F: Fold<V, N>, const N: usize>(
    from: *const V::Scalar,
    classes: usize,
    fold: F,
    ahead: Ahead<V::Scalar>,
    bits: &mut V,
) -> [V; N] {
    let lanes = V::Scalar::LANES;
    let absent = fold.absent();
    let whole = classes - classes % lanes;
    let mut class = lanes;
    ahead.ask::<V>(0);
    // SAFETY: only the `classes` values are read.
    unsafe {
        let mut first = fold.first(watched::<V, F, N>(V::load(from), bits));
        if V::LANES == lanes {
            while class < whole {
                ahead.ask::<V>(class);
                first = fold.step(first, watched::<V, F, N>(V::load(from.add(class)), bits));
                class += lanes;
            }
            if whole < classes {
                first =
                    fold.step(first, watched::<V, F, N>(V::load_first(from.add(whole), classes - whole, absent), bits));
            }
            return first;
        }
        let half = V::LANES;
        let mut second = fold.first(watched::<V, F, N>(V::load(from.add(half)), bits));
        if F::LONG {
            while class < whole {
                ahead.ask::<V>(class);
                first = fold.step(first, watched::<V, F, N>(V::load(from.add(class)), bits));
                class += lanes;
            }
            class = lanes;
            while class < whole {
                second = fold.step(second, watched::<V, F, N>(V::load(from.add(class + half)), bits));
                class += lanes;
            }
        } else {
            while class < whole {
                ahead.ask::<V>(class);
                first = fold.step(first, watched::<V, F, N>(V::load(from.add(class)), bits));
                second = fold.step(second, watched::<V, F, N>(V::load(from.add(class + half)), bits));
                class += lanes;
            }
        }
        // Folding an absent class in changes nothing: vectors of nothing else are left out.
        if whole < classes {
            first = fold.step(
                first,
                watched::<V, F, N>(V::load_first(from.add(whole), (classes - whole).min(half), absent), bits),
            );
        }
        if whole + half < classes {
            second = fold.step(
                second,
                watched::<V, F, N>(V::load_first(from.add(whole + half), classes - whole - half, absent), bits),
            );
        }
        fold.merge(first, second)
    }
}

/// Score whole groups of rows by a fold that sees them once.
///
/// # Safety
/// `out.len()` rows of `classes` values, `stride` apart, must be readable at `from`.
#[inline(always)]
pub(super) unsafe fn once<M, V, F, const N: usize>(
    from: *const V::Scalar,
    stride: usize,
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
    let mut lanes = Lanes::<V::Scalar, N>::new();
    let mut bits = V::splat(V::Scalar::ZERO);
    let mut closed = Closed::nothing::<M>();
    for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
        for i in 0..V::LANES {
            let from = from.wrapping_add((group * V::LANES + i) * stride);
            let ahead = Ahead { from: from.wrapping_byte_add(AHEAD[usize::from(!F::LONG)]), shift: 0 };
            // SAFETY: the caller's promise.
            lanes.keep(i, unsafe { row::<V, F, N>(from, classes, fold, ahead, &mut bits) });
        }
        // SAFETY: `out` has room for all lanes.
        closed = closed.and::<M>(unsafe { F::close::<M>(recipe, lanes.merge(fold), out.as_mut_ptr()) });
    }
    closed.verdict::<M>(F::SIGNED && bits.signs() != 0)
}

/// The greatest of the lanes.
#[inline(always)]
fn greatest<V: Vector>(vector: V) -> V::Scalar {
    let mut lanes = [V::Scalar::ZERO; 16];
    // SAFETY: no vector has more lanes.
    unsafe { vector.store(lanes.as_mut_ptr()) };
    let mut greatest = lanes[0];
    for i in 1..V::LANES {
        greatest = if lanes[i] > greatest { lanes[i] } else { greatest };
    }
    greatest
}

/// Score whole groups of rows by two folds over logits, the second while they are in cache.
///
/// # Safety
/// As for [`once`].
#[inline(always)]
pub(super) unsafe fn twice<M, V, P, F, const K: usize, const N: usize>(
    from: *const V::Scalar,
    stride: usize,
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
    let count = V::LANES;
    // The rows that are asked for meanwhile, half by each sweep, so that memory never rests.
    let later = stride * AHEAD[0].div_ceil(stride * size_of::<V::Scalar>());
    let (temperature, inverse_temperature) = (V::splat(recipe.temperature), V::splat(recipe.inverse_temperature));
    let mut first = Lanes::<V::Scalar, K>::new();
    let mut second = Lanes::<V::Scalar, N>::new();
    let mut closed = Closed::nothing::<M>();
    let mut unwatched = inverse_temperature;
    for (group, out) in out.chunks_exact_mut(count).enumerate() {
        let from = from.wrapping_add(group * count * stride);
        for i in 0..count {
            let from = from.wrapping_add(i * stride);
            let next = from.wrapping_add(later);
            let ahead = [next, next.wrapping_add(classes / 2)].map(|from| Ahead { from, shift: 1 });
            // SAFETY: the caller's promise.
            unsafe {
                let kept = row::<V, P, K>(from, classes, peaks, ahead[0], &mut unwatched);
                first.keep(i, kept);
                let fold = F::new(Tail { peak: V::splat(greatest(kept[0])), temperature, inverse_temperature });
                second.keep(i, row::<V, F, N>(from, classes, fold, ahead[1], &mut unwatched));
            }
        }
        let found: [V; K] = first.merge(peaks);
        let (top, second_top) = (found[0], found[K - 1]);
        let merged = second.merge(F::new(Tail { peak: top, temperature, inverse_temperature }));
        // SAFETY: `out` has room for all lanes.
        closed = closed.and::<M>(unsafe { F::close::<M>(recipe, [top, second_top], merged, out.as_mut_ptr()) });
    }
    closed.verdict::<M>(false)
}
