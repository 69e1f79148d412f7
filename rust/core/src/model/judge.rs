//! Scores of rows of logits or probabilities that are known but for an error, and how wrong each
//! score may be.

use super::measure::{modulus, modulus_of_ratios, slope_and_scale};
use crate::error::{Error, Result};
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::order::Order;
use crate::rules::Recipe;
use crate::scan::Scan;
use crate::scorer::{Invalid, Normalize, Scorer};
use crate::simd::{Float, Level};

/// What a measure of ours is off by, relative to the largest it can be, given its input exactly:
/// some hundred units.
const UNITS: f64 = 128.0;

/// A measure, and how errors of its input move it.
pub(super) struct Judge<T> {
    recipe: Recipe<T>,
    level: Level,
    slope: f64,
    slack: f64,
    classes: usize,
    measure: Measure,
}

impl<T: Float + crate::float::Element<Compute = T>> Judge<T> {
    /// For logits or probabilities of so many classes; `own_unit` is what a step of the model's own
    /// arithmetic is off by.
    pub(super) fn new(measure: Measure, logits: bool, classes: usize, level: Level, own_unit: f64) -> Result<Self> {
        let Some((slope, scale)) = slope_and_scale(measure, classes) else {
            return Err(Error::Argument(format!(
                "measure {:?} has no bound for models; accepted are measures of probabilities",
                measure.about().name
            )));
        };
        let scorer = Scorer::new(measure, logits, 1.0, Normalize::AsIs, Invalid::Skip, level)?;
        let ours = UNITS * T::EPSILON.into();
        // What the model loses in the link, and a measure of ours of what the model gives.
        let theirs = (2 * classes + 40) as f64 * own_unit;
        let recipe = scorer.recipe::<T>(classes);
        Ok(Judge { recipe, level, slope, slack: scale * (ours + theirs), classes, measure })
    }

    pub(super) fn measure(&self) -> Measure {
        self.measure
    }

    pub(super) fn order(&self) -> Order {
        self.measure.about().order
    }

    /// Classes of a row.
    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    /// What scores are computed with.
    pub(super) fn scan(&self) -> Scan<T> {
        Scan::new(self.level)
    }

    /// How wrong a score may be where no logit is off by more than `error`.
    #[inline(always)]
    pub(super) fn error_of_logits(&self, error: f64) -> f64 {
        self.slope * error + self.slack
    }

    /// The same of a row that has this score, and this probability of its likeliest class: where
    /// that is small, most measures move little.
    ///
    /// While logits move by up to `error`, the logarithm of a probability, of the rest beside it,
    /// and of a ratio of two, moves by up to twice as much. `measure.rs` has the derivatives.
    pub(super) fn error_of_logits_at(&self, error: f64, score: f64, top: f64) -> f64 {
        let (grown, top) = ((2.0 * error).exp() * (1.0 + 1e-6), top + 1e-9);
        let slope = match self.measure {
            Measure::Margin | Measure::Gini => 2.0 * top * grown,
            Measure::LeastConfident => 2.0 * top.min(1.0 + 2e-9 - top) * grown,
            Measure::Ratio => 2.0 * (score + 1e-9) * grown,
            _ => f64::INFINITY,
        };
        self.slope.min(slope) * error + self.slack
    }

    /// How wrong a score may be where no probability is off by more than `error`.
    pub(super) fn error_of_probabilities(&self, error: f64) -> f64 {
        modulus(self.measure, self.classes, error) + self.slack
    }

    /// How wrong a score may be where each probability lies within a factor of `1 + grown`.
    pub(super) fn error_of_ratios(&self, grown: f64) -> f64 {
        modulus_of_ratios(self.measure, self.classes, grown) + self.slack
    }
}

/// Written for each type and not for all, so that the scan is compiled here, once for all crates
/// that call it (see `compiled.rs`).
macro_rules! scores {
    ($type:ty) => {
        impl Judge<$type> {
            /// The score of each of the first rows; NaN where there is none.
            pub(super) fn scores(
                &self,
                matrix: &Matrix<'_, $type>,
                scan: &mut Scan<$type>,
                own: &mut [$type],
                scores: &mut [f64],
            ) {
                let own = &mut own[..scores.len()];
                scan.rows(matrix, 0..scores.len(), self.measure, &self.recipe, own);
                scores.iter_mut().zip(own.iter()).for_each(|(score, &own)| *score = own.into());
            }
        }
    };
}

scores!(f32);
scores!(f64);
