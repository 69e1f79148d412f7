//! A measure with its options, applied to a matrix.

use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::fault::Fault;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::rules::{Recipe, RowRules};
use crate::scan::{Found, Scan, StreamOut};
use crate::second_look::fault_of_row;
use crate::simd::{Float, Level};
use std::ops::Range;

pub use crate::rules::{Invalid, Normalize};

/// A measure with its options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scorer {
    measure: Measure,
    rules: RowRules,
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
        if !logits && !measure.takes_probabilities() {
            return Err(Error::LogitsOnly { measure: measure.about().name });
        }
        let rules = RowRules { logits, temperature, normalize, invalid, level }.accepted()?;
        Ok(Scorer { measure, rules })
    }

    /// The measure.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// Whether rows are logits.
    pub fn logits(&self) -> bool {
        self.rules.logits
    }

    /// What logits are divided by.
    pub fn temperature(&self) -> f64 {
        self.rules.temperature
    }

    /// What is done about sums.
    pub fn normalize(&self) -> Normalize {
        self.rules.normalize
    }

    /// What is done about invalid rows.
    pub fn invalid(&self) -> Invalid {
        self.rules.invalid
    }

    /// The CPU level.
    pub fn level(&self) -> Level {
        self.rules.level
    }

    /// What the kernels need of the options, for rows of so many classes.
    pub(crate) fn recipe<E: Element>(&self, classes: usize) -> Recipe<E::Compute> {
        let unit = match self.measure {
            Measure::NormalisedEntropy if classes > 1 => 1.0 / (classes as f64).ln(),
            Measure::NormalisedEntropy => 0.0,
            _ => 1.0,
        };
        Recipe { entropy_unit: E::Compute::from_f64(unit), ..self.rules.recipe::<E>(classes) }
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
        let found = scan.rows(matrix, rows.clone(), self.measure, recipe, out);
        if !found.valid
            && self.rules.invalid == Invalid::Raise
            && let Some(i) = out.iter().position(is_nan)
        {
            return Err(Error::row(name(rows.start + i), fault_of_row(matrix, rows.start + i, self.rules.logits)));
        }
        Ok(found)
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
            return Err(Error::Length { argument: "out", came: out.len(), rows });
        }
        let recipe = self.recipe::<E>(matrix.columns());
        let stream = size_of_val(out) > STREAM_BYTES;
        let block_rows = blocks::block_rows_of(matrix);
        let blocks = blocks::split(rows, block_rows).zip(out.chunks_mut(block_rows));
        let threads = blocks::crew(threads, matrix.bytes());
        let size = part_rows::<E::Compute>();
        let name = |row: usize| first_row + row as u64;
        let kept = if stream { size } else { 0 };
        let state = || (vec![E::Compute::ZERO; kept], Scan::new(self.rules.level), 0);
        let states = blocks::run(rows, blocks, threads, watch, state, |(buffer, scan, invalid), block, out| {
            for (start, out) in block.step_by(size).zip(out.chunks_mut(size)) {
                let part = start..start + out.len();
                let scores = if stream { &mut buffer[..part.len()] } else { &mut *out };
                if !self.rows(matrix, part, &recipe, scores, scan, name)?.valid {
                    *invalid += scores.iter().filter(|score| is_nan(*score)).count() as u64;
                }
                if stream {
                    self.rules.level.run(StreamOut { from: &buffer[..out.len()], to: out });
                }
            }
            Ok(())
        })?;
        Ok(states.into_iter().map(|(_, _, invalid)| invalid).sum())
    }

    /// Every invalid row and its fault, in order: a slow second look.
    pub fn faults<E: Element>(&self, matrix: &Matrix<'_, E>) -> Result<Vec<(usize, Fault)>> {
        let skipping = Scorer { rules: RowRules { invalid: Invalid::Skip, ..self.rules }, ..*self };
        let mut scores = vec![E::Compute::ZERO; matrix.rows()];
        skipping.score_any(matrix, &mut scores, 0, 1, &mut blocks::Unwatched)?;
        let invalid = scores.iter().enumerate().filter(|(_, score)| is_nan(*score));
        Ok(invalid.map(|(row, _)| (row, fault_of_row(matrix, row, self.rules.logits))).collect())
    }
}

/// The mark of an invalid row.
fn is_nan<T: Float>(score: &T) -> bool {
    score.partial_cmp(score).is_none()
}

/// Refuse matrices without columns.
pub(crate) fn check_shape<E: Copy>(matrix: &Matrix<'_, E>) -> Result<()> {
    if matrix.columns() == 0 {
        let (came, accepted) = ((matrix.rows(), 0), "at least one class (column)".into());
        return Err(Error::Shape { argument: "x".into(), came, accepted });
    }
    Ok(())
}
