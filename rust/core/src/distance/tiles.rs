//! Sums over the coordinates of many pairs of rows at once, shaped like a matrix product.
//!
//! The rows of a [`RowBlock`] lie one after the other. The columns, which are rows of the other
//! matrix, lie in [`Panels`]: `LANES` of them side by side, coordinate by coordinate. A register
//! tile is six rows by two vectors of columns: twelve sums that stay in registers while a vector of
//! two and one coordinate of six are read for each step. Coordinates are taken in parts
//! ([`parts`]), so that what is in use of a panel stays in the first-level cache, and of a block in
//! the second. A finished tile is handed to a [`Sink`] while it is in registers: no matrix of
//! results is ever written.
//!
//! A sum is built one coordinate at a time, fused, in order, and the sums of the parts are added in
//! order: the bits depend on the two rows alone.

#![allow(unsafe_code)]

use crate::room;
use crate::simd::sealed::Lanes;
use crate::simd::{Float, Kernel, Simd, Vector};
use std::marker::PhantomData;

/// Rows of a register tile; blocks are padded to multiples of it.
pub(crate) const ROWS: usize = 6;

/// Most bytes of one column of a panel that are in use at a time.
const DEPTH_BYTES: usize = 1280;

/// Panels whose unfinished sums are kept at a time, where the coordinates are taken in parts. Even.
const PANELS: usize = 16;

/// How many parts the coordinates are taken in, and how many are in a part (the last may have
/// fewer).
pub(crate) fn parts<T>(depth: usize) -> (usize, usize) {
    let parts = (depth * size_of::<T>()).div_ceil(DEPTH_BYTES).max(1);
    (parts, depth.div_ceil(parts).max(1))
}

/// Rows, one after the other.
#[derive(Debug)]
pub(crate) struct RowBlock<T> {
    values: Vec<T>,
    rows: usize,
    depth: usize,
}

impl<T: Float> RowBlock<T> {
    /// Room for rows of zeros.
    pub(crate) fn new(rows: usize, depth: usize) -> Self {
        RowBlock { values: room::filled(T::ZERO, rows.next_multiple_of(ROWS) * depth), rows, depth }
    }

    /// Room for so many rows, at most as many as when it was made. What they hold is left from
    /// before.
    pub(crate) fn resize(&mut self, rows: usize) {
        assert!(rows.next_multiple_of(ROWS) * self.depth <= self.values.len());
        self.rows = rows;
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// One row.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.values[row * self.depth..][..self.depth]
    }

    /// One row, to be written.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        &mut self.values[row * self.depth..][..self.depth]
    }
}

/// Columns in panels.
#[derive(Debug)]
pub(crate) struct Panels<T> {
    values: Vec<T>,
    columns: usize,
    depth: usize,
}

impl<T: Float> Panels<T> {
    /// Room for so many columns, all zero.
    pub(crate) fn new(columns: usize, depth: usize) -> Self {
        Panels { values: room::filled(T::ZERO, Self::padded(columns) * depth), columns, depth }
    }

    /// Columns with the zeros that fill the last panels.
    pub(crate) fn padded(columns: usize) -> usize {
        columns.next_multiple_of(2 * T::LANES)
    }

    /// Number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Room for so many columns, at most as many as when it was made. What they hold is left from
    /// before.
    pub(crate) fn resize(&mut self, columns: usize) {
        assert!(Self::padded(columns) * self.depth <= self.values.len());
        self.columns = columns;
    }

    /// Set one column.
    pub(crate) fn set(&mut self, column: usize, coordinates: &[T]) {
        assert!(coordinates.len() == self.depth);
        let panel = &mut self.values[column / T::LANES * T::LANES * self.depth..][..T::LANES * self.depth];
        for (lanes, &coordinate) in panel.chunks_exact_mut(T::LANES).zip(coordinates) {
            lanes[column % T::LANES] = coordinate;
        }
    }
}

/// What is summed over the coordinates of a pair of rows.
pub(crate) trait Term: Copy + Send + Sync + 'static {
    /// The sum with one more coordinate.
    fn add<V: Vector>(x: V, y: V, sum: V) -> V;
}

