//! A linear model over compressed rows.

use super::blend::{Curve, candidates_of_mean};
use super::candidates::Narrowed;
use super::judge::Judge;
use super::jury::candidates_of_committee;
use super::linear::{Layout, Linear, Link};
use super::outputs::{LogLogistic, OutputRoom, Outputs, Shape, inside, told_apart};
use super::over_features::part_rows;
use super::pass::{Pool, pass};
use super::second_look::{SecondLook, SecondRoom};
use super::sparse::{Entries, Index, Sparse, SparseLogits, Value, as_matrix};
use crate::blocks::{self, Watch};
use crate::committee::CommitteeMeasure;
use crate::error::Result;
use crate::measure::Measure;
use crate::room;
use crate::scan::Scan;
use crate::simd::Level;
use std::ops::Range;

impl Linear {
    /// The rows of a compressed matrix that may be among the k best by a measure of the model's
    /// probabilities.
    ///
    /// Takes `O(entries classes)` operations, and less than 2 MiB a thread.
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
        pass(
            &Compressed { rows: SparseLogitRows { model: self, matrix, level }, judge, second },
            k,
            order,
            threads,
            watch,
        )
    }

    /// The same by what the members of a committee say.
    pub fn candidates_of_sparse_committee<E: Value, I: Index>(
        &self,
        matrix: &Sparse<'_, E, I>,
        measure: CommitteeMeasure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        self.takes(Layout::Compressed, matrix.width())?;
        candidates_of_committee(&SparseLogitRows { model: self, matrix, level }, measure, k, threads, watch)
    }

    /// The same by a measure of the mean of what its members say. Where there are curves, one for
    /// each output calibrates it.
    #[allow(clippy::too_many_arguments)]
    pub fn candidates_of_sparse_mean<E: Value, I: Index>(
        &self,
        matrix: &Sparse<'_, E, I>,
        curves: &[Curve],
        measure: Measure,
        k: usize,
        level: Level,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<Narrowed> {
        self.takes(Layout::Compressed, matrix.width())?;
        candidates_of_mean(&SparseLogitRows { model: self, matrix, level }, curves, measure, k, threads, watch)
    }
}

/// Compressed rows, and what logits they have.
struct SparseLogitRows<'a, 'm, E, I> {
    model: &'a Linear,
    matrix: &'a Sparse<'m, E, I>,
    level: Level,
}

impl<E: Value, I: Index> SparseLogitRows<'_, '_, E, I> {
    /// Compute the logits of some rows, row by row, `padded` apart, and how wrong each row's may
    /// be.
    fn logits(&self, rows: Range<usize>, entries: &mut Entries, logits: &mut [f32], wrong: &mut [f64]) {
        entries.read(self.model, self.matrix, rows);
        self.level.run(SparseLogits { model: self.model, entries, logits });
        for (wrong, (size, terms)) in wrong.iter_mut().zip(entries.sizes()) {
            *wrong = self.model.error(size, terms, terms);
        }
    }
}

impl<E: Value, I: Index> Outputs for SparseLogitRows<'_, '_, E, I> {
    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows(self.bytes() / self.rows().max(1))
    }

    fn part_rows(&self, numbers: usize) -> usize {
        part_rows(size_of::<f32>() * (self.model.padded() + numbers))
    }

    fn bytes(&self) -> usize {
        self.matrix.entries() * self.model.padded() * size_of::<f32>()
    }

    fn shape(&self) -> Shape {
        self.model.shape()
    }

    fn level(&self) -> Level {
        self.level
    }

    fn room(&self, rows: usize) -> OutputRoom {
        Box::new((Entries::default(), room::filled(0.0_f32, rows * self.model.padded())))
    }

    fn compute(&self, rows: Range<usize>, room: &mut OutputRoom, outputs: &mut [f32], errors: &mut [f64]) {
        let (entries, logits) = inside::<(Entries, Vec<f32>)>(room);
        let (padded, stride) = (self.model.padded(), outputs.len() / self.model.outputs());
        let logits = &mut logits[..rows.len() * padded];
        self.logits(rows, entries, logits, errors);
        for (output, to) in outputs.chunks_exact_mut(stride).enumerate() {
            to.iter_mut().zip(logits.chunks_exact(padded)).for_each(|(to, row)| *to = row[output]);
        }
    }
}

/// The same, and what they come to by a measure.
struct Compressed<'a, 'm, E, I> {
    rows: SparseLogitRows<'a, 'm, E, I>,
    judge: Judge<f32>,
    second: SecondLook,
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

impl<E: Value, I: Index> Pool for Compressed<'_, '_, E, I> {
    type State = LogitRoom;

    fn rows(&self) -> usize {
        self.rows.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        self.rows.block_rows()
    }

    fn part_rows(&self) -> usize {
        self.rows.part_rows(0)
    }

    fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    fn state(&self) -> LogitRoom {
        let rows = self.part_rows();
        LogitRoom {
            logits: room::filled(0.0, rows * self.rows.model.padded()),
            entries: Entries::default(),
            scores: room::filled(0.0, rows),
            scan: self.judge.scan(),
            wrong: room::filled(0.0, rows),
            second: self.second.room(),
        }
    }

    fn score(&self, rows: Range<usize>, _: f64, room: &mut LogitRoom, scores: &mut [f64], errors: &mut [f64]) {
        let LogitRoom { logits, entries, scores: own, scan, wrong, .. } = room;
        let (count, padded, classes) = (rows.len(), self.rows.model.padded(), self.judge.classes());
        let logits = &mut logits[..count * padded];
        self.rows.logits(rows, entries, logits, wrong);
        for (error, wrong) in errors.iter_mut().zip(wrong.iter()) {
            *error = self.judge.error_of_logits(*wrong);
        }
        match self.rows.model.link() {
            Link::OneVersusRest => {
                self.rows.level.run(LogLogistic { logits });
                for (row, error) in logits.chunks_exact(padded).zip(errors) {
                    *error += f64::from(told_apart(row[..classes].iter().copied()));
                }
            }
            // There is room for a second class, as rows are padded.
            Link::Logistic => logits.chunks_exact_mut(padded).for_each(|row| (row[0], row[1]) = (0.0, row[0])),
            _ => {}
        }
        let matrix = as_matrix(logits, count, padded, classes);
        self.judge.scores(&matrix, scan, own, scores);
    }

    fn look_again(&self, places: &[u32], room: &mut LogitRoom, scores: &mut [f64], errors: &mut [f64]) {
        let LogitRoom { logits, wrong, second, .. } = room;
        let padded = self.rows.model.padded();
        self.second.look(places, |row, class| logits[row * padded + class], |row| wrong[row], second, scores, errors);
    }
}
