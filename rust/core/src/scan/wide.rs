//! Many classes: the virtual lanes share the classes of one row, lane `l` taking classes `l`,
//! `l + LANES`, ... Then the lanes are merged in a fixed tree: first `l` with `l + LANES / 2`, then
//! `2 l` with `2 l + 1` until one is left. The rows of a group are merged together, two vectors to
//! one at each step, so that in the end a lane is a row.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use super::ahead::{Ask, read_ahead};
use super::found::{Closed, Verdict};
use super::room::MOST_CLASSES;
use super::score_rows::{RowLayout, ScoreRows, Scoring};
use crate::float::Element;
use crate::fold::{Fold, Kept, MOST_KEPT, Peak, SingleFold, Tail, TailFold};
use crate::formula::{Formula, Walk};
use crate::simd::{Float, Vector};

/// How many bytes ahead memory is asked for where that is near, with long steps and with short
/// ones: about as far as a kernel gets while one line comes from memory.
const NEAR: [usize; 2] = [2048, 1024];

/// From so many classes on, a fold that minds no order works on more vectors at a time.
const MANY: usize = 256;

/// Rows of many classes, `stride` apart in memory.
#[derive(Clone, Copy)]
pub(super) struct WideRows<'a, E> {
    /// Row 0.
    pub(super) origin: *const E,
    pub(super) stride: usize,
    /// Which rows; if none are named, the first and those after it.
    pub(super) picked: Option<&'a [u32]>,
}

impl<E> WideRows<'_, E> {
    /// Where a row starts, if there is such a row. The last group of picked rows need not be whole.
    #[inline(always)]
    fn row(self, row: usize) -> Option<*const E> {
        let row = match self.picked {
            None => row,
            Some(picked) if row < picked.len() => picked[row] as usize,
            Some(_) => return None,
        };
        Some(self.origin.wrapping_add(row * self.stride))
    }
}

/// Where to ask for memory while a row is read: from there on, a value for each value of the row,
/// or for every other one.
#[derive(Clone, Copy)]
struct Ahead<E> {
    from: *const E,
    shift: u32,
    ask: bool,
}

impl<E: Element> Ahead<E> {
    #[inline(always)]
    fn ask(self, class: usize) {
        if self.ask {
            read_ahead(self.from.wrapping_add(class >> self.shift), E::Compute::LANES, 0);
        }
    }
}

/// One row, whose classes are folded.
#[derive(Clone, Copy)]
struct Classes<V: Vector, E, F> {
    simd: V::Simd,
    from: *const E,
    count: usize,
    fold: F,
}

impl<V: Vector<Scalar = E::Compute>, E: Element, F: Fold<V>> Classes<V, E, F> {
    /// The vector of classes from one on, its bits noted where signs are to be watched.
    ///
    /// # Safety
    /// So many values must be readable from `class` on.
    #[inline(always)]
    unsafe fn at(self, class: usize, bits: &mut V) -> V {
        // SAFETY: the caller's promise.
        let value = unsafe { E::load(self.simd, self.from.add(class)) };
        if F::SIGNED {
            *bits = bits.or(value);
        }
        value
    }

    /// Fold the last classes in, from one on, which are fewer than the virtual lanes. To fold an
    /// absent class in changes nothing, and vectors of nothing else are left out.
    ///
    /// # Safety
    /// The values from `class` on must be readable, and as many as there are lanes before them.
    #[inline(always)]
    unsafe fn last(self, kept: Kept<V>, class: usize, bits: &mut V) -> Kept<V> {
        if class >= self.count {
            return kept;
        }
        let count = (self.count - class).min(V::LANES);
        // SAFETY: the caller's promise, and no more is read than is left [classes past the last of
        // many] [a vector of classes past the last].
        let value = unsafe { E::load_first(self.from.add(class), count, self.fold.absent(self.simd)) };
        if F::SIGNED {
            *bits = bits.or(value);
        }
        self.fold.step(kept, value)
    }

