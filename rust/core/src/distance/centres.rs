//! Points that many rows are compared with, packed eight to a group.

use super::metric::Metric;
use super::pair::{LANES, to_group};
use crate::room;
use crate::simd::{Kernel, Simd};

/// Points of a group.
pub(crate) const GROUP: usize = 8;

/// The sum behind the cosine distance of a row of zeros to any row: half of it is 1.
pub(super) const ORTHOGONAL: f64 = 2.0;

/// Points in the order they were added, packed for [`to_group`].
#[derive(Clone, Debug)]
pub(crate) struct Centres {
    metric: Metric,
    /// Coordinates of a prepared row.
    width: usize,
    /// Coordinate j of point p is at `(p / 8) * 8 * width + 8 * j + p % 8`. Points yet to come are
    /// infinitely far.
    packed: Vec<f64>,
    /// Whether a point is a row of zeros under the cosine metric.
    zero: Vec<bool>,
}

impl Centres {
    /// No points yet, for rows of so many features.
    pub(crate) fn new(metric: Metric, features: usize) -> Centres {
        Centres { metric, width: features.next_multiple_of(LANES), packed: Vec::new(), zero: Vec::new() }
    }

    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.zero.len()
    }

    /// Adds a prepared row.
    pub(crate) fn push(&mut self, row: &[f64], zero: bool) {
        assert_eq!(row.len(), self.width);
        let (group, lane) = (self.len() / GROUP, self.len() % GROUP);
        let start = group * GROUP * self.width;
        if lane == 0 {
            room::resize(&mut self.packed, start + GROUP * self.width, f64::INFINITY);
        }
        for (j, &x) in row.iter().enumerate() {
            self.packed[start + GROUP * j + lane] = x;
        }
        self.zero.push(zero);
    }

    /// The sums of the distances of one prepared row to the points of a group; infinite where there
    /// is no point yet.
    #[inline(always)]
    pub(crate) fn sums<S: Simd>(&self, simd: S, row: &[f64], zero: bool, group: usize) -> [f64; GROUP] {
        simd.call(ToGroup { centres: self, row, zero, group })
    }

    /// The same, inlined: for rows so short that a call would count.
    #[inline(always)]
    pub(crate) fn sums_inlined<S: Simd>(&self, simd: S, row: &[f64], zero: bool, group: usize) -> [f64; GROUP] {
        let size = GROUP * self.width;
        let mut sums = to_group(simd, self.metric, row, &self.packed[group * size..(group + 1) * size]);
        if self.metric == Metric::Cosine {
            let points = &self.zero[group * GROUP..self.len().min((group + 1) * GROUP)];
            for (sum, &point_zero) in sums.iter_mut().zip(points) {
                if zero | point_zero {
                    *sum = ORTHOGONAL;
                }
            }
        }
        sums
    }
}

struct ToGroup<'a> {
    centres: &'a Centres,
    row: &'a [f64],
    zero: bool,
    group: usize,
}

impl Kernel for ToGroup<'_> {
    type Output = [f64; GROUP];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; GROUP] {
        self.centres.sums_inlined(simd, self.row, self.zero, self.group)
    }
}
