//! A tile of similarities, summed by row and by column while they are in registers.

use crate::distance::tiles::{ROWS, Sink};
use crate::simd::{Float, Vector};

/// Takes sums over coordinates, makes similarities 1/(1 + d) of them, and adds these up.
///
/// A pair so close that the filter's rounding would show is left out and noted, to be compared
/// directly.
pub(super) struct Similarities<T> {
    /// What `scale` times the sums of a row is added to, with that of the column; infinite for
    /// padding.
    pub(super) row_starts: Vec<T>,
    pub(super) column_starts: Vec<T>,
    pub(super) scale: T,
    /// Whether a distance is a square root.
    pub(super) root: bool,
    /// Pairs below are noted; of squares, where distances are their roots.
    pub(super) close: T,
    /// For each row `LANES` sums, over the columns of the same remainder; then as many of squares,
    /// where there is room.
    pub(super) by_row: Vec<T>,
    pub(super) squares: Vec<T>,
    pub(super) by_column: Vec<T>,
    pub(super) noted: Vec<(u32, u32)>,
}

impl<T: Float> Similarities<T> {
    /// Note the close pairs of a row with adjacent columns.
    #[cold]
    #[inline(never)]
    fn note(&mut self, row: usize, column: usize, distances: &[T]) {
        for (&distance, column) in distances.iter().zip(column as u32..) {
            if distance < self.close {
                self.noted.push((row as u32, column));
            }
        }
    }
}

impl<T: Float> Sink<T> for Similarities<T> {
    #[inline(always)]
    fn take<V: Vector<Scalar = T>>(&mut self, row: usize, column: usize, sums: &[[V; 2]; ROWS]) {
        let simd = sums[0][0].simd();
        let (zero, one) = (V::splat(simd, T::ZERO), V::splat(simd, T::from_f64(1.0)));
        let (scale, close) = (V::splat(simd, self.scale), V::splat(simd, self.close));
        let starts = &self.column_starts[column..column + 2 * V::LANES];
        let starts = [V::from_slice(simd, &starts[..V::LANES]), V::from_slice(simd, &starts[V::LANES..])];
        let mut distances = *sums;
        let mut columns = [zero; 2];
        let mut clear = zero.eq(zero);
        let mut i = 0;
        while i < ROWS {
            let start = V::splat(simd, self.row_starts[row + i]);
            let mut half = 0;
            while half < 2 {
                let distance = sums[i][half].mul_add(scale, start.add(starts[half])).max(zero);
                let near = distance.lt(close);
                clear = V::and(clear, close.le(distance));
                let length = if self.root { distance.sqrt() } else { distance };
                let similarity = one.div(one.add(length)).zero_where(near);
                // A vector as wide as the virtual lanes is added to all of them, a narrower one to
                // its half.
                let lane = half * V::LANES % T::LANES;
                let lanes = &mut self.by_row[(row + i) * T::LANES + lane..][..V::LANES];
                V::from_slice(simd, lanes).add(similarity).to_slice(lanes);
                if !self.squares.is_empty() {
                    let lanes = &mut self.squares[(row + i) * T::LANES + lane..][..V::LANES];
                    similarity.mul_add(similarity, V::from_slice(simd, lanes)).to_slice(lanes);
                }
                columns[half] = columns[half].add(similarity);
                distances[i][half] = distance;
                half += 1;
            }
            i += 1;
        }
        let (low, high) = self.by_column[column..column + 2 * V::LANES].split_at_mut(V::LANES);
        V::from_slice(simd, low).add(columns[0]).to_slice(low);
        V::from_slice(simd, high).add(columns[1]).to_slice(high);
        if V::all(clear) {
            return;
        }
        i = 0;
        while i < ROWS {
            let mut lanes = [T::ZERO; 32];
            distances[i][0].to_slice(&mut lanes[..V::LANES]);
            distances[i][1].to_slice(&mut lanes[V::LANES..2 * V::LANES]);
            self.note(row + i, column, &lanes[..2 * V::LANES]);
            i += 1;
        }
    }
}
