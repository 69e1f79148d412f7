//! The sum behind a distance, over prepared rows: two kernels, the same bits.

use super::metric::Metric;
use crate::float::Element;
use crate::simd::{Float, Kernel, Simd, Vector};

/// Virtual lanes, over the coordinates of a row; prepared rows are padded to whole lanes with
/// zeros.
pub(crate) const LANES: usize = 8;

/// What a pair of coordinates adds to a sum.
pub(crate) trait PairTerm {
    fn add<V: Vector>(sum: V, x: V, y: V) -> V;
}

/// The square of their difference.
pub(crate) struct Square;

impl PairTerm for Square {
    #[inline(always)]
    fn add<V: Vector>(sum: V, x: V, y: V) -> V {
        let difference = x.sub(y);
        difference.mul_add(difference, sum)
    }
}

/// The magnitude of their difference.
pub(crate) struct Absolute;

impl PairTerm for Absolute {
    #[inline(always)]
    fn add<V: Vector>(sum: V, x: V, y: V) -> V {
        sum.add(x.apart(y))
    }
}

/// The lanes' sums merged: halves onto each other.
#[inline(always)]
pub(crate) fn merge(mut sums: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

/// The sums of the distances of adjacent prepared rows to one prepared point. Rows of zeros are not
/// looked at: see [`Tile::to_one`](super::Tile::to_one).
#[inline(always)]
pub(crate) fn to_one<S: Simd>(simd: S, metric: Metric, rows: &[f64], point: &[f64], sums: &mut [f64]) {
    simd.call(ToOne { metric, rows, point, sums });
}

struct ToOne<'a> {
    metric: Metric,
    rows: &'a [f64],
    point: &'a [f64],
    sums: &'a mut [f64],
}

impl Kernel for ToOne<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let ToOne { metric, rows, point, sums } = self;
        if metric == Metric::Manhattan {
            all_to_one::<S, Absolute>(simd, rows, point, sums);
        } else {
            all_to_one::<S, Square>(simd, rows, point, sums);
        }
    }
}

#[inline(always)]
fn all_to_one<S: Simd, T: PairTerm>(simd: S, rows: &[f64], point: &[f64], sums: &mut [f64]) {
    let width = point.len();
    assert!(rows.len() >= sums.len() * width);
    let mut i = 0;
    // Four at a time, so that no addition waits for the one before it.
    while i + 4 <= sums.len() {
        let four: [f64; 4] = few_to_one::<S, T, 4>(simd, &rows[i * width..(i + 4) * width], point);
        sums[i..i + 4].copy_from_slice(&four);
        i += 4;
    }
    while i < sums.len() {
        [sums[i]] = few_to_one::<S, T, 1>(simd, &rows[i * width..(i + 1) * width], point);
        i += 1;
    }
}

#[inline(always)]
fn few_to_one<S: Simd, T: PairTerm, const N: usize>(simd: S, rows: &[f64], point: &[f64]) -> [f64; N] {
    let parts = LANES / S::F64::LANES;
    let zero = S::F64::splat(simd, 0.0);
    let mut sums = [[zero; 2]; N];
    let (point, _) = point.as_chunks::<LANES>();
    let (rows, _) = rows.as_chunks::<LANES>();
    let width = point.len();
    assert!(parts <= 2 && rows.len() == N * width);
    for (j, y) in point.iter().enumerate() {
        for (r, sums) in sums.iter_mut().enumerate() {
            let x = &rows[r * width + j];
            for (part, sum) in sums.iter_mut().enumerate().take(parts) {
                let from = part * S::F64::LANES;
                let lanes = from..from + S::F64::LANES;
                *sum = T::add(*sum, S::F64::from_slice(simd, &x[lanes.clone()]), S::F64::from_slice(simd, &y[lanes]));
            }
        }
    }
    let mut merged = [0.0; N];
    for (sums, merged) in sums.iter().zip(&mut merged) {
        let mut lanes = [0.0; LANES];
        for (part, sum) in sums.iter().enumerate().take(parts) {
            sum.to_slice(&mut lanes[part * S::F64::LANES..(part + 1) * S::F64::LANES]);
        }
        *merged = merge(lanes);
    }
    merged
}

