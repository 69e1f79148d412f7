//! Rows less a common origin, in the type the filter computes in, and how far the filter may be
//! off.
//!
//! With a and b two rows less the origin, |a - b|²/2 = |a|²/2 + (|b|²/2 - a·b), where the bracket
//! decides which b is nearest to a. With unit roundoff u and sums of at most K terms, rounding the
//! coordinates, |b|²/2 and the scalar product puts the bracket off by at most (K + 16) u (|b|²/2 +
//! |a||b|); underflow adds one smallest number for each coordinate; and the direct distance, which
//! decides, is itself off by less than 4 (features + 16) 2⁻⁵³ (|a| + |b|)². Under the cosine metric
//! rows have unit length, the origin is 0, and -a·b decides. Under Manhattan it is the sum of
//! absolute differences, with |·|₁ in the bound.

use super::metric::Metric;
use super::pair::{LANES, wide};
use super::tile::{Kind, prepare};
use super::tiles::{RowBlock, parts};
use crate::Level;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Float, Kernel, Simd};
use std::ops::Range;

/// The origin is the mean of at most so many rows.
const SAMPLE: usize = 256;

/// Which rows of a matrix: some, by number, or adjacent ones.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowNumbers<'a> {
    /// These, which lie inside.
    Picked(&'a [i64]),
    /// From the first, so many.
    Adjacent(usize, usize),
}

impl RowNumbers<'_> {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            RowNumbers::Picked(ids) => ids.len(),
            RowNumbers::Adjacent(_, count) => *count,
        }
    }

    /// The number of one of them.
    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> usize {
        match self {
            RowNumbers::Picked(ids) => ids[i] as usize,
            RowNumbers::Adjacent(first, _) => first + i,
        }
    }

    /// Some of them.
    pub(crate) fn part(&self, part: Range<usize>) -> Self {
        match *self {
            RowNumbers::Picked(ids) => RowNumbers::Picked(&ids[part]),
            RowNumbers::Adjacent(first, count) => {
                assert!(part.end <= count);
                RowNumbers::Adjacent(first + part.start, part.len())
            }
        }
    }
}

/// What is subtracted from every row. Any origin would do; one amid the rows makes the bounds
/// tight.
#[derive(Debug)]
pub(crate) struct Origin {
    metric: Metric,
    pub(crate) point: Vec<f64>,
}

impl Origin {
    /// Amid the rows of a matrix.
    pub(crate) fn amid<T: Float, E: Element>(matrix: &Matrix<'_, E>, metric: Metric) -> Origin {
        let mut point = room::filled(0.0, matrix.columns());
        if metric != Metric::Cosine {
            let step = matrix.rows().div_ceil(SAMPLE);
            let share = 1.0 / matrix.rows().div_ceil(step) as f64;
            for row in (0..matrix.rows()).step_by(step) {
                match matrix.adjacent_row(row) {
                    Some(values) => {
                        point.iter_mut().zip(values).for_each(|(mean, x)| *mean += share * x.widen().into())
                    }
                    None => (point.iter_mut().enumerate())
                        .for_each(|(column, mean)| *mean += share * matrix.get(row, column).widen().into()),
                }
            }
            for mean in &mut point {
                // Rows that are not finite are found later.
                *mean = if mean.abs() < 0.5 * largest::<T>() { T::from_f64(*mean).into() } else { 0.0 };
            }
        }
        Origin { metric, point }
    }

    /// The metric that rows are made ready for.
    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// Features of a row.
    pub(crate) fn features(&self) -> usize {
        self.point.len()
    }

    /// Fill a block with rows of a matrix, less the origin, and tell their norms, rounded up.
    ///
    /// A row whose norm is above [`largest`] has zeros in its place. The error is the first row
    /// that is not acceptable.
    pub(crate) fn subtract<T: Float, E: Element>(
        &self,
        matrix: &Matrix<'_, E>,
        rows: RowNumbers<'_>,
        block: &mut RowBlock<T>,
        norms: &mut [f64],
        level: Level,
    ) -> Result<(), usize> {
        assert!(matrix.columns() == self.point.len() && norms.len() == block.rows() && rows.len() == block.rows());
        level.run(Subtract { origin: self, matrix, rows, block, norms })
    }
}

