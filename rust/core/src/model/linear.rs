//! A linear model with its weights where the kernels want them, and how wrong its logits may be.

use crate::error::{Error, Result};
use crate::matrix::Matrix;
use crate::room;
use crate::simd::Float;
use std::borrow::Cow;

/// Virtual lanes: weights are filled up to multiples of it.
pub(super) const LANES: usize = f32::LANES;

/// The most classes of dense rows whose sums are in registers at a time.
pub(super) const MOST: usize = 5;

/// The same of compressed rows, in vectors of 16 classes; half as many classes where a vector has 8
/// lanes.
pub(super) const MOST_VECTORS: usize = 8;

/// Half the distance from 1 to the next `f32`: what an operation is off by, relative to its result.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// The largest whole number that a weight of compressed rows becomes.
const WHOLE: f64 = 32_767.0;

/// A model that computes in `f64` is off by so little that sizes may count its weights at a
/// fraction.
const FRACTION: f64 = 1.0 / (1 << 20) as f64;

/// How outputs become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The softmax of all of them.
    Softmax,
    /// One logit, of the second of two classes: its logistic function.
    Logistic,
    /// The logistic function of each, divided by their sum: one model a class against the others.
    OneVersusRest,
    /// They are probabilities already.
    Given,
}

/// The rows that a model's weights are laid out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Rows of all features: class by class, `padded` features each, and classes of zeros after.
    Dense,
    /// Compressed rows: feature by feature, `padded` classes each, as whole numbers of the
    /// feature's unit. A weight takes two bytes: most of the time goes to reading them.
    Compressed,
}

/// A linear model for rows of one layout.
///
/// A softmax does not change where all logits do, so the weights of a feature are counted from the
/// middle between the least and the greatest of them.
#[derive(Clone, Debug)]
pub struct Linear {
    features: usize,
    /// Classes whose logits are computed: one under [`Link::Logistic`]. Those of each member follow
    /// each other.
    outputs: usize,
    /// One but for committees.
    members: usize,
    link: Link,
    layout: Layout,
    /// Of dense rows.
    weights: Vec<f32>,
    /// Of compressed rows.
    wholes: Vec<i16>,
    padded: usize,
    /// As many as there are places for classes.
    intercepts: Vec<f32>,
    /// What the size of a row counts each feature at, and zeros up to whole vectors: of dense rows
    /// the largest size of its weights, not rounded down; of compressed ones its unit.
    sizes: Vec<f32>,
    /// The largest size of what is added to all rows.
    base: f64,
    /// What the model's own products and sums are off by, relative to each.
    own_unit: f64,
    /// The same beside the sizes of features.
    own_share: f64,
    /// Sums that the model makes beside the one over its features.
    own_steps: usize,
}

/// What is known of a model's own arithmetic.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own<'a> {
    /// What a step is off by: 2^-24 where it computes in `f32`.
    pub unit: f64,
    /// The size of numbers that cancel inside the intercepts, as where the mean of a feature was
    /// subtracted.
    pub hidden: f64,
    /// What each feature is multiplied by on the way, sizes added up, where the weights are a
    /// product of other weights; empty where they are not.
    pub sizes: &'a [f64],
    /// The sums on the way that such weights stand for.
    pub steps: usize,
}

impl Linear {
    /// From weights (outputs x features, row by row) and intercepts; the outputs are shared by so
    /// many members in turn.
    pub fn new(
        weights: &Matrix<'_, f64>,
        intercepts: &[f64],
        link: Link,
        layout: Layout,
        own: Own<'_>,
        members: usize,
    ) -> Result<Self> {
        let (outputs, features) = (weights.rows(), weights.columns());
        let whole = members > 0 && outputs.is_multiple_of(members);
        let of_each = if whole { outputs / members } else { 0 };
        let fits = if link == Link::Logistic { of_each == 1 } else { of_each > 1 && link != Link::Given };
        if intercepts.len() != outputs || !fits {
            return Err(Error::Argument(format!(
                "weights came with {outputs} rows, intercepts with {} numbers; accepted is one of each a class and member",
                intercepts.len()
            )));
        }
        if !own.sizes.is_empty() && own.sizes.len() != features {
            let sizes = own.sizes.len();
            return Err(Error::Argument(format!(
                "sizes came as {sizes}; accepted is one for each of {features} features"
            )));
        }
        let base = intercepts.iter().fold(0.0_f64, |most, b| most.max(b.abs())) + own.hidden;
        let mut narrow = room::collected(intercepts.iter().map(|&b| b as f32));
        let fraction = if own.unit < UNIT * FRACTION { FRACTION } else { 1.0 };
        let mut model = Linear {
            features,
            outputs,
            members,
            link,
            layout,
            weights: Vec::new(),
            wholes: Vec::new(),
            padded: 0,
            intercepts: Vec::new(),
            sizes: Vec::new(),
            base,
            own_unit: own.unit,
            own_share: own.unit / fraction,
            own_steps: own.steps,
        };
        let fit = match layout {
            Layout::Dense => model.lay_out_dense(weights, fraction, own.sizes),
            Layout::Compressed => model.lay_out_compressed(weights, fraction, own.sizes),
        };
        if !fit || !intercepts.iter().all(|b| b.abs() < 1e30) {
            return Err(Error::Argument("weights or intercepts are not finite, or 1e30 or more".into()));
        }
        room::resize(&mut narrow, model.padded.max(outputs), 0.0);
        model.intercepts = narrow;
        room::resize(&mut model.sizes, features.next_multiple_of(LANES), 0.0);
        Ok(model)
    }

