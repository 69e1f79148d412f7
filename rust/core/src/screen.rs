//! Top-k without the logarithms or exponentials of rows that cannot be among the best: a cheaper measure bounds the one asked for.
//!
//! **Entropy** by Gini impurity. Of all distributions over C classes with a given sum of squares, the entropy is greatest for one large
//! probability x and all others equal (Harremoes & Topsoe 2001). With y = 1 - x that is
//! `H = -(1 - y) ln(1 - y) - y ln(y / (C - 1))`, with impurity `g = y (2 - y) - y^2 / (C - 1)`; both rise with y up to 1 - 1/C. So a row
//! whose impurity is below the `g` that belongs to the threshold's `H` is out.
//!
//! **Entropy, margin and least confidence of logits** by the ratio `r = p2 / p1`, for which no logarithm or exponential is taken of any but the second
//! class. The others weigh at most as much as the second, so the margin is at least `(1 - r) / (1 + (C - 1) r)`, and the least confidence
//! at most `(C - 1) r / (1 + (C - 1) r)`; and the entropy at most that of the row whose others all weigh as much as the second, as the one that is
//! nearest to uniform. A row with a smaller ratio than the threshold asks for is out.

use crate::measure::Measure;
use crate::scan::Recipe;
use crate::simd::Float;

/// Which bound holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// Of entropies, with how many nats a score of 1 is.
    Entropy(f64),
    Margin,
    LeastConfident,
    /// Of entropies of logits, likewise.
    Spread(f64),
}

/// Decides, for one thread, whether to look at the cheaper measure first, and tells which rows it rules out.
#[derive(Debug)]
pub(crate) struct Screen {
    bound: Bound,
    classes: usize,
    /// Room for the rounding of both measures, relative; and absolute, for what is subtracted from numbers near 1.
    slack: f64,
    epsilon: f64,
    /// The score that `least` was computed for.
    cut: f64,
    /// The value of the cheaper measure below which rows are out.
    least: f64,
    /// Blocks to wait before the next try, and how long the next wait is.
    wait: u32,
    waited: u32,
}

/// Try the screen again after so many blocks at first; doubled each time it does not pay, up to the second number.
const WAITS: [u32; 2] = [4, 256];

/// The greatest share of rows that may survive for the screen to pay. A screen costs about a third of what it saves; and a survivor, picked
/// out by itself, about as much as so many classes of a row in its place.
const PAYS: f64 = 0.5;
const PICKED: f64 = 50.0;

impl Screen {
    /// The screen for a measure of rows of so many classes, if it has one.
    pub(crate) fn new<T: Float>(measure: Measure, logits: bool, classes: usize) -> Option<Screen> {
        let bound = match (measure, logits) {
            (Measure::Entropy, false) => Bound::Entropy(1.0),
            (Measure::NormalisedEntropy, false) => Bound::Entropy((classes as f64).ln()),
            (Measure::Entropy, true) => Bound::Spread(1.0),
            (Measure::NormalisedEntropy, true) => Bound::Spread((classes as f64).ln()),
            (Measure::Margin, true) => Bound::Margin,
            (Measure::LeastConfident, true) => Bound::LeastConfident,
            _ => return None,
        };
        // The longest chain of roundings: through the classes of one lane and the merge of the lanes, or through all classes where a lane is a
        // row; then the closing formula and the logarithms in it. Twice what the errors can be.
        let chain = classes.min(48).max(classes / T::LANES + T::LANES) + 16;
        let epsilon = T::EPSILON.into();
        (classes > 1).then_some(Screen {
            bound,
            classes,
            slack: chain as f64 * epsilon,
            epsilon,
            cut: f64::NAN,
            least: 0.0,
            wait: 0,
            waited: WAITS[0],
        })
    }

    /// What computes the cheaper measure, given what computes the one asked for; and the value of it below which a row is out.
    pub(crate) fn cheaper<T: Float>(&self, recipe: &Recipe<T>, least: f64) -> (Recipe<T>, T) {
        let least = T::from_f64(least);
        match self.bound {
            Bound::Entropy(_) => (Recipe { measure: Measure::Gini, reach: Some(least), ..*recipe }, T::ZERO),
            Bound::Margin | Bound::LeastConfident | Bound::Spread(_) => {
                (Recipe { measure: Measure::Ratio, ..*recipe }, least)
            }
        }
    }

    /// The value of the cheaper measure below which a row of this block is out, for rows that must reach the score `cut`; `None` when
    /// the screen would not pay.
    pub(crate) fn least(&mut self, cut: f64) -> Option<f64> {
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        if cut != self.cut {
            self.cut = cut;
            self.least = self.least_for(cut);
        }
        // Not for thresholds that rule nothing out, and not for NaN.
        (self.least > 0.0).then_some(self.least)
    }

    fn least_for(&self, cut: f64) -> f64 {
        let others = self.classes as f64 - 1.0;
        match self.bound {
            Bound::Entropy(unit) => {
                // Checked entropies are off by up to a few epsilons of |S - 1|, a thousandth at most; renormalised impurities by a few of S.
                let entropy = cut * unit * (1.0 - self.slack) - 1e-2 * self.slack;
                least_impurity(entropy, self.classes) * (1.0 - self.slack) - self.slack
            }
            Bound::Spread(unit) => self.less(least_ratio(cut * unit * (1.0 - self.slack), self.classes)),
            Bound::Margin => {
                let margin = cut * (1.0 + self.slack);
                self.less((1.0 - margin) / (1.0 + others * margin))
            }
            Bound::LeastConfident => {
                let unsure = cut * (1.0 - self.slack);
                self.less(unsure / ((1.0 - unsure) * others))
            }
        }
    }

