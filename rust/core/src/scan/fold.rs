//! How a row is folded, class by class, into what the measures need of it.
//!
//! A fold keeps N numbers per lane. A lane is a row (`narrow`) or a share of the classes of one row (`wide`), whose results are then
//! merged; both use the same step and merge.
//!
//! Every fold over probabilities but the plain sum keeps the largest value apart: of the largest so far and the new one, the
//! smaller (`beaten`) joins the sums. So the sums run over all classes but one largest, in one pass.

use super::recipe::{Folded, Recipe};
use crate::math::{Coefficients, exp};
use crate::measure::Formula;
use crate::simd::{Float, Vector};

/// A fold that keeps `N` numbers per lane.
pub(super) trait Fold<V: Vector, const N: usize>: Copy {
    /// The value of a class that is not there; folding it in changes nothing.
    const ABSENT: f64;
    /// Whether values are probabilities, whose signs are to be watched.
    const SIGNED: bool;
    /// Whether a step is so long that two at a time would not fit the registers.
    const LONG: bool;
    /// What is kept of no classes.
    fn start(self) -> [V; N];
    /// What is kept of one class: as [`Fold::step`] from the start where that is a valid probability or logit, without its cost.
    fn first(self, value: V) -> [V; N];
    /// Fold one more class in.
    fn step(self, kept: [V; N], value: V) -> [V; N];
    /// What is kept of the classes of both.
    fn merge(self, a: [V; N], b: [V; N]) -> [V; N];
}

/// A fold that sees a row once.
pub(super) trait SingleFold<V: Vector, const N: usize>: Fold<V, N> {
    /// Store the scores of what was kept; which rows are valid, but for signs.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    unsafe fn close<M: Formula>(recipe: &Recipe<V::Scalar>, kept: [V; N], out: *mut V::Scalar) -> V::Mask;
}

/// The second of the two folds over a row of logits.
pub(super) trait TailFold<V: Vector, const N: usize>: Fold<V, N> {
    /// The fold around a peak.
    fn new(tail: Tail<V>) -> Self;
    /// Store the scores of what both folds kept; which rows are valid.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        peaks: [V; 2],
        kept: [V; N],
        out: *mut V::Scalar,
    ) -> V::Mask;
}

#[inline(always)]
fn zero<V: Vector>() -> V {
    V::splat(V::Scalar::ZERO)
}

/// The sum of the others when there is one class: zero, or NaN where the class is NaN or infinite, for the largest may
/// later hide it.
#[inline(always)]
fn nothing<V: Vector>(value: V) -> V {
    value.sub(value)
}

/// Largest and sum.
#[derive(Clone, Copy)]
pub(super) struct Sums;

impl<V: Vector> Fold<V, 2> for Sums {
    const ABSENT: f64 = 0.0;
    const SIGNED: bool = true;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 2] {
        [zero(); 2]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, value]
    }

    #[inline(always)]
    fn step(self, [top, total]: [V; 2], value: V) -> [V; 2] {
        [top.max(value), total.add(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].max(b[0]), a[1].add(b[1])]
    }
}

impl<V: Vector> SingleFold<V, 2> for Sums {
    #[inline(always)]
    unsafe fn close<M: Formula>(recipe: &Recipe<V::Scalar>, [top, total]: [V; 2], out: *mut V::Scalar) -> V::Mask {
        let row = Folded { top, second: zero(), rest: zero(), logs: zero(), squares: zero(), total };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// The two largest, and the sum.
#[derive(Clone, Copy)]
pub(super) struct Seconds;

impl<V: Vector> Fold<V, 3> for Seconds {
    const ABSENT: f64 = 0.0;
    const SIGNED: bool = true;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [zero(); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, zero(), nothing(value)]
    }

    #[inline(always)]
    fn step(self, [top, second, rest]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), second.max(beaten), rest.add(beaten)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].max(b[1]).max(beaten), a[2].add(b[2]).add(beaten)]
    }
}

impl<V: Vector> SingleFold<V, 3> for Seconds {
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [top, second, rest]: [V; 3],
        out: *mut V::Scalar,
    ) -> V::Mask {
        let row = Folded { top, second, rest, logs: zero(), squares: zero(), total: top.add(rest) };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// The largest, and the sums of `p` and `p ln p` over the others, which are at most half of the sum: their logarithms need no accuracy near 0. The second sum
/// is in the unit of [`Coefficients::share`] until the row is closed.
#[derive(Clone, Copy)]
pub(super) struct Logarithms;

impl<V: Vector> Fold<V, 3> for Logarithms
where
    V::Scalar: Coefficients,
{
    const ABSENT: f64 = 0.0;
    const SIGNED: bool = true;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [zero(); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, nothing(value), zero()]
    }

    #[inline(always)]
    fn step(self, [top, rest, logs]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), beaten.mul_add(V::Scalar::share(beaten), logs)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].add(b[1]).add(beaten), beaten.mul_add(V::Scalar::share(beaten), a[2].add(b[2]))]
    }
}

