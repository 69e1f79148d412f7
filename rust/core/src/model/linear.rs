//! Logits of a linear model, in `f32`, with a bound on how wrong each row's are.
//!
//! A lane is a row. Features are taken `DEPTH` at a time: the columns of a group of rows are
//! brought into lanes once (through 4 x 4 transposes), and then multiplied with the weights of up
//! to twelve classes at a time, whose sums stay in registers. What they come to is added to the
//! logits so far, which lie class by class and stay in cache:
//!
//! ```text
//! for each group of 16 rows (8 at AVX2):
//!     logits[all classes] = intercepts
//!     for each DEPTH features:
//!         columns[DEPTH] = the group's features, a row a lane
//!         size += |x| * (largest |weight| of the feature)
//!         for each 12 classes:
//!             sums[12] = 0;  for each column: sums[c] += column * weight[c]
//!             logits[c] += sums[c]
//! ```

#![allow(unsafe_code)]

use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::{self, Float, Kernel, Simd, Vector};
use std::ops::Range;

/// Features whose products are added before the sum is added to the others.
pub(super) const DEPTH: usize = 32;

/// The most classes whose sums are in registers at a time.
const MOST: usize = 12;

/// The most rows of a vector.
const ROWS: usize = 16;

/// Half the distance from 1 to the next `f32`: what an operation is off by, relative to its result.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// How logits become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The softmax of all of them.
    Softmax,
    /// One logit, of the second of two classes: its logistic function.
    Logistic,
    /// The logistic function of each, divided by their sum: one model a class against the others.
    OneVersusRest,
}

/// A linear model with its weights where the kernels want them.
#[derive(Clone, Debug)]
pub struct Linear {
    features: usize,
    /// Classes whose logits are computed: one under [`Link::Logistic`].
    outputs: usize,
    link: Link,
    /// Feature by feature, as both dense and sparse rows ask for them: `padded` places each, for
    /// the classes and zeros.
    weights: Vec<f32>,
    padded: usize,
    /// Classes whose sums are in registers at a time.
    chunk: usize,
    /// As many as a feature's weights.
    intercepts: Vec<f32>,
    /// The largest size of each feature's weights, not rounded down.
    largest: Vec<f32>,
    /// The same of what is added to all rows.
    base: f64,
    /// What the model's own products and sums are off by, relative to each.
    own_unit: f64,
}

impl Linear {
    /// From weights (outputs x features, row by row) and intercepts.
    ///
    /// `hidden` is the size of numbers that cancel inside the intercepts, as where the mean of a
    /// feature was subtracted; `own_unit` is what the model's own arithmetic is off by at each
    /// step: 2^-24 where it computes in `f32`.
    pub fn new(weights: &Matrix<'_, f64>, intercepts: &[f64], hidden: f64, link: Link, own_unit: f64) -> Result<Self> {
        let (outputs, features) = (weights.rows(), weights.columns());
        let least = if link == Link::Logistic { 1 } else { 2 };
        if intercepts.len() != outputs || outputs < least || (link == Link::Logistic && outputs > 1) {
            return Err(Error::Argument(format!(
                "weights came with {outputs} rows and intercepts with {} numbers; accepted is one of each a class",
                intercepts.len()
            )));
        }
        let all = || (0..outputs).flat_map(|output| (0..features).map(move |feature| (output, feature)));
        let fits = |value: f64| value.abs() < 1e30;
        if !all().all(|(output, feature)| fits(weights.get(output, feature))) || !intercepts.iter().all(|&b| fits(b)) {
            return Err(Error::Argument("weights or intercepts are not finite, or 1e30 or more".into()));
        }
        let chunks = outputs.div_ceil(MOST);
        let chunk = outputs.div_ceil(chunks).next_multiple_of(2);
        let padded = (chunks * chunk).next_multiple_of(f32::LANES);
        let mut by_feature = vec![0.0; padded * features];
        let mut largest = vec![0.0_f32; features];
        for (output, feature) in all() {
            let weight = weights.get(output, feature);
            by_feature[feature * padded + output] = weight as f32;
            largest[feature] = largest[feature].max((weight.abs() as f32).next_up());
        }
        let base = intercepts.iter().fold(0.0_f64, |most, b| most.max(b.abs())) + hidden;
        let mut intercepts: Vec<f32> = intercepts.iter().map(|&b| b as f32).collect();
        intercepts.resize(padded, 0.0);
        Ok(Linear { features, outputs, link, weights: by_feature, padded, chunk, intercepts, largest, base, own_unit })
    }

