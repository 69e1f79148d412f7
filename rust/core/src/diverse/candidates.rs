//! A matrix and which of its rows are in question.

use super::among::Among;
use crate::distance::{Centres, Metric, Pair, Tile, apart};
use crate::error::Result;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::simd::{self, Kernel, Level, Simd};
use std::ops::Range;

/// Rows of a matrix by position: all of them, or those that a short list names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidates<'a, E> {
    matrix: Matrix<'a, E>,
    among: Among<'a>,
}

impl<'a, E: Copy> Candidates<'a, E> {
    /// `ids` ascend, and each is a row of the matrix.
    pub(crate) fn new(matrix: Matrix<'a, E>, ids: Option<&'a [i64]>) -> Result<Self> {
        Ok(Candidates { matrix, among: Among::new(matrix.rows(), ids)? })
    }

    /// The matrix that positions lead into.
    #[inline(always)]
    pub(crate) fn matrix(&self) -> &Matrix<'a, E> {
        &self.matrix
    }

    /// Rows of the pool.
    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        self.among.count()
    }

    /// Features of a row.
    #[inline(always)]
    pub(crate) fn features(&self) -> usize {
        self.matrix.columns()
    }

    /// The id of the row at a position.
    #[inline(always)]
    pub(crate) fn id(&self, position: usize) -> usize {
        self.among.id(position) as usize
    }

    /// Prepares the row at a position as the next of a tile.
    #[inline(always)]
    pub(crate) fn push<S: Simd>(&self, simd: S, tile: &mut Tile, position: usize) -> Result<()>
    where
        E: Element,
    {
        tile.push(simd, &self.matrix, self.id(position))
    }

    /// Asks for the row at a position ahead of its use.
    #[inline(always)]
    pub(crate) fn prefetch(&self, position: usize) {
        if let Some(row) = self.matrix.adjacent_row(self.id(position)) {
            for line in row.chunks(64 / size_of::<E>()) {
                simd::prefetch(line.as_ptr());
            }
        }
    }

    /// The rows at some positions as points.
    pub(crate) fn points(&self, metric: Metric, positions: Range<usize>, level: Level) -> Result<Centres>
    where
        E: Element,
    {
        level.run(Pack { candidates: self, metric, positions })
    }

    /// Which rows these are.
    pub(crate) fn among(&self) -> Among<'a> {
        self.among
    }
}

/// Candidates of any dtype, for rules that spend their time on what rows have become: such a rule
/// is compiled once, and each of these calls looks up the dtype and enters the CPU level.
pub(crate) trait AnyRows: Sync {
    /// See [`Candidates::rows`].
    fn rows(&self) -> usize;
    /// See [`Candidates::features`].
    fn features(&self) -> usize;
    /// See [`Candidates::id`].
    fn id(&self, position: usize) -> usize;
    /// Ids there are: any row of the matrix, whether it is a candidate or not.
    fn ids(&self) -> usize;
    /// Prepares the rows at some positions as a tile.
    fn fill(&self, level: Level, tile: &mut Tile, positions: &mut dyn Iterator<Item = usize>) -> Result<()>;
    /// Prepares the row of an id.
    fn prepared(&self, level: Level, metric: Metric, id: usize) -> Result<Tile>;
    /// How far the rows of two ids are apart.
    fn apart(&self, level: Level, metric: Metric, ids: (usize, usize), pair: &mut Pair) -> f64;
    /// See [`Candidates::points`].
    fn points(&self, metric: Metric, positions: Range<usize>, level: Level) -> Result<Centres>;
}

impl<E: Element> AnyRows for Candidates<'_, E> {
    fn rows(&self) -> usize {
        self.rows()
    }

    fn features(&self) -> usize {
        self.features()
    }

    fn id(&self, position: usize) -> usize {
        self.id(position)
    }

    fn ids(&self) -> usize {
        self.matrix.rows()
    }

    fn fill(&self, level: Level, tile: &mut Tile, positions: &mut dyn Iterator<Item = usize>) -> Result<()> {
        tile.clear();
        level.run(PrepareRows { candidates: self, tile, positions })
    }

    fn prepared(&self, level: Level, metric: Metric, id: usize) -> Result<Tile> {
        Tile::of_row(metric, &self.matrix, id, level)
    }

    fn apart(&self, level: Level, metric: Metric, ids: (usize, usize), pair: &mut Pair) -> f64 {
        apart(&self.matrix, metric, ids, pair, level)
    }

    fn points(&self, metric: Metric, positions: Range<usize>, level: Level) -> Result<Centres> {
        self.points(metric, positions, level)
    }
}

struct PrepareRows<'p, 'a, E> {
    candidates: &'p Candidates<'a, E>,
    tile: &'p mut Tile,
    positions: &'p mut dyn Iterator<Item = usize>,
}

impl<E: Element> Kernel for PrepareRows<'_, '_, E> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        for position in self.positions {
            self.candidates.push(simd, self.tile, position)?;
        }
        Ok(())
    }
}

struct Pack<'p, 'a, E> {
    candidates: &'p Candidates<'a, E>,
    metric: Metric,
    positions: Range<usize>,
}

impl<E: Element> Kernel for Pack<'_, '_, E> {
    type Output = Result<Centres>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<Centres> {
        let features = self.candidates.features();
        let (mut points, mut tile) = (Centres::new(self.metric, features), Tile::new(self.metric, features));
        for position in self.positions {
            tile.clear();
            self.candidates.push(simd, &mut tile, position)?;
            points.push(tile.row(0), tile.zero(0));
        }
        Ok(points)
    }
}
