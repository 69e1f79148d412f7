//! How a row is folded, class by class, into what the measures need of it.
//!
//! A fold keeps N numbers per lane. A lane is a row (`narrow`) or a share of the classes of one row (`wide`), whose results are then
//! merged; both use the same step and merge.
//!
//! Every fold over probabilities but the plain sum keeps the largest value apart: of the largest so far and the new one, the
//! smaller (`beaten`) joins the sums. So the sums run over all classes but one largest, in one pass.

use super::recipe::{Folded, Recipe};
use crate::math::{Coefficients, exp};
use crate::measure::Needs;
use crate::simd::{Float, Vector};

/// A fold that keeps `N` numbers per lane.
pub(super) trait Fold<V: Vector, const N: usize>: Copy {
    /// The value of a class that is not there; folding it in changes nothing.
    const ABSENT: f64;
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
    /// Store the scores of what was kept; whether all rows are valid.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    unsafe fn close(recipe: &Recipe<V::Scalar>, kept: [V; N], out: *mut V::Scalar) -> bool;
}

/// The second of the two folds over a row of logits.
pub(super) trait TailFold<V: Vector, const N: usize>: Fold<V, N> {
    /// The fold around a peak.
    fn new(tail: Tail<V>) -> Self;
    /// Store the scores of what both folds kept; whether all rows are valid.
    ///
    /// # Safety
    /// All lanes must be writable at `out`.
    unsafe fn close(recipe: &Recipe<V::Scalar>, needs: Needs, peaks: [V; 2], kept: [V; N], out: *mut V::Scalar)
    -> bool;
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

impl<V: Vector> Fold<V, 3> for Sums {
    const ABSENT: f64 = 0.0;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [zero(); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        [value, value, zero::<V>().min(value)]
    }

    #[inline(always)]
    fn step(self, [top, total, least]: [V; 3], value: V) -> [V; 3] {
        [top.max(value), total.add(value), least.min(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        [a[0].max(b[0]), a[1].add(b[1]), a[2].min(b[2])]
    }
}

impl<V: Vector> SingleFold<V, 3> for Sums {
    #[inline(always)]
    unsafe fn close(recipe: &Recipe<V::Scalar>, [top, total, least]: [V; 3], out: *mut V::Scalar) -> bool {
        let row =
            Folded { top, second: zero(), rest: zero(), logs: zero(), squares: zero(), total, least, kept: Needs::Sum };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities(row, out) }
    }
}

/// The two largest, and the sum.
#[derive(Clone, Copy)]
pub(super) struct Seconds;

impl<V: Vector> Fold<V, 4> for Seconds {
    const ABSENT: f64 = 0.0;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 4] {
        [zero(); 4]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 4] {
        [value, zero(), nothing(value), zero::<V>().min(value)]
    }

    #[inline(always)]
    fn step(self, [top, second, rest, least]: [V; 4], value: V) -> [V; 4] {
        let beaten = top.min(value);
        [top.max(value), second.max(beaten), rest.add(beaten), least.min(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 4], b: [V; 4]) -> [V; 4] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].max(b[1]).max(beaten), a[2].add(b[2]).add(beaten), a[3].min(b[3])]
    }
}

impl<V: Vector> SingleFold<V, 4> for Seconds {
    #[inline(always)]
    unsafe fn close(recipe: &Recipe<V::Scalar>, [top, second, rest, least]: [V; 4], out: *mut V::Scalar) -> bool {
        let row = Folded {
            top,
            second,
            rest,
            logs: zero(),
            squares: zero(),
            total: top.add(rest),
            least,
            kept: Needs::Second,
        };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities(row, out) }
    }
}

/// The largest, and the sums of `p` and `p ln p` over the others, which are at most half of the sum: their logarithms need no accuracy near 0. The second sum
/// is in the unit of [`Coefficients::share`] until the row is closed.
#[derive(Clone, Copy)]
pub(super) struct Logarithms;

