//! Sums of distances in `f32` with a certified error: the filter in front of the truth.
//!
//! One row is compared with sixteen points at once, a point a lane, by the direct difference as in the truth. Half the bytes and twice the lanes make it
//! some four times as fast, and its error is relative but for the rounding of the coordinates, so hardly any distance that it lets pass is too large.

use crate::distance::Metric;
use crate::simd::{Simd, Vector};

/// Points of a group.
pub(super) const GROUP: usize = 16;

/// Coordinates handled together; the sums of each are kept apart, so that no addition waits for the one before it.
const UNROLL: usize = 4;

/// Half the distance from 1 to the next `f32`: the largest relative error of one operation.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// Points in the order they were added, packed as `f32` sixteen to a group.
#[derive(Debug)]
pub(super) struct F32Filter {
    metric: Metric,
    /// Coordinates of a prepared row.
    width: usize,
    /// Coordinate j of point p is at `(p / 16) * 16 * width + 16 * j + p % 16`. Points yet to come are infinitely far.
    packed: Vec<f32>,
    points: usize,
    /// The largest size of any point: see [`F32Filter::size`].
    largest: f64,
}

impl F32Filter {
    /// No points yet, for prepared rows of so many coordinates.
    pub(super) fn new(metric: Metric, width: usize) -> F32Filter {
        F32Filter { metric, width, packed: Vec::new(), points: 0, largest: 0.0 }
    }

    /// Adds a prepared row.
    pub(super) fn push(&mut self, row: &[f64]) {
        let (group, lane) = (self.points / GROUP, self.points % GROUP);
        let start = group * GROUP * self.width;
        if lane == 0 {
            self.packed.resize(start + GROUP * self.width, f32::INFINITY);
        }
        for (j, &x) in row.iter().enumerate() {
            self.packed[start + GROUP * j + lane] = x as f32;
        }
        self.points += 1;
        self.largest = self.largest.max(self.size(row));
    }

    /// How far a prepared row is from the origin: what the error from rounding its coordinates grows with.
    #[inline(always)]
    pub(super) fn size(&self, row: &[f64]) -> f64 {
        let mut sums = [0.0; 8];
        let (chunks, _) = row.as_chunks::<8>();
        for chunk in chunks {
            for (sum, x) in sums.iter_mut().zip(chunk) {
                *sum += if matches!(self.metric, Metric::Manhattan) { x.abs() } else { x * x };
            }
        }
        let sum: f64 = sums.iter().sum();
        if self.metric == Metric::Manhattan { sum } else { sum.sqrt() }
    }

    /// A point whose rough sum is at least this is certainly not nearer than `length` to a row of this size. NaN where nothing is certain.
    #[inline(always)]
    pub(super) fn cut(&self, length: f64, size: f64) -> f32 {
        let relative = self.relative();
        let safe = (length * (1.0 + 1e-9) + self.apart(size)) * (1.0 + 2.0 * relative);
        let sum = if self.metric == Metric::Manhattan { safe } else { safe * safe * (1.0 + 2.0 * relative) };
        // Coordinates must fit into f32; squares that do not are large enough.
        if sum < 1e37 && size + self.largest < 1e37 && relative < 0.01 {
            ((sum * (1.0 + 4.0 * UNIT)) as f32).max(1e-30)
        } else {
            f32::NAN
        }
    }

    /// A length that the one behind a rough sum certainly reaches, for rows of these sizes.
    #[inline(always)]
    pub(super) fn least(&self, sum: f32, size: f64) -> f64 {
        // Sums that are smaller are off by what was lost below the smallest numbers.
        let fits = (1e-30..1e37).contains(&sum) && size + self.largest < 1e37;
        if !fits {
            return 0.0;
        }
        let sum = f64::from(sum);
        let length = if self.metric == Metric::Manhattan { sum } else { sum.sqrt() };
        (length * (1.0 - 2.0 * self.relative()) - self.apart(size)).max(0.0)
    }

    /// How far a length may be off because both coordinates of a difference were rounded, to 2^-24 of themselves or 2^-150.
    #[inline(always)]
    fn apart(&self, size: f64) -> f64 {
        1.01 * UNIT * (size + self.largest) + self.width as f64 * 1e-45
    }

    /// The relative error of a sum: a term is rounded twice, as its difference and its square, and a sum once for each term but the first.
    #[inline(always)]
    fn relative(&self) -> f64 {
        (self.width / UNROLL + 8) as f64 * UNIT
    }

    /// The rough sums of one row to the points of a group.
    #[inline(always)]
    pub(super) fn sums<S: Simd>(&self, row: &[f32], group: usize) -> [f32; GROUP] {
        let size = GROUP * self.width;
        let points = &self.packed[group * size..(group + 1) * size];
        if self.metric == Metric::Manhattan { sums::<S, true>(row, points) } else { sums::<S, false>(row, points) }
    }
}

#[inline(always)]
fn sums<S: Simd, const ABSOLUTE: bool>(row: &[f32], points: &[f32]) -> [f32; GROUP] {
    let zero = S::F32::splat(0.0);
    let parts = GROUP / S::F32::LANES;
    let (row, _) = row.as_chunks::<UNROLL>();
    let (points, _) = points.as_chunks::<{ UNROLL * GROUP }>();
    assert!(parts <= 2 && row.len() == points.len());
    let mut all = [[zero; 2]; UNROLL];
    for (x, y) in row.iter().zip(points) {
        for (j, sums) in all.iter_mut().enumerate() {
            for (part, sum) in sums.iter_mut().enumerate().take(parts) {
                let from = j * GROUP + part * S::F32::LANES;
                let difference = S::F32::splat(x[j]).sub(S::F32::from_slice(&y[from..from + S::F32::LANES]));
                *sum = if ABSOLUTE {
                    sum.add(difference.max(zero.sub(difference)))
                } else {
                    difference.mul_add(difference, *sum)
                };
            }
        }
    }
    let mut merged = [0.0; GROUP];
    for part in 0..parts {
        let sum = all[0][part].add(all[1][part]).add(all[2][part].add(all[3][part]));
        sum.to_slice(&mut merged[part * S::F32::LANES..(part + 1) * S::F32::LANES]);
    }
    merged
}
