//! The measures as their definitions have them, in twice the precision of `f64`.

use crate::dtype::{Dtype, Input};
use crate::precise::Precise;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::Normalize;

/// A score, and what its error is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    pub value: Precise,
    /// The magnitude that errors are relative to.
    pub scale: f64,
}

/// A row, largest value first, and the sums that more than one measure has.
pub struct Row {
    input: Input,
    classes: usize,
    /// The largest probability or logit.
    top: Precise,
    /// The second largest, zero probability where there is one class: as probabilities, or as `(z -
    /// z_max) / T`.
    second: Precise,
    /// The sum over all others of p, or of e^d.
    rest: Precise,
    squares: Precise,
    /// The entropy.
    entropy: Precise,
    total: Precise,
}

impl Row {
    /// Take in a row.
    pub fn new<E: Dtype>(input: Input, row: &[E]) -> Row {
        let mut values: Vec<f64> = row.iter().map(|value| value.exact()).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        let top = Precise::from(values[0]);
        let positive = |x: &f64| *x > 0.0;
        let finite = |x: &f64| x.is_finite();
        // From the smallest up.
        let others = values[1..].iter().rev().copied();
        match input {
            Input::Probabilities(_) => {
                let rest: Precise = others.clone().map(Precise::from).sum();
                let squares = others.clone().map(|p| Precise::from(p) * p.into()).sum();
                let total = top + rest;
                // -p ln p over the others with p / total, and the largest by what it lacks of the
                // whole.
                let ln_total = total.ln();
                let tail: Precise =
                    others.filter(positive).map(|p| Precise::from(p) * (ln_total - Precise::from(p).ln())).sum();
                let entropy = (tail + top * (rest / top).ln_1p()) / total;
                let second = values.get(1).map_or(Precise::ZERO, |&p| p.into());
                Row { input, classes: row.len(), top, second, rest, squares, entropy, total }
            }
            Input::Logits(temperature) => {
                let exponents: Vec<Precise> =
                    others.filter(finite).map(|z| (Precise::from(z) - top) / temperature.into()).collect();
                let weights: Vec<Precise> = exponents.iter().map(|d| d.exp()).collect();
                let rest: Precise = weights.iter().copied().sum();
                let squares = weights.iter().map(|&w| w * w).sum();
                let spread: Precise = exponents.iter().zip(&weights).map(|(&d, &w)| -(d * w)).sum();
                let entropy = rest.ln_1p() + spread / (Precise::ONE + rest);
                let second = exponents.last().copied().unwrap_or(Precise::from(-1e300));
                Row { input, classes: row.len(), top, second, rest, squares, entropy, total: Precise::ONE + rest }
            }
        }
    }

    /// The score of the row, by a measure.
    pub fn truth(&self, measure: Measure) -> Truth {
        let Row { input, classes, top, second, rest, squares, entropy, total } = *self;
        let relative = |value: Precise| Truth { value, scale: value.nearest().abs() };
        let entropies = match measure {
            Measure::Entropy => Some(entropy),
            Measure::NormalisedEntropy if classes == 1 => Some(Precise::ZERO),
            Measure::NormalisedEntropy => Some(entropy / Precise::from(classes as f64).ln()),
            _ => None,
        };
        match (input, entropies) {
            (Input::Logits(_), Some(value)) => self.conditioned(value),
            (Input::Probabilities(normalize), Some(value)) => {
                let excess = (total - Precise::ONE).nearest().abs();
                // Checked rows are brought to a sum of 1 by what theirs is off by.
                let near = if normalize == Normalize::Check { excess } else { 0.0 };
                Truth { value, scale: value.nearest().abs().max(near) }
            }
            (Input::Probabilities(normalize), None) => {
                let renormalise = normalize == Normalize::Renormalize;
                let unit = if renormalise { total } else { Precise::ONE };
                let others = if renormalise { rest } else { Precise::ONE - top };
                let value = match measure {
                    Measure::LeastConfident => others / unit,
                    Measure::Margin if classes == 1 => Precise::ZERO,
                    Measure::Margin => (top - second) / unit,
                    Measure::Ratio => return relative(second / top),
                    Measure::Gini => (others * (unit + top) - squares) / unit / unit,
                    _ => unreachable!("{measure:?} is not one of probabilities"),
                };
                match (renormalise, measure) {
                    // The sum is rounded, and then subtracted from.
                    (true, Measure::LeastConfident | Measure::Gini) => Truth { value, scale: 1.0 },
                    (false, Measure::Gini) => Truth { value, scale: others.nearest().abs().max(squares.nearest()) },
                    _ => relative(value),
                }
            }
            (Input::Logits(temperature), None) => {
                let value = match measure {
                    Measure::LeastConfident => rest / total,
                    Measure::Margin if classes == 1 => Precise::ZERO,
                    Measure::Margin => return relative(-second.exp_m1() / total),
                    Measure::Ratio => second.exp(),
                    Measure::Gini => (rest + rest + rest * rest - squares) / total / total,
                    _ => {
                        // The two terms may cancel.
                        let soft = rest.ln_1p() * temperature.into();
                        let scale = top.nearest().abs().max(soft.nearest());
                        return Truth { value: -(top + soft), scale };
                    }
                };
                self.conditioned(value)
            }
        }
    }

    /// A score in proportion to e^d feels the rounding of `d = (z - z_max) / T` as many times over
    /// as d is large.
    fn conditioned(&self, value: Precise) -> Truth {
        let gap = if self.classes > 1 { -self.second.nearest().max(-1e3) } else { 0.0 };
        Truth { value, scale: value.nearest().abs() * (1.0 + gap) }
    }
}