impl<V: Vector> Fold<V, 4> for Logarithms
where
    V::Scalar: Coefficients,
{
    const ABSENT: f64 = 0.0;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 4] {
        [zero(); 4]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 4] {
        [value, nothing(value), zero(), zero::<V>().min(value)]
    }

    #[inline(always)]
    fn step(self, [top, rest, logs, least]: [V; 4], value: V) -> [V; 4] {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), beaten.mul_add(V::Scalar::share(beaten), logs), least.min(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 4], b: [V; 4]) -> [V; 4] {
        let beaten = a[0].min(b[0]);
        [
            a[0].max(b[0]),
            a[1].add(b[1]).add(beaten),
            beaten.mul_add(V::Scalar::share(beaten), a[2].add(b[2])),
            a[3].min(b[3]),
        ]
    }
}

impl<V: Vector> SingleFold<V, 4> for Logarithms
where
    V::Scalar: Coefficients,
{
    #[inline(always)]
    unsafe fn close(recipe: &Recipe<V::Scalar>, [top, rest, logs, least]: [V; 4], out: *mut V::Scalar) -> bool {
        let shift = rest.mul(V::splat(V::Scalar::SHARE_SHIFT));
        let logs = logs.mul_add(V::splat(V::Scalar::SHARE_UNIT), shift);
        let row =
            Folded { top, second: zero(), rest, logs, squares: zero(), total: top.add(rest), least, kept: Needs::Logs };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities(row, out) }
    }
}

/// The largest, and the sums of `p` and `p^2` over the others.
#[derive(Clone, Copy)]
pub(super) struct Squares;

impl<V: Vector> Fold<V, 4> for Squares {
    const ABSENT: f64 = 0.0;
    const LONG: bool = false;

    #[inline(always)]
    fn start(self) -> [V; 4] {
        [zero(); 4]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 4] {
        [value, nothing(value), zero(), zero::<V>().min(value)]
    }

    #[inline(always)]
    fn step(self, [top, rest, squares, least]: [V; 4], value: V) -> [V; 4] {
        let beaten = top.min(value);
        [top.max(value), rest.add(beaten), beaten.mul_add(beaten, squares), least.min(value)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 4], b: [V; 4]) -> [V; 4] {
        let beaten = a[0].min(b[0]);
        [a[0].max(b[0]), a[1].add(b[1]).add(beaten), beaten.mul_add(beaten, a[2].add(b[2])), a[3].min(b[3])]
    }
}

impl<V: Vector> SingleFold<V, 4> for Squares {
    #[inline(always)]
    unsafe fn close(recipe: &Recipe<V::Scalar>, [top, rest, squares, least]: [V; 4], out: *mut V::Scalar) -> bool {
        let row = Folded {
            top,
            second: zero(),
            rest,
            logs: zero(),
            squares,
            total: top.add(rest),
            least,
            kept: Needs::Squares,
        };
        // SAFETY: the caller's promise.
        unsafe { recipe.close_probabilities(row, out) }
    }
}

/// The two largest logits: the first sweep over a row of logits.
#[derive(Clone, Copy)]
pub(super) struct Peaks;

impl<V: Vector> Fold<V, 2> for Peaks {
    const ABSENT: f64 = f64::NEG_INFINITY;
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
    unsafe fn close(recipe: &Recipe<V::Scalar>, [top, second, odd]: [V; 3], out: *mut V::Scalar) -> bool {
        // NaN where there was one, where the largest is infinite, and where no logit is finite.
        let fault = odd.add(top.sub(top));
        let count = V::splat(V::Scalar::from_f64(1.0));
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits(Needs::Gap, [top, second], [fault, count], zero(), zero(), out) }
    }
}

/// The second sweep over a row of logits: sums over `d = (z - z_max) / T`. A class that equals the largest is counted and
/// not summed, so that the sum over all classes but one largest is exact however small it is.
#[derive(Clone, Copy)]
pub(super) struct Tail<V> {
    pub(super) peak: V,
    pub(super) inverse_temperature: V,
}

impl<V: Vector> Tail<V> {
    #[inline(always)]
    fn exponent(&self, value: V) -> V {
        value.sub(self.peak).mul(self.inverse_temperature)
    }

