//! The mean of what several members say, each calibrated: what `CalibratedClassifierCV` answers.
//!
//! While no logit moves by more than e, each probability of a member stays within a factor of
//! exp(2 e), and so does the mean of them. A calibration by steps is not smooth: there each output
//! becomes the interval of what the steps give between its ends, and the mean an interval as well.

use super::candidates::Narrowed;
use super::judge::Judge;
use super::linear::Link;
use super::outputs::{OutputColumns, OutputRoom, Outputs, Shape};
use super::pass::{Pool, pass};
use crate::blocks::Watch;
use crate::error::{Error, Result};
use crate::math::exp;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::room;
use crate::scan::Scan;
use crate::simd::{Kernel, Simd, Vector};
use std::ops::Range;

/// A function that never falls: straight lines between points, and constant outside of them.
#[derive(Clone, Debug)]
pub struct Curve {
    x: Vec<f64>,
    y: Vec<f64>,
}

/// What a model's own rounding of what it looks up can come to, beside its size.
const LOOKED_UP: f64 = 2.0 * f32::EPSILON as f64;

impl Curve {
    /// From its points, from left to right. Heights are probabilities.
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self> {
        let rises = x.windows(2).all(|pair| pair[0] < pair[1]) && y.windows(2).all(|pair| pair[0] <= pair[1]);
        let probable = y.iter().all(|y| (0.0..=1.0).contains(y)) && x.iter().all(|x| x.is_finite());
        if x.is_empty() || x.len() != y.len() || !rises || !probable {
            return Err(Error::Argument(
                "a curve came in a form that is not known; accepted are points that rise, of probabilities".into(),
            ));
        }
        let [x, y] = [x, y].map(|of| room::collected(of.iter().copied()));
        Ok(Curve { x, y })
    }

    /// Its height at a place, which lies before point `next` and not before the one in front.
    fn at(&self, x: f64, next: usize) -> f64 {
        match next {
            0 => self.y[0],
            next if next == self.x.len() => self.y[next - 1],
            next => {
                let (from, to) = (next - 1, next);
                let share = (x - self.x[from]) / (self.x[to] - self.x[from]);
                self.y[from] + share * (self.y[to] - self.y[from])
            }
        }
    }

    /// Its least and greatest height less than `error` away from a place.
    fn between(&self, x: f64, error: f64) -> (f64, f64) {
        let error = error + LOOKED_UP * x.abs();
        let (low, high) = (x - error, x + error);
        let first = self.x.partition_point(|&point| point <= low);
        let last = first + self.x[first..].iter().take_while(|&&point| point <= high).count();
        (self.at(low, first), self.at(high, last))
    }
}

/// The rows that may be among the k best by a measure of the mean of what all members say. A curve
/// for each output calibrates it.
pub(super) fn candidates_of_mean(
    outputs: &dyn Outputs,
    curves: &[Curve],
    measure: Measure,
    k: usize,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Narrowed> {
    let shape = outputs.shape();
    if !curves.is_empty() && (curves.len() != shape.outputs() || shape.link == Link::Softmax) {
        return Err(Error::Argument(format!(
            "curves came as {}; accepted is one for each of {} outputs of one model a class",
            curves.len(),
            shape.outputs()
        )));
    }
    let judge = Judge::new(measure, false, shape.classes, outputs.level(), shape.own_unit)?;
    let order = judge.order();
    pass(&Blend { outputs, curves, judge, shape }, k, order, threads, watch)
}

struct Blend<'a> {
    outputs: &'a dyn Outputs,
    curves: &'a [Curve],
    judge: Judge<f32>,
    shape: Shape,
}

/// What a thread works with.
struct BlendRoom {
    of_outputs: OutputRoom,
    columns: OutputColumns,
    means: Vec<f32>,
    /// The interval of each class of a row, and of each of a member's.
    ends: Vec<(f64, f64)>,
    of_member: Vec<(f64, f64)>,
    scores: Vec<f32>,
    scan: Scan<f32>,
}

impl Blend<'_> {
    /// Put the middles of the intervals of a row's means in their places, and return how wrong the
    /// furthest may be.
    fn by_curves(&self, row: usize, error: f64, columns: &[f32], stride: usize, room: MeansOfRow<'_>) -> f64 {
        let MeansOfRow { means, ends, of_member } = room;
        let of_each = self.shape.of_each();
        ends.fill((0.0, 0.0));
        for (member, curves) in self.curves.chunks_exact(of_each).enumerate() {
            of_member.clear();
            for (class, curve) in curves.iter().enumerate() {
                of_member.push(curve.between(columns[(member * of_each + class) * stride + row].into(), error));
            }
            if self.shape.link == Link::Logistic {
                let (low, high) = of_member[0];
                ends[0] = (ends[0].0 + 1.0 - high, ends[0].1 + 1.0 - low);
                ends[1] = (ends[1].0 + low, ends[1].1 + high);
                continue;
            }
            let (lows, highs) =
                of_member.iter().fold((0.0, 0.0), |(lows, highs), (low, high)| (lows + low, highs + high));
            if highs == 0.0 {
                // Where all are 0 the model takes all for alike.
                let even = 1.0 / of_each as f64;
                ends.iter_mut().for_each(|end| *end = (end.0 + even, end.1 + even));
            } else if lows > 0.0 {
                for (end, &(low, high)) in ends.iter_mut().zip(of_member.iter()) {
                    let (others_low, others_high) = ((lows - low).max(0.0), (highs - high).max(0.0));
                    end.0 += if low > 0.0 { low / (low + others_high) } else { 0.0 };
                    end.1 += if high > 0.0 { high / (high + others_low) } else { 0.0 };
                }
            } else {
                return f64::NAN;
            }
        }
        let members = self.shape.members as f64;
        let mut wrong = 0.0_f64;
        for (class, &(low, high)) in ends.iter().enumerate() {
            means[class * stride + row] = ((low + high) / 2.0 / members) as f32;
            wrong = wrong.max((high - low) / 2.0 / members);
        }
        // Sums and quotients in f64.
        wrong + 1e-12
    }
}

