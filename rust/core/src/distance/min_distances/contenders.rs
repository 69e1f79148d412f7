//! Which rows may be the nearest, by certified bounds.

use crate::distance::tiles::{ROWS, Sink};
use crate::simd::{Float, Vector};

/// Contenders a row may have at a time before some are compared directly.
const ROOM: usize = 8;

/// Columns that may be the nearest, in ascending order, with their lower bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<T> {
    count: usize,
    columns: [u32; ROOM],
    lower: [T; ROOM],
}

impl<T: Float> List<T> {
    pub(super) const EMPTY: List<T> = List { count: 0, columns: [0; ROOM], lower: [T::ZERO; ROOM] };

    /// Forget the columns whose lower bound is above the threshold.
    fn cut(&mut self, threshold: T) {
        let mut kept = 0;
        for i in 0..self.count {
            if self.lower[i] <= threshold {
                self.lower[kept] = self.lower[i];
                self.columns[kept] = self.columns[i];
                kept += 1;
            }
        }
        self.count = kept;
    }
}

/// Finds the columns that may be the nearest of each row: from the sums come lower bounds, from
/// these upper ones, and the lowest upper bound of a row is its threshold. A column whose lower
/// bound is above it is not the nearest.
pub(super) struct Contenders<'a, T> {
    /// What the sums are subtracted from to give lower bounds; infinite for padding.
    pub(super) starts: &'a [T],
    /// How far above the lower bound the upper bound is; infinite for padding.
    pub(super) widths: &'a [T],
    /// Negative infinity for rows that have no candidates.
    pub(super) thresholds: &'a mut [T],
    pub(super) lists: &'a mut [List<T>],
    /// Compares a row with columns.
    pub(super) direct: &'a mut dyn FnMut(usize, &[u32]),
}

impl<T: Float> Contenders<'_, T> {
    /// Compare the row with its candidates, and forget them.
    pub(super) fn settle(&mut self, row: usize) {
        let list = &mut self.lists[row];
        list.cut(self.thresholds[row]);
        (self.direct)(row, &list.columns[..list.count]);
        list.count = 0;
    }

    /// Note the candidates among adjacent columns, by their lower bounds with a row.
    #[cold]
    #[inline(never)]
    fn offer(&mut self, row: usize, column: usize, bounds: &[T]) {
        let (infinity, widths) = (T::from_f64(f64::INFINITY), &self.widths[column..][..bounds.len()]);
        let mut threshold = self.thresholds[row];
        if threshold == T::from_f64(f64::NEG_INFINITY) {
            return;
        }
        // The lowest upper bound first: it spares most columns being noted.
        let mut least = f64::INFINITY;
        for (&lower, &width) in bounds.iter().zip(widths) {
            let upper = lower.into() + width.into();
            least = if upper < least { upper } else { least };
        }
        let least = T::from_f64(least);
        threshold = if least < threshold { least } else { threshold };
        self.thresholds[row] = threshold;
        for (&lower, column) in bounds.iter().zip(column as u32..) {
            if lower <= threshold && lower < infinity {
                self.note(row, column, lower);
            }
        }
    }

    fn note(&mut self, row: usize, column: u32, lower: T) {
        if self.lists[row].count == ROOM {
            self.lists[row].cut(self.thresholds[row]);
        }
        if self.lists[row].count == ROOM {
            self.settle(row);
        }
        let list = &mut self.lists[row];
        list.columns[list.count] = column;
        list.lower[list.count] = lower;
        list.count += 1;
    }
}

impl<T: Float> Sink<T> for Contenders<'_, T> {
    #[inline(always)]
    fn take<V: Vector<Scalar = T>>(&mut self, row: usize, column: usize, sums: &[[V; 2]; ROWS]) {
        let starts = &self.starts[column..column + 2 * V::LANES];
        let simd = sums[0][0].simd();
        let (low, high) = (V::from_slice(simd, &starts[..V::LANES]), V::from_slice(simd, &starts[V::LANES..]));
        let thresholds = &self.thresholds[row..row + ROWS];
        let mut bounds = *sums;
        let mut far = low.eq(low);
        let mut i = 0;
        while i < ROWS {
            bounds[i] = [low.sub(sums[i][0]), high.sub(sums[i][1])];
            let least = bounds[i][0].min(bounds[i][1]);
            far = V::and(far, V::splat(simd, thresholds[i]).lt(least));
            i += 1;
        }
        if V::all(far) {
            return;
        }
        i = 0;
        while i < ROWS {
            let least = bounds[i][0].min(bounds[i][1]);
            if !V::all(V::splat(simd, self.thresholds[row + i]).lt(least)) {
                let mut lanes = [T::ZERO; 32];
                bounds[i][0].to_slice(&mut lanes[..V::LANES]);
                bounds[i][1].to_slice(&mut lanes[V::LANES..2 * V::LANES]);
                self.offer(row + i, column, &lanes[..2 * V::LANES]);
            }
            i += 1;
        }
    }
}
