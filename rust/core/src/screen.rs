//! Top-k without the logarithms or exponentials of rows that cannot be among the best: a cheap
//! bound on the measure rules most rows out first.
//!
//! Which bound rules out most depends on the pool, and none may pay. So each thread finds out as it
//! goes. A block costs `cost + survived * (1 + picked)` by a bound, as a share of what it costs to
//! score all its rows: `cost` is a constant for each kind, `survived` the share of rows that the
//! bound left over when it was last tried, and `picked` what it costs to pick a single row out. The
//! cheapest is taken if that is below 1. `cargo run --release -p shortlist-core --example chooser`
//! prints what the constants stand for, as measured.

use crate::bound::{Bound, CUBIC, GAP, LINES, MakeBound, ROUGH, Setting, Sought, TOP};
use crate::measure::Measure;
use crate::rules::Recipe;
use crate::scan::MOST_CLASSES;
use crate::simd::Float;

/// One of the bounds to choose from.
#[derive(Debug)]
struct Choice {
    make: MakeBound,
    /// What it costs to look at it, as a share of the measure that it may spare. The example
    /// `chooser` measures it.
    cost: f64,
    /// The bound for the threshold; none where it would rule out no row.
    bound: Option<Bound>,
    /// The share of rows that it left over when it was last tried. It fades as blocks go by, so
    /// that each bound is tried again.
    survived: f64,
}

/// Decides, for one thread, whether to look at a bound first, and at which.
#[derive(Debug)]
pub(crate) struct Screen {
    choices: Vec<Choice>,
    chosen: usize,
    measure: Measure,
    rows: Setting,
    /// What it costs to pick out a row that is left over, as a multiple of scoring a row in its
    /// place.
    picked: f64,
    /// How many nats a score of 1 is.
    unit: f64,
    /// The score that the limits were computed for.
    cut: f64,
    /// Blocks to wait before the next try, how long the next wait is, and how long the first one.
    wait: u32,
    waited: u32,
    first_wait: u32,
}

/// After so many blocks bounds are tried again: the first number where rows have many classes, for
/// blocks have few such rows, and the threshold has risen far by the next; the second elsewhere.
/// The wait doubles each time that none pays, up to the third.
const WAITS: [u32; 3] = [1, 4, 256];

/// To pick out a row costs so many times scoring it in its place, and as much as scoring so many
/// classes. The example `chooser` measures it, where one row in ten is picked out: about there it
/// is decided whether a bound pays.
const PICKED: [f64; 2] = [0.7, 30.0];

/// The same of a row of many classes in C order, which is scored where it lies.
const PICKED_IN_PLACE: f64 = 0.15;

/// The same of a row of many classes in Fortran order, where lines of the cache are read for a few
/// values: so many bytes for each. The example `chooser` measures it.
const PICKED_APART: f64 = 16.0;

/// What is left, after each block, of the share of rows that a bound left over when it was tried. A
/// policy and not a measurement: a bound that once left over all rows of 10 classes is tried again
/// after some 690 blocks in which another one costs .55, so that a try costs nearly nothing.
const FADING: f64 = 0.995;

impl Screen {
    /// The screen for rows of so many classes, which may lie apart in memory; none if their measure
    /// has no bound. Entropies of rows that may sum to anything have none: their rounding is in
    /// units of the logarithms, which for numbers far from 1 are many times an entropy.
    pub(crate) fn new<T: Float>(measure: Measure, recipe: &Recipe<T>, classes: usize, apart: bool) -> Option<Screen> {
        let entropy = matches!(measure, Measure::Entropy | Measure::NormalisedEntropy);
        let wide = classes > MOST_CLASSES;
        // With what it costs to look at each, as a share of the measure that it may spare: the
        // example `chooser` measures these shares.
        let kinds: &[(MakeBound, f64)] = if entropy && !recipe.logits && recipe.checked() {
            &[(TOP, 0.4), (LINES, 0.5), (CUBIC, 0.55)]
        } else if recipe.logits && (entropy || matches!(measure, Measure::Margin | Measure::LeastConfident)) {
            // Where lanes share the classes of a row, bounds fold them in any order, and quicker.
            if wide && !apart { &[(GAP, 0.25), (ROUGH, 0.45)] } else { &[(GAP, 0.35), (ROUGH, 0.6)] }
        } else {
            return None;
        };
        // The longest chain of roundings: through all classes where a lane is a row, else through
        // the classes of one lane and the merge of the lanes; then through the formula and its
        // logarithms. This is twice what the errors can be.
        let chain = if wide { classes / T::LANES + T::LANES } else { classes } + 12;
        let first_wait = WAITS[usize::from(!wide)];
        (classes > 1).then_some(Screen {
            choices: kinds.iter().map(|&(make, cost)| Choice { make, cost, bound: None, survived: 0.0 }).collect(),
            chosen: 0,
            measure,
            rows: Setting { classes, temperature: recipe.temperature.into(), slack: chain as f64 * T::EPSILON.into() },
            picked: match (wide, apart) {
                (true, true) => PICKED_APART / size_of::<T>() as f64,
                (true, false) => PICKED_IN_PLACE,
                (false, _) => PICKED[0] + PICKED[1] / classes as f64,
            },
            unit: if measure == Measure::NormalisedEntropy { (classes as f64).ln() } else { 1.0 },
            cut: f64::NAN,
            wait: 0,
            waited: first_wait,
            first_wait,
        })
    }

