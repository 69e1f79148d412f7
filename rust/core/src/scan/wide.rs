//! Many classes: the virtual lanes share the classes of one row, lane `l` taking classes `l`, `l + LANES`, ... Then the lanes are merged
//! in a fixed tree: first `l` with `l + LANES / 2`, then `2 l` with `2 l + 1` until one is left. The rows of a group are merged together, two
//! vectors to one at each step, so that in the end a lane is a row.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::ahead::read_ahead;
use super::fold::{Fold, SingleFold, Tail, TailFold};
use super::recipe::{Closed, Recipe, Verdict};
use crate::measure::Formula;
use crate::simd::{Float, Vector};

/// How many bytes ahead memory is asked for: as far as the loads of one latency reach, for long steps and for short ones.
const AHEAD: [usize; 2] = [2048, 1024];

/// What the lanes of a group of rows keep, `[number][row][lane]` as `f32` lanes need it.
struct Lanes<T, const N: usize>([[[T; 16]; 16]; N]);

impl<T: Float, const N: usize> Lanes<T, N> {
    #[inline(always)]
    fn new() -> Self {
        Lanes([[[T::ZERO; 16]; 16]; N])
    }

    #[inline(always)]
    fn keep<V: Vector<Scalar = T>>(&mut self, row: usize, kept: [V; N]) {
        self.put(V::pair_place(row), kept);
    }

    #[inline(always)]
    fn put<V: Vector<Scalar = T>>(&mut self, place: usize, kept: [V; N]) {
        for number in 0..N {
            kept[number].to_slice(&mut self.0[number][place][..V::LANES]);
        }
    }

    /// What is kept of a group, to be merged with what its neighbour keeps: vector by vector, with the lanes of two places in one.
    #[inline(always)]
    fn pair<V: Vector<Scalar = T>, const STEP: usize>(&self, simd: V::Simd, place: usize) -> [[V; N]; 2] {
        let mut pair = [[V::splat(simd, T::ZERO); N]; 2];
        for number in 0..N {
            let places = &self.0[number];
            let [one, other] = [2 * place, 2 * place + 1].map(|place| places[place].as_ptr());
            // SAFETY: each place has room for 16 lanes, and no vector has more.
            let [one, other] = unsafe { [V::load(simd, one), V::load(simd, other)] };
            [pair[0][number], pair[1][number]] = one.pair::<STEP>(other);
        }
        pair
    }

    /// Merge the lanes of each row: a lane per row. Each step halves both the vectors and the lanes that a row has in one.
    #[inline(always)]
    fn merge<V: Vector<Scalar = T>, F: Fold<V, N>>(&mut self, simd: V::Simd, folds: &mut impl Folds<V, F>) -> [V; N] {
        // Of 4, 8 or 16 lanes. Where a vector is half of the virtual lanes `row` has done the first merge.
        self.step::<V, F, 0>(simd, folds);
        self.step::<V, F, 1>(simd, folds);
        if V::LANES > 4 {
            self.step::<V, F, 2>(simd, folds);
        }
        if V::LANES > 8 {
            self.step::<V, F, 3>(simd, folds);
        }
        let mut merged = [V::splat(simd, T::ZERO); N];
        for number in 0..N {
            merged[number] = V::from_slice(simd, &self.0[number][0][..V::LANES]);
        }
        merged
    }

    #[inline(always)]
    fn step<V: Vector<Scalar = T>, F: Fold<V, N>, const STEP: usize>(
        &mut self,
        simd: V::Simd,
        folds: &mut impl Folds<V, F>,
    ) {
        for place in 0..V::LANES >> (STEP + 1) {
            let [one, other] = self.pair::<V, STEP>(simd, place);
            self.put(place, folds.of::<STEP>(place).merge(one, other));
        }
    }
}

/// The folds that lanes are merged by. A trait, and not a closure, for the reason of `narrow`'s `Take`.
trait Folds<V, F> {
    /// Of the two places that are merged into one.
    fn of<const STEP: usize>(&mut self, place: usize) -> F;
}

/// One for all.
struct Same<F>(F);

impl<V, F: Copy> Folds<V, F> for Same<F> {
    #[inline(always)]
    fn of<const STEP: usize>(&mut self, _: usize) -> F {
        self.0
    }
}

/// Around the peak of each row, whose lanes go the way of what is merged.
struct Around<V: Vector, const N: usize> {
    peaks: Lanes<V::Scalar, 1>,
    temperature: V,
    inverse_temperature: V,
}

impl<V: Vector, F: TailFold<V, N>, const N: usize> Folds<V, F> for Around<V, N> {
    #[inline(always)]
    fn of<const STEP: usize>(&mut self, place: usize) -> F {
        let [[peak], _] = self.peaks.pair::<V, STEP>(self.temperature.simd(), place);
        self.peaks.put(place, [peak]);
        F::new(Tail { peak, temperature: self.temperature, inverse_temperature: self.inverse_temperature })
    }
}