/// The sum of the distance of two rows as they lie, under a metric for which preparing them changes
/// nothing but their dtype.
#[inline(always)]
pub(crate) fn between<S: Simd, X: Element, Y: Element>(simd: S, metric: Metric, x: &[X], y: &[Y]) -> f64 {
    assert!(metric != Metric::Cosine && x.len() == y.len());
    if metric == Metric::Manhattan {
        rows::<S, Absolute, X, Y>(simd, x, y)
    } else {
        rows::<S, Square, X, Y>(simd, x, y)
    }
}

#[inline(always)]
fn rows<S: Simd, T: PairTerm, X: Element, Y: Element>(simd: S, x: &[X], y: &[Y]) -> f64 {
    let mut sums = [0.0; LANES];
    let (xs, x_rest) = x.as_chunks::<LANES>();
    let (ys, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in xs.iter().zip(ys) {
        add_lanes::<S, T>(simd, &mut sums, &wide(x), &wide(y));
    }
    if !x_rest.is_empty() {
        add_lanes::<S, T>(simd, &mut sums, &wide(x_rest), &wide(y_rest));
    }
    merge(sums)
}

#[inline(always)]
fn add_lanes<S: Simd, T: PairTerm>(simd: S, sums: &mut [f64; LANES], x: &[f64; LANES], y: &[f64; LANES]) {
    let mut from = 0;
    while from < LANES {
        let lanes = from..from + S::F64::LANES;
        let (x, y) = (S::F64::from_slice(simd, &x[lanes.clone()]), S::F64::from_slice(simd, &y[lanes.clone()]));
        let sum = T::add(S::F64::from_slice(simd, &sums[lanes.clone()]), x, y);
        sum.to_slice(&mut sums[lanes]);
        from += S::F64::LANES;
    }
}

/// Up to eight coordinates, then zeros.
#[inline(always)]
pub(crate) fn wide<E: Element>(from: &[E]) -> [f64; LANES] {
    let mut computed = [E::Compute::ZERO; LANES];
    let mut to = [0.0; LANES];
    E::widen_all(from, &mut computed[..from.len()]);
    for (to, computed) in to.iter_mut().zip(computed) {
        *to = computed.into();
    }
    to
}

/// The sums of the distances of one prepared row to the eight points of a group: coordinate j of
/// point p is `group[8 j + p]`.
#[inline(always)]
pub(crate) fn to_group<S: Simd>(simd: S, metric: Metric, row: &[f64], group: &[f64]) -> [f64; 8] {
    if metric == Metric::Manhattan {
        one_to_group::<S, Absolute>(simd, row, group)
    } else {
        one_to_group::<S, Square>(simd, row, group)
    }
}

#[inline(always)]
fn one_to_group<S: Simd, T: PairTerm>(simd: S, row: &[f64], group: &[f64]) -> [f64; 8] {
    let zero = S::F64::splat(simd, 0.0);
    let (row, _) = row.as_chunks::<LANES>();
    let (group, _) = group.as_chunks::<{ 8 * LANES }>();
    assert!(row.len() == group.len());
    let mut merged = [0.0; 8];
    let mut from = 0;
    while from < 8 {
        let mut sums = [zero; LANES];
        for (x, y) in row.iter().zip(group) {
            for (lane, sum) in sums.iter_mut().enumerate() {
                let points = &y[8 * lane + from..8 * lane + from + S::F64::LANES];
                *sum = T::add(*sum, S::F64::splat(simd, x[lane]), S::F64::from_slice(simd, points));
            }
        }
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                sums[i] = sums[i].add(sums[i + half]);
            }
            half /= 2;
        }
        sums[0].to_slice(&mut merged[from..from + S::F64::LANES]);
        from += S::F64::LANES;
    }
    merged
}