    /// Features of a row.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Logits of a row.
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// How logits become probabilities.
    pub(super) fn link(&self) -> Link {
        self.link
    }

    /// How wrong a row's logits can be, for each unit of its size, where so many products are
    /// added: ours beside the true ones, and the model's own. `steps` of these sums are one behind
    /// the other here.
    pub(super) fn error(&self, terms: usize, steps: usize) -> f64 {
        // Beside the sums: the product, the rounding of weight, feature and intercept, the
        // logarithm of a logistic function, and what a measure loses when it subtracts the largest
        // logit. The size itself is summed with the same errors, hence the last factor.
        let ours = (steps + 16) as f64 * UNIT;
        let theirs = (terms + 6) as f64 * self.own_unit;
        (ours + theirs) * (1.0 + 4.0 * ours)
    }

    /// How many sums of dense rows are one behind the other.
    pub(super) fn steps(&self) -> usize {
        DEPTH.min(self.features) + self.features.div_ceil(DEPTH)
    }

    /// What the model's own arithmetic is off by at a step.
    pub(super) fn own_unit(&self) -> f64 {
        self.own_unit
    }

    /// Places of a feature's weights: the classes, filled up to whole vectors of any level.
    pub(super) fn padded(&self) -> usize {
        self.padded
    }

    /// The weights of a feature.
    #[inline(always)]
    pub(super) fn weights_of(&self, feature: usize) -> &[f32] {
        &self.weights[feature * self.padded..][..self.padded]
    }

    /// The intercepts, as many as a feature has weights.
    #[inline(always)]
    pub(super) fn intercepts(&self) -> &[f32] {
        &self.intercepts
    }

    /// The largest size of a feature's weights, if there is such a feature.
    #[inline(always)]
    pub(super) fn largest(&self, feature: usize) -> Option<f32> {
        self.largest.get(feature).copied()
    }

    /// What the logits of every row are off by beside: sizes that are in all of them, and products
    /// so small that they are rounded to whole denormals.
    pub(super) fn size_of_all(&self) -> f64 {
        1.0 + self.base + self.features as f64 * f64::from(f32::MIN_POSITIVE)
    }
}

/// Computes the logits of some rows.
pub(super) struct DenseLogits<'a, 'm, E> {
    pub(super) model: &'a Linear,
    pub(super) matrix: &'a Matrix<'m, E>,
    pub(super) rows: Range<usize>,
    /// Class by class: each has as many places as there are rows, rounded up to whole groups of 16.
    pub(super) logits: &'a mut [f32],
    /// Of each row, the sum of the sizes of its products with the largest weights. As many places
    /// as rows, rounded up.
    pub(super) sizes: &'a mut [f32],
}

/// Some columns of a group of rows, for rows that can't be read where they lie.
struct Copied([f32; ROWS * DEPTH + 4]);

impl<E: Element> Kernel for DenseLogits<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let DenseLogits { model, matrix, rows, logits, sizes } = self;
        let lanes = S::F32::LANES;
        let stride = rows.len().next_multiple_of(ROWS);
        assert!(rows.end <= matrix.rows() && matrix.columns() == model.features);
        assert!(logits.len() == model.outputs * stride && sizes.len() == stride);
        let mut copied = Copied([0.0; ROWS * DEPTH + 4]);
        let mut columns = [S::F32::splat(simd, 0.0); DEPTH];
        for (output, &intercept) in model.intercepts[..model.outputs].iter().enumerate() {
            logits[output * stride..][..stride].fill(intercept);
        }
        for group in (0..stride).step_by(lanes) {
            let count = lanes.min(rows.len().saturating_sub(group));
            let mut size = S::F32::splat(simd, 0.0);
            for start in (0..model.features).step_by(DEPTH) {
                let depth = DEPTH.min(model.features - start);
                let whole = depth.next_multiple_of(4);
                let (from, apart) = match direct(matrix, rows.start + group, start, count == lanes && whole == depth) {
                    Some(there) => there,
                    None => (copied.fill(matrix, rows.start + group, count, start, depth), DEPTH),
                };
                ask_ahead(from, apart, lanes, depth);
                for quad in (0..whole).step_by(4) {
                    // SAFETY: four values from `quad` on are readable of each row of the group: in
                    // the matrix, by `direct`, or in the copy, whose rows are `DEPTH` apart and
                    // hold `whole` values.
                    let four = unsafe { S::F32::load_columns(simd, from.wrapping_add(quad), apart) };
                    for (i, &column) in four.iter().enumerate() {
                        columns[quad + i] = column;
                        if quad + i < depth {
                            let bound = S::F32::splat(simd, model.largest[start + quad + i]);
                            size = column.max(S::F32::splat(simd, 0.0).sub(column)).mul_add(bound, size);
                        }
                    }
                }
                let columns = &columns[..depth];
                match model.chunk {
                    2 => add::<S, 2>(simd, model, columns, start, group, stride, logits),
                    4 => add::<S, 4>(simd, model, columns, start, group, stride, logits),
                    6 => add::<S, 6>(simd, model, columns, start, group, stride, logits),
                    8 => add::<S, 8>(simd, model, columns, start, group, stride, logits),
                    10 => add::<S, 10>(simd, model, columns, start, group, stride, logits),
                    _ => add::<S, MOST>(simd, model, columns, start, group, stride, logits),
                }
            }
            size.to_slice(&mut sizes[group..group + lanes]);
        }
    }
}