/// The product: sums are scalar products.
#[derive(Clone, Copy)]
pub(crate) struct Product;

impl Term for Product {
    #[inline(always)]
    fn add<V: Vector>(x: V, y: V, sum: V) -> V {
        x.mul_add(y, sum)
    }
}

/// The negated absolute difference.
#[derive(Clone, Copy)]
pub(crate) struct NegatedDifference;

impl Term for NegatedDifference {
    #[inline(always)]
    fn add<V: Vector>(x: V, y: V, sum: V) -> V {
        sum.sub(x.apart(y))
    }
}

/// What becomes of finished sums.
pub(crate) trait Sink<T> {
    /// Sums of rows `row..row + ROWS` with columns `column..column + 2 LANES`, both of which may
    /// lie in the padding.
    fn take<V: Vector<Scalar = T>>(&mut self, row: usize, column: usize, sums: &[[V; 2]; ROWS]);
}

/// All rows of a block with all columns of the panels, into a sink: for each pair of columns'
/// vectors, all rows in order.
pub(crate) struct Multiply<'a, T, M, K> {
    block: &'a RowBlock<T>,
    panels: &'a Panels<T>,
    unfinished: &'a mut Vec<T>,
    sink: &'a mut K,
    term: PhantomData<M>,
}

impl<'a, T: Float, M: Term, K: Sink<T>> Multiply<'a, T, M, K> {
    /// `unfinished` is scratch memory, kept between calls.
    pub(crate) fn new(
        block: &'a RowBlock<T>,
        panels: &'a Panels<T>,
        unfinished: &'a mut Vec<T>,
        sink: &'a mut K,
        _: M,
    ) -> Self {
        assert!(block.depth == panels.depth);
        assert!(block.rows.next_multiple_of(ROWS) * block.depth <= block.values.len());
        assert!(Panels::<T>::padded(panels.columns) * panels.depth <= panels.values.len());
        if parts::<T>(block.depth).0 > 1 {
            room::resize(unfinished, block.rows.next_multiple_of(ROWS) * PANELS * T::LANES, T::ZERO);
        }
        Multiply { block, panels, unfinished, sink, term: PhantomData }
    }
}

impl<T: Float, M: Term, K: Sink<T>> Kernel for Multiply<'_, T, M, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Multiply { block, panels, unfinished, sink, .. } = self;
        let depth = block.depth;
        let lanes = <T as Lanes>::Vector::<S>::LANES;
        let columns = Panels::<T>::padded(panels.columns);
        let (parts, most) = parts::<T>(depth);
        let at_once = if parts > 1 { PANELS * T::LANES } else { columns };
        // Where a vector is as wide as a panel, the second one lies in the next panel.
        let second = if lanes < T::LANES { lanes } else { T::LANES * depth };
        let mut first = 0;
        while first < columns {
            let end = columns.min(first + at_once);
            let mut part = 0;
            while part < parts {
                let start = part * most;
                let steps = most.min(depth - start);
                let mut store = unfinished.as_mut_ptr();
                let mut column = first;
                while column < end {
                    let mut row = 0;
                    while row < block.rows {
                        // SAFETY: `new` saw that the block has whole groups of rows [a block
                        // without room for whole groups of rows] and the panels whole pairs [panels
                        // without room for whole pairs], of `depth` coordinates each [rows and
                        // columns of different depths] [coordinates past the last]; and
                        // `unfinished` has room for all rows of the block by `at_once` columns,
                        // where it is used [sums put aside where there is no room].
                        unsafe {
                            let x = block.values.as_ptr().add(row * depth + start);
                            let y = panels.values.as_ptr().add(column / T::LANES * T::LANES * depth + start * T::LANES);
                            let mut sums = tile::<T::Vector<S>, M>(simd, x, depth, y, second, steps);
                            if part > 0 {
                                resume(&mut sums, store);
                            }
                            if part + 1 < parts {
                                suspend(&sums, store);
                            } else {
                                sink.take(row, column, &sums);
                            }
                            if parts > 1 {
                                store = store.add(2 * ROWS * lanes);
                            }
                        }
                        row += ROWS;
                    }
                    column += 2 * lanes;
                }
                part += 1;
            }
            first = end;
        }
    }
}