impl<V: Vector> SingleFold<V, 3> for Logarithms
where
    V::Scalar: Coefficients,
{
    #[inline(always)]
    unsafe fn close<M: Formula>(recipe: &Recipe<V::Scalar>, [top, rest, logs]: [V; 3], out: *mut V::Scalar) -> V::Mask {
        let mut logs = logs.mul(V::splat(V::Scalar::SHARE_UNIT));
        if V::Scalar::SHARE_SHIFT != V::Scalar::ZERO {
            logs = rest.mul_add(V::splat(V::Scalar::SHARE_SHIFT), logs);
        }
        let row = Folded { top, second: zero(), rest, logs, squares: zero(), total: top.add(rest) };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// The largest, and the sums of `p` and `p^2` over the others.
#[derive(Clone, Copy)]
pub(super) struct Squares;

impl<V: Vector> Fold<V, 3> for Squares {
    const ABSENT: f64 = 0.0;
    const SIGNED: bool = true;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [zero(); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, nothing(value), zero()]
    }

    #[inline(always)]
    fn step(self, [top, rest, squares]: [V; 3], value: V) -> [V; 3] {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), beaten.mul_add(beaten, squares)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].add(b[1]).add(beaten), beaten.mul_add(beaten, a[2].add(b[2]))]
    }
}

impl<V: Vector> SingleFold<V, 3> for Squares {
    #[inline(always)]
    unsafe fn close<M: Formula>(
        recipe: &Recipe<V::Scalar>,
        [top, rest, squares]: [V; 3],
        out: *mut V::Scalar,
    ) -> V::Mask {
        let row = Folded { top, second: zero(), rest, logs: zero(), squares, total: top.add(rest) };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities::<M, V>(row, out) }
    }
}

/// The largest logit: the first sweep over a row of logits.
#[derive(Clone, Copy)]
pub(super) struct Peak;

impl<V: Vector> Fold<V, 1> for Peak {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const SIGNED: bool = false;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 1] {
        [V::splat(V::Scalar::from_f64(f64::NEG_INFINITY))]
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
pub(super) struct Peaks;

impl<V: Vector> Fold<V, 2> for Peaks {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const SIGNED: bool = false;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 2] {
        [V::splat(V::Scalar::from_f64(f64::NEG_INFINITY)); 2]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, V::splat(V::Scalar::from_f64(f64::NEG_INFINITY))]
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
pub(super) struct Gaps;

impl<V: Vector> Fold<V, 3> for Gaps {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const SIGNED: bool = false;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        let [top, second] = Peaks.start();
        [top, second, zero()]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        self.step(self.start(), value)
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
    ) -> V::Mask {
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>([top, second], [top, odd], zero(), zero(), out) }
    }
}

/// The second sweep over a row of logits: sums of `d = (z - z_max) / T` over all classes but one largest, which is kept apart as in the folds over
/// probabilities, so that they are exact however small they are. A NaN becomes the largest and stays it, or is beaten and reaches a sum.
#[derive(Clone, Copy)]
pub(super) struct Tail<V> {
    pub(super) peak: V,
    pub(super) inverse_temperature: V,
}

impl<V: Vector> Tail<V> {
    /// `e^d`, and `d` bounded so that a logit of -inf contributes 0 to `d e^d`.
    #[inline(always)]
    fn weight(&self, value: V) -> (V, V) {
        let exponent = V::splat(V::Scalar::EXP_ZERO).max(value.sub(self.peak).mul(self.inverse_temperature));
        (exp(exponent), exponent)
    }
}

/// Of two logits the smaller and the larger; of a NaN and another either is.
#[inline(always)]
fn beaten<V: Vector>(top: V, value: V) -> (V, V) {
    (top.min(value), value.max(top))
}

/// The largest, and the sum of `e^d`.
#[derive(Clone, Copy)]
pub(super) struct TailSum<V>(Tail<V>);

impl<V: Vector> Fold<V, 2> for TailSum<V> {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 2] {
        [V::splat(V::Scalar::from_f64(f64::NEG_INFINITY)), zero()]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        [value, zero()]
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
pub(super) struct TailLogarithms<V>(Tail<V>);

impl<V: Vector> Fold<V, 3> for TailLogarithms<V> {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [V::splat(V::Scalar::from_f64(f64::NEG_INFINITY)), zero(), zero()]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, zero(), zero()]
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
pub(super) struct TailSquares<V>(Tail<V>);

impl<V: Vector> Fold<V, 3> for TailSquares<V> {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const SIGNED: bool = false;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [V::splat(V::Scalar::from_f64(f64::NEG_INFINITY)), zero(), zero()]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, zero(), zero()]
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
    ) -> V::Mask {
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>(peaks, kept, zero(), zero(), out) }
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
    ) -> V::Mask {
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>(peaks, [kept[0], kept[1]], zero::<V>().sub(kept[2]), zero(), out) }
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
    ) -> V::Mask {
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits::<M, V>(peaks, [kept[0], kept[1]], zero(), kept[2], out) }
    }
}
