//! A committee of linear models over dense rows: what its members disagree about.
//!
//! The weights of all members are those of one model with a class for each class of each member, so
//! a row is read once. While no logit moves by more than e, each probability stays within a factor
//! of exp(2 e), and so does a mean of them. With g = exp(2 e) - 1:
//!
//! | measure | moves by at most |
//! |---|---|
//! | votes: entropy, variation ratio | nothing where each largest logit is ahead by over 2 e |
//! | entropy of the mean q, -sum q ln q | g (H + 1), as sum abs(dq) (abs(ln q) + 1) |
//! | divergence from it, sum p ln (p / q) | g sum p abs(ln (p / q)) + 4 e |
//! | standard deviation, mean of classes | g M / C, and g, as deviations are below p |
//!
//! In the third line p is at most M q, and p ln (q / p) at most q / exp(1), so the sum is at most
//! ln M + 2 / exp(1).

use super::candidates::Narrowed;
use super::dense::GROUP;
use super::linear::{Layout, Linear, Link};
use super::over_features::DenseLogits;
use super::pass::{Pool, pass};
use crate::blocks::{self, Unwatched, Watch};
use crate::committee::{CommitteeMeasure, CommitteeScorer};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::rules::{Invalid, Normalize};
use crate::simd::{Kernel, Level, Simd, Vector};
use std::ops::Range;

/// What a measure of ours is off by, relative to the largest it can be: some hundred units.
const UNITS: f64 = 128.0;

impl Linear {
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
        let scorer = CommitteeScorer::new(measure, true, 1.0, Normalize::AsIs, Invalid::Skip, level)?;
        let rows = DenseLogits { model: self, matrix, level };
        pass(&Jury { rows, measure, scorer }, k, measure.about().order, threads, watch)
    }
}

struct Jury<'a, 'm, E> {
    rows: DenseLogits<'a, 'm, E>,
    measure: CommitteeMeasure,
    scorer: CommitteeScorer,
}

/// What a thread works with.
struct JuryRoom {
    logits: Vec<f32>,
    sizes: Vec<f32>,
    copy: Vec<f32>,
    /// How far the largest logit of each member is ahead of the next, the least of them.
    ahead: Vec<f32>,
    scores: Vec<f32>,
}

impl<E> Jury<'_, '_, E> {
    /// How wrong a score may be where no logit is off by more than `error`, and votes are as far
    /// ahead as `ahead`.
    fn error(&self, error: f64, ahead: f64) -> f64 {
        let model = self.rows.model;
        let (members, classes) = (model.members() as f64, model.classes() as f64);
        let unit = UNITS * f64::from(f32::EPSILON) + (2.0 * classes + 40.0) * model.own_unit();
        let grown = (2.0 * error).exp_m1();
        match self.measure {
            CommitteeMeasure::VoteEntropy | CommitteeMeasure::VariationRatio => {
                if ahead > 2.000_001 * error {
                    unit * (1.0 + members.ln())
                } else {
                    f64::INFINITY
                }
            }
            CommitteeMeasure::ConsensusEntropy => (grown + unit) * (classes.ln() + 1.0),
            CommitteeMeasure::MaxDisagreement | CommitteeMeasure::Bald => {
                (grown + unit) * (members.ln() + 0.74) + 4.0 * error + unit
            }
            CommitteeMeasure::MeanStd => grown * (members / classes).min(1.0) + unit,
        }
    }
}

impl<E: Element> Pool for Jury<'_, '_, E> {
    type State = JuryRoom;

    fn rows(&self) -> usize {
        self.rows.matrix.rows()
    }

    fn block_rows(&self) -> usize {
        blocks::block_rows_of(self.rows.matrix)
    }

    fn part_rows(&self) -> usize {
        self.rows.part_rows(self.rows.model.outputs() + 1)
    }

    fn bytes(&self) -> usize {
        self.rows.matrix.bytes()
    }

    fn state(&self) -> JuryRoom {
        let rows = self.part_rows();
        let logits = vec![0.0; rows * (self.rows.model.outputs() + 1)];
        let (sizes, ahead, scores) = (vec![0.0; rows], vec![0.0; rows], vec![0.0; rows]);
        JuryRoom { logits, sizes, copy: Vec::new(), ahead, scores }
    }

    fn score(&self, rows: Range<usize>, _: f64, room: &mut JuryRoom, scores: &mut [f64], errors: &mut [f64]) {
        let JuryRoom { logits, sizes, copy, ahead, scores: own } = room;
        let model = self.rows.model;
        let stride = rows.len().next_multiple_of(GROUP);
        let (logits, sizes) = (&mut logits[..stride * (model.outputs() + 1)], &mut sizes[..stride]);
        // The first column is for the first of two classes, whose logit is 0 for every member.
        logits[..stride].fill(0.0);
        self.rows.compute(rows, &mut logits[stride..], sizes, copy);
        let (ahead, own) = (&mut ahead[..stride], &mut own[..stride]);
        let logistic = model.link() == Link::Logistic;
        self.rows.level.run(RunsAhead { logits: &logits[stride..], classes: model.classes(), logistic, ahead });
        let members: Vec<Matrix<'_, f32>> = (0..model.members())
            .map(|member| {
                if logistic {
                    Matrix::from_columns(&logits[..stride * (member + 2)], stride, member + 2)
                        .expect("as many as there is room for")
                        .every(member + 1)
                } else {
                    let columns = &logits[stride * (1 + member * model.classes())..][..stride * model.classes()];
                    Matrix::from_columns(columns, stride, model.classes()).expect("as many as there is room for")
                }
            })
            .collect();
        let scored = self.scorer.score(&members, own, 0, 1, &mut Unwatched);
        for (i, (score, error)) in scores.iter_mut().zip(errors).enumerate() {
            *score = if scored.is_ok() { own[i].into() } else { f64::NAN };
            *error = self.error(self.rows.error(sizes[i]), ahead[i].into());
        }
    }
}

/// Computes how far the largest logit of each member is ahead of the next, and the least of these.
struct RunsAhead<'a> {
    /// Column by column, each as long as `ahead`.
    logits: &'a [f32],
    classes: usize,
    /// Whether a member has one logit beside a 0.
    logistic: bool,
    ahead: &'a mut [f32],
}

impl Kernel for RunsAhead<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let RunsAhead { logits, classes, logistic, ahead } = self;
        let (stride, columns) = (ahead.len(), if logistic { 1 } else { classes });
        let zero = S::F32::splat(simd, 0.0);
        let infinite = S::F32::splat(simd, f32::INFINITY);
        for (group, ahead) in ahead.chunks_exact_mut(S::F32::LANES).enumerate() {
            let mut least = infinite;
            let mut column = 0;
            while column * stride < logits.len() {
                let mut top = if logistic { zero } else { zero.sub(infinite) };
                let mut second = zero.sub(infinite);
                let mut class = 0;
                while class < columns {
                    let from = (column + class) * stride + group * S::F32::LANES;
                    let logit = S::F32::from_slice(simd, &logits[from..][..S::F32::LANES]);
                    second = second.max(logit.min(top));
                    top = top.max(logit);
                    class += 1;
                }
                least = least.min(top.sub(second));
                column += columns;
            }
            least.to_slice(ahead);
        }
    }
}
