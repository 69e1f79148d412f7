//! Folds over logits: a first sweep for the largest, a second for sums of exponentials; or one for the two largest alone.

use super::{Fold, SingleFold, Tail, TailFold, least, zero};
use crate::math::{Coefficients, exp};
use crate::measure::Formula;
use crate::scan::recipe::Recipe;
use crate::simd::Vector;

/// The largest logit: the first sweep over a row of logits.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Peak;

impl<V: Vector> Fold<V, 1> for Peak {
    const SIGNED: bool = false;
    const LONG: bool = false;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        least(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 1] {
        [least(simd)]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 1] {
        [value]
    }

    #[inline(always)]
    fn step(self, [top]: [V; 1], value: V) -> [V; 1] {
        [top.max(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 1], b: [V; 1]) -> [V; 1] {
        self.step(a, b[0])
    }
}

/// The two largest logits: the first sweep where both are needed.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Peaks;

impl<V: Vector> Fold<V, 2> for Peaks {
    const SIGNED: bool = false;
    const LONG: bool = false;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        least(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 2] {
        [least(simd); 2]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, least(value.simd())]
    }

    #[inline(always)]
    fn step(self, [top, second]: [V; 2], value: V) -> [V; 2] {
        [top.max(value), second.max(top.min(value))]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].max(b[0]), a[1].max(b[1]).max(a[0].min(b[0]))]
    }
}

/// The two largest logits, and a NaN if there was one: all that measures of the gap between the two need.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Gaps;

impl<V: Vector> Fold<V, 3> for Gaps {
    const SIGNED: bool = false;
    const LONG: bool = false;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        least(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 3] {
        let [top, second] = Peaks.start(simd);
        [top, second, zero(simd)]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        self.step(self.start(value.simd()), value)
    }

    #[inline(always)]
    fn step(self, [top, second, odd]: [V; 3], value: V) -> [V; 3] {
        let [top, second] = Peaks.step([top, second], value);
        [top, second, V::select(value.eq(value), odd, value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let [top, second] = Peaks.merge([a[0], a[1]], [b[0], b[1]]);
        [top, second, a[2].add(b[2])]
    }
}

impl<V: Vector> SingleFold<V, 3> for Gaps {
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [top, second, odd]: [V; 3],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = top.full_like(0.0);
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>([top, second], zero, zero, zero, odd.add(top.sub(top)), out) }
    }
}

// The second sweep over a row of logits: sums of `d = (z - z_max) / T` over all classes but one largest, which is kept apart as in the folds over
// probabilities, so that they are exact however small they are. A NaN becomes the largest and stays it, or is beaten and reaches a sum.
impl<V: Vector> Tail<V> {
    /// `e^d`, and `d` bounded so that a logit of -inf contributes 0 to `d e^d`.
    #[inline(always)]
    fn weight(&self, value: V) -> (V, V) {
        let exponent = value.full_like(V::Scalar::EXP_ZERO).max(value.sub(self.peak).mul(self.inverse_temperature));
        (exp(exponent), exponent)
    }
}

/// NaN where a row holds one, or +inf, or no finite logit: a NaN is the largest in one of the two sweeps, or makes `rest` NaN.
#[inline(always)]
fn sound<V: Vector>(top: V, [again, rest]: [V; 2]) -> V {
    again.sub(top).add(rest)
}

/// Of two logits the smaller and the larger; of a NaN and another either is.
#[inline(always)]
fn beaten<V: Vector>(top: V, value: V) -> (V, V) {
    (top.min(value), value.max(top))
}

/// The largest, and the sum of `e^d`.
#[derive(Clone, Copy)]
pub(in crate::scan) struct TailSum<V>(Tail<V>);

impl<V: Vector> Fold<V, 2> for TailSum<V> {
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        least(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 2] {
        [least(simd), zero(simd)]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest]: [V; 2], value: V) -> [V; 2] {
        let (beaten, top) = beaten(top, value);
        [top, rest.add(self.0.weight(beaten).0)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        let [top, rest] = self.step(a, b[0]);
        [top, rest.add(b[1])]
    }
}

/// As [`TailSum`], and the sum of `d e^d`.
#[derive(Clone, Copy)]
pub(in crate::scan) struct TailLogarithms<V>(Tail<V>);

impl<V: Vector> Fold<V, 3> for TailLogarithms<V> {
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        least(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 3] {
        [least(simd), zero(simd), zero(simd)]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, value.full_like(0.0), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest, logs]: [V; 3], value: V) -> [V; 3] {
        let (beaten, top) = beaten(top, value);
        let (weight, exponent) = self.0.weight(beaten);
        [top, rest.add(weight), weight.mul_add(exponent, logs)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let [top, rest, logs] = self.step(a, b[0]);
        [top, rest.add(b[1]), logs.add(b[2])]
    }
}

/// As [`TailSum`], and the sum of `e^2d`.
#[derive(Clone, Copy)]
pub(in crate::scan) struct TailSquares<V>(Tail<V>);

impl<V: Vector> Fold<V, 3> for TailSquares<V> {
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn absent(self, simd: V::Simd) -> V {
        least(simd)
    }

    #[inline(always)]
    fn start(self, simd: V::Simd) -> [V; 3] {
        [least(simd), zero(simd), zero(simd)]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, value.full_like(0.0), value.full_like(0.0)]
    }

    #[inline(always)]
    fn step(self, [top, rest, squares]: [V; 3], value: V) -> [V; 3] {
        let (beaten, top) = beaten(top, value);
        let (weight, _) = self.0.weight(beaten);
        [top, rest.add(weight), weight.mul_add(weight, squares)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let [top, rest, squares] = self.step(a, b[0]);
        [top, rest.add(b[1]), squares.add(b[2])]
    }
}

impl<V: Vector> TailFold<V, 2> for TailSum<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailSum(tail)
    }

    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        peaks: [V; 2],
        kept: [V; 2],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = peaks[0].full_like(0.0);
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>(peaks, kept[1], zero, zero, sound(peaks[0], [kept[0], kept[1]]), out) }
    }
}

impl<V: Vector> TailFold<V, 3> for TailLogarithms<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailLogarithms(tail)
    }

    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        peaks: [V; 2],
        kept: [V; 3],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = peaks[0].full_like(0.0);
        // SAFETY: the caller's promise.
        unsafe {
            recipe.close_logits::<M, V>(
                peaks,
                kept[1],
                zero.sub(kept[2]),
                zero,
                sound(peaks[0], [kept[0], kept[1]]),
                out,
            )
        }
    }
}

impl<V: Vector> TailFold<V, 3> for TailSquares<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailSquares(tail)
    }

    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        peaks: [V; 2],
        kept: [V; 3],
        out: *mut V::Scalar,
    ) -> (V::Mask, V) {
        let zero = peaks[0].full_like(0.0);
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>(peaks, kept[1], zero, kept[2], sound(peaks[0], [kept[0], kept[1]]), out) }
    }
}
