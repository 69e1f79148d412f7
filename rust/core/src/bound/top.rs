//! A bound on entropy by the largest probability alone.
//!
//! With `x` the largest of C classes the entropy is greatest where all others are equal:
//! `H = -x ln x - (1 - x) ln((1 - x) / (C - 1))`, which falls with x from 1/C on. So a row is out
//! if its largest probability is above the x at which that is the entropy sought. Nothing is
//! cheaper, and with two classes nothing rules more rows out.

use super::sought::{Setting, Sought, rising};
use crate::fold::{Folded, Sums};
use crate::formula::{Formula, Once};
use crate::simd::Vector;

/// See the top of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Top {
    /// The greatest probability that a row with the entropy sought may have.
    most: f64,
}

/// The bound for rows with at least that entropy; none where it rules out no row.
pub(super) fn bound(sought: Sought, Setting { classes, slack, .. }: Setting) -> Option<Top> {
    let Sought::Entropy(entropy) = sought else { return None };
    let most = greatest_top(entropy, classes) + slack;
    (most < 1.0).then_some(Top { most })
}

fn greatest_top(entropy: f64, classes: usize) -> f64 {
    1.0 - rising(|y| most_entropy(y, classes), entropy, 1.0 - 1.0 / classes as f64)
}

/// The greatest entropy of a row that is y short of sure.
fn most_entropy(y: f64, classes: usize) -> f64 {
    let large = -(1.0 - y) * (-y).ln_1p();
    if y > 0.0 { large - y * (y / (classes as f64 - 1.0)).ln() } else { 0.0 }
}

impl Formula for Top {
    type Sweeps<V: Vector> = Once<Sums>;

    /// Of the row normalised to sum 1, times the sum, which spares the division.
    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        row.splat(self.most).mul(row.total).sub(row.top)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sought::tests::rows;
    use super::*;

    #[test]
    fn no_row_with_a_greater_largest_reaches_the_entropy() {
        for classes in [2, 3, 5, 10, 100] {
            for row in rows(classes) {
                let entropy: f64 = row.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum();
                let top = row.iter().cloned().fold(0.0, f64::max);
                assert!(top <= greatest_top(entropy, classes) + 1e-9);
                // And the bound is tight: the extreme row has both.
                assert!((greatest_top(most_entropy(1.0 - top, classes), classes) - top).abs() < 1e-9);
            }
        }
    }
}
