//! A measure with its options, applied to a matrix.

use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::scan::{Found, Goal, Recipe, Scan, StreamOut};
use crate::simd::{Float, Level};
use std::ops::Range;

/// What to do about rows of probabilities that do not sum to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalize {
    /// They are invalid.
    Check,
    /// Take them as they are.
    AsIs,
    /// Divide them by their sum.
    Renormalize,
}

/// What to do about invalid rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The first is an error.
    Raise,
    /// They score NaN and are never picked.
    Skip,
}

/// A measure with its options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scorer {
    measure: Measure,
    logits: bool,
    temperature: f64,
    normalize: Normalize,
    invalid: Invalid,
    level: Level,
}

/// How many bytes of scores a thread holds at a time: they stay in the first-level cache.
const SCORE_BYTES: usize = 16 << 10;

/// Outputs beyond this many bytes would only push the input out of the caches.
const STREAM_BYTES: usize = 8 << 20;

/// How many rows are scored at a time: a multiple of every number of lanes.
pub(crate) const fn part_rows<T>() -> usize {
    SCORE_BYTES / size_of::<T>()
}

impl Scorer {
    /// Check the options.
    pub fn new(
        measure: Measure,
        logits: bool,
        temperature: f64,
        normalize: Normalize,
        invalid: Invalid,
        level: Level,
    ) -> Result<Scorer> {
        let name = measure.about().name;
        if !logits && !measure.takes_probabilities() {
            return Err(Error::Argument(format!("measure {name:?} is defined for logits only; pass from_logits=True")));
        }
        if !(1e-30..=1e30).contains(&temperature) {
            let accepted = "a positive number between 1e-30 and 1e30";
            return Err(Error::Argument(format!("temperature is {temperature}; accepted is {accepted}")));
        }
        if !logits && temperature != 1.0 {
            let accepted = "1 (another temperature needs from_logits=True)";
            return Err(Error::Argument(format!(
                "temperature is {temperature} for probabilities; accepted is {accepted}"
            )));
        }
        Ok(Scorer { measure, logits, temperature, normalize, invalid, level })
    }

    /// The measure.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// Whether rows are logits.
    pub fn logits(&self) -> bool {
        self.logits
    }

    /// What logits are divided by.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// What is done about sums.
    pub fn normalize(&self) -> Normalize {
        self.normalize
    }

    /// What is done about invalid rows.
    pub fn invalid(&self) -> Invalid {
        self.invalid
    }

    /// The CPU level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// What the kernels need of the options, for rows of so many classes.
    pub(crate) fn recipe<E: Element>(&self, classes: usize) -> Recipe<E::Compute> {
        let number = E::Compute::from_f64;
        let sums = match self.normalize {
            Normalize::Check => [1.0 - E::SUM_TOLERANCE, 1.0 + E::SUM_TOLERANCE],
            Normalize::AsIs | Normalize::Renormalize => [f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)],
        };
        let ln_classes = (classes as f64).ln();
        Recipe {
            goal: Goal::Measure(self.measure),
            logits: self.logits,
            temperature: number(self.temperature),
            inverse_temperature: number(1.0 / self.temperature),
            sums: sums.map(number),
            tolerance: E::SUM_TOLERANCE,
            renormalise: self.normalize == Normalize::Renormalize,
            near_one: self.normalize == Normalize::Check && E::SUM_TOLERANCE <= 1e-3,
            entropy_unit: number(match self.measure {
                Measure::NormalisedEntropy if classes > 1 => 1.0 / ln_classes,
                Measure::NormalisedEntropy => 0.0,
                _ => 1.0,
            }),
            single: classes == 1,
            classes: [number(classes as f64), number(1.0 / classes as f64)],
            limits: [E::Compute::ZERO; 3],
            ask: false,
        }
    }

    /// Score some rows, or an error that names the first that is invalid.
    pub(crate) fn rows<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        rows: Range<usize>,
        recipe: &Recipe<E::Compute>,
        out: &mut [E::Compute],
        scan: &mut Scan<E::Compute>,
        name: impl Fn(usize) -> u64,
    ) -> Result<Found<E::Compute>> {
        let found = scan.rows(matrix, rows.clone(), recipe, out);
        if !found.valid
            && self.invalid == Invalid::Raise
            && let Some(i) = out.iter().position(is_nan)
        {
            let reason = fault::of_row(matrix, rows.start + i, self.logits).to_string();
            return Err(Error::Row { row: name(rows.start + i), reason });
        }
        Ok(found)
    }

    /// The scores of all rows. Invalid rows get NaN, or make an error that names the first. Returns how many are invalid.
    pub fn score<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        out: &mut [E::Compute],
        first_row: u64,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        E::score(self, matrix, out, first_row, threads, watch)
    }

    /// [`Scorer::score`], compiled where it is called.
    pub(crate) fn score_any<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        out: &mut [E::Compute],
        first_row: u64,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        check_shape(matrix)?;
        let rows = matrix.rows();
        if out.len() != rows {
            let came = out.len();
            return Err(Error::Argument(format!("out has {came} elements for {rows} rows; it needs one for each")));
        }
        let recipe = self.recipe::<E>(matrix.columns());
        let stream = size_of_val(out) > STREAM_BYTES;
        let block_rows = blocks::block_rows_of(matrix);
        let blocks = blocks::split(rows, block_rows).zip(out.chunks_mut(block_rows));
        let threads = blocks::crew(threads, matrix.bytes());
        let size = part_rows::<E::Compute>();
        let name = |row: usize| first_row + row as u64;
        let state = || (vec![E::Compute::ZERO; size], Scan::new(self.level), 0);
        let states = blocks::run(rows, blocks, threads, watch, state, |(buffer, scan, invalid), block, out| {
            for (start, out) in block.step_by(size).zip(out.chunks_mut(size)) {
                let part = start..start + out.len();
                let scores = if stream { &mut buffer[..part.len()] } else { &mut *out };
                if !self.rows(matrix, part, &recipe, scores, scan, name)?.valid {
                    *invalid += scores.iter().filter(|score| is_nan(*score)).count() as u64;
                }
                if stream {
                    self.level.run(StreamOut { from: &buffer[..out.len()], to: out });
                }
            }
            Ok(())
        })?;
        Ok(states.into_iter().map(|(_, _, invalid)| invalid).sum())
    }

    /// Every invalid row and its fault, in order: the slow look of `shortlist inspect`.
    pub fn faults<E: Element>(&self, matrix: &Matrix<'_, E>) -> Result<Vec<(usize, Fault)>> {
        let skipping = Scorer { invalid: Invalid::Skip, ..*self };
        let mut scores = vec![E::Compute::ZERO; matrix.rows()];
        skipping.score(matrix, &mut scores, 0, 1, &mut blocks::Unwatched)?;
        let invalid = scores.iter().enumerate().filter(|(_, score)| is_nan(*score));
        Ok(invalid.map(|(row, _)| (row, fault::of_row(matrix, row, self.logits))).collect())
    }
}

/// The mark of an invalid row.
fn is_nan<T: Float>(score: &T) -> bool {
    score.partial_cmp(score).is_none()
}

/// Refuse matrices without columns.
pub(crate) fn check_shape<E: Copy>(matrix: &Matrix<'_, E>) -> Result<()> {
    if matrix.columns() == 0 {
        let rows = matrix.rows();
        return Err(Error::Argument(format!("x has shape ({rows}, 0); accepted is at least one class (column)")));
    }
    Ok(())
}
