//! Ranked batch: uncertain rows unlike each other and unlike what is labelled (Cardoso et al.
//! 2017).
//!
//! With n_U rows left to pick from and n_L points (labelled or picked rows), the next pick is the
//! highest `a (1 - 1 / (1 + d)) + (1 - a) u`, `a = n_U / (n_U + n_L)`, u the uncertainty of a row
//! and d its distance to the nearest point. Every pick lowers a, so the keys of rows of high
//! uncertainty rise: by no more than what a has lost times the highest uncertainty.

use super::by_distance::Worth;

/// What ranked batch makes of a distance and an uncertainty.
pub(crate) struct RankedBatch<'a> {
    uncertainty: &'a [f64],
    /// Rows of the pool and labelled rows: together as many at every step.
    all: f64,
    alpha: f64,
    highest: f64,
    rounding: f64,
}

impl<'a> RankedBatch<'a> {
    /// `labelled` points are no rows of the pool, and `steps` points are there at the start.
    pub(crate) fn new(uncertainty: &'a [f64], labelled: usize, steps: usize) -> Self {
        let all = (uncertainty.len() + labelled) as f64;
        let highest = uncertainty.iter().copied().fold(0.0, f64::max);
        let largest = uncertainty.iter().map(|u| u.abs()).fold(1.0, f64::max);
        let mut ranked = RankedBatch { uncertainty, all, alpha: 0.0, highest, rounding: 8.0 * f64::EPSILON * largest };
        ranked.stepped(steps);
        ranked
    }

    fn alpha_after(&self, steps: usize) -> f64 {
        (self.all - steps as f64) / self.all
    }
}

impl Worth for RankedBatch<'_> {
    #[inline(always)]
    fn key(&self, row: usize, distance: f64) -> f64 {
        if distance == f64::NEG_INFINITY {
            return distance;
        }
        self.alpha * (1.0 - 1.0 / (1.0 + distance)) + (1.0 - self.alpha) * self.uncertainty[row]
    }

    fn rise(&self, since: usize) -> f64 {
        (self.alpha_after(since) - self.alpha) * self.highest + self.rounding
    }

    fn stepped(&mut self, steps: usize) {
        self.alpha = self.alpha_after(steps);
    }
}
