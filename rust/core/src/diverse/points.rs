//! Rows of a matrix as points, or some of them, whatever dtype holds them.

pub use super::among::Among;

use crate::blocks::{self, Watch};
use crate::distance::{Kind, LANES, Metric, prepare_inlined, row_fault, to_one};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::room;
use crate::simd::{Kernel, Level, Simd};
use std::ops::Range;

/// Rows as points of `f64`. A call enters the CPU level and looks up the dtype, so it is for many
/// rows.
pub trait Points: Sync {
    /// Which rows.
    fn among(&self) -> Among<'_>;
    /// Coordinates of a prepared row: features, and zeros up to whole lanes.
    fn width(&self) -> usize;
    /// Bytes of a row where it lies.
    fn row_bytes(&self) -> usize;
    /// Write the row at a position over `to`.
    fn prepare(&self, level: Level, position: usize, to: &mut [f64]) -> Result<()>;
    /// The squared distances of some rows to a prepared point.
    fn squared(&self, level: Level, positions: Range<usize>, point: &[f64], out: &mut [f64]) -> Result<()>;
}

/// How a row becomes a point.
pub(crate) trait Maker: Sync {
    /// Columns, and bytes of an element.
    fn shape(&self) -> (usize, usize);
    /// Write a row over `to`; `false` if it is no valid input: an error of each row would have to
    /// go through memory. Must be `#[inline(always)]`.
    fn make<S: Simd>(&self, simd: S, row: usize, to: &mut [f64]) -> bool;
    /// What is wrong with an invalid row.
    fn fault(&self, row: usize) -> Error;
}

/// Rows of features.
#[derive(Clone, Copy, Debug)]
pub struct Features<'a, E> {
    matrix: Matrix<'a, E>,
}

impl<'a, E: Element> Features<'a, E> {
    /// The rows of a matrix with at least one column.
    pub fn new(matrix: Matrix<'a, E>) -> Result<Features<'a, E>> {
        if matrix.columns() == 0 {
            return Err(Error::Empty { argument: "X", lacks: "columns" });
        }
        Ok(Features { matrix })
    }
}

impl<E: Element> Maker for Features<'_, E> {
    fn shape(&self) -> (usize, usize) {
        (self.matrix.columns(), size_of::<E>())
    }

    #[inline(always)]
    fn make<S: Simd>(&self, simd: S, row: usize, to: &mut [f64]) -> bool {
        prepare_inlined(simd, Metric::SqEuclidean, &self.matrix, row, to) != Kind::Bad
    }

    fn fault(&self, row: usize) -> Error {
        row_fault(&self.matrix, row)
    }
}

/// Some rows, by what makes points of them.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a, M> {
    maker: M,
    among: Among<'a>,
}

impl<'a, M> Chosen<'a, M> {
    /// Some rows of a matrix.
    pub fn new(maker: M, among: Among<'a>) -> Self {
        Chosen { maker, among }
    }
}

impl<M: Maker> Points for Chosen<'_, M> {
    fn among(&self) -> Among<'_> {
        self.among
    }

    fn width(&self) -> usize {
        self.maker.shape().0.next_multiple_of(LANES)
    }

    fn row_bytes(&self) -> usize {
        let (columns, bytes) = self.maker.shape();
        columns * bytes
    }

    fn prepare(&self, level: Level, position: usize, to: &mut [f64]) -> Result<()> {
        level.run(Make { maker: &self.maker, row: self.among.id(position) as usize, to })
    }

    fn squared(&self, level: Level, positions: Range<usize>, point: &[f64], out: &mut [f64]) -> Result<()> {
        level.run(Squared { maker: &self.maker, among: self.among, positions, point, out })
    }
}

struct Make<'a, M> {
    maker: &'a M,
    row: usize,
    to: &'a mut [f64],
}

impl<M: Maker> Kernel for Make<'_, M> {
    type Output = Result<()>;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        if self.maker.make(simd, self.row, self.to) { Ok(()) } else { Err(self.maker.fault(self.row)) }
    }
}

/// Coordinates of the rows that are prepared at a time: they stay in the first-level cache.
const TOGETHER: usize = 1024;

/// The fewest rows that are, whatever their width.
const FEWEST: usize = 4;

struct Squared<'a, M> {
    maker: &'a M,
    among: Among<'a>,
    positions: Range<usize>,
    point: &'a [f64],
    out: &'a mut [f64],
}

impl<M: Maker> Kernel for Squared<'_, M> {
    type Output = Result<()>;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let width = self.point.len();
        let together = (TOGETHER / width.max(1)).max(FEWEST);
        let mut tile = room::filled(0.0, together * width);
        for (i, out) in self.out.chunks_mut(together).enumerate() {
            let start = self.positions.start + i * together;
            for (j, to) in tile.chunks_exact_mut(width).take(out.len()).enumerate() {
                let row = self.among.id(start + j) as usize;
                if !self.maker.make(simd, row, to) {
                    return Err(self.maker.fault(row));
                }
            }
            to_one(simd, Metric::SqEuclidean, &tile, self.point, out);
        }
        Ok(())
    }
}

/// The squared distances of all points to a prepared one, on up to `threads` threads.
pub(crate) fn all_squared(
    points: &dyn Points,
    point: &[f64],
    level: Level,
    threads: usize,
    watch: &mut dyn Watch,
) -> Result<Vec<f64>> {
    let (count, bytes) = (points.among().count(), points.row_bytes());
    let mut all = room::zeros(count);
    let threads = blocks::crew(threads, count * bytes);
    let mut left = &mut all[..];
    let blocks = blocks::share(count, blocks::block_rows(bytes), threads).map(|rows| {
        let out = blocks::take(&mut left, rows.len());
        (rows, out)
    });
    blocks::run(count, blocks, threads, watch, || (), |(), rows, out| points.squared(level, rows, point, out))?;
    Ok(all)
}
