//! The triangle inequality as a filter over points.
//!
//! A row at length v of point p can only come nearer than v to points within 2v of p. So the lengths
//! between all points are kept, and a block passes over a point that is far for each of its rows. In
//! data that falls into clusters, that is most points.

use super::filter::{Filter, ROWS, UNROLL, sums_to};
use crate::distance::{Absolute, Metric, Square};
use crate::simd::{Kernel, Simd};

/// The lengths between so many points are kept: 64 MiB of them.
const MOST: usize = 5792;

/// They pay where rows have so many coordinates, and there are so many rows for each point.
const WIDE: usize = 128;
const ROWS_EACH: usize = 16;

/// Of a row: it is not known which point is the nearest.
pub(super) const UNKNOWN: u32 = u32::MAX >> 1;

/// Lengths between points.
pub(super) struct Triangle {
    /// Of each point the lengths to those before it, rounded down.
    lengths: Vec<f32>,
    /// The points, packed as rows are.
    packed: Vec<[f32; ROWS]>,
    points: usize,
}

impl Triangle {
    /// For rows of so many coordinates and up to so many points; `None` where it would not pay.
    pub(super) fn new(rows: usize, width: usize, points: usize) -> Option<Triangle> {
        let pays = width >= WIDE && points <= MOST.min(rows / ROWS_EACH);
        pays.then(|| Triangle { lengths: Vec::new(), packed: Vec::new(), points: 0 })
    }

    /// How near a point must come to the nearest one of each row to matter to it.
    #[inline(always)]
    pub(super) fn reach(&self, filter: &Filter, sums: &[f32; ROWS], near: &[u32; ROWS]) -> (&Triangle, [f32; ROWS]) {
        let mut reach = [0.0; ROWS];
        for (lane, reach) in reach.iter_mut().enumerate() {
            let (length, off) = filter.length(sums[lane].max(0.0));
            // Above what it is rounded from.
            *reach = (2.0 * (length + off) * (1.0 + 1e-6)) as f32;
            *reach = if near[lane] == UNKNOWN { f32::INFINITY } else { *reach };
            *reach = if sums[lane] < 0.0 { 0.0 } else { *reach };
        }
        (self, reach)
    }

    /// Whether a point is too far from the nearest one of each row to come nearer.
    #[inline(always)]
    pub(super) fn far(&self, point: usize, near: &[u32; ROWS], reach: &[f32; ROWS]) -> bool {
        let lengths = &self.lengths[point * point.saturating_sub(1) / 2..][..point];
        for (&near, &reach) in near.iter().zip(reach) {
            if reach > 0.0 && lengths.get(near as usize).is_none_or(|&length| length < reach) {
                return false;
            }
        }
        true
    }
}

/// Adds a point.
pub(super) struct Push<'t> {
    pub(super) triangle: &'t mut Triangle,
    pub(super) filter: &'t Filter,
    pub(super) values: &'t [f32],
    pub(super) metric: Metric,
}

impl Kernel for Push<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Push { triangle: Triangle { lengths, packed, points }, filter, values, metric } = self;
        for (number, rows) in packed.chunks_exact(values.len()).enumerate() {
            let [sums] = if metric == Metric::Manhattan {
                sums_to::<S, Absolute, 1, UNROLL>(simd, rows, [values])
            } else {
                sums_to::<S, Square, 1, UNROLL>(simd, rows, [values])
            };
            for &sum in &sums[..ROWS.min(*points - number * ROWS)] {
                let (length, off) = filter.length(sum);
                lengths.push(((length - off) * (1.0 - 1e-6)) as f32);
            }
        }
        if points.is_multiple_of(ROWS) {
            packed.resize(packed.len() + values.len(), [0.0; ROWS]);
        }
        let start = packed.len() - values.len();
        for (to, &x) in packed[start..].iter_mut().zip(values) {
            to[*points % ROWS] = x;
        }
        *points += 1;
    }
}
