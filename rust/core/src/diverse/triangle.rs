//! The triangle inequality as a filter over groups of points.
//!
//! A row at distance v of point p can only come nearer than v to points within 2v of p. So for each point p the smallest distance to any point of each
//! group is kept, and a group beyond 2v need not be looked at. In data that falls into clusters, that is most groups; the table costs one distance for each
//! pair of points.

use super::f32_filter::GROUP;

/// What is taken off a distance before it is kept, so that neither its rounding to `f32` nor that of the distances compared with it matters: a
/// sum over d features is within d 2^-52 of the truth, so this is enough for a hundred million features.
const SLACK: f64 = 4e-6;

/// Bytes the table may take.
const MOST: usize = 128 << 20;

/// For each point, how near it is at least to every point of each group.
#[derive(Debug)]
pub(super) struct Triangle {
    groups: usize,
    nearest: Vec<f32>,
}

impl Triangle {
    /// A table for up to `points` points; `None` where it would be too large.
    pub(super) fn new(points: usize) -> Option<Triangle> {
        let groups = points.div_ceil(GROUP);
        let bytes = points.checked_mul(groups)?.checked_mul(size_of::<f32>())?;
        (bytes <= MOST).then(|| Triangle { groups, nearest: Vec::new() })
    }

    /// Adds the next point, which lies at least these lengths from the points before it.
    pub(super) fn push(&mut self, lengths: &[f64]) {
        let point = lengths.len();
        let group = point / GROUP;
        self.nearest.resize((point + 1) * self.groups, f32::INFINITY);
        for (other, &length) in lengths.iter().enumerate() {
            let low = below(length);
            for (a, b) in [(point, other / GROUP), (other, group)] {
                let kept = &mut self.nearest[a * self.groups + b];
                *kept = kept.min(low);
            }
        }
        self.nearest[point * self.groups + group] = 0.0;
    }

    /// How near a point is, at least, to every point of each group.
    #[inline(always)]
    pub(super) fn of(&self, point: usize) -> &[f32] {
        &self.nearest[point * self.groups..(point + 1) * self.groups]
    }
}

/// A number of `f32` safely below a length.
fn below(length: f64) -> f32 {
    let low = (length * (1.0 - SLACK)).min(f64::from(f32::MAX));
    if low < 1e-30 { 0.0 } else { low as f32 }
}
