//! A measure with its options, applied to a matrix.

use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::fault::RowFault;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::{About, Measure};
use crate::room;
use crate::rules::Recipe;
use crate::scan::{Found, Scan, StreamOut};
use crate::second_look::fault_of_row;
use crate::simd::{Float, Level};
use std::ops::Range;

pub use crate::rules::{Invalid, Normalize, RowRules};

/// A measure with its options: one of rows, or of committees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scorer<M = Measure> {
    measure: M,
    /// The rules for a row; of a committee, for the row of each member.
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

impl<M: Copy + Into<About>> Scorer<M> {
    /// Check the options.
    pub fn new(
        measure: M,
        logits: bool,
        temperature: f64,
        normalize: Normalize,
        invalid: Invalid,
        level: Level,
    ) -> Result<Self> {
        let about: About = measure.into();
        if !logits && !about.takes_probabilities() {
            return Err(Error::LogitsOnly(about.name));
        }
        let rules = RowRules { logits, temperature, normalize, invalid, level }.accepted()?;
        Ok(Scorer { measure, rules })
    }

    /// The measure.
    pub fn measure(&self) -> M {
        self.measure
    }

    /// The options.
    pub fn rules(&self) -> RowRules {
        self.rules
    }

    /// The CPU level.
    pub fn level(&self) -> Level {
        self.rules.level
    }
}

/// Score rows to `out`, some at a time, each thread with a state of its own from `state`: `part`
/// says whether all its rows are valid. Returns how many are not.
pub(crate) fn score_parts<T: Float, S: Send>(
    out: &mut [T],
    (rows, block_rows, bytes): (usize, usize, usize),
    threads: usize,
    watch: &mut dyn Watch,
    level: Level,
    state: impl Fn() -> S + Sync,
    part: impl Fn(&mut S, Range<usize>, &mut [T]) -> Result<bool> + Sync,
) -> Result<u64> {
    if out.len() != rows {
        return Err(Error::Length { argument: "out", came: out.len(), rows });
    }
    let stream = size_of_val(out) > STREAM_BYTES;
    let threads = blocks::crew(threads, bytes);
    let mut left = out;
    let blocks = blocks::share(rows, block_rows, threads).map(|block| {
        let out = blocks::take(&mut left, block.len());
        (block, out)
    });
    let size = part_rows::<T>();
    let state = || (vec![T::ZERO; if stream { size } else { 0 }], state(), 0);
    let states = blocks::run(rows, blocks, threads, watch, state, |(buffer, state, count), block, out| {
        for (start, out) in block.step_by(size).zip(out.chunks_mut(size)) {
            let scores = if stream { &mut buffer[..out.len()] } else { &mut *out };
            if !part(state, start..start + scores.len(), scores)? {
                *count += invalid(scores).count() as u64;
            }
            if stream {
                level.run(StreamOut { from: &buffer[..out.len()], to: out });
            }
        }
        Ok(())
    })?;
    Ok(states.into_iter().map(|(.., count)| count).sum())
}

impl Scorer {
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
            && let Some(i) = invalid(out).next()
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
        let recipe = self.recipe::<E>(matrix.columns());
        let name = |row: usize| first_row + row as u64;
        let size = (matrix.rows(), blocks::block_rows_of(matrix), matrix.bytes());
        let scan = || Scan::new(self.rules.level);
        score_parts(out, size, threads, watch, self.rules.level, scan, |scan, part, scores| {
            Ok(self.rows(matrix, part, &recipe, scores, scan, name)?.valid)
        })
    }

    /// [`Scorer::faults`], compiled where it is called.
    pub(crate) fn faults_any<E: Element>(&self, matrix: &Matrix<'_, E>) -> Result<Vec<RowFault>> {
        let skipping = Scorer { rules: RowRules { invalid: Invalid::Skip, ..self.rules }, ..*self };
        let mut scores = room::filled(E::Compute::ZERO, matrix.rows());
        skipping.score_any(matrix, &mut scores, 0, 1, &mut blocks::Unwatched)?;
        let found =
            |row| RowFault { row: row as u64, member: None, fault: fault_of_row(matrix, row, self.rules.logits) };
        Ok(room::gathered(invalid(&scores).map(found)))
    }
}

/// The places of the scores of invalid rows.
pub(crate) fn invalid<T: Float>(scores: &[T]) -> impl Iterator<Item = usize> {
    (0..scores.len()).filter(|&row| scores[row].partial_cmp(&scores[row]).is_none())
}

/// Refuse matrices without columns.
pub(crate) fn check_shape<E: Copy>(matrix: &Matrix<'_, E>) -> Result<()> {
    if matrix.columns() == 0 {
        let (came, accepted) = ((matrix.rows(), 0), "at least one class (column)".into());
        return Err(Error::Shape { argument: "x".into(), came, accepted });
    }
    Ok(())
}
