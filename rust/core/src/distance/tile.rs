//! Rows made ready for the kernels: widened to `f64`, padded to whole lanes, checked, and at unit
//! length under the cosine metric.

use super::centres::ORTHOGONAL;
use super::metric::Metric;
use super::pair::{LANES, merge, to_one};
use crate::error::{Error, Result};
use crate::fault::Fault;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd, Vector};

/// Features must be smaller than this, 2^500, so that no sum of squares overflows.
const LIMIT: f64 = f64::from_bits((1023 + 500) << 52);

/// A prepared row, or why it is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A row to be compared.
    Usual,
    /// Nothing but zeros, under the cosine metric.
    Zero,
    /// NaN, infinite or too large: not to be compared.
    Bad,
}

/// A few prepared rows, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    metric: Metric,
    features: usize,
    values: Vec<f64>,
    zero: Vec<bool>,
}

impl Tile {
    /// An empty tile for rows of so many features.
    pub(crate) fn new(metric: Metric, features: usize) -> Tile {
        Tile { metric, features, values: Vec::new(), zero: Vec::new() }
    }

    /// Coordinates of a prepared row.
    #[inline(always)]
    pub(crate) fn width(&self) -> usize {
        self.features.next_multiple_of(LANES)
    }

    /// Number of rows.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.zero.len()
    }

    /// Forgets all rows.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.zero.clear();
    }

    /// One row.
    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.width()..(i + 1) * self.width()]
    }

    /// Whether a row is nothing but zeros, under the cosine metric.
    #[inline(always)]
    pub(crate) fn zero(&self, i: usize) -> bool {
        self.zero[i]
    }

    /// A tile of one row.
    pub(crate) fn of_row<E: Element>(metric: Metric, matrix: &Matrix<'_, E>, row: usize, level: Level) -> Result<Tile> {
        level.run(OneRow { tile: Tile::new(metric, matrix.columns()), matrix, row })
    }

    /// Prepares one more row. An error, and nothing added, for one that cannot be compared.
    #[inline(always)]
    pub(crate) fn push<S: Simd, E: Element>(&mut self, simd: S, matrix: &Matrix<'_, E>, row: usize) -> Result<()> {
        let start = self.values.len();
        let width = self.width();
        room::resize(&mut self.values, start + width, 0.0);
        let kind = prepare(simd, self.metric, matrix, row, &mut self.values[start..]);
        if kind == Kind::Bad {
            self.values.truncate(start);
            return Err(row_fault(matrix, row));
        }
        self.zero.push(kind == Kind::Zero);
        Ok(())
    }

    /// Adds a row that is prepared already.
    pub(crate) fn push_prepared(&mut self, row: &[f64], zero: bool) {
        assert_eq!(row.len(), self.width());
        room::extend(&mut self.values, row);
        self.zero.push(zero);
    }

    /// The sums of the distances of all rows to one prepared point.
    #[inline(always)]
    pub(crate) fn to_one<S: Simd>(&self, simd: S, point: &[f64], point_zero: bool, sums: &mut [f64]) {
        assert!(point.len() == self.width() && sums.len() == self.len());
        to_one(simd, self.metric, &self.values, point, sums);
        if self.metric == Metric::Cosine {
            for (sum, &zero) in sums.iter_mut().zip(&self.zero) {
                if zero | point_zero {
                    *sum = ORTHOGONAL;
                }
            }
        }
    }
}

struct OneRow<'m, 'a, E> {
    tile: Tile,
    matrix: &'m Matrix<'a, E>,
    row: usize,
}

impl<E: Element> Kernel for OneRow<'_, '_, E> {
    type Output = Result<Tile>;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> Result<Tile> {
        self.tile.push(simd, self.matrix, self.row)?;
        Ok(self.tile)
    }
}

