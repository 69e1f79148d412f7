//! One pass over a pool: logits, intervals, candidates.

use super::candidates::{Candidates, Found, Shared};
use super::linear::{Linear, Link, Logits};
use super::measure::slope_and_scale;
use super::sparse::{ByFeature, Index, Sparse, SparseLogits, as_matrix};
use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::math::{exp, ln_1p};
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::scan::{Recipe, Scan};
use crate::scorer::{Invalid, Normalize, Scorer};
use crate::simd::{Kernel, Level, Simd, Vector};
use std::ops::Range;

/// About how many bytes of logits a thread holds: they stay in the second-level cache.
const LOGIT_BYTES: usize = 128 << 10;

/// Rows are looked at in multiples of it, which is whole groups of lanes at every level.
const GROUP: usize = 16;

/// What a measure of ours in `f32` is off by, relative to the largest it can be, given its logits.
const MEASURE_UNIT: f64 = 1.0 / (1 << 17) as f64;

/// Features of a pool, which a model's logits are computed from.
trait Features: Sync {
    fn rows(&self) -> usize;
    fn block_rows(&self) -> usize;
    fn bytes(&self) -> usize;
    /// Room for the logits of so many rows.
    fn room(&self, rows: usize) -> usize;
    /// Writes logits, and how wrong each row's may be; scores them.
    fn score(&self, rows: Range<usize>, worker: &mut Worker, pass: &Pass<'_>);
}

/// What a thread works with.
struct Worker {
    logits: Vec<f32>,
    sizes: Vec<f32>,
    entries: Vec<u32>,
    scores: Vec<f32>,
    errors: Vec<f64>,
    scan: Scan<f32>,
    candidates: Candidates,
}

/// What is the same for all rows.
struct Pass<'a> {
    model: &'a Linear,
    level: Level,
    recipe: Recipe<f32>,
    /// What a score moves by for each unit that logits move by, and what it is off by whatever they are.
    slope: f64,
    slack: f64,
}

impl Linear {
    /// The rows of a dense matrix that may be among the k best by a measure of the model's probabilities.
    ///
    /// Takes `O(rows features classes)` operations, and less than 2 MiB a thread.
    pub fn candidates<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Found> {
        self.check(matrix.columns())?;
        self.pass(&Dense { model: self, matrix }, measure, k, level, threads, watch)
    }

