//! Entropy top-k without the logarithms of rows that cannot be among the best.
//!
//! Of all distributions over C classes with a given sum of squares, the entropy is greatest for one large probability x and all others
//! equal (Harremoes & Topsoe 2001). With y = 1 - x that is
//! `H = -(1 - y) ln(1 - y) - y ln(y / (C - 1))`, with Gini impurity `g = y (2 - y) - y^2 / (C - 1)`; both rise
//! with y up to 1 - 1/C. So a row whose impurity is below the `g` that belongs to the threshold's `H` is out. The impurity costs a multiplication per class
//! where the entropy costs a logarithm.

use crate::simd::Float;

/// Decides, for one thread, whether to look at the impurity first, and tells which rows it rules out.
#[derive(Debug)]
pub(crate) struct Screen {
    classes: usize,
    unit: f64,
    /// Room for the rounding of entropies and impurities, relative.
    slack: f64,
    /// The entropy that `least` was computed for.
    entropy: f64,
    /// The impurity below which rows are out.
    least: f64,
    /// Blocks to wait before the next try, and how long the last wait was.
    wait: u32,
    waited: u32,
}

/// Try the screen again after so many blocks at first; doubled each time it does not pay, up to the second number.
const WAITS: [u32; 2] = [4, 256];

/// The greatest share of rows that may survive for the screen to pay. A screen costs about a third of what it saves.
const PAYS: f64 = 0.5;

impl Screen {
    /// `unit` is how many nats a score of 1 is.
    pub(crate) fn new<T: Float>(classes: usize, unit: f64) -> Screen {
        // The longest chain of roundings: through the classes of one lane and the merge of the lanes, or through all classes where a lane is a
        // row; then the closing formula and the logarithms in it. Twice what the errors can be.
        let chain = classes.min(48).max(classes / T::LANES + T::LANES) + 16;
        Screen {
            classes,
            unit,
            slack: chain as f64 * T::EPSILON.into(),
            entropy: f64::NEG_INFINITY,
            least: 0.0,
            wait: 0,
            waited: WAITS[0],
        }
    }

    /// The impurity below which a row of this block is out, for rows that must reach the score `cut`; `None` when the
    /// screen would not pay.
    pub(crate) fn least(&mut self, cut: f64) -> Option<f64> {
        let entropy = cut * self.unit;
        // Written so that a threshold of NaN or minus infinity, or a single class, never screens.
        if !(entropy > 0.0 && self.classes > 1) {
            return None;
        }
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        if entropy > self.entropy {
            self.entropy = entropy;
            self.least = least_impurity(entropy * (1.0 - self.slack), self.classes) * (1.0 - self.slack);
        }
        Some(self.least)
    }

    /// Take note of how many rows of a screened block survived.
    pub(crate) fn learn(&mut self, survivors: usize, rows: usize) {
        if survivors as f64 > PAYS * rows as f64 {
            self.wait = self.waited;
            self.waited = (2 * self.waited).min(WAITS[1]);
        } else {
            self.waited = WAITS[0];
        }
    }
}

/// The least Gini impurity of a row of so many classes with at least that entropy.
fn least_impurity(entropy: f64, classes: usize) -> f64 {
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
        let mut screen = Screen::new::<f32>(10, 1.0);
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
        assert_eq!(screen.least(f64::NAN), None);
        assert_eq!(Screen::new::<f32>(1, 1.0).least(0.5), None);
    }
}
