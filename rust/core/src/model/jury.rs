//! A committee: what its members disagree about.
//!
//! The outputs of all members are computed together, so a row is read once. While no logit moves by
//! more than e, each probability stays within a factor of exp(2 e), and so does a mean of them.
//! With g = exp(2 e) - 1:
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
use super::linear::Link;
use super::outputs::{OutputColumns, OutputRoom, Outputs, Shape};
use super::pass::{Pool, pass};
use crate::blocks::{Unwatched, Watch};
use crate::committee::{CommitteeMeasure, CommitteeScorer};
use crate::error::Result;
use crate::room;
use crate::rules::{Invalid, Normalize};
use crate::simd::{Kernel, Simd, Vector};
use std::ops::Range;

/// What a measure of ours is off by, relative to the largest it can be: some hundred units.
const UNITS: f64 = 128.0;

/// The rows that may be among the k best by what the members of a committee say.
// Inlined, as `Jury::score` is: so the scorer is compiled by the crate that scores committees too.
#[inline]
pub(super) fn candidates_of_committee(
    outputs: &dyn Outputs,
    measure: CommitteeMeasure,
    k: usize,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Narrowed> {
    let shape = outputs.shape();
    let logits = shape.link != Link::Given;
    let scorer = CommitteeScorer::new(measure, logits, 1.0, Normalize::AsIs, Invalid::Skip, outputs.level())?;
    pass(&Jury { outputs, measure, scorer, shape }, k, measure.about().order, threads, watch)
}

struct Jury<'a> {
    outputs: &'a dyn Outputs,
    measure: CommitteeMeasure,
    scorer: CommitteeScorer,
    shape: Shape,
}

/// What a thread works with.
struct JuryRoom {
    of_outputs: OutputRoom,
    columns: OutputColumns,
    /// How far the largest output of each member is ahead of the next, the least of them.
    ahead: Vec<f32>,
    scores: Vec<f32>,
}

impl Jury<'_> {
    /// How wrong a score may be where no logit is off by more than `error`, and votes are as far
    /// ahead as `ahead`.
    fn error(&self, error: f64, ahead: f64) -> f64 {
        let Shape { members, classes, own_unit, .. } = self.shape;
        let (members, classes) = (members as f64, classes as f64);
        let unit = UNITS * f64::from(f32::EPSILON) + (2.0 * classes + 40.0) * own_unit;
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

impl Pool for Jury<'_> {
    type State = JuryRoom;

    fn rows(&self) -> usize {
        self.outputs.rows()
    }

    fn block_rows(&self) -> usize {
        self.outputs.block_rows()
    }

    fn part_rows(&self) -> usize {
        self.outputs.part_rows(self.shape.outputs() + 1)
    }

    fn bytes(&self) -> usize {
        self.outputs.bytes()
    }

    fn state(&self) -> Self::State {
        let rows = self.part_rows();
        let columns = OutputColumns::new(rows, self.shape);
        let (ahead, scores) = (room::filled(0.0, columns.stride()), room::filled(0.0, columns.stride()));
        JuryRoom { of_outputs: self.outputs.room(rows), columns, ahead, scores }
    }

    #[inline]
    fn score(&self, rows: Range<usize>, _: f64, room: &mut Self::State, scores: &mut [f64], errors: &mut [f64]) {
        let JuryRoom { of_outputs, columns, ahead, scores: own } = room;
        columns.fill(rows, self.outputs, of_outputs, errors, true);
        let stride = columns.stride();
        let (ahead, own) = (&mut ahead[..stride], &mut own[..stride]);
        let (classes, logistic) = (self.shape.classes, self.shape.link == Link::Logistic);
        self.outputs.level().run(RunsAhead { logits: columns.of_all(), classes, logistic, ahead });
        let scored = self.scorer.score(&columns.members(), own, 0, 1, &mut Unwatched);
        for (i, (score, error)) in scores.iter_mut().zip(errors).enumerate() {
            *score = if scored.is_ok() { own[i].into() } else { f64::NAN };
            *error = self.error(*error, ahead[i].into());
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
