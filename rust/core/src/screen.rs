//! Top-k without the logarithms or exponentials of rows that cannot be among the best: something cheaper bounds the measure asked for, and most rows are out by it.
//!
//! A bound is a [`Formula`](crate::measure::Formula) whose value is negative for rows that are out. Which of them pays depends on the pool; each thread finds out as it goes.

use crate::bound::{Bound, BoundKind, Sought};
use crate::measure::Measure;
use crate::rules::Recipe;
use crate::scan::MOST_CLASSES;
use crate::simd::Float;

/// One of the bounds to choose from.
#[derive(Debug)]
struct Choice {
    kind: BoundKind,
    /// The bound for the threshold; none where it would rule out no row.
    bound: Option<Bound>,
    /// The share of rows that survived it when it was last tried; less as time goes by, so that it is tried again.
    survived: f64,
}

/// Decides, for one thread, whether to look at a bound first, and at which.
#[derive(Debug)]
pub(crate) struct Screen {
    choices: Vec<Choice>,
    chosen: usize,
    measure: Measure,
    classes: usize,
    temperature: f64,
    /// What a survivor, picked out by itself, costs beside its measure, as a multiple of a row in its place.
    picked: f64,
    /// How many nats a score of 1 is.
    unit: f64,
    /// Room for the rounding of measure and bound, relative; and absolute, for what is subtracted from numbers near 1.
    slack: f64,
    /// The score that the limits were computed for.
    cut: f64,
    /// Blocks to wait before the next try, and how long the next wait is.
    wait: u32,
    waited: u32,
}

/// Try again after so many blocks at first; doubled each time no bound pays, up to the second number.
const WAITS: [u32; 2] = [4, 256];

/// To pick out a row costs about as much as so many classes of a row in its place.
const PICKED: f64 = 50.0;

/// The same of a row of many classes that lie apart: so many bytes, a line of the cache, are read for each.
const PICKED_APART: f64 = 64.0;

/// What is left of the last share of survivors of a bound after a block screened by another.
const FADING: f64 = 0.995;

impl Screen {
    /// The screen for rows of so many classes, which may lie apart in memory, if their measure has one. Entropies of rows that may sum to
    /// anything have none: they are rounded in units of their logarithms, which for numbers far from 1 are many times an entropy.
    pub(crate) fn new<T: Float>(measure: Measure, recipe: &Recipe<T>, classes: usize, apart: bool) -> Option<Screen> {
        let kinds: &[BoundKind] = match (measure, recipe.logits) {
            (Measure::Entropy | Measure::NormalisedEntropy, false) if recipe.checked() => {
                &[BoundKind::Top, BoundKind::Lines, BoundKind::Cubic]
            }
            (Measure::Entropy | Measure::NormalisedEntropy, true) => &[BoundKind::Gap, BoundKind::Rough],
            (Measure::Margin | Measure::LeastConfident, true) => &[BoundKind::Gap, BoundKind::Rough],
            _ => return None,
        };
        // The longest chain of roundings: through the classes of one lane and the merge of the lanes, or through all classes where a lane is a
        // row; then the closing formula and the logarithms in it. Twice what the errors can be.
        let chain = if classes <= MOST_CLASSES { classes } else { classes / T::LANES + T::LANES } + 12;
        (classes > 1).then_some(Screen {
            choices: kinds.iter().map(|&kind| Choice { kind, bound: None, survived: 0.0 }).collect(),
            chosen: 0,
            measure,
            classes,
            temperature: recipe.temperature.into(),
            picked: if apart && classes > MOST_CLASSES {
                PICKED_APART / size_of::<T>() as f64
            } else {
                PICKED / classes as f64
            },
            unit: if measure == Measure::NormalisedEntropy { (classes as f64).ln() } else { 1.0 },
            slack: chain as f64 * T::EPSILON.into(),
            cut: f64::NAN,
            wait: 0,
            waited: WAITS[0],
        })
    }

    /// What tells which rows of a block are out, for rows that must reach the score `cut`; `None` when no bound would pay.
    pub(crate) fn bound<T: Float>(&mut self, cut: f64, recipe: &Recipe<T>) -> Option<(Bound, Recipe<T>)> {
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        if cut != self.cut {
            self.cut = cut;
            let sought = self.sought(cut);
            for choice in &mut self.choices {
                choice.bound =
                    sought.and_then(|sought| choice.kind.bound(sought, self.classes, self.temperature, self.slack));
            }
        }
        let usable = (0..self.choices.len()).filter(|&i| self.choices[i].bound.is_some());
        self.chosen = usable.min_by(|&a, &b| self.expected(a).total_cmp(&self.expected(b)))?;
        let bound = self.choices[self.chosen].bound?;
        // Sums that are valid beyond the rounding of either way to add them up.
        let [low, high] = recipe.sums.map(Into::into);
        let sums = [low * (1.0 + 2.0 * self.slack), high * (1.0 - 2.0 * self.slack)].map(T::from_f64);
        Some((bound, Recipe { sums, ..*recipe }))
    }

