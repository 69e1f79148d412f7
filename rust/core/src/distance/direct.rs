//! One row compared directly with some others.

use super::centres::ORTHOGONAL;
use super::metric::Metric;
use super::pair::{LANES, between, to_one};
use super::tile::{Kind, prepare, widen};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd};

/// Room for two prepared rows.
#[derive(Debug)]
pub(crate) struct Pair {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Pair {
    pub(crate) fn new(features: usize) -> Self {
        let row = room::filled(0.0, features.next_multiple_of(LANES));
        Pair { x: room::collected(row.iter().copied()), y: row }
    }
}

/// The nearest row found so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best {
    /// The sum behind the distance.
    pub(crate) sum: f64,
    pub(crate) distance: f64,
    pub(crate) index: u32,
}

impl Best {
    pub(crate) const NONE: Best = Best { sum: f64::INFINITY, distance: f64::INFINITY, index: 0 };

    #[inline(always)]
    fn offer(&mut self, sum: f64, distance: f64, index: u32) {
        // Unequal sums may have one square root: then the first has it.
        if distance < self.distance {
            self.distance = distance;
            self.index = index;
        }
        self.sum = if sum < self.sum { sum } else { self.sum };
    }
}

/// The distance of two rows of a matrix.
pub(crate) fn apart<E: Element>(
    x: &Matrix<'_, E>,
    metric: Metric,
    (row, other): (usize, usize),
    pair: &mut Pair,
    level: Level,
) -> f64 {
    let (mut best, columns) = (Best::NONE, &[other as u32][..]);
    level.run(Direct { x, row, y: x, columns, metric, pair, best: &mut best });
    best.distance
}

/// Row `row` of `x` against rows of `y`, given in ascending order, and all after those that `best`
/// is from.
pub(crate) struct Direct<'a, 'x, 'y, X, Y> {
    pub(crate) x: &'a Matrix<'x, X>,
    pub(crate) row: usize,
    pub(crate) y: &'a Matrix<'y, Y>,
    pub(crate) columns: &'a [u32],
    pub(crate) metric: Metric,
    pub(crate) pair: &'a mut Pair,
    pub(crate) best: &'a mut Best,
}

impl<X: Element, Y: Element> Kernel for Direct<'_, '_, '_, X, Y> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Direct { x, row, y, columns, metric, pair, best } = self;
        let zero = if metric == Metric::Cosine {
            prepare(simd, metric, x, row, &mut pair.x) == Kind::Zero
        } else {
            widen(x, row, &mut pair.x[..x.columns()]);
            false
        };
        simd.call(Against { y, columns, metric, pair, zero, best });
    }
}

/// The row that was prepared, which may be nothing but zeros, against others.
struct Against<'a, 'y, Y> {
    y: &'a Matrix<'y, Y>,
    columns: &'a [u32],
    metric: Metric,
    pair: &'a mut Pair,
    zero: bool,
    best: &'a mut Best,
}

impl<Y: Element> Kernel for Against<'_, '_, Y> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Against { y, columns, metric, pair, zero, best } = self;
        let features = y.columns();
        for &column in columns {
            let in_place = if metric == Metric::Cosine { None } else { y.adjacent_row(column as usize) };
            let sum = match in_place {
                Some(y) => between(simd, metric, &pair.x[..features], y),
                None => {
                    let orthogonal = prepare(simd, metric, y, column as usize, &mut pair.y) == Kind::Zero || zero;
                    let mut sum = [ORTHOGONAL];
                    if !orthogonal {
                        to_one(simd, metric, &pair.x, &pair.y, &mut sum);
                    }
                    sum[0]
                }
            };
            best.offer(sum, metric.finish(sum), column);
        }
    }
}
