//! How far a measure of a row can move when its logits do.
//!
//! For softmax, dp_i = p_i (dz_i - sum_j p_j dz_j). If no logit moves by more than e, a measure
//! moves by at most e times the largest sum of the sizes of its derivatives:
//!
//! | measure | derivatives sum to | at most |
//! |---|---|---|
//! | least confidence, 1 - p1 | 2 p1 (1 - p1) | 1/2 |
//! | margin, p1 - p2 | s (1 - m) + m - m^2, with s = p1 + p2 and m the margin | 1 |
//! | ratio, p2 / p1 | 2 p2 / p1 | 2 |
//! | Gini, 1 - sum p^2 = 1 - q | 2 sum p_j abs(p_j - q) | 1 |
//! | entropy | sum p_j abs(ln p_j + H) | the standard deviation of ln p |
//!
//! The largest and second largest of moved numbers move by no more than the numbers. The variance
//! of ln p is at most ln^2(C - 1) / 4 + 1 (Reeb and Wolf 2015, "Tight bound on relative entropy by
//! entropy difference", Lemma 15).

use crate::measure::Measure;

/// What a measure moves by, at most, for each unit that the logits move by, and the largest value
/// it takes, for so many classes. None for a measure that is not about probabilities.
pub(super) fn slope_and_scale(measure: Measure, classes: usize) -> Option<(f64, f64)> {
    let classes = classes.max(2) as f64;
    let entropy = ((classes - 1.0).ln().powi(2) / 4.0 + 1.0).sqrt();
    match measure {
        Measure::LeastConfident => Some((0.5, 1.0)),
        Measure::Margin => Some((1.0, 1.0)),
        Measure::Ratio => Some((2.0, 1.0)),
        Measure::Gini => Some((1.0, 1.0)),
        Measure::Entropy => Some((entropy, classes.ln())),
        Measure::NormalisedEntropy => Some((entropy / classes.ln(), 1.0)),
        Measure::Energy => None,
    }
}

/// What a measure moves by, at most, where no probability moves by more than `error`.
///
/// For entropy, the classic bound on x ln x: it moves by at most -e ln e where x moves by e, for e
/// below 1/e.
pub(super) fn modulus(measure: Measure, classes: usize, error: f64) -> f64 {
    let (count, classes) = (classes as f64, classes.max(2) as f64);
    let logarithm = if error > 0.0 { -error.min(0.3) * error.min(0.3).ln() } else { 0.0 };
    match measure {
        Measure::LeastConfident => error,
        Measure::Margin => 2.0 * error,
        // The largest probability is at least 1/C, less the error.
        Measure::Ratio => 2.0 * error * 2.0 * count,
        Measure::Gini => 2.0 * error * count.min(2.0),
        Measure::Entropy => count * logarithm,
        Measure::NormalisedEntropy => count * logarithm / classes.ln(),
        Measure::Energy => f64::INFINITY,
    }
}

/// What a measure moves by, at most, where each probability p goes to between p / (1 + g) and
/// p (1 + g).
///
/// No p moves by more than g p. So the two largest move by no more than g together, their ratio and
/// the sum of squares by a factor of (1 + g)^2, and -x ln x by (abs(ln x) + 1 + g) g x.
pub(super) fn modulus_of_ratios(measure: Measure, classes: usize, grown: f64) -> f64 {
    let logarithm = (classes.max(2) as f64).ln();
    match measure {
        Measure::LeastConfident | Measure::Margin => grown,
        Measure::Ratio | Measure::Gini => (2.0 + grown) * grown,
        Measure::Entropy => grown * (logarithm + 1.0 + grown),
        Measure::NormalisedEntropy => grown * (logarithm + 1.0 + grown) / logarithm,
        Measure::Energy => f64::INFINITY,
    }
}

/// The most that a measure can come to, turned so that larger is better, where a class has at least
/// the probability `top`, and no other more than `second`.
pub(super) fn most(measure: Measure, classes: usize, top: f64, second: f64) -> f64 {
    let (others, least) = ((classes.max(2) - 1) as f64, 1.0 / classes.max(2) as f64);
    // Both are largest where all other classes are alike.
    let top_or_even = top.clamp(least, 1.0);
    let rest = 1.0 - top_or_even;
    let entropy = || -top_or_even * top_or_even.ln() - if rest > 0.0 { rest * (rest / others).ln() } else { 0.0 };
    match measure {
        Measure::LeastConfident => 1.0 - top,
        Measure::Margin => (second - top).min(0.0),
        Measure::Ratio => {
            if second < top {
                second / top
            } else {
                1.0
            }
        }
        Measure::Gini => 1.0 - top_or_even * top_or_even - rest * rest / others,
        Measure::Entropy => entropy(),
        Measure::NormalisedEntropy => entropy() / (classes.max(2) as f64).ln(),
        Measure::Energy => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{hash, uniform};

    #[test]
    fn no_row_comes_to_more_than_the_most() {
        for row in 0..20_000_u64 {
            let classes = 2 + row as usize % 6;
            let mut p: Vec<f64> =
                (0..classes).map(|i| uniform(hash(row, 0, i as u64)).powi(1 + row as i32 % 5)).collect();
            let sum: f64 = p.iter().sum();
            p.iter_mut().for_each(|p| *p /= sum);
            p.sort_unstable_by(|a, b| b.total_cmp(a));
            let entropy = -p.iter().filter(|&&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
            let (top, second) = (p[0] - 0.3 * uniform(hash(row, 1, 0)) * p[0], p[1] + 0.3 * uniform(hash(row, 2, 0)));
            for (measure, score) in [
                (Measure::LeastConfident, 1.0 - p[0]),
                (Measure::Margin, p[1] - p[0]),
                (Measure::Ratio, p[1] / p[0]),
                (Measure::Gini, 1.0 - p.iter().map(|p| p * p).sum::<f64>()),
                (Measure::Entropy, entropy),
                (Measure::NormalisedEntropy, entropy / (classes as f64).ln()),
            ] {
                for (top, second) in [(top, second), (p[0], p[1])] {
                    let most = most(measure, classes, top, second);
                    assert!(score <= most + 1e-12, "{measure:?} {p:?}: {score} above {most}");
                }
            }
        }
    }
}