    /// Lay weights out class by class; whether all are of a size that is taken.
    fn lay_out_dense(&mut self, weights: &Matrix<'_, f64>, fraction: f64, own: &[f64]) -> bool {
        let rows = room::collected((0..self.outputs).map(|output| row_of(weights, output)));
        let mut ranges = room::filled(Range::new(), self.features);
        for row in &rows {
            ranges.iter_mut().zip(row.iter()).for_each(|(range, &weight)| range.take(weight));
        }
        let middles = room::collected(ranges.iter().map(|range| range.middle(self.link)));
        let own = own.iter().copied().chain(std::iter::repeat(0.0));
        self.sizes = room::collected(ranges.iter().zip(own).map(|(range, own)| range.size(self.link, fraction, own)));
        self.padded = self.features.next_multiple_of(LANES);
        self.weights = room::zeros((self.outputs + MOST) * self.padded);
        for (to, row) in self.weights.chunks_exact_mut(self.padded.max(1)).zip(&rows) {
            for ((to, &weight), &middle) in to.iter_mut().zip(row.iter()).zip(&middles) {
                *to = (weight - middle) as f32;
            }
        }
        ranges.iter().all(Range::fits)
    }

    /// Lay weights out feature by feature; whether all are of a size that is taken.
    fn lay_out_compressed(&mut self, weights: &Matrix<'_, f64>, fraction: f64, own: &[f64]) -> bool {
        /// In whose bits a small whole number that is added comes last.
        const ROUNDER: f64 = 1.5 * (1_u64 << 52) as f64;
        let vectors = self.outputs.div_ceil(LANES);
        let chunks = vectors.div_ceil(MOST_VECTORS);
        self.padded = chunks * vectors.div_ceil(chunks) * LANES;
        self.wholes = room::zeros(self.padded * self.features);
        let adjacent = weights.column_major().is_some();
        let copied = if adjacent { 0 } else { self.outputs };
        let rows = room::collected((0..copied).map(|output| row_of(weights, output)));
        let mut gathered = room::filled(0.0, self.outputs);
        let mut fits = true;
        for (feature, to) in self.wholes.chunks_exact_mut(self.padded).enumerate() {
            let of_feature = if adjacent {
                weights.adjacent_column(0..self.outputs, feature)
            } else {
                gathered.iter_mut().zip(&rows).for_each(|(to, row)| *to = row[feature]);
                &gathered
            };
            let range = Range::of(of_feature);
            fits &= range.fits();
            let own = own.get(feature).copied().unwrap_or(0.0);
            let unit = (range.size(self.link, fraction, own) / WHOLE as f32).next_up().max(f32::MIN_POSITIVE);
            let (middle, inverse) = (range.middle(self.link), 1.0 / f64::from(unit));
            for (to, weight) in to.iter_mut().zip(of_feature) {
                *to = ((weight - middle) * inverse + ROUNDER).to_bits() as i16;
            }
            self.sizes.push(unit);
        }
        fits
    }

    /// Features of a row.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Logits of a row.
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Members of a committee, or one.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Classes of a row of probabilities.
    pub(super) fn classes(&self) -> usize {
        if self.link == Link::Logistic { 2 } else { self.outputs / self.members }
    }

    /// Whether these rows are what the weights are laid out for.
    pub(super) fn takes(&self, layout: Layout, columns: usize) -> Result<()> {
        let (known, features) = (self.layout, self.features);
        if layout != known {
            return Err(Error::Argument(format!("x came with rows for layout {layout:?}; this model's is {known:?}")));
        }
        if columns != features {
            return Err(Error::Argument(format!("x has {columns} columns; the model was fitted on {features}")));
        }
        Ok(())
    }

    /// How logits become probabilities.
    pub(super) fn link(&self) -> Link {
        self.link
    }

