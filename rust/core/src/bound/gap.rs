//! A bound on entropy, margin and least confidence of logits by `d2 = ln (p2 / p1)`, for which no
//! logarithm or exponential is taken at all.
//!
//! With `r = p2 / p1` the other classes weigh at most as much as the second. So the margin is at
//! least `(1 - r) / (1 + (C - 1) r)`, and the least confidence at most
//! `(C - 1) r / (1 + (C - 1) r)`. The entropy is at most that of the row whose others all weigh as
//! much as the second, which is the nearest to uniform. A row with a smaller ratio than the
//! threshold asks for is out.

use super::sought::{Setting, Sought, rising};
use crate::fold::{Folded, Gaps};
use crate::formula::{Formula, Once};
use crate::simd::Vector;

/// See the top of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gap {
    /// The least `d2` that a row with what is sought may have.
    least: f64,
}

/// The bound for rows that reach what is sought; none where it rules out no row. It leaves room for
/// the rounding of `d2` and of exponentials like it, which grows with the exponent.
pub(super) fn bound(sought: Sought, Setting { classes, slack, .. }: Setting) -> Option<Gap> {
    let ratio = least_ratio(sought, classes);
    let exponent = ratio.ln();
    (ratio > 0.0).then_some(Gap { least: exponent - 2.0 * slack * (1.0 + exponent.abs()) })
}

fn least_ratio(sought: Sought, classes: usize) -> f64 {
    let others = classes as f64 - 1.0;
    match sought {
        // ln(1 + (C - 1) r) - (C - 1) r ln r / (1 + (C - 1) r) rises with r.
        Sought::Entropy(entropy) => {
            let greatest = |ratio: f64| (others * ratio).ln_1p() - others * ratio * ratio.ln() / (1.0 + others * ratio);
            rising(greatest, entropy, 1.0)
        }
        Sought::Margin(margin) => (1.0 - margin) / (1.0 + others * margin),
        Sought::LeastConfident(unsure) => unsure / ((1.0 - unsure) * others),
    }
}

impl Formula for Gap {
    type Sweeps<V: Vector> = Once<Gaps>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        row.second.sub(row.splat(self.least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_of_lower_ratio_reaches_the_score() {
        for classes in [2usize, 3, 10, 100] {
            for i in 1..200 {
                let ratio = f64::from(i) / 200.0;
                // One extreme row, whose other classes all equal the second, and the other, where
                // they are 0.
                for others in [(classes - 1) as f64 * ratio, ratio] {
                    let (margin, unsure) = ((1.0 - ratio) / (1.0 + others), others / (1.0 + others));
                    // The others of the first row are `classes - 1`, of the second one and nothing.
                    let share = ratio / (1.0 + others);
                    let entropy = (1.0 + others).ln() / (1.0 + others) - others / ratio * share * share.ln();
                    for sought in [Sought::Margin(margin), Sought::LeastConfident(unsure), Sought::Entropy(entropy)] {
                        let least = least_ratio(sought, classes);
                        assert!(least <= ratio + 1e-9, "{sought:?} {classes}: {least} {ratio}");
                        // And the bound is tight where all others equal the second.
                        assert!(others == ratio || (least - ratio).abs() < 1e-6);
                    }
                }
            }
        }
    }
}
