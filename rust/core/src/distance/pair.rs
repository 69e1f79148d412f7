//! The sum behind a distance, over prepared rows: two kernels, the same bits.

use crate::distance::Metric;
use crate::simd::{Simd, Vector};

/// Virtual lanes, over the coordinates of a row; prepared rows are padded to whole lanes with zeros.
pub(crate) const LANES: usize = 8;

/// What a pair of coordinates adds to the sum of its lane.
trait Term {
    fn add<V: Vector<Scalar = f64>>(sum: V, x: V, y: V) -> V;
}

struct Square;

impl Term for Square {
    #[inline(always)]
    fn add<V: Vector<Scalar = f64>>(sum: V, x: V, y: V) -> V {
        let difference = x.sub(y);
        difference.mul_add(difference, sum)
    }
}

struct Absolute;

impl Term for Absolute {
    #[inline(always)]
    fn add<V: Vector<Scalar = f64>>(sum: V, x: V, y: V) -> V {
        sum.add(x.sub(y).max(y.sub(x)))
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

/// The sums of the distances of adjacent prepared rows to one prepared point. Rows of zeros are not looked at: see [`Tile::to_one`](super::Tile::to_one).
#[inline(always)]
pub(crate) fn to_one<S: Simd>(metric: Metric, rows: &[f64], point: &[f64], sums: &mut [f64]) {
    if metric == Metric::Manhattan {
        all_to_one::<S, Absolute>(rows, point, sums);
    } else {
        all_to_one::<S, Square>(rows, point, sums);
    }
}

#[inline(always)]
fn all_to_one<S: Simd, T: Term>(rows: &[f64], point: &[f64], sums: &mut [f64]) {
    let width = point.len();
    assert!(rows.len() >= sums.len() * width);
    let mut i = 0;
    // Four at a time, so that no addition waits for the one before it.
    while i + 4 <= sums.len() {
        let four: [f64; 4] = few_to_one::<S, T, 4>(&rows[i * width..(i + 4) * width], point);
        sums[i..i + 4].copy_from_slice(&four);
        i += 4;
    }
    while i < sums.len() {
        [sums[i]] = few_to_one::<S, T, 1>(&rows[i * width..(i + 1) * width], point);
        i += 1;
    }
}

#[inline(always)]
fn few_to_one<S: Simd, T: Term, const N: usize>(rows: &[f64], point: &[f64]) -> [f64; N] {
    let parts = LANES / S::F64::LANES;
    let zero = S::F64::splat(0.0);
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
                *sum = T::add(*sum, S::F64::from_slice(&x[lanes.clone()]), S::F64::from_slice(&y[lanes]));
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

/// The sums of the distances of one prepared row to the eight points of a group: coordinate j of point p is `group[8 j + p]`.
#[inline(always)]
pub(crate) fn to_group<S: Simd>(metric: Metric, row: &[f64], group: &[f64]) -> [f64; 8] {
    if metric == Metric::Manhattan {
        one_to_group::<S, Absolute>(row, group)
    } else {
        one_to_group::<S, Square>(row, group)
    }
}

#[inline(always)]
fn one_to_group<S: Simd, T: Term>(row: &[f64], group: &[f64]) -> [f64; 8] {
    let zero = S::F64::splat(0.0);
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
                *sum = T::add(*sum, S::F64::splat(x[lane]), S::F64::from_slice(points));
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