    /// How wrong the logits of a row of this size can be, where so many products are added: ours
    /// beside the true ones, and the model's own. `steps` of these sums are one behind the other
    /// here.
    pub(super) fn error(&self, size: f32, terms: usize, steps: usize) -> f64 {
        // Beside the sums: the product, the rounding of weight, feature and intercept, the
        // logarithm of a logistic function, and what a measure loses when it subtracts the largest
        // logit. The size itself is summed with the same errors, hence the last factor.
        let ours = (steps + 16) as f64 * UNIT;
        let theirs = (terms + self.own_steps + 6) as f64;
        let size = f64::from(size) * (1.0 + 4.0 * ours);
        let of_all = (ours + theirs * self.own_unit) * self.size_of_all();
        let of_size = ours + theirs * self.own_share;
        of_all
            + match self.layout {
                Layout::Dense => of_size * size,
                // A weight is off by half a unit.
                Layout::Compressed => (0.500_001 + of_size * (WHOLE + 1.0)) * size,
            }
    }

    /// What the model's own arithmetic is off by at a step.
    pub(super) fn own_unit(&self) -> f64 {
        self.own_unit
    }

    /// How far the weights of one class or feature are from those of the next.
    pub(super) fn padded(&self) -> usize {
        self.padded
    }

    /// The weights of all features, one after the other, for compressed rows.
    #[inline(always)]
    pub(super) fn wholes(&self) -> &[i16] {
        &self.wholes
    }

    /// The weights of a class from a feature on, and all that follow, for dense rows.
    #[inline(always)]
    pub(super) fn weights_from(&self, output: usize, feature: usize) -> &[f32] {
        &self.weights[output * self.padded + feature..]
    }

    /// The intercepts, and zeros up to whole vectors.
    #[inline(always)]
    pub(super) fn intercepts(&self) -> &[f32] {
        &self.intercepts
    }

    /// What the size of a row counts features at, from one on, and zeros up to whole vectors.
    #[inline(always)]
    pub(super) fn sizes_from(&self, feature: usize) -> &[f32] {
        &self.sizes[feature..]
    }

    /// Sizes that are in the logits of every row, and products so small that they are rounded to
    /// whole denormals.
    fn size_of_all(&self) -> f64 {
        1.0 + self.base + self.features as f64 * f64::from(f32::MIN_POSITIVE)
    }
}

/// A row of a matrix, copied where it is not adjacent.
fn row_of<'a>(matrix: &Matrix<'a, f64>, row: usize) -> Cow<'a, [f64]> {
    match matrix.adjacent_row(row) {
        Some(there) => Cow::Borrowed(there),
        None => Cow::Owned(room::collected((0..matrix.columns()).map(|column| matrix.get(row, column)))),
    }
}

/// The least and the greatest weight of a feature.
#[derive(Clone, Copy)]
struct Range {
    least: f64,
    greatest: f64,
    fits: bool,
}

impl Range {
    fn new() -> Self {
        Range { least: f64::INFINITY, greatest: f64::NEG_INFINITY, fits: true }
    }

    fn of(weights: &[f64]) -> Self {
        // Side by side, so that the compiler makes vectors of it.
        let mut side_by_side = [Range::new(); 8];
        let groups = weights.chunks_exact(8);
        let rest = groups.remainder();
        for group in groups {
            side_by_side.iter_mut().zip(group).for_each(|(range, &weight)| range.take(weight));
        }
        side_by_side.iter_mut().zip(rest).for_each(|(range, &weight)| range.take(weight));
        side_by_side.into_iter().fold(Range::new(), |all, one| Range {
            least: if one.least < all.least { one.least } else { all.least },
            greatest: if one.greatest > all.greatest { one.greatest } else { all.greatest },
            fits: all.fits & one.fits,
        })
    }

    #[inline(always)]
    fn take(&mut self, weight: f64) {
        self.least = if weight < self.least { weight } else { self.least };
        self.greatest = if weight > self.greatest { weight } else { self.greatest };
        self.fits &= weight.abs() < 1e30;
    }

    fn fits(&self) -> bool {
        self.fits
    }

    /// Where the weights are counted from.
    fn middle(&self, link: Link) -> f64 {
        if link == Link::Softmax { (self.least + self.greatest) / 2.0 } else { 0.0 }
    }

    /// The largest size of a weight counted from there, and at least a fraction of what it is as
    /// the model has it. One too small for a normal `f32` is off by less than a unit of the least
    /// normal one.
    fn size(&self, link: Link, fraction: f64, own: f64) -> f32 {
        let whole = self.greatest.abs().max(self.least.abs()).max(own);
        let middle = self.middle(link);
        let counted = (self.greatest - middle).max(middle - self.least);
        (counted.max(fraction * whole) as f32).next_up().max(f32::MIN_POSITIVE)
    }
}
