//! A linear model over dense and over compressed rows.

use super::candidates::Narrowed;
use super::dense::{CopyPanel, GROUP, PANEL, PanelLogits, Readable};
use super::judge::Judge;
use super::linear::{LANES, Layout, Linear, Link};
use super::pass::{Pool, pass};
use super::second_look::{SecondLook, SecondRoom};
use super::sparse::{Entries, Index, Sparse, SparseLogits, Value, as_matrix};
use crate::blocks::{self, Watch};
use crate::error::Result;
use crate::float::Element;
use crate::math::{exp, ln_1p};
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::scan::Scan;
use crate::simd::{Kernel, Level, Simd, Vector};
use std::ops::Range;

/// About how many bytes of logits, or of features that are copied, a thread holds: they stay in
/// cache.
const PART_BYTES: usize = 64 << 10;

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
        let judge = self.judge(Layout::Dense, matrix.columns(), measure, level)?;
        let order = judge.order();
        let second = self.second_look(measure, level)?;
        let rows = DenseLogits { model: self, matrix, level };
        pass(&Dense { rows, judge, second }, k, order, threads, watch)
    }

    /// The same of compressed rows.
    pub fn candidates_of_sparse<E: Value, I: Index>(
        &self,
        matrix: &Sparse<'_, E, I>,
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        let judge = self.judge(Layout::Compressed, matrix.width(), measure, level)?;
        let order = judge.order();
        let second = self.second_look(measure, level)?;
        pass(&Compressed { model: self, matrix, judge, second, level }, k, order, threads, watch)
    }

    fn judge(&self, layout: Layout, columns: usize, measure: Measure, level: Level) -> Result<Judge<f32>> {
        self.takes(layout, columns)?;
        Judge::new(measure, true, self.classes(), level, self.own_unit())
    }

    fn second_look(&self, measure: Measure, level: Level) -> Result<SecondLook> {
        SecondLook::new(measure, self.classes(), level, self.own_unit())
    }
}

/// Rows that are looked at together, of so many bytes each.
fn part_rows(bytes: usize) -> usize {
    (PART_BYTES / bytes / GROUP * GROUP).clamp(GROUP, 1024)
}

/// A matrix with every feature of every row, and what logits it has.
pub(super) struct DenseLogits<'a, 'm, E> {
    pub(super) model: &'a Linear,
    pub(super) matrix: &'a Matrix<'m, E>,
    pub(super) level: Level,
}

impl<E: Element> DenseLogits<'_, '_, E> {
    /// Rows that are looked at together, with room for so many numbers each.
    pub(super) fn part_rows(&self, numbers: usize) -> usize {
        part_rows(size_of::<f32>() * numbers.max(self.model.features().min(PANEL)))
    }

    /// Compute the logits of some rows, class by class, and their sizes.
    pub(super) fn compute(&self, rows: Range<usize>, logits: &mut [f32], sizes: &mut [f32], copy: &mut Vec<f32>) {
        let DenseLogits { model, matrix, level } = *self;
        for start in (0..model.features().max(1)).step_by(PANEL) {
            let features = start..model.features().min(start + PANEL);
            let readable = Readable::direct(matrix, rows.clone(), features.clone()).unwrap_or_else(|| {
                copy.resize(rows.len() * features.len(), 0.0);
                level.run(CopyPanel { matrix, rows: rows.clone(), features: features.clone(), to: copy });
                Readable::copied(copy, rows.len(), features.len())
            });
            level.run(PanelLogits { model, features, rows: readable, logits, sizes });
        }
    }
}

impl<E> DenseLogits<'_, '_, E> {
    /// How wrong the logits of a row of this size may be.
    pub(super) fn error(&self, size: f32) -> f64 {
        let features = self.model.features();
        let steps = features.div_ceil(LANES) + LANES.ilog2() as usize + features.div_ceil(PANEL);
        self.model.error(size, features, steps)
    }
}

/// The same, and what they come to by a measure.
struct Dense<'a, 'm, E> {
    rows: DenseLogits<'a, 'm, E>,
    judge: Judge<f32>,
    second: SecondLook,
}

/// What a thread works with.
struct DenseRoom {
    logits: Vec<f32>,
    sizes: Vec<f32>,
    /// Features that can't be read as they lie.
    copy: Vec<f32>,
    scores: Vec<f32>,
    scan: Scan<f32>,
    /// How wrong the logits of each row may be.
    wrong: Vec<f64>,
    second: SecondRoom,
}

impl<E: Element> Pool for Dense<'_, '_, E> {
    type State = DenseRoom;

    fn rows(&self) -> usize {
        self.rows.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows_of(self.rows.matrix)
    }

    fn part_rows(&self) -> usize {
        self.rows.part_rows(self.judge.classes())
    }

    fn bytes(&self) -> usize {
        self.rows.matrix.bytes()
    }

    fn state(&self) -> DenseRoom {
        let rows = self.part_rows();
        let (logits, sizes, scores) = (vec![0.0; rows * self.judge.classes()], vec![0.0; rows], vec![0.0; rows]);
        let (scan, second) = (self.judge.scan(), self.second.room());
        DenseRoom { logits, sizes, copy: Vec::new(), scores, scan, wrong: vec![0.0; rows], second }
    }

