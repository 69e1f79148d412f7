//! Entropy by Gini impurity. Of all distributions over C classes with a given sum of squares, the entropy is greatest for one large
//! probability x and all others equal (Harremoes & Topsoe 2001). With y = 1 - x the impurity is `g = y (2 - y) - y^2 / (C - 1)`; it and the entropy rise with y up to
//! 1 - 1/C. So a row whose impurity is below the `g` that belongs to the threshold's `H` is out: more rows than by their largest probability, where
//! a few classes share what is likely.

use super::rising;
use super::top::most_entropy;
use crate::measure::{Formula, Needs, Probabilities, splat};
use crate::simd::Vector;

pub(super) struct Impurity;

/// The least impurity of a row of so many classes with at least that entropy, less the room for rounding.
pub(super) fn limits(entropy: f64, classes: usize, slack: f64) -> Option<[f64; 3]> {
    let least = least_impurity(entropy, classes) * (1.0 - slack) - slack;
    (least > 0.0).then_some([least, 0.0, 0.0])
}

fn least_impurity(entropy: f64, classes: usize) -> f64 {
    let others = classes as f64 - 1.0;
    let y = rising(|y| most_entropy(y, classes), entropy, others / (others + 1.0));
    y * (2.0 - y) - y * y / others
}

impl Formula for Impurity {
    const NEEDS: Option<Needs> = Some(Needs::Squares);
    const NEEDS_OF_LOGITS: Option<Needs> = None;

    /// Of the row normalised to sum 1, times the square of the sum, which spares the divisions. Squares of rows that need not sum to 1 may
    /// overflow: what is NaN is not out.
    #[inline(always)]
    fn of_probabilities<V: Vector>(row: &Probabilities<V>) -> V {
        let impurity = row.rest.mul(row.total.add(row.top)).sub(row.squares);
        impurity.sub(row.limits[0].mul(row.total).mul(row.total)).min(splat(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::rows;
    use super::*;

    #[test]
    fn no_row_of_lower_impurity_reaches_the_entropy() {
        for classes in [2, 3, 5, 10, 100] {
            for row in rows(classes) {
                let entropy: f64 = row.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum();
                let impurity = 1.0 - row.iter().map(|p| p * p).sum::<f64>();
                assert!(impurity >= least_impurity(entropy, classes) - 1e-12);
                // And the bound is tight: the extreme row has both.
                let y = 1.0 - row.iter().cloned().fold(0.0, f64::max);
                let extreme = most_entropy(y, classes);
                let own = y * (2.0 - y) - y * y / (classes as f64 - 1.0);
                assert!((least_impurity(extreme, classes) - own).abs() < 1e-9);
            }
        }
    }
}