    /// The same of compressed rows.
    pub fn candidates_of_sparse<E: Element, I: Index>(
        &self,
        matrix: &Sparse<'_, E, I>,
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Found> {
        self.check(matrix.width())?;
        self.pass(&Compressed { model: ByFeature::new(self), matrix }, measure, k, level, threads, watch)
    }

    fn check(&self, columns: usize) -> Result<()> {
        if columns != self.features() {
            let features = self.features();
            return Err(Error::Argument(format!("x has {columns} columns; the model was fitted on {features}")));
        }
        Ok(())
    }

    fn pass(
        &self,
        features: &impl Features,
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Found> {
        let classes = self.classes();
        let Some((slope, scale)) = slope_and_scale(measure, classes) else {
            return Err(Error::Argument(format!(
                "measure {:?} has no bound for models; accepted are measures of probabilities",
                measure.about().name
            )));
        };
        let scorer = Scorer::new(measure, true, 1.0, Normalize::AsIs, Invalid::Skip, level)?;
        let own = (classes + 20) as f64 * self.own_unit();
        let pass = Pass {
            model: self,
            level,
            recipe: scorer.recipe::<f32>(classes),
            slope,
            slack: scale * (MEASURE_UNIT + own),
        };
        let (rows, size) = (features.rows(), part_rows(classes));
        let shared = Shared::new(k, measure.about().order);
        let state = || Worker {
            logits: vec![0.0; features.room(size)],
            sizes: vec![0.0; size],
            entries: vec![0; size],
            scores: vec![0.0; size],
            errors: vec![0.0; size],
            scan: Scan::new(level),
            candidates: Candidates::new(),
        };
        let blocks = blocks::split(rows, features.block_rows()).map(|block| (block, ()));
        let threads = blocks::crew(threads, features.bytes());
        let workers = blocks::run(rows, blocks, threads, watch, state, |worker, block, ()| {
            for start in block.clone().step_by(size) {
                if shared.stopped() {
                    break;
                }
                let part = start..block.end.min(start + size);
                features.score(part.clone(), worker, &pass);
                let Worker { scores, errors, candidates, .. } = worker;
                candidates.take(start as u64, &scores[..part.len()], &errors[..part.len()], &shared);
            }
            Ok(())
        })?;
        Ok(shared.finish(workers.into_iter().map(|worker| worker.candidates).collect()))
    }

    /// Classes of a row of probabilities.
    fn classes(&self) -> usize {
        if self.link() == Link::Logistic { 2 } else { self.outputs() }
    }
}

/// Rows that are looked at together.
fn part_rows(classes: usize) -> usize {
    (LOGIT_BYTES / (classes * size_of::<f32>()) / GROUP * GROUP).clamp(GROUP, 1024)
}

/// A matrix with every feature of every row.
struct Dense<'a, 'm, E> {
    model: &'a Linear,
    matrix: &'a Matrix<'m, E>,
}

impl<E: Element> Features for Dense<'_, '_, E> {
    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows_of(self.matrix)
    }

    fn bytes(&self) -> usize {
        self.matrix.bytes()
    }

    fn room(&self, rows: usize) -> usize {
        rows * self.model.classes()
    }

    fn score(&self, rows: Range<usize>, worker: &mut Worker, pass: &Pass<'_>) {
        let Worker { logits, sizes, scores, errors, scan, .. } = worker;
        let (count, stride) = (rows.len(), rows.len().next_multiple_of(GROUP));
        let (logits, sizes) = (&mut logits[..stride * self.model.classes()], &mut sizes[..stride]);
        // The first of two classes has a logit of 0, and room of its own.
        let own = if pass.model.link() == Link::Logistic { stride } else { 0 };
        logits[..own].fill(0.0);
        let outputs = &mut logits[own..];
        pass.level.run(Logits { model: self.model, matrix: self.matrix, rows, logits: outputs, sizes });
        if pass.model.link() == Link::OneVersusRest {
            pass.level.run(LogLogistic { logits: outputs });
        }
        let error = pass.model.error(pass.model.features(), pass.model.steps());
        for (error_of_row, &size) in errors.iter_mut().zip(&sizes[..count]) {
            *error_of_row = pass.slope * error * (f64::from(size) + pass.model.size_of_all()) + pass.slack;
        }
        let matrix = Matrix::from_columns(logits, stride, self.model.classes()).expect("as many as there is room for");
        scan.rows(&matrix, 0..count, &pass.recipe, &mut scores[..count]);
    }
}

/// Compressed rows.
struct Compressed<'a, 'm, E, I> {
    model: ByFeature<'a>,
    matrix: &'a Sparse<'m, E, I>,
}

impl<E: Element, I: Index> Features for Compressed<'_, '_, E, I> {
    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows(self.bytes() / self.rows().max(1))
    }

    fn bytes(&self) -> usize {
        self.matrix.entries() * self.model.padded * size_of::<f32>()
    }

    fn room(&self, rows: usize) -> usize {
        rows * self.model.padded
    }

    fn score(&self, rows: Range<usize>, worker: &mut Worker, pass: &Pass<'_>) {
        let Worker { logits, sizes, entries, scores, errors, scan, .. } = worker;
        let (count, padded) = (rows.len(), self.model.padded);
        let logits = &mut logits[..count * padded];
        pass.level.run(SparseLogits {
            model: &self.model,
            matrix: self.matrix,
            rows,
            logits,
            sizes: &mut sizes[..count],
            entries: &mut entries[..count],
        });
        match pass.model.link() {
            Link::Softmax => {}
            Link::OneVersusRest => pass.level.run(LogLogistic { logits }),
            // There is room for a second class, as rows are padded.
            Link::Logistic => logits.chunks_exact_mut(padded).for_each(|row| (row[0], row[1]) = (0.0, row[0])),
        }
        for ((error_of_row, &size), &entries) in errors.iter_mut().zip(&sizes[..count]).zip(entries.iter()) {
            let error = pass.model.error(entries as usize, entries as usize);
            *error_of_row = pass.slope * error * (f64::from(size) + pass.model.size_of_all()) + pass.slack;
        }
        let matrix = as_matrix(logits, count, padded, pass.model.classes());
        scan.rows(&matrix, 0..count, &pass.recipe, &mut scores[..count]);
    }
}

/// The logarithm of the logistic function of each logit: what a softmax divides by their sum.
struct LogLogistic<'a> {
    logits: &'a mut [f32],
}

impl Kernel for LogLogistic<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let zero = S::F32::splat(0.0);
        for group in self.logits.chunks_exact_mut(S::F32::LANES) {
            let logit = S::F32::from_slice(group);
            let negated = zero.sub(logit);
            // ln s(z) = min(z, 0) - ln(1 + e^-|z|): nothing overflows.
            logit.min(zero).sub(ln_1p(exp(logit.min(negated)))).to_slice(group);
        }
    }
}