/// Where to ask for memory while a row is read: from there on, a value for each of the row, or for every other one.
#[derive(Clone, Copy)]
struct Ahead<T> {
    from: *const T,
    shift: u32,
    ask: bool,
}

impl<T: Float> Ahead<T> {
    #[inline(always)]
    fn ask<V: Vector<Scalar = T>>(self, class: usize) {
        if self.ask {
            read_ahead::<V>(self.from.wrapping_add(class >> self.shift), T::LANES, 0);
        }
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
    simd: V::Simd,
    from: *const V::Scalar,
    classes: usize,
    fold: F,
    ahead: Ahead<V::Scalar>,
    bits: &mut V,
) -> [V; N] {
    let lanes = V::Scalar::LANES;
    let absent = fold.absent(simd);
    let whole = classes - classes % lanes;
    let mut class = lanes;
    ahead.ask::<V>(0);
    // SAFETY: only the `classes` values are read.
    unsafe {
        let mut first = fold.first(watched::<V, F, N>(V::load(simd, from), bits));
        if V::LANES == lanes {
            while class < whole {
                ahead.ask::<V>(class);
                first = fold.step(first, watched::<V, F, N>(V::load(simd, from.add(class)), bits));
                class += lanes;
            }
            if whole < classes {
                first =
                    fold.step(first, watched::<V, F, N>(V::load_first(from.add(whole), classes - whole, absent), bits));
            }
            return first;
        }
        let half = V::LANES;
        let mut second = fold.first(watched::<V, F, N>(V::load(simd, from.add(half)), bits));
        if F::LONG {
            while class < whole {
                ahead.ask::<V>(class);
                first = fold.step(first, watched::<V, F, N>(V::load(simd, from.add(class)), bits));
                class += lanes;
            }
            class = lanes;
            while class < whole {
                second = fold.step(second, watched::<V, F, N>(V::load(simd, from.add(class + half)), bits));
                class += lanes;
            }
        } else {
            while class < whole {
                ahead.ask::<V>(class);
                first = fold.step(first, watched::<V, F, N>(V::load(simd, from.add(class)), bits));
                second = fold.step(second, watched::<V, F, N>(V::load(simd, from.add(class + half)), bits));
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
    simd: V::Simd,
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
    let mut bits = V::splat(simd, V::Scalar::ZERO);
    let mut closed = Closed::nothing::<M>(simd);
    for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
        for i in 0..V::LANES {
            let from = from.wrapping_add((group * V::LANES + i) * stride);
            let ask = recipe.ask;
            let ahead = Ahead { from: from.wrapping_byte_add(AHEAD[usize::from(!F::LONG)]), shift: 0, ask };
            // SAFETY: the caller's promise.
            lanes.keep::<V>(i, unsafe { row::<V, F, N>(simd, from, classes, fold, ahead, &mut bits) });
        }
        // SAFETY: `out` has room for all lanes.
        closed =
            closed.and::<M>(unsafe { F::close::<M>(recipe, lanes.merge(simd, &mut Same(fold)), out.as_mut_ptr()) });
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
    simd: V::Simd,
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
    let (temperature, inverse_temperature) =
        (V::splat(simd, recipe.temperature), V::splat(simd, recipe.inverse_temperature));
    let mut first = Lanes::<V::Scalar, K>::new();
    let mut second = Lanes::<V::Scalar, N>::new();
    let mut around = Around::<V, N> { peaks: Lanes::new(), temperature, inverse_temperature };
    let mut closed = Closed::nothing::<M>(simd);
    let mut unwatched = inverse_temperature;
    for (group, out) in out.chunks_exact_mut(count).enumerate() {
        let from = from.wrapping_add(group * count * stride);
        for i in 0..count {
            let from = from.wrapping_add(i * stride);
            let next = from.wrapping_add(later);
            let ahead = [next, next.wrapping_add(classes / 2)].map(|from| Ahead { from, shift: 1, ask: recipe.ask });
            // SAFETY: the caller's promise.
            unsafe {
                let kept = row::<V, P, K>(simd, from, classes, peaks, ahead[0], &mut unwatched);
                first.keep(i, kept);
                let peak = V::splat(simd, greatest(kept[0]));
                around.peaks.keep(i, [peak]);
                let fold = F::new(Tail { peak, temperature, inverse_temperature });
                second.keep(i, row::<V, F, N>(simd, from, classes, fold, ahead[1], &mut unwatched));
            }
        }
        let found: [V; K] = first.merge(simd, &mut Same(peaks));
        let (top, second_top) = (found[0], found[K - 1]);
        let merged = second.merge::<V, F>(simd, &mut around);
        // SAFETY: `out` has room for all lanes.
        closed = closed.and::<M>(unsafe { F::close::<M>(recipe, [top, second_top], merged, out.as_mut_ptr()) });
    }
    closed.verdict::<M>(false)
}
