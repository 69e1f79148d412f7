//! A linear model over dense rows.

use super::blend::{Curve, candidates_of_mean};
use super::candidates::Narrowed;
use super::dense::{CopyPanel, GROUP, PANEL, PanelLogits, Readable};
use super::judge::Judge;
use super::jury::candidates_of_committee;
use super::linear::{LANES, Layout, Linear, Link};
use super::outputs::{LogLogistic, OutputRoom, Outputs, Shape, inside, told_apart};
use super::pass::{Pool, pass};
use super::second_look::{SecondLook, SecondRoom};
use crate::blocks::{self, Watch};
use crate::committee::CommitteeMeasure;
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::room;
use crate::scan::Scan;
use crate::simd::Level;
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

    /// The rows of a dense matrix that may be among the k best by what the members of a committee
    /// say.
    ///
    /// Takes `O(rows features classes members)` operations, and less than 2 MiB a thread.
    pub fn candidates_of_committee<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        measure: CommitteeMeasure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        self.takes(Layout::Dense, matrix.columns())?;
        candidates_of_committee(&DenseLogits { model: self, matrix, level }, measure, k, threads, watch)
    }

    /// The same by a measure of the mean of what its members say. Where there are curves, one for
    /// each output calibrates it.
    #[allow(clippy::too_many_arguments)]
    pub fn candidates_of_mean<E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        curves: &[Curve],
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        self.takes(Layout::Dense, matrix.columns())?;
        candidates_of_mean(&DenseLogits { model: self, matrix, level }, curves, measure, k, threads, watch)
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { members: self.members(), classes: self.classes(), link: self.link(), own_unit: self.own_unit() }
    }

    pub(super) fn judge(&self, layout: Layout, columns: usize, measure: Measure, level: Level) -> Result<Judge<f32>> {
        self.takes(layout, columns)?;
        Judge::new(measure, true, self.classes(), level, self.own_unit())
    }

    pub(super) fn second_look(&self, measure: Measure, level: Level) -> Result<SecondLook> {
        SecondLook::new(measure, self.classes(), level, self.own_unit())
    }
}

/// Rows that are looked at together, of so many bytes each.
pub(super) fn part_rows(bytes: usize) -> usize {
    (PART_BYTES / bytes / GROUP * GROUP).clamp(GROUP, 1024)
}

/// A matrix with every feature of every row, and what logits it has.
struct DenseLogits<'a, 'm, E> {
    model: &'a Linear,
    matrix: &'a Matrix<'m, E>,
    level: Level,
}

impl<E: Element> DenseLogits<'_, '_, E> {
    /// Rows that are looked at together, with room for so many numbers each.
    fn rows_of_part(&self, numbers: usize) -> usize {
        part_rows(size_of::<f32>() * numbers.max(self.model.features().min(PANEL)))
    }

    /// Compute the logits of some rows, class by class, and their sizes.
    fn logits(&self, rows: Range<usize>, logits: &mut [f32], sizes: &mut [f32], copy: &mut Vec<f32>) {
        let DenseLogits { model, matrix, level } = *self;
        for start in (0..model.features().max(1)).step_by(PANEL) {
            let features = start..model.features().min(start + PANEL);
            let readable = Readable::direct(matrix, rows.clone(), features.clone()).unwrap_or_else(|| {
                room::resize(copy, rows.len() * features.len(), 0.0);
                level.run(CopyPanel { matrix, rows: rows.clone(), features: features.clone(), to: copy });
                Readable::copied(copy, rows.len(), features.len())
            });
            level.run(PanelLogits { model, features, rows: readable, logits, sizes });
        }
    }
}

impl<E> DenseLogits<'_, '_, E> {
    /// How wrong the logits of a row of this size may be.
    fn error(&self, size: f32) -> f64 {
        let features = self.model.features();
        let steps = features.div_ceil(LANES) + LANES.ilog2() as usize + features.div_ceil(PANEL);
        self.model.error(size, features, steps)
    }
}

impl<E: Element> Outputs for DenseLogits<'_, '_, E> {
    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows_of(self.matrix)
    }

    fn part_rows(&self, numbers: usize) -> usize {
        self.rows_of_part(numbers)
    }

    fn bytes(&self) -> usize {
        self.matrix.bytes()
    }

    fn shape(&self) -> Shape {
        self.model.shape()
    }

    fn level(&self) -> Level {
        self.level
    }

    fn room(&self, rows: usize) -> OutputRoom {
        let sizes_and_copy: (Vec<f32>, Vec<f32>) = (room::filled(0.0, rows.next_multiple_of(GROUP)), Vec::new());
        Box::new(sizes_and_copy)
    }

    fn compute(&self, rows: Range<usize>, room: &mut OutputRoom, outputs: &mut [f32], errors: &mut [f64]) {
        let (sizes, copy) = inside::<(Vec<f32>, Vec<f32>)>(room);
        let sizes = &mut sizes[..rows.len().next_multiple_of(GROUP)];
        self.logits(rows, outputs, sizes, copy);
        errors.iter_mut().zip(sizes.iter()).for_each(|(error, &size)| *error = self.error(size));
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
        self.rows.rows_of_part(self.judge.classes())
    }

    fn bytes(&self) -> usize {
        self.rows.matrix.bytes()
    }

    fn state(&self) -> DenseRoom {
        let rows = self.part_rows();
        let (logits, sizes, scores) =
            (room::filled(0.0, rows * self.judge.classes()), room::filled(0.0, rows), room::filled(0.0, rows));
        let (scan, second) = (self.judge.scan(), self.second.room());
        DenseRoom { logits, sizes, copy: Vec::new(), scores, scan, wrong: room::filled(0.0, rows), second }
    }

    fn score(&self, rows: Range<usize>, _: f64, room: &mut DenseRoom, scores: &mut [f64], errors: &mut [f64]) {
        let DenseRoom { logits, sizes, copy, scores: own, scan, wrong, .. } = room;
        let (classes, stride) = (self.judge.classes(), rows.len().next_multiple_of(GROUP));
        let (logits, sizes) = (&mut logits[..stride * classes], &mut sizes[..stride]);
        // The first of two classes has a logit of 0, and room of its own.
        let first = if self.rows.model.link() == Link::Logistic { stride } else { 0 };
        logits[..first].fill(0.0);
        self.rows.logits(rows, &mut logits[first..], sizes, copy);
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