struct Subtract<'a, 'm, E, T> {
    origin: &'a Origin,
    matrix: &'a Matrix<'m, E>,
    rows: RowNumbers<'a>,
    block: &'a mut RowBlock<T>,
    norms: &'a mut [f64],
}

impl<E: Element, T: Float> Kernel for Subtract<'_, '_, E, T> {
    type Output = Result<(), usize>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<(), usize> {
        let Subtract { origin: Origin { metric, point }, matrix, rows, block, norms } = self;
        let mut prepared = room::filled(0.0, point.len().next_multiple_of(LANES));
        let upward = 1.0 + (point.len() + 16) as f64 * f64::EPSILON;
        for (i, norm) in norms.iter_mut().enumerate() {
            let (row, to) = (rows.row(i), block.row_mut(i));
            let in_place = if *metric == Metric::Cosine { None } else { matrix.adjacent_row(row) };
            let sum = match in_place {
                Some(from) => less::<E, T>(*metric, from, point, to),
                None => {
                    prepare(simd, *metric, matrix, row, &mut prepared);
                    less::<f64, T>(*metric, &prepared[..point.len()], point, to)
                }
            };
            *norm = upward * if *metric == Metric::Manhattan { sum } else { sum.sqrt() };
            // False for what is not finite.
            let in_range = *norm <= largest::<T>();
            if !in_range {
                if prepare(simd, *metric, matrix, row, &mut prepared) == Kind::Bad {
                    return Err(row);
                }
                to.fill(T::ZERO);
            }
        }
        Ok(())
    }
}

/// Write a row less the origin; the sum of the differences' squares, or under Manhattan of their
/// magnitudes.
#[inline(always)]
fn less<E: Element, T: Float>(metric: Metric, from: &[E], origin: &[f64], to: &mut [T]) -> f64 {
    let mut sums = [0.0_f64; LANES];
    let (chunks, rest) = from.as_chunks::<LANES>();
    let (origins, origin_rest) = origin.as_chunks::<LANES>();
    let (places, place_rest) = to.as_chunks_mut::<LANES>();
    for ((x, origin), to) in chunks.iter().zip(origins).zip(places) {
        *to = difference(metric, &wide(x), origin, &mut sums);
    }
    let last: [T; LANES] = difference(metric, &wide(rest), &wide(origin_rest), &mut sums);
    place_rest.copy_from_slice(&last[..rest.len()]);
    sums.iter().sum()
}

#[inline(always)]
fn difference<T: Float>(
    metric: Metric,
    x: &[f64; LANES],
    origin: &[f64; LANES],
    sums: &mut [f64; LANES],
) -> [T; LANES] {
    let mut to = [T::ZERO; LANES];
    for i in 0..LANES {
        let difference = x[i] - origin[i];
        to[i] = T::from_f64(difference);
        sums[i] += if metric == Metric::Manhattan { difference.abs() } else { difference * difference };
    }
    to
}

/// The largest norm for which no sum overflows.
pub(crate) fn largest<T: Float>() -> f64 {
    if size_of::<T>() == 4 { 2f64.powi(60) } else { 2f64.powi(490) }
}

/// How far a filter's result may be off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounding {
    metric: Metric,
    filter: f64,
    direct: f64,
    underflow: f64,
}

impl Rounding {
    /// For sums in `T`.
    pub(crate) fn new<T: Float>(metric: Metric, features: usize) -> Rounding {
        let (parts, most) = parts::<T>(features);
        let unit = 0.5 * T::EPSILON.into();
        let smallest = if size_of::<T>() == 4 { 2f64.powi(-149) } else { 5e-324 };
        Rounding {
            metric,
            filter: 1.01 * unit * (most + parts + 16) as f64,
            direct: 4.0 * (features + 16) as f64 * (0.5 * f64::EPSILON),
            underflow: (features + 16) as f64 * smallest,
        }
    }

    /// For two rows of these norms, both at most [`largest`].
    pub(crate) fn margin(&self, norm: f64, other: f64) -> f64 {
        let both = norm + other;
        let size = match self.metric {
            Metric::Manhattan => (self.filter + self.direct) * both,
            _ => self.filter * other * (0.5 * other + norm) + self.direct * both * both,
        };
        size + self.underflow * (1.0 + both)
    }
}