/// Writes the features of a row over `to`.
#[inline(always)]
pub(crate) fn widen<E: Element>(matrix: &Matrix<'_, E>, row: usize, to: &mut [f64]) {
    match matrix.adjacent_row(row) {
        Some(from) => E::widen_to_f64(from, to),
        None => {
            for (column, to) in to.iter_mut().enumerate() {
                *to = matrix.get(row, column).widen().into();
            }
        }
    }
}

/// Writes row `row`, made ready, over `to`, which has as many places as its features rounded up to
/// whole lanes.
#[inline(always)]
pub(crate) fn prepare<S: Simd, E: Element>(
    simd: S,
    metric: Metric,
    matrix: &Matrix<'_, E>,
    row: usize,
    to: &mut [f64],
) -> Kind {
    simd.call(Prepare { metric, matrix, row, to })
}

struct Prepare<'p, 'a, E> {
    metric: Metric,
    matrix: &'p Matrix<'a, E>,
    row: usize,
    to: &'p mut [f64],
}

impl<E: Element> Kernel for Prepare<'_, '_, E> {
    type Output = Kind;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Kind {
        prepare_inlined(simd, self.metric, self.matrix, self.row, self.to)
    }
}

/// [`prepare`] for rows so short that a call would count.
#[inline(always)]
pub(crate) fn prepare_inlined<S: Simd, E: Element>(
    simd: S,
    metric: Metric,
    matrix: &Matrix<'_, E>,
    row: usize,
    to: &mut [f64],
) -> Kind {
    let features = matrix.columns();
    assert!(to.len() == features.next_multiple_of(LANES));
    widen(matrix, row, &mut to[..features]);
    to[features..].fill(0.0);
    let (low, high) = (S::F64::splat(simd, -LIMIT), S::F64::splat(simd, LIMIT));
    let mut fine = low.lt(high);
    let mut i = 0;
    while i < to.len() {
        let x = S::F64::from_slice(simd, &to[i..i + S::F64::LANES]);
        fine = S::F64::and(fine, S::F64::and(low.lt(x), x.lt(high)));
        i += S::F64::LANES;
    }
    if !S::F64::all(fine) {
        return Kind::Bad;
    }
    if metric == Metric::Cosine { simd.call(UnitLength(to)) } else { Kind::Usual }
}

/// Divides a row by its length.
struct UnitLength<'a>(&'a mut [f64]);

impl Kernel for UnitLength<'_> {
    type Output = Kind;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Kind {
        let UnitLength(row) = self;
        let mut largest = 0.0_f64;
        for &x in row.iter() {
            largest = largest.max(x.abs());
        }
        if largest == 0.0 {
            return Kind::Zero;
        }
        // A power of two that brings the largest feature near 1: exact, and squares neither
        // overflow nor vanish.
        let exponent = (largest.to_bits() >> 52) as i64 - 1023;
        let scale = f64::from_bits(((1023 - exponent.clamp(-1000, 1000)) as u64) << 52);
        let (chunks, _) = row.as_chunks_mut::<LANES>();
        let mut lanes = [0.0_f64; LANES];
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *x *= scale;
                *lane = x.mul_add(*x, *lane);
            }
        }
        let length = merge(lanes).sqrt();
        for x in row.iter_mut() {
            *x /= length;
        }
        Kind::Usual
    }
}

/// What is wrong with a row that [`prepare`] refused.
#[cold]
#[inline(never)]
pub(crate) fn row_fault<E: Element>(matrix: &Matrix<'_, E>, row: usize) -> Error {
    let values = || (0..matrix.columns()).map(|column| (column, matrix.get(row, column).widen().into()));
    let find = |wrong: fn(f64) -> bool| values().find(|&(_, value): &(usize, f64)| wrong(value));
    let fault = if let Some((column, _)) = find(f64::is_nan) {
        Fault::Nan(column)
    } else if let Some((column, value)) = find(f64::is_infinite) {
        Fault::Infinite(column, value)
    } else {
        let (column, value) = find(|value| value.abs() >= LIMIT).unwrap_or((0, f64::NAN));
        Fault::TooLarge(column, value)
    };
    Error::row(row as u64, fault)
}