    /// `e^d`, or zero for a largest; the count so far with a largest added.
    #[inline(always)]
    fn weight(&self, exponent: V, count: V) -> (V, V) {
        let largest = exponent.eq(zero());
        let one = V::splat(V::Scalar::from_f64(1.0));
        (exp(exponent).zero_where(largest), V::select(largest, count.add(one), count))
    }
}

/// Sum of `e^d`, and the number of largest classes.
#[derive(Clone, Copy)]
pub(super) struct TailSum<V>(Tail<V>);

impl<V: Vector> Fold<V, 2> for TailSum<V> {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 2] {
        [zero(); 2]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 2] {
        self.step(self.start(), value)
    }

    #[inline(always)]
    fn step(self, [rest, count]: [V; 2], value: V) -> [V; 2] {
        let (weight, count) = self.0.weight(self.0.exponent(value), count);
        [rest.add(weight), count]
    }

    #[inline(always)]
    fn merge(self, a: [V; 2], b: [V; 2]) -> [V; 2] {
        [a[0].add(b[0]), a[1].add(b[1])]
    }
}

/// As [`TailSum`], and the sum of `-d e^d`.
#[derive(Clone, Copy)]
pub(super) struct TailLogarithms<V>(Tail<V>);

impl<V: Vector> Fold<V, 3> for TailLogarithms<V> {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [zero(); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        self.step(self.start(), value)
    }

    #[inline(always)]
    fn step(self, [rest, count, logs]: [V; 3], value: V) -> [V; 3] {
        let exponent = self.0.exponent(value);
        let (weight, count) = self.0.weight(exponent, count);
        // Bounded, so that a logit of -inf contributes 0 and not 0 times infinity.
        let bounded = V::splat(V::Scalar::EXP_LEAST).max(exponent);
        [rest.add(weight), count, logs.sub(weight.mul(bounded))]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        [a[0].add(b[0]), a[1].add(b[1]), a[2].add(b[2])]
    }
}

/// As [`TailSum`], and the sum of `e^2d`.
#[derive(Clone, Copy)]
pub(super) struct TailSquares<V>(Tail<V>);

impl<V: Vector> Fold<V, 3> for TailSquares<V> {
    const ABSENT: f64 = f64::NEG_INFINITY;
    const LONG: bool = true;

    #[inline(always)]
    fn start(self) -> [V; 3] {
        [zero(); 3]
    }

    #[inline(always)]
    fn first(self, value: V) -> [V; 3] {
        self.step(self.start(), value)
    }

    #[inline(always)]
    fn step(self, [rest, count, squares]: [V; 3], value: V) -> [V; 3] {
        let (weight, count) = self.0.weight(self.0.exponent(value), count);
        [rest.add(weight), count, weight.mul_add(weight, squares)]
    }

    #[inline(always)]
    fn merge(self, a: [V; 3], b: [V; 3]) -> [V; 3] {
        [a[0].add(b[0]), a[1].add(b[1]), a[2].add(b[2])]
    }
}

impl<V: Vector> TailFold<V, 2> for TailSum<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailSum(tail)
    }

    #[inline(always)]
    unsafe fn close(
        recipe: &Recipe<V::Scalar>,
        needs: Needs,
        peaks: [V; 2],
        kept: [V; 2],
        out: *mut V::Scalar,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits(needs, peaks, kept, zero(), zero(), out) }
    }
}

impl<V: Vector> TailFold<V, 3> for TailLogarithms<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailLogarithms(tail)
    }

    #[inline(always)]
    unsafe fn close(
        recipe: &Recipe<V::Scalar>,
        needs: Needs,
        peaks: [V; 2],
        kept: [V; 3],
        out: *mut V::Scalar,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits(needs, peaks, [kept[0], kept[1]], kept[2], zero(), out) }
    }
}

impl<V: Vector> TailFold<V, 3> for TailSquares<V> {
    #[inline(always)]
    fn new(tail: Tail<V>) -> Self {
        TailSquares(tail)
    }

    #[inline(always)]
    unsafe fn close(
        recipe: &Recipe<V::Scalar>,
        needs: Needs,
        peaks: [V; 2],
        kept: [V; 3],
        out: *mut V::Scalar,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe { recipe.close_logits(needs, peaks, [kept[0], kept[1]], zero(), kept[2], out) }
    }
}