/// The sums of six rows with two vectors of columns.
///
/// # Safety
/// Six rows of `steps` values, `stride` apart, must be readable at `x`; and `steps` vectors,
/// `LANES` apart, at `y` and at `second` values after it.
#[inline(always)]
unsafe fn tile<V: Vector, M: Term>(
    simd: V::Simd,
    x: *const V::Scalar,
    stride: usize,
    y: *const V::Scalar,
    second: usize,
    steps: usize,
) -> [[V; 2]; ROWS] {
    let mut sums = [[V::splat(simd, V::Scalar::ZERO); 2]; ROWS];
    let mut step = 0;
    // SAFETY: the caller's promise, for each step.
    unsafe {
        // Four at a time: so few rounds that their number can be foreseen.
        while !V::LARGE && step + 4 <= steps {
            add::<V, M>(simd, &mut sums, x.add(step), stride, y.add(step * V::Scalar::LANES), second);
            add::<V, M>(simd, &mut sums, x.add(step + 1), stride, y.add((step + 1) * V::Scalar::LANES), second);
            add::<V, M>(simd, &mut sums, x.add(step + 2), stride, y.add((step + 2) * V::Scalar::LANES), second);
            add::<V, M>(simd, &mut sums, x.add(step + 3), stride, y.add((step + 3) * V::Scalar::LANES), second);
            step += 4;
        }
        while step < steps {
            add::<V, M>(simd, &mut sums, x.add(step), stride, y.add(step * V::Scalar::LANES), second);
            step += 1;
        }
    }
    sums
}

/// One more coordinate.
///
/// # Safety
/// Six values, `stride` apart, must be readable at `x`, and a vector at `y` and at `second` values
/// after it.
#[inline(always)]
unsafe fn add<V: Vector, M: Term>(
    simd: V::Simd,
    sums: &mut [[V; 2]; ROWS],
    x: *const V::Scalar,
    stride: usize,
    y: *const V::Scalar,
    second: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let (low, high) = (V::load(simd, y), V::load(simd, y.add(second)));
        let mut row = 0;
        while row < ROWS {
            let x = V::splat(simd, *x.add(row * stride));
            sums[row] = [M::add(x, low, sums[row][0]), M::add(x, high, sums[row][1])];
            row += 1;
        }
    }
}

/// Add the sums of earlier coordinates.
///
/// # Safety
/// `from` must be where [`suspend`] wrote to.
#[inline(always)]
unsafe fn resume<V: Vector>(sums: &mut [[V; 2]; ROWS], from: *const V::Scalar) {
    let simd = sums[0][0].simd();
    let mut row = 0;
    while row < ROWS {
        // SAFETY: the caller's promise.
        unsafe {
            sums[row][0] = V::load(simd, from.add(2 * row * V::LANES)).add(sums[row][0]);
            sums[row][1] = V::load(simd, from.add((2 * row + 1) * V::LANES)).add(sums[row][1]);
        }
        row += 1;
    }
}

