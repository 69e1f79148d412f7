//! What the members of a model put out for rows of any kind, and what is made of it for all of them
//! alike.

use super::linear::Link;
use crate::math::{exp, ln_1p};
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd, Vector};
use std::any::Any;
use std::ops::Range;

/// How many members a model has, and what each puts out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) members: usize,
    pub(super) classes: usize,
    pub(super) link: Link,
    /// What the model's own arithmetic is off by at a step.
    pub(super) own_unit: f64,
}

impl Shape {
    /// Outputs of a member.
    pub(super) fn of_each(&self) -> usize {
        if self.link == Link::Logistic { 1 } else { self.classes }
    }

    /// Outputs of a row.
    pub(super) fn outputs(&self) -> usize {
        self.members * self.of_each()
    }
}

/// What a thread computes outputs with. Only the rows that made it know what it is, so that what is
/// made of outputs is compiled once for rows of any kind.
pub(super) type OutputRoom = Box<dyn Any + Send>;

/// What is in a room, for the rows that made it.
pub(super) fn inside<R: 'static>(room: &mut OutputRoom) -> &mut R {
    room.downcast_mut().expect("rows get the room that they made")
}

/// Rows, and what the members of a model put out for them.
pub(super) trait Outputs: Sync {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Rows of a block.
    fn block_rows(&self) -> usize;
    /// Rows that are looked at together, with room for so many numbers each.
    fn part_rows(&self, numbers: usize) -> usize;
    /// Bytes that a pass has to do with.
    fn bytes(&self) -> usize;
    /// What is put out.
    fn shape(&self) -> Shape;
    /// The CPU level.
    fn level(&self) -> Level;
    /// What a thread works with, for parts of so many rows.
    fn room(&self, rows: usize) -> OutputRoom;
    /// Compute the outputs of some rows, column by column, each as long as the rows rounded up to
    /// whole groups, and how wrong those of each row may be: probabilities beside their own size.
    /// Not finite of a row that nothing is known of.
    fn compute(&self, rows: Range<usize>, room: &mut OutputRoom, outputs: &mut [f32], errors: &mut [f64]);
}

/// The outputs of a part of the rows as logits or probabilities, after a column for the first of
/// two classes.
pub(super) struct OutputColumns {
    numbers: Vec<f32>,
    stride: usize,
    shape: Shape,
}

impl OutputColumns {
    /// Room for parts of so many rows.
    pub(super) fn new(rows: usize, shape: Shape) -> Self {
        let stride = rows.next_multiple_of(super::dense::GROUP);
        OutputColumns { numbers: room::filled(0.0, stride * (shape.outputs() + 1)), stride, shape }
    }

    /// Compute them. What a member has one model a class for becomes logits of a softmax.
    pub(super) fn fill(
        &mut self,
        rows: Range<usize>,
        outputs: &dyn Outputs,
        room: &mut OutputRoom,
        errors: &mut [f64],
        apart: bool,
    ) {
        self.stride = rows.len().next_multiple_of(super::dense::GROUP);
        let (stride, shape) = (self.stride, self.shape);
        let (first, rest) = self.numbers.split_at_mut(stride);
        let columns = &mut rest[..stride * shape.outputs()];
        // Of two classes the logit of the first is 0 for every member.
        first.fill(0.0);
        outputs.compute(rows, room, columns, errors);
        if apart && shape.link == Link::OneVersusRest {
            outputs.level().run(LogLogistic { logits: columns });
            for member in columns.chunks_exact(stride * shape.classes) {
                for (row, error) in errors.iter_mut().enumerate() {
                    *error += f64::from(told_apart((0..shape.classes).map(|class| member[class * stride + row])));
                }
            }
        }
    }

    /// How far one column is from the next.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The columns of all members, one after the other.
    pub(super) fn of_all(&mut self) -> &mut [f32] {
        &mut self.numbers[self.stride..][..self.stride * self.shape.outputs()]
    }

    /// What each member says, a matrix with a column for each class.
    pub(super) fn members(&self) -> Vec<Matrix<'_, f32>> {
        let (stride, Shape { members, classes, link, .. }) = (self.stride, self.shape);
        let matrix = |from: usize, columns: usize| {
            Matrix::from_columns(&self.numbers[stride * from..][..stride * columns], stride, columns)
                .expect("as many as there is room for")
        };
        (0..members)
            .map(|member| match link {
                Link::Logistic => matrix(0, member + 2).every(member + 1),
                _ => matrix(1 + member * classes, classes),
            })
            .collect()
    }
}

/// Where the logarithms of all logistic functions of a row are below it, the model takes them for 0
/// sooner or later, and classes for alike.
const ALL_ALIKE: f32 = -30.0;

/// What is added to the size of a row, whose logarithms these are: infinity where the model may
/// take classes for alike.
pub(super) fn told_apart(logarithms: impl Iterator<Item = f32>) -> f32 {
    if logarithms.fold(f32::NEG_INFINITY, f32::max) < ALL_ALIKE { f32::INFINITY } else { 0.0 }
}

/// The logarithm of the logistic function of each logit: what a softmax divides by their sum.
pub(super) struct LogLogistic<'a> {
    pub(super) logits: &'a mut [f32],
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
