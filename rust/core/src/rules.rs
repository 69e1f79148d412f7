//! The rules for a row, whatever is made of it: what it holds, when it is valid, what is done about
//! its sum.
//!
//! [`RowRules`] are the options as a caller chose them, checked. A [`Recipe`] is the same as
//! numbers for a kernel, of one dtype and one number of classes.

use crate::error::{Error, Result};
use crate::float::Element;
use crate::named::named;
use crate::simd::{Float, Level};

named! {
    /// What to do about rows of probabilities that do not sum to 1.
    pub enum Normalize {
        /// They are invalid.
        Check = "check",
        /// Take them as they are.
        AsIs = "as_is",
        /// Divide them by their sum.
        Renormalize = "renormalize",
    }
}

named! {
    /// What to do about invalid rows.
    pub enum Invalid {
        /// The first is an error.
        Raise = "raise",
        /// They score NaN and are never picked.
        Skip = "skip",
    }
}

/// The options that all measures share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowRules {
    /// Rows are logits and not probabilities.
    pub logits: bool,
    /// What logits are divided by.
    pub temperature: f64,
    /// What is done about sums.
    pub normalize: Normalize,
    /// What is done about invalid rows.
    pub invalid: Invalid,
    /// The CPU level that rows are scored at.
    pub level: Level,
}

impl RowRules {
    /// These rules, once their temperature was found acceptable.
    pub(crate) fn accepted(self) -> Result<RowRules> {
        let RowRules { logits, temperature, .. } = self;
        if !(1e-30..=1e30).contains(&temperature) {
            let accepted = "a positive number between 1e-30 and 1e30";
            return Err(Error::OutOfRange { argument: "temperature".into(), came: temperature.to_string(), accepted });
        }
        if !logits && temperature != 1.0 {
            return Err(Error::TemperatureOfProbabilities(temperature));
        }
        Ok(self)
    }

    /// The numbers that kernels need, for rows of so many classes.
    pub(crate) fn recipe<E: Element>(&self, classes: usize) -> Recipe<E::Compute> {
        let number = E::Compute::from_f64;
        let sums = match self.normalize {
            Normalize::Check => [1.0 - E::SUM_TOLERANCE, 1.0 + E::SUM_TOLERANCE],
            Normalize::AsIs | Normalize::Renormalize => [f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)],
        };
        Recipe {
            logits: self.logits,
            temperature: number(self.temperature),
            inverse_temperature: number(1.0 / self.temperature),
            sums: sums.map(number),
            tolerance: E::SUM_TOLERANCE,
            renormalise: self.normalize == Normalize::Renormalize,
            near_one: self.normalize == Normalize::Check && E::SUM_TOLERANCE <= 1e-3,
            entropy_unit: number(1.0),
            single: classes == 1,
            classes: [number(classes as f64), number(1.0 / classes as f64)],
        }
    }
}

/// What a kernel must know of rows beside the rows themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe<T> {
    /// Rows are logits and not probabilities.
    pub(crate) logits: bool,
    pub(crate) temperature: T,
    pub(crate) inverse_temperature: T,
    /// The least and the greatest sum of a valid row of probabilities.
    pub(crate) sums: [T; 2],
    /// How far from 1 the sum of a row may be, which tells what is below 0 by rounding.
    pub(crate) tolerance: f64,
    /// Divide rows of probabilities by their sum.
    pub(crate) renormalise: bool,
    /// Valid rows of probabilities sum to 1 within a thousandth.
    pub(crate) near_one: bool,
    /// What an entropy in nats is multiplied by: 1, or 1 / ln C (zero for one class).
    pub(crate) entropy_unit: T,
    /// There is one class only.
    pub(crate) single: bool,
    /// The number of classes, and its inverse.
    pub(crate) classes: [T; 2],
}

impl<T: Float> Recipe<T> {
    /// Whether no score of a valid row can be NaN: no sum overflows.
    pub(crate) fn bounded(&self) -> bool {
        self.logits || self.checked()
    }

    /// Whether all valid rows of probabilities sum to 1 within a tenth.
    pub(crate) fn checked(&self) -> bool {
        self.sums[1] <= T::from_f64(1.1)
    }
}