/// Put sums aside.
///
/// # Safety
/// Twelve vectors must be writable at `to`.
#[inline(always)]
unsafe fn suspend<V: Vector>(sums: &[[V; 2]; ROWS], to: *mut V::Scalar) {
    let mut row = 0;
    while row < ROWS {
        // SAFETY: the caller's promise.
        unsafe {
            sums[row][0].store(to.add(2 * row * V::LANES));
            sums[row][1].store(to.add((2 * row + 1) * V::LANES));
        }
        row += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::heap::guarded;
    use crate::random::{hash, uniform};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Keeps all sums.
    struct Keep<T> {
        sums: Vec<Vec<T>>,
        columns: usize,
    }

    impl<T: Float> Sink<T> for Keep<T> {
        #[inline(always)]
        fn take<V: Vector<Scalar = T>>(&mut self, row: usize, column: usize, sums: &[[V; 2]; ROWS]) {
            let mut lanes = vec![T::ZERO; V::LANES];
            for (i, pair) in sums.iter().enumerate() {
                for (j, sum) in pair.iter().enumerate() {
                    // SAFETY: room for all lanes.
                    unsafe { sum.store(lanes.as_mut_ptr()) };
                    for (lane, &value) in lanes.iter().enumerate() {
                        let column = column + j * V::LANES + lane;
                        if row + i < self.sums.len() && column < self.columns {
                            self.sums[row + i][column] = value;
                        }
                    }
                }
            }
        }
    }

    fn sums<T: Float, M: Term>(level: Level, x: &[Vec<T>], y: &[Vec<T>], term: M) -> Vec<Vec<T>> {
        let depth = x[0].len();
        let (mut block, mut panels) = (RowBlock::new(x.len(), depth), Panels::new(y.len(), depth));
        x.iter().enumerate().for_each(|(i, row)| block.row_mut(i).copy_from_slice(row));
        y.iter().enumerate().for_each(|(j, row)| panels.set(j, row));
        let mut sink = Keep { sums: vec![vec![T::NAN; y.len()]; x.len()], columns: y.len() };
        level.run(Multiply::new(&block, &panels, &mut Vec::new(), &mut sink, term));
        sink.sums
    }

    fn rows<T: Float>(seed: u64, rows: usize, depth: usize) -> Vec<Vec<T>> {
        let value = |i: usize| T::from_f64(uniform(hash(seed, 0, i as u64)) - 0.5);
        (0..rows).map(|row| (0..depth).map(|k| value(row * depth + k)).collect()).collect()
    }

    fn agree<T: Float>(shapes: &[(usize, usize, usize)]) {
        for &(m, n, depth) in shapes {
            let (x, y) = (rows::<T>(1, m, depth), rows::<T>(2, n, depth));
            let levels: Vec<Level> = Level::ALL.into_iter().filter(|level| level.supported()).collect();
            let products: Vec<_> = levels.iter().map(|&level| sums(level, &x, &y, Product)).collect();
            let differences: Vec<_> = levels.iter().map(|&level| sums(level, &x, &y, NegatedDifference)).collect();
            let bound = (depth * depth) as f64 * T::EPSILON.into();
            for (i, a) in x.iter().enumerate() {
                for (j, b) in y.iter().enumerate() {
                    let pairs = || a.iter().zip(b).map(|(&a, &b)| (a.into(), b.into()));
                    let product: f64 = pairs().map(|(a, b)| a * b).sum();
                    let difference: f64 = pairs().map(|(a, b)| f64::abs(a - b)).sum();
                    for level in 0..levels.len() {
                        assert!((products[level][i][j].into() - product).abs() <= bound, "{m} {n} {depth}");
                        assert!((differences[level][i][j].into() + difference).abs() <= bound, "{m} {n} {depth}");
                        let same = |a: T, b: T| a.into().to_bits() == b.into().to_bits();
                        assert!(same(products[level][i][j], products[0][i][j]));
                        assert!(same(differences[level][i][j], differences[0][i][j]));
                    }
                }
            }
        }
    }

    #[test]
    fn sums_are_those_of_plain_loops_with_the_same_bits_at_every_level() {
        let mut shapes: Vec<_> = (1..70).map(|depth| (1 + depth % 14, 1 + depth * 7 % 71, depth)).collect();
        shapes.extend([(1, 1, 1), (13, 600, 321), (7, 300, 700), (6, 32, 1280), (5, 16, 0)]);
        agree::<f32>(&shapes);
        agree::<f64>(&shapes);
    }

    #[test]
    fn no_room_is_smaller_than_what_is_in_it() {
        guarded(|| agree::<f32>(&[(1, 1, 1), (13, 300, 321), (7, 40, 700)]));
        guarded(|| agree::<f64>(&[(5, 9, 3), (13, 150, 321)]));
        let (block, panels) = (RowBlock::<f32>::new(3, 4), Panels::<f32>::new(3, 5));
        let other = || {
            Multiply::new(&block, &panels, &mut Vec::new(), &mut Keep { sums: Vec::new(), columns: 0 }, Product);
        };
        assert!(catch_unwind(AssertUnwindSafe(other)).is_err());
    }
}
