//! A linear model over dense and over compressed rows.

use super::candidates::Narrowed;
use super::judge::Judge;
use super::linear::{DenseLogits, Linear, Link};
use super::pass::{Pool, pass};
use super::sparse::{Index, Sparse, SparseLogits, as_matrix};
use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::math::{exp, ln_1p};
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::scan::Scan;
use crate::simd::{Kernel, Level, Simd, Vector};
use std::ops::Range;

/// About how many bytes of logits a thread holds: they stay in the second-level cache.
const LOGIT_BYTES: usize = 128 << 10;

/// Rows are looked at in multiples of it, which is whole groups of lanes at every level.
const GROUP: usize = 16;

impl Linear {
    /// The rows of a dense matrix that may be among the k best by a measure of the model's
    /// probabilities.
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
    ) -> Result<Narrowed> {
        let judge = self.judge(matrix.columns(), measure, level)?;
        let order = judge.order();
        pass(&Dense { model: self, matrix, judge, level }, k, order, threads, watch)
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
    ) -> Result<Narrowed> {
        let judge = self.judge(matrix.width(), measure, level)?;
        let order = judge.order();
        pass(&Compressed { model: self, matrix, judge, level }, k, order, threads, watch)
    }

    fn judge(&self, columns: usize, measure: Measure, level: Level) -> Result<Judge<f32>> {
        if columns != self.features() {
            let features = self.features();
            return Err(Error::Argument(format!("x has {columns} columns; the model was fitted on {features}")));
        }
        Judge::new(measure, true, self.classes(), level, self.own_unit())
    }

    /// Classes of a row of probabilities.
    fn classes(&self) -> usize {
        if self.link() == Link::Logistic { 2 } else { self.outputs() }
    }

    fn part_rows(&self) -> usize {
        (LOGIT_BYTES / (self.padded() * size_of::<f32>()) / GROUP * GROUP).clamp(GROUP, 1024)
    }

    fn room(&self) -> LogitRoom {
        let rows = self.part_rows();
        LogitRoom {
            logits: vec![0.0; rows * self.padded()],
            sizes: vec![0.0; rows],
            entries: vec![0; rows],
            scores: vec![0.0; rows],
        }
    }
}

/// What a thread works with.
struct LogitRoom {
    logits: Vec<f32>,
    sizes: Vec<f32>,
    entries: Vec<u32>,
    scores: Vec<f32>,
}

/// A matrix with every feature of every row.
struct Dense<'a, 'm, E> {
    model: &'a Linear,
    matrix: &'a Matrix<'m, E>,
    judge: Judge<f32>,
    level: Level,
}

impl<E: Element> Pool for Dense<'_, '_, E> {
    type State = (LogitRoom, Scan<f32>);

    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows_of(self.matrix)
    }

    fn part_rows(&self) -> usize {
        self.model.part_rows()
    }

    fn bytes(&self) -> usize {
        self.matrix.bytes()
    }

    fn state(&self) -> Self::State {
        (self.model.room(), self.judge.scan())
    }

    fn score(&self, rows: Range<usize>, state: &mut Self::State, scores: &mut [f64], errors: &mut [f64]) {
        let (LogitRoom { logits, sizes, scores: own, .. }, scan) = state;
        let (classes, stride) = (self.judge.classes(), rows.len().next_multiple_of(GROUP));
        let (logits, sizes) = (&mut logits[..stride * classes], &mut sizes[..stride]);
        // The first of two classes has a logit of 0, and room of its own.
        let first = if self.model.link() == Link::Logistic { stride } else { 0 };
        logits[..first].fill(0.0);
        let outputs = &mut logits[first..];
        self.level.run(DenseLogits { model: self.model, matrix: self.matrix, rows, logits: outputs, sizes });
        if self.model.link() == Link::OneVersusRest {
            self.level.run(LogLogistic { logits: outputs });
        }
        let unit = self.model.error(self.model.features(), self.model.steps());
        for (error, &size) in errors.iter_mut().zip(sizes.iter()) {
            *error = self.judge.error_of_logits(unit * (f64::from(size) + self.model.size_of_all()));
        }
        let matrix = Matrix::from_columns(logits, stride, classes).expect("as many as there is room for");
        self.judge.scores(&matrix, scan, own, scores);
    }
}

/// Compressed rows.
struct Compressed<'a, 'm, E, I> {
    model: &'a Linear,
    matrix: &'a Sparse<'m, E, I>,
    judge: Judge<f32>,
    level: Level,
}

impl<E: Element, I: Index> Pool for Compressed<'_, '_, E, I> {
    type State = (LogitRoom, Scan<f32>);

    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows(self.bytes() / self.rows().max(1))
    }

    fn part_rows(&self) -> usize {
        self.model.part_rows()
    }

    fn bytes(&self) -> usize {
        self.matrix.entries() * self.model.padded() * size_of::<f32>()
    }

    fn state(&self) -> Self::State {
        (self.model.room(), self.judge.scan())
    }

    fn score(&self, rows: Range<usize>, state: &mut Self::State, scores: &mut [f64], errors: &mut [f64]) {
        let (LogitRoom { logits, sizes, entries, scores: own }, scan) = state;
        let (count, padded) = (rows.len(), self.model.padded());
        let (logits, sizes, entries) = (&mut logits[..count * padded], &mut sizes[..count], &mut entries[..count]);
        self.level.run(SparseLogits { model: self.model, matrix: self.matrix, rows, logits, sizes, entries });
        match self.model.link() {
            Link::Softmax => {}
            Link::OneVersusRest => self.level.run(LogLogistic { logits }),
            // There is room for a second class, as rows are padded.
            Link::Logistic => logits.chunks_exact_mut(padded).for_each(|row| (row[0], row[1]) = (0.0, row[0])),
        }
        for ((error, &size), &entries) in errors.iter_mut().zip(sizes.iter()).zip(entries.iter()) {
            let unit = self.model.error(entries as usize, entries as usize);
            *error = self.judge.error_of_logits(unit * (f64::from(size) + self.model.size_of_all()));
        }
        let matrix = as_matrix(logits, count, padded, self.judge.classes());
        self.judge.scores(&matrix, scan, own, scores);
    }
}

/// The logarithm of the logistic function of each logit: what a softmax divides by their sum.
struct LogLogistic<'a> {
    logits: &'a mut [f32],
}

impl Kernel for LogLogistic<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = S::F32::splat(simd, 0.0);
        for group in self.logits.chunks_exact_mut(S::F32::LANES) {
            let logit = S::F32::from_slice(simd, group);
            let negated = zero.sub(logit);
            // ln s(z) = min(z, 0) - ln(1 + e^-|z|): nothing overflows.
            logit.min(zero).sub(ln_1p(exp(logit.min(negated)))).to_slice(group);
        }
    }
}