    /// Fold in what is `offset` after classes from `class` on, virtual lanes apart, `N` vectors at
    /// a time while there are so many; then `class` is the first that is left.
    ///
    /// # Safety
    /// The whole groups of virtual lanes must be readable, and `offset` a place of a vector in one.
    #[inline(always)]
    unsafe fn several<const N: usize>(
        self,
        kept: &mut Kept<V>,
        class: &mut usize,
        offset: usize,
        ahead: Ahead<E>,
        bits: &mut V,
    ) {
        let lanes = V::Scalar::LANES;
        let whole = self.count - self.count % lanes;
        while *class + N * lanes <= whole {
            let mut values = [kept[0]; N];
            for i in 0..N {
                let class = *class + i * lanes;
                ahead.ask(class);
                // SAFETY: the caller's promise [a group of classes too many].
                values[i] = unsafe { self.at(class + offset, bits) };
            }
            *kept = self.fold.steps(*kept, values);
            *class += N * lanes;
        }
    }

    /// Fold the classes over the virtual lanes: a vector of them, or of their first half merged
    /// with the second.
    ///
    /// # Safety
    /// `count >= LANES` values must be readable.
    #[inline(always)]
    unsafe fn folded(self, ahead: Ahead<E>, bits: &mut V) -> Kept<V> {
        let Classes { count, fold, .. } = self;
        let (lanes, half) = (V::Scalar::LANES, V::LANES);
        let whole = count - count % lanes;
        // SAFETY: only the `count` values are read [a group of classes too many, a step at a time].
        unsafe {
            if F::UNORDERED && half == lanes && count >= MANY {
                return self.in_any_order(ahead, bits);
            }
            ahead.ask(0);
            let (mut first, mut class) = (fold.first(self.at(0, bits)), lanes);
            if half == lanes {
                if F::LONG && !V::LARGE {
                    self.several::<8>(&mut first, &mut class, 0, ahead, bits);
                    self.several::<4>(&mut first, &mut class, 0, ahead, bits);
                }
                self.several::<1>(&mut first, &mut class, 0, ahead, bits);
                return self.last(first, whole, bits);
            }
            let mut second = fold.first(self.at(half, bits));
            if F::LONG || V::LARGE {
                self.several::<1>(&mut first, &mut class, 0, ahead, bits);
                let asked = Ahead { ask: false, ..ahead };
                class = lanes;
                self.several::<1>(&mut second, &mut class, half, asked, bits);
            } else {
                while class < whole {
                    ahead.ask(class);
                    first = fold.step(first, self.at(class, bits));
                    second = fold.step(second, self.at(class + half, bits));
                    class += lanes;
                }
            }
            fold.merge(self.last(first, whole, bits), self.last(second, whole + half, bits))
        }
    }

    /// The same for a fold that minds no order, of logits, where a register has all virtual lanes:
    /// four vectors at a time, so that none waits for the one before.
    ///
    /// # Safety
    /// `count >= LANES` values must be readable.
    #[inline(always)]
    unsafe fn in_any_order(self, ahead: Ahead<E>, bits: &mut V) -> Kept<V> {
        let Classes { simd, count, fold, .. } = self;
        let mut kept = [fold.first(fold.absent(simd)); 4];
        let mut class = 0;
        // SAFETY: only the `count` values are read [four vectors too many where order is free] [a
        // vector too many where order is free].
        unsafe {
            while class + 4 * V::LANES <= count {
                for pair in 0..2 {
                    let i = 2 * pair;
                    let class = class + i * V::LANES;
                    ahead.ask(class);
                    ahead.ask(class + V::LANES);
                    let [one, other] = E::load_both::<V>(simd, self.from.add(class));
                    kept[i] = fold.step(kept[i], one);
                    kept[i + 1] = fold.step(kept[i + 1], other);
                }
                class += 4 * V::LANES;
            }
            while class + V::LANES <= count {
                kept[0] = fold.step(kept[0], self.at(class, bits));
                class += V::LANES;
            }
            kept[0] = self.last(kept[0], class, bits);
        }
        fold.merge(fold.merge(kept[0], kept[1]), fold.merge(kept[2], kept[3]))
    }
}

/// The greatest of the lanes.
#[inline(always)]
fn greatest<V: Vector>(vector: V) -> V::Scalar {
    let mut lanes = [V::Scalar::ZERO; 16];
    vector.to_slice(&mut lanes[..V::LANES]);
    let mut greatest = lanes[0];
    for i in 1..V::LANES {
        greatest = if lanes[i] > greatest { lanes[i] } else { greatest };
    }
    greatest
}

impl<E: Element> RowLayout for WideRows<'_, E> {
    const WIDENED: bool = E::WIDENED;
}

