//! Sums of distances in `f32` with a certified error: the filter in front of the truth.
//!
//! Coordinates are taken less a common origin and times a power of two, so that no row's size is
//! above 2, and rounded to `f32`. Sixteen rows are compared at a time, a row a lane, by the direct
//! difference as in the truth. So a length is off by a small share of itself, and by what the
//! coordinates lose when they are rounded, which is small beside the largest row.

use crate::distance::{Metric, PairTerm};
use crate::simd::{Simd, Vector};

/// Rows that are compared at a time.
pub(super) const ROWS: usize = 16;

/// Coordinates of a packed row are padded with zeros to multiples of this.
pub(super) const UNROLL: usize = 4;

/// So many coordinates are summed up before they are added to the rest, so that sums of many are
/// as good as sums of few.
const PART: usize = 32;

/// Half the distance from 1 to the next `f32`: the largest relative error of one operation.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// What a sum says of the distance behind it. Rows' sizes are their lengths, less the origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    metric: Metric,
    /// What coordinates are multiplied by, and its inverse: powers of two.
    pub(super) scale: f64,
    back: f64,
    /// How far a length may be off: a share of itself, and an absolute part.
    relative: f64,
    apart: f64,
}

impl Filter {
    /// For rows of so many coordinates that are nowhere of a size above `largest`.
    pub(super) fn new(metric: Metric, width: usize, largest: f64) -> Filter {
        let exponent = ((largest.to_bits() >> 52) as i64 - 1023).clamp(-1000, 1000);
        let power = |exponent: i64| f64::from_bits(((1023 + exponent) as u64) << 52);
        let (scale, back) = (power(-exponent), power(exponent));
        // A term is rounded twice, as its difference and its square, and a sum once for each of a
        // part, for each part, and when what was summed side by side is added up. The last few are
        // for the truth, whose own error is a share of 2^-53 for each coordinate, and for what is
        // made of lengths here.
        let roundings = PART + width.div_ceil(PART) + 12;
        // Both coordinates of a difference were rounded, and squares may vanish.
        let apart = 2.02 * UNIT * (largest * scale) + 1e-17;
        Filter { metric, scale, back, relative: roundings as f64 * UNIT + width as f64 * f64::EPSILON, apart }
    }

    /// A distance that the one behind a sum is not above.
    #[inline(always)]
    pub(super) fn upper(&self, sum: f32) -> f64 {
        let (length, off) = self.length(sum);
        self.distance(length + off)
    }

    /// A distance that the one behind a sum is not below.
    #[inline(always)]
    pub(super) fn lower(&self, sum: f32) -> f64 {
        let (length, off) = self.length(sum);
        self.distance(if length > off { length - off } else { 0.0 })
    }

    /// The length behind a sum, times the scale, and how far it may be off.
    #[inline(always)]
    pub(super) fn length(&self, sum: f32) -> (f64, f64) {
        let length = self.root(sum);
        (length, length * self.relative + self.apart)
    }

    /// A sum that certainly stands for no less than this distance, as do all above it.
    pub(super) fn cut(&self, distance: f64) -> f32 {
        let length = (self.metric.length(distance) * self.scale + self.apart) * (1.0 + 2.0 * self.relative);
        let sum = if self.metric == Metric::Manhattan { length } else { length * length };
        (sum * (1.0 + 4.0 * UNIT) + 1e-37) as f32
    }

    #[inline(always)]
    fn root(&self, sum: f32) -> f64 {
        let sum = f64::from(sum);
        if self.metric == Metric::Manhattan { sum } else { sum.sqrt() }
    }

    /// The distance of a length times the scale.
    #[inline(always)]
    fn distance(&self, length: f64) -> f64 {
        let length = length * self.back;
        match self.metric {
            Metric::Euclidean | Metric::Manhattan => length,
            Metric::SqEuclidean => length * length,
            Metric::Cosine => 0.5 * length * length,
        }
    }
}

/// Lowers sums of sixteen rows to those of their distances to `N` points, where these are lower.
/// Coordinates are taken `SIDE` at a time, so that no addition waits for the one before it.
#[inline(always)]
pub(super) fn lower_sums<S: Simd, T: PairTerm, const N: usize, const SIDE: usize>(
    simd: S,
    rows: &[[f32; ROWS]],
    points: &[f32],
    sums: &mut [f32; ROWS],
) {
    let zero = S::F32::splat(simd, 0.0);
    let parts = ROWS / S::F32::LANES;
    let width = rows.len();
    assert!(parts <= 2 && points.len() == N * width && width.is_multiple_of(SIDE));
    let mut all = [[zero; 2]; N];
    let mut start = 0;
    while start < width {
        let count = if start + PART < width { PART } else { width - start };
        let (rows, _) = rows[start..][..count].as_chunks::<SIDE>();
        let mut ys = [&[[0.0; SIDE]; 0][..]; N];
        for (n, ys) in ys.iter_mut().enumerate() {
            (*ys, _) = points[n * width + start..][..count].as_chunks::<SIDE>();
            assert!(ys.len() == rows.len());
        }
        let mut some = [[[zero; 2]; N]; SIDE];
        for (j, row) in rows.iter().enumerate() {
            for (side, some) in some.iter_mut().enumerate() {
                for (part, lanes) in row[side].chunks_exact(S::F32::LANES).enumerate().take(parts) {
                    let x = S::F32::from_slice(simd, lanes);
                    for (n, sum) in some.iter_mut().enumerate() {
                        sum[part] = T::add(sum[part], x, S::F32::splat(simd, ys[n][j][side]));
                    }
                }
            }
        }
        for n in 0..N {
            for part in 0..parts {
                let mut sum = some[0][n][part];
                for some in some.iter().skip(1) {
                    sum = sum.add(some[n][part]);
                }
                all[n][part] = all[n][part].add(sum);
            }
        }
        start += count;
    }
    for part in 0..parts {
        let to = &mut sums[part * S::F32::LANES..(part + 1) * S::F32::LANES];
        let mut least = S::F32::from_slice(simd, to);
        for sum in &all {
            least = least.min(sum[part]);
        }
        least.to_slice(to);
    }
}