/// What the means of a row are made in.
struct MeansOfRow<'a> {
    means: &'a mut [f32],
    ends: &'a mut [(f64, f64)],
    of_member: &'a mut Vec<(f64, f64)>,
}

impl Pool for Blend<'_> {
    type State = BlendRoom;

    fn rows(&self) -> usize {
        self.outputs.rows()
    }

    fn block_rows(&self) -> usize {
        self.outputs.block_rows()
    }

    fn part_rows(&self) -> usize {
        self.outputs.part_rows(self.shape.outputs() + self.shape.classes)
    }

    fn bytes(&self) -> usize {
        self.outputs.bytes()
    }

    fn state(&self) -> Self::State {
        let rows = self.part_rows();
        let columns = OutputColumns::new(rows, self.shape);
        BlendRoom {
            of_outputs: self.outputs.room(rows),
            means: room::filled(0.0, columns.stride() * self.shape.classes),
            columns,
            ends: room::filled((0.0, 0.0), self.shape.classes),
            of_member: Vec::new(),
            scores: room::filled(0.0, rows),
            scan: self.judge.scan(),
        }
    }

    fn score(&self, rows: Range<usize>, _: f64, room: &mut Self::State, scores: &mut [f64], errors: &mut [f64]) {
        let BlendRoom { of_outputs, columns, means, ends, of_member, scores: own, scan } = room;
        columns.fill(rows, self.outputs, of_outputs, errors, self.curves.is_empty());
        let (stride, shape) = (columns.stride(), self.shape);
        let means = &mut means[..stride * shape.classes];
        if self.curves.is_empty() {
            self.outputs.level().run(MeanOfMembers { columns: columns.of_all(), shape, stride, means });
            let steps = (shape.members + 4) as f64 * shape.own_unit;
            errors
                .iter_mut()
                .for_each(|error| *error = self.judge.error_of_ratios((2.0 * *error + 2.0 * steps).exp_m1()));
        } else {
            means.fill(0.0);
            for (row, error) in errors.iter_mut().enumerate() {
                let room = MeansOfRow { means, ends, of_member };
                let wrong = if error.is_finite() {
                    self.by_curves(row, *error, columns.of_all(), stride, room)
                } else {
                    f64::NAN
                };
                *error = if wrong.is_finite() { self.judge.error_of_probabilities(wrong) } else { f64::NAN };
            }
        }
        let matrix = Matrix::from_columns(means, stride, shape.classes).expect("as many as there is room for");
        self.judge.scores(&matrix, scan, own, scores);
    }
}

/// Computes the mean probability of each class.
struct MeanOfMembers<'a> {
    /// Column by column; exponentials lie there afterwards.
    columns: &'a mut [f32],
    shape: Shape,
    stride: usize,
    means: &'a mut [f32],
}

impl Kernel for MeanOfMembers<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let MeanOfMembers { columns, shape, stride, means } = self;
        let lanes = S::F32::LANES;
        let (zero, one) = (S::F32::splat(simd, 0.0), S::F32::splat(simd, 1.0));
        let share = S::F32::splat(simd, 1.0 / shape.members as f32);
        let of_each = shape.of_each();
        for at in (0..stride).step_by(lanes) {
            let mut class = 0;
            while class < shape.classes {
                zero.to_slice(&mut means[class * stride + at..][..lanes]);
                class += 1;
            }
            let mut member = 0;
            while member < shape.members {
                let from = member * of_each * stride + at;
                let mut inverse = share;
                let mut first = zero;
                if shape.link != Link::Given {
                    let mut top = if shape.link == Link::Logistic {
                        zero
                    } else {
                        S::F32::from_slice(simd, &columns[from..][..lanes])
                    };
                    let mut output = 0;
                    while output < of_each {
                        top = S::F32::from_slice(simd, &columns[from + output * stride..][..lanes]).max(top);
                        output += 1;
                    }
                    let mut sum = zero;
                    if shape.link == Link::Logistic {
                        first = exp(zero.sub(top));
                        sum = first;
                    }
                    let mut output = 0;
                    while output < of_each {
                        let to = &mut columns[from + output * stride..][..lanes];
                        let term = exp(S::F32::from_slice(simd, to).sub(top));
                        term.to_slice(to);
                        sum = sum.add(term);
                        output += 1;
                    }
                    inverse = share.mul(one.div(sum));
                }
                let ahead = shape.classes - of_each;
                if ahead == 1 {
                    let mean = &mut means[at..][..lanes];
                    first.mul_add(inverse, S::F32::from_slice(simd, mean)).to_slice(mean);
                }
                let mut output = 0;
                while output < of_each {
                    let term = S::F32::from_slice(simd, &columns[from + output * stride..][..lanes]);
                    let mean = &mut means[(ahead + output) * stride + at..][..lanes];
                    term.mul_add(inverse, S::F32::from_slice(simd, mean)).to_slice(mean);
                    output += 1;
                }
                member += 1;
            }
        }
    }
}