    /// What rows must reach, if rows can be ruled out by it: entropies are off by up to a few epsilons of |S - 1|, which is small, beside their own.
    fn sought(&self, cut: f64) -> Option<Sought> {
        let less = 1.0 - self.slack;
        match self.measure {
            Measure::Margin if (0.0..1.0).contains(&cut) => Some(Sought::Margin(cut / less)),
            Measure::LeastConfident if cut > 0.0 && cut < 1.0 => Some(Sought::LeastConfident(cut * less)),
            Measure::Entropy | Measure::NormalisedEntropy if cut.is_finite() => {
                Some(cut * self.unit * less - 1e-2 * self.slack).filter(|&entropy| entropy > 0.0).map(Sought::Entropy)
            }
            _ => None,
        }
    }

    /// What a block costs by that bound, as a share of what it costs without.
    fn expected(&self, choice: usize) -> f64 {
        let Choice { kind, survived, .. } = self.choices[choice];
        cost(kind, self.classes) + survived * (1.0 + self.picked)
    }

    /// Take note of how many rows of a screened block survived.
    pub(crate) fn learn(&mut self, survivors: usize, rows: usize) {
        for choice in &mut self.choices {
            choice.survived *= FADING;
        }
        self.choices[self.chosen].survived = survivors as f64 / rows as f64;
        if self.expected(self.chosen) < 1.0 {
            self.waited = WAITS[0];
        } else if (0..self.choices.len()).all(|i| self.choices[i].bound.is_none() || self.expected(i) >= 1.0) {
            self.wait = self.waited;
            self.waited = (2 * self.waited).min(WAITS[1]);
            // By then the threshold is another: each has its chance again.
            self.choices.iter_mut().for_each(|choice| choice.survived = 0.0);
        }
    }
}

/// What it costs to look at a bound, as a share of the measure it may spare. With many classes everything that reads a row
/// once waits for memory, so there the cheap bounds cost alike.
fn cost(kind: BoundKind, classes: usize) -> f64 {
    match kind {
        BoundKind::Top if classes <= MOST_CLASSES => 0.25,
        BoundKind::Top | BoundKind::Lines | BoundKind::Cubic | BoundKind::Gap => 0.35,
        BoundKind::Rough => 0.6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scorer::{Invalid, Normalize, Scorer};
    use crate::simd::Level;

    fn screen(measure: Measure, logits: bool, classes: usize) -> Option<(Screen, Recipe<f32>)> {
        let scorer =
            Scorer::new(measure, logits, 1.0, Normalize::Check, Invalid::Raise, Level::Portable).expect("valid");
        let recipe = scorer.recipe::<f32>(classes);
        Screen::new(measure, &recipe, classes, false).map(|screen| (screen, recipe))
    }

    #[test]
    fn it_waits_longer_each_time_nothing_pays() {
        let (mut screen, recipe) = screen(Measure::Entropy, false, 10).unwrap();
        let mut screened = 0;
        for _ in 0..1000 {
            if screen.bound(1.0, &recipe).is_some() {
                screened += 1;
                screen.learn(90, 100);
            }
        }
        assert!((15..40).contains(&screened), "{screened}");
        screen.learn(1, 100);
        assert_eq!(screen.waited, WAITS[0]);
    }

    #[test]
    fn it_stays_with_the_bound_that_pays() {
        let (mut screen, recipe) = screen(Measure::Entropy, false, 10).unwrap();
        let mut tried = [0; 3];
        for _ in 0..1000 {
            assert!(screen.bound(2.0, &recipe).is_some());
            tried[screen.chosen] += 1;
            let survivors = [90, 60, 3][screen.chosen];
            screen.learn(survivors, 100);
        }
        assert!(tried[0] < 20 && tried[1] < 20 && tried[2] > 960, "{tried:?}");
    }

    #[test]
    fn thresholds_that_rule_nothing_out_do_not_screen() {
        for (measure, logits, cut) in [
            (Measure::Entropy, false, f64::NAN),
            (Measure::Entropy, false, -1.0),
            (Measure::Margin, true, 1.0),
            (Measure::Margin, true, f64::INFINITY),
            (Measure::LeastConfident, true, 0.0),
            (Measure::LeastConfident, true, 1.0),
            (Measure::Entropy, true, 0.0),
            (Measure::NormalisedEntropy, true, f64::NAN),
        ] {
            let (mut screen, recipe) = screen(measure, logits, 10).unwrap();
            assert!(screen.bound(cut, &recipe).is_none(), "{measure:?} {cut}");
        }
        assert!(screen(Measure::Entropy, false, 1).is_none());
        assert!(screen(Measure::Energy, true, 10).is_none());
        assert!(screen(Measure::Margin, false, 10).is_none());
    }
}
