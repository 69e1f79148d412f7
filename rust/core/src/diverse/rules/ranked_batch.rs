//! Ranked batch: uncertain rows unlike each other and unlike what is labelled (Cardoso et al.
//! 2017).
//!
//! With n_U rows left to pick from and n_L points (labelled or picked rows), the next pick is the
//! highest `a (1 - 1 / (1 + d)) + (1 - a) u`, `a = n_U / (n_U + n_L)`, u the uncertainty of a row
//! and d its distance to the nearest point. Every pick lowers a, so the keys of rows of high
//! uncertainty rise: by no more than what a has lost times the highest uncertainty.

use crate::diverse::engine::by_distance::DistanceWorth;

/// a: how much distance weighs at a step, and uncertainty the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alpha(f64);

impl Alpha {
    /// Once there are so many points. `all` counts the rows of the pool and the labelled rows,
    /// which together are as many at every step.
    pub(crate) fn after(points: usize, all: usize) -> Alpha {
        Alpha((all as f64 - points as f64) / all as f64)
    }

    /// What a row is worth. Every operation is monotone as rounded, so a larger distance never
    /// makes a smaller key.
    #[inline(always)]
    pub(crate) fn key(self, distance: f64, uncertainty: f64) -> f64 {
        if distance == f64::NEG_INFINITY {
            return distance;
        }
        self.0 * (1.0 - 1.0 / (1.0 + distance)) + (1.0 - self.0) * uncertainty
    }
}

/// What ranked batch makes of a distance and an uncertainty.
pub(crate) struct RankedBatch<'a> {
    uncertainty: &'a [f64],
    all: usize,
    /// Points that rows have seen before the first of those that are counted.
    before: usize,
    alpha: Alpha,
    highest: f64,
    rounding: f64,
}

impl<'a> RankedBatch<'a> {
    /// `labelled` points are no rows of the pool, and `steps` points are there at the start.
    pub(crate) fn new(uncertainty: &'a [f64], labelled: usize, steps: usize) -> Self {
        let mut ranked = RankedBatch::going_on(uncertainty, uncertainty.len() + labelled, 0);
        ranked.stepped(steps);
        ranked
    }

    /// Where the first `before` labelled and picked rows are known only by what they left of the
    /// values. `all` is as in [`Alpha::after`].
    pub(crate) fn going_on(uncertainty: &'a [f64], all: usize, before: usize) -> Self {
        let highest = uncertainty.iter().copied().fold(0.0, f64::max);
        let largest = uncertainty.iter().map(|u| u.abs()).fold(1.0, f64::max);
        let alpha = Alpha::after(before, all);
        RankedBatch { uncertainty, all, before, alpha, highest, rounding: 32.0 * f64::EPSILON * largest }
    }
}

impl DistanceWorth for RankedBatch<'_> {
    #[inline(always)]
    fn key(&self, row: usize, distance: f64) -> f64 {
        self.alpha.key(distance, self.uncertainty[row])
    }

    fn drift(&self) -> f64 {
        (1.0 - self.alpha.0) * self.highest
    }

    fn slack(&self) -> f64 {
        self.rounding
    }

    fn stepped(&mut self, steps: usize) {
        self.alpha = Alpha::after(self.before + steps, self.all);
    }
}