/// Ask for the same columns of the rows after the next group. Rows are read side by side, which the
/// hardware does not follow, and waits for each: measured, two to four times as slow.
#[inline(always)]
fn ask_ahead(from: *const f32, apart: usize, lanes: usize, depth: usize) {
    const LINE: usize = 64 / size_of::<f32>();
    for row in 2 * lanes..3 * lanes {
        let mut column = 0;
        while column < depth {
            simd::prefetch(from.wrapping_add(row * apart + column));
            column += LINE;
        }
    }
}

/// Where the columns from `start` on of a group of rows can be read as they lie, and how far apart
/// its rows are.
#[inline(always)]
fn direct<E: Element>(matrix: &Matrix<'_, E>, row: usize, start: usize, whole: bool) -> Option<(*const f32, usize)> {
    let stride = matrix.row_major().filter(|_| whole)?;
    let from = E::as_compute(matrix.pointer(row, start))?;
    (size_of::<E::Compute>() == size_of::<f32>()).then_some((from.cast(), stride))
}

impl Copied {
    /// Copy some columns of some rows, rounded to `f32`, zeros in what is left.
    #[inline(always)]
    fn fill<E: Element>(
        &mut self,
        matrix: &Matrix<'_, E>,
        row: usize,
        count: usize,
        start: usize,
        depth: usize,
    ) -> *const f32 {
        self.0.fill(0.0);
        for i in 0..count {
            let to = &mut self.0[i * DEPTH..][..depth];
            match matrix.adjacent_row(row + i) {
                Some(from) => {
                    let mut wide = [E::Compute::ZERO; DEPTH];
                    E::widen_all(&from[start..start + depth], &mut wide[..depth]);
                    to.iter_mut().zip(&wide).for_each(|(to, &from)| *to = narrowed(from));
                }
                None => {
                    let value = |column| narrowed(matrix.get(row + i, column).widen());
                    to.iter_mut().zip(start..).for_each(|(to, column)| *to = value(column));
                }
            }
        }
        self.0.as_ptr()
    }
}

/// To the nearest `f32`.
#[inline(always)]
pub(super) fn narrowed<T: Into<f64>>(value: T) -> f32 {
    let wide: f64 = value.into();
    wide as f32
}

/// Add the products of these columns, of one group of rows, to the logits of all classes, `N` at a
/// time.
#[inline(always)]
fn add<S: Simd, const N: usize>(
    simd: S,
    model: &Linear,
    columns: &[S::F32],
    start: usize,
    group: usize,
    stride: usize,
    logits: &mut [f32],
) {
    let lanes = S::F32::LANES;
    let weights = &model.weights[start * model.padded..][..columns.len() * model.padded];
    for first in (0..model.outputs).step_by(N) {
        let mut sums = [S::F32::splat(simd, 0.0); N];
        for (&column, weights) in columns.iter().zip(weights.chunks_exact(model.padded)) {
            let weights = &weights[first..first + N];
            let mut class = 0;
            while class < N {
                sums[class] = column.mul_add(S::F32::splat(simd, weights[class]), sums[class]);
                class += 1;
            }
        }
        let mut class = 0;
        while class < N && first + class < model.outputs {
            let to = &mut logits[(first + class) * stride + group..][..lanes];
            S::F32::from_slice(simd, to).add(sums[class]).to_slice(to);
            class += 1;
        }
    }
}