    /// The bound to look at first in the next block, and the rules for its rows, where rows must
    /// reach the score `cut`; `None` when no bound would pay.
    pub(crate) fn bound<T: Float>(&mut self, cut: f64, recipe: &Recipe<T>) -> Option<(Bound, Recipe<T>)> {
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        if cut != self.cut {
            self.cut = cut;
            let sought = self.sought(cut);
            for choice in &mut self.choices {
                choice.bound = sought.and_then(|sought| (choice.make)(sought, self.rows));
            }
        }
        let usable = (0..self.choices.len()).filter(|&i| self.choices[i].bound.is_some());
        self.chosen = usable.min_by(|&a, &b| self.expected(a).total_cmp(&self.expected(b)))?;
        let bound = self.choices[self.chosen].bound?;
        // A row near the edge of validity must not pass here and fail when it is measured. The
        // bound may add its row up in another order, so it accepts a little less.
        let [low, high] = recipe.sums.map(Into::into);
        let room = 2.0 * self.rows.slack;
        let sums = [low * (1.0 + room), high * (1.0 - room)].map(T::from_f64);
        Some((bound, Recipe { sums, ..*recipe }))
    }

    /// What rows must reach for that score, with room for rounding; `None` where no row can be
    /// ruled out by it. An entropy is off by its relative rounding and, for a sum S, by a few
    /// epsilons of |S - 1|, which is small.
    fn sought(&self, cut: f64) -> Option<Sought> {
        let less = 1.0 - self.rows.slack;
        match self.measure {
            Measure::Margin if (0.0..1.0).contains(&cut) => Some(Sought::Margin(cut / less)),
            Measure::LeastConfident if cut > 0.0 && cut < 1.0 => Some(Sought::LeastConfident(cut * less)),
            Measure::Entropy | Measure::NormalisedEntropy if cut.is_finite() => {
                Some(cut * self.unit * less - 1e-2 * self.rows.slack)
                    .filter(|&entropy| entropy > 0.0)
                    .map(Sought::Entropy)
            }
            _ => None,
        }
    }

    /// What a block costs by that bound, as a share of what it costs without.
    fn expected(&self, choice: usize) -> f64 {
        let Choice { cost, survived, .. } = self.choices[choice];
        cost + survived * (1.0 + self.picked)
    }

    /// Whether it costs less to pick so many rows out than to score all of them in their places.
    pub(crate) fn few(&self, survivors: usize, rows: usize) -> bool {
        survivors as f64 * (1.0 + self.picked) <= rows as f64
    }

    /// Take note of how many rows of a screened block survived.
    pub(crate) fn learn(&mut self, survivors: usize, rows: usize) {
        for choice in &mut self.choices {
            choice.survived *= FADING;
        }
        self.choices[self.chosen].survived = survivors as f64 / rows as f64;
        if self.expected(self.chosen) < 1.0 {
            self.waited = self.first_wait;
        } else if (0..self.choices.len()).all(|i| self.choices[i].bound.is_none() || self.expected(i) >= 1.0) {
            self.wait = self.waited;
            self.waited = (2 * self.waited).min(WAITS[2]);
            // By then the threshold is another: each has its chance again.
            self.choices.iter_mut().for_each(|choice| choice.survived = 0.0);
        }
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
        assert_eq!(screen.waited, WAITS[1]);
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