    /// A ratio less the room for its rounding and that of exponentials like it, which grows with the exponent.
    fn less(&self, ratio: f64) -> f64 {
        ratio * (1.0 - self.slack - 4.0 * self.epsilon * ratio.ln().abs())
    }

    /// Take note of how many rows of a screened block survived.
    pub(crate) fn learn(&mut self, survivors: usize, rows: usize) {
        if survivors as f64 > PAYS.min(self.classes as f64 / PICKED) * rows as f64 {
            self.wait = self.waited;
            self.waited = (2 * self.waited).min(WAITS[1]);
        } else {
            self.waited = WAITS[0];
        }
    }
}

/// The least Gini impurity of a row of so many classes with at least that entropy.
fn least_impurity(entropy: f64, classes: usize) -> f64 {
    if entropy.is_nan() || entropy <= 0.0 {
        return 0.0;
    }
    let others = classes as f64 - 1.0;
    let greatest = |y: f64| {
        let large = -(1.0 - y) * (-y).ln_1p();
        if y > 0.0 { large - y * (y / others).ln() } else { 0.0 }
    };
    let (mut low, mut high) = (0.0, others / (others + 1.0));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if greatest(middle) < entropy { low = middle } else { high = middle }
    }
    low * (2.0 - low) - low * low / others
}

/// The least ratio of the second to the largest probability of a row of so many classes with at least that entropy.
fn least_ratio(entropy: f64, classes: usize) -> f64 {
    if entropy.is_nan() || entropy <= 0.0 {
        return 0.0;
    }
    let others = classes as f64 - 1.0;
    // ln(1 + (C - 1) r) - (C - 1) r ln r / (1 + (C - 1) r) rises with r.
    let greatest = |ratio: f64| (others * ratio).ln_1p() - others * ratio * ratio.ln() / (1.0 + others * ratio);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if greatest(middle) < entropy { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_of_lower_impurity_reaches_the_entropy() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for classes in [2, 3, 5, 10, 100] {
            for _ in 0..2000 {
                let sharpness = 1.0 + 20.0 * next();
                let raw: Vec<f64> = (0..classes).map(|_| next().powf(sharpness)).collect();
                let sum: f64 = raw.iter().sum();
                let row: Vec<f64> = raw.iter().map(|x| x / sum).collect();
                let entropy: f64 = row.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum();
                let impurity = 1.0 - row.iter().map(|p| p * p).sum::<f64>();
                assert!(impurity >= least_impurity(entropy, classes) - 1e-12);
                // And the bound is tight: the extreme row has both.
                let y = 1.0 - row.iter().cloned().fold(0.0, f64::max);
                let extreme = -(1.0 - y) * (-y).ln_1p() - y * (y / (classes as f64 - 1.0)).ln();
                let own = y * (2.0 - y) - y * y / (classes as f64 - 1.0);
                assert!((least_impurity(extreme, classes) - own).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn it_waits_longer_each_time_it_does_not_pay() {
        let mut screen = Screen::new::<f32>(Measure::Entropy, false, 10).unwrap();
        let mut screened = 0;
        for _ in 0..1000 {
            if screen.least(1.0).is_some() {
                screened += 1;
                screen.learn(90, 100);
            }
        }
        assert!((5..12).contains(&screened), "{screened}");
        screen.learn(10, 100);
        assert_eq!(screen.waited, WAITS[0]);
    }

    #[test]
    fn thresholds_that_rule_nothing_out_do_not_screen() {
        for (measure, logits, cut) in [
            (Measure::Entropy, false, f64::NAN),
            (Measure::Entropy, false, -1.0),
            (Measure::Margin, true, 1.0),
            (Measure::Margin, true, f64::INFINITY),
            (Measure::LeastConfident, true, 0.0),
            (Measure::Entropy, true, 0.0),
            (Measure::NormalisedEntropy, true, f64::NAN),
        ] {
            assert_eq!(Screen::new::<f64>(measure, logits, 10).unwrap().least(cut), None, "{measure:?} {cut}");
        }
        assert!(Screen::new::<f64>(Measure::Entropy, false, 1).is_none());
        assert!(Screen::new::<f64>(Measure::Energy, true, 10).is_none());
        assert!(Screen::new::<f64>(Measure::Margin, false, 10).is_none());
    }

    #[test]
    fn no_row_of_lower_ratio_reaches_the_score() {
        for classes in [2usize, 3, 10, 100] {
            for i in 1..200 {
                let ratio = f64::from(i) / 200.0;
                // The extreme row, whose other classes all equal the second; and the other extreme, where they are nothing.
                for others in [(classes - 1) as f64 * ratio, ratio] {
                    let (margin, unsure) = ((1.0 - ratio) / (1.0 + others), others / (1.0 + others));
                    let mut by_margin = Screen::new::<f64>(Measure::Margin, true, classes).unwrap();
                    assert!(by_margin.least(margin).is_none_or(|least| least <= ratio));
                    let mut by_confidence = Screen::new::<f64>(Measure::LeastConfident, true, classes).unwrap();
                    assert!(by_confidence.least(unsure).is_none_or(|least| least <= ratio));
                    // The others of the first row are `classes - 1`, of the second one and nothing.
                    let share = ratio / (1.0 + others);
                    let entropy = (1.0 + others).ln() / (1.0 + others) - others / ratio * share * share.ln();
                    let mut by_entropy = Screen::new::<f64>(Measure::Entropy, true, classes).unwrap();
                    let least = by_entropy.least(entropy);
                    assert!(least.is_none_or(|least| least <= ratio));
                    // And the bound is tight where all others equal the second.
                    assert!(others == ratio || least.is_some_and(|least| (least - ratio).abs() < 1e-6));
                }
            }
        }
    }
}