impl<E: Element, G> Walk for ScoreRows<'_, E::Compute, G, WideRows<'_, E>> {
    type Scalar = E::Compute;
    type Output = Verdict<E::Compute>;

    #[inline(always)]
    fn once<V, F, M>(self, simd: V::Simd, formula: M) -> Verdict<E::Compute>
    where
        V: Vector<Scalar = E::Compute>,
        F: SingleFold<V>,
        M: Formula,
    {
        let ScoreRows { scoring, layout } = self;
        let Scoring { recipe, classes, ask, room, out, .. } = scoring;
        assert!(classes > MOST_CLASSES);
        let recipe = &{ *recipe };
        let fold = F::new(simd, recipe);
        let far = ask.bytes(NEAR[usize::from(!F::LONG)]);
        let [lanes, ..] = &mut room.groups;
        let mut bits = V::splat(simd, E::Compute::ZERO);
        let mut closed = Closed::nothing::<M>(simd);
        for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
            for i in 0..V::LANES {
                let Some(from) = layout.row(group * V::LANES + i) else { break };
                let ahead = Ahead { from: from.wrapping_byte_add(far), shift: 0, ask: ask != Ask::Not };
                // SAFETY: promised to `Scoring::over`, row by row [rows of many classes begin a
                // value late].
                lanes.keep::<V, F>(i, unsafe {
                    Classes::<V, E, F> { simd, from, count: classes, fold }.folded(ahead, &mut bits)
                });
            }
            let kept = lanes.merge(
                simd,
                None,
                #[inline(always)]
                |_: V| fold,
            );
            closed.close(&F::row(kept, recipe), formula, out);
        }
        closed.verdict::<M>(bits)
    }

    /// The second sweep goes over a row while it is in cache.
    #[inline(always)]
    fn twice<V, P, F, M>(self, simd: V::Simd, formula: M) -> Verdict<E::Compute>
    where
        V: Vector<Scalar = E::Compute>,
        P: Fold<V> + Default,
        F: TailFold<V>,
        M: Formula,
    {
        let ScoreRows { scoring, layout } = self;
        let stride = layout.stride;
        let Scoring { recipe, classes, ask, room, out, .. } = scoring;
        assert!(classes > MOST_CLASSES);
        let recipe = &{ *recipe };
        // The rows that are asked for meanwhile, half by each sweep, so that memory never rests.
        let later = stride * ask.bytes(NEAR[0]).div_ceil(stride * size_of::<E>());
        let peaks = P::default();
        let (temperature, inverse_temperature) =
            (V::splat(simd, recipe.temperature), V::splat(simd, recipe.inverse_temperature));
        let [first, second, tops] = &mut room.groups;
        let mut closed = Closed::nothing::<M>(simd);
        // Logits may have signs: nothing is watched.
        let mut bits = V::splat(simd, E::Compute::ZERO);
        for (group, out) in out.chunks_exact_mut(V::LANES).enumerate() {
            for i in 0..V::LANES {
                let Some(from) = layout.row(group * V::LANES + i) else { break };
                let next = from.wrapping_add(later);
                let ahead = |from| Ahead { from, shift: 1, ask: ask != Ask::Not };
                // SAFETY: promised to `Scoring::over`, row by row [rows of many classes begin a
                // value late].
                unsafe {
                    let row = Classes { simd, from, count: classes, fold: peaks };
                    let kept = row.folded(ahead(next), &mut bits);
                    first.keep::<V, P>(i, kept);
                    let peak = V::splat(simd, greatest(kept[0]));
                    tops.keep::<V, Peak>(i, [peak; MOST_KEPT]);
                    let fold = F::new(Tail { peak, temperature, inverse_temperature });
                    let ahead = ahead(next.wrapping_add(classes / 2));
                    second.keep::<V, F>(i, Classes { simd, from, count: classes, fold }.folded(ahead, &mut bits));
                }
            }
            let found = first.merge(
                simd,
                None,
                #[inline(always)]
                |_: V| peaks,
            );
            let kept = second.merge(
                simd,
                Some(tops),
                #[inline(always)]
                |peak| F::new(Tail { peak, temperature, inverse_temperature }),
            );
            let largest = [found[0], found[P::KEPT - 1]];
            closed.close(&F::row(largest, kept, recipe), formula, out);
        }
        closed.verdict::<M>(bits)
    }
}