    fn score(&self, rows: Range<usize>, _: f64, room: &mut DenseRoom, scores: &mut [f64], errors: &mut [f64]) {
        let DenseRoom { logits, sizes, copy, scores: own, scan, wrong, .. } = room;
        let (classes, stride) = (self.judge.classes(), rows.len().next_multiple_of(GROUP));
        let (logits, sizes) = (&mut logits[..stride * classes], &mut sizes[..stride]);
        // The first of two classes has a logit of 0, and room of its own.
        let first = if self.rows.model.link() == Link::Logistic { stride } else { 0 };
        logits[..first].fill(0.0);
        self.rows.compute(rows, &mut logits[first..], sizes, copy);
        if self.rows.model.link() == Link::OneVersusRest {
            self.rows.level.run(LogLogistic { logits });
            for (row, size) in sizes.iter_mut().enumerate() {
                *size += told_apart((0..classes).map(|class| logits[class * stride + row]));
            }
        }
        for ((error, wrong), &size) in errors.iter_mut().zip(wrong).zip(sizes.iter()) {
            *wrong = self.rows.error(size);
            *error = self.judge.error_of_logits(*wrong);
        }
        let matrix = Matrix::from_columns(logits, stride, classes).expect("as many as there is room for");
        self.judge.scores(&matrix, scan, own, scores);
    }

    fn look_again(&self, places: &[u32], room: &mut DenseRoom, scores: &mut [f64], errors: &mut [f64]) {
        let DenseRoom { logits, wrong, second, .. } = room;
        let stride = scores.len().next_multiple_of(GROUP);
        self.second.look(places, |row, class| logits[class * stride + row], |row| wrong[row], second, scores, errors);
    }
}

/// Where the logarithms of all logistic functions of a row are below it, the model takes them for 0
/// sooner or later, and classes for alike.
const ALL_ALIKE: f32 = -30.0;

/// What is added to the size of a row, whose logarithms these are: infinity where the model may
/// take classes for alike.
fn told_apart(logarithms: impl Iterator<Item = f32>) -> f32 {
    if logarithms.fold(f32::NEG_INFINITY, f32::max) < ALL_ALIKE { f32::INFINITY } else { 0.0 }
}

/// What a thread works with.
struct LogitRoom {
    logits: Vec<f32>,
    entries: Entries,
    scores: Vec<f32>,
    scan: Scan<f32>,
    wrong: Vec<f64>,
    second: SecondRoom,
}

/// Compressed rows.
struct Compressed<'a, 'm, E, I> {
    model: &'a Linear,
    matrix: &'a Sparse<'m, E, I>,
    judge: Judge<f32>,
    second: SecondLook,
    level: Level,
}

impl<E: Value, I: Index> Pool for Compressed<'_, '_, E, I> {
    type State = LogitRoom;

    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows(self.bytes() / self.rows().max(1))
    }

    fn part_rows(&self) -> usize {
        part_rows(size_of::<f32>() * self.model.padded())
    }

    fn bytes(&self) -> usize {
        self.matrix.entries() * self.model.padded() * size_of::<f32>()
    }

    fn state(&self) -> LogitRoom {
        let rows = self.part_rows();
        LogitRoom {
            logits: vec![0.0; rows * self.model.padded()],
            entries: Entries::default(),
            scores: vec![0.0; rows],
            scan: self.judge.scan(),
            wrong: vec![0.0; rows],
            second: self.second.room(),
        }
    }

    fn score(&self, rows: Range<usize>, _: f64, room: &mut LogitRoom, scores: &mut [f64], errors: &mut [f64]) {
        let LogitRoom { logits, entries, scores: own, scan, wrong, .. } = room;
        let (count, padded, classes) = (rows.len(), self.model.padded(), self.judge.classes());
        let logits = &mut logits[..count * padded];
        entries.read(self.model, self.matrix, rows);
        self.level.run(SparseLogits { model: self.model, entries, logits });
        for ((error, wrong), (size, terms)) in errors.iter_mut().zip(wrong.iter_mut()).zip(entries.sizes()) {
            *wrong = self.model.error(size, terms, terms);
            *error = self.judge.error_of_logits(*wrong);
        }
        match self.model.link() {
            Link::Softmax => {}
            Link::OneVersusRest => {
                self.level.run(LogLogistic { logits });
                for (row, error) in logits.chunks_exact(padded).zip(errors) {
                    *error += f64::from(told_apart(row[..classes].iter().copied()));
                }
            }
            // There is room for a second class, as rows are padded.
            Link::Logistic => logits.chunks_exact_mut(padded).for_each(|row| (row[0], row[1]) = (0.0, row[0])),
        }
        let matrix = as_matrix(logits, count, padded, classes);
        self.judge.scores(&matrix, scan, own, scores);
    }

    fn look_again(&self, places: &[u32], room: &mut LogitRoom, scores: &mut [f64], errors: &mut [f64]) {
        let LogitRoom { logits, wrong, second, .. } = room;
        let padded = self.model.padded();
        self.second.look(places, |row, class| logits[row * padded + class], |row| wrong[row], second, scores, errors);
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
