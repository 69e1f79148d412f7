//! Room for what walks keep of a group of rows. It is made once for all: as arrays of each walk it
//! takes kilobytes of stack for every formula that is compiled into a kernel, and a small stack has
//! no room for that.

#![allow(clippy::needless_range_loop)] // closures of iterators would be compiled without the level's features

use crate::fold::{Fold, Kept, MOST_KEPT, Peak};
use crate::simd::{Float, Vector};

/// The most classes whose rows are read a row a lane: beyond, the lanes share the classes of one
/// row.
pub(crate) const MOST_CLASSES: usize = 48;

/// What a thread needs of it.
pub(super) struct Room<T> {
    pub(super) columns: Columns<T>,
    pub(super) groups: [Group<T>; 3],
}

impl<T: Float> Room<T> {
    pub(super) fn new() -> Box<Self> {
        let groups = [Group::new(), Group::new(), Group::new()];
        Box::new(Room { columns: Columns([T::ZERO; MOST_CLASSES * 16]), groups })
    }
}

/// The columns of a group of rows of few classes, at most so many of at most 16 lanes.
#[repr(align(64))]
pub(super) struct Columns<T>([T; MOST_CLASSES * 16]);

impl<T: Float> Columns<T> {
    /// Where the first column lies; the others follow.
    #[inline(always)]
    pub(super) fn place(&mut self) -> *mut T {
        self.0.as_mut_ptr()
    }
}

/// What the lanes of a group of rows keep, `[number][place][lane]` as `f32` lanes need it.
pub(super) struct Group<T>([[[T; 16]; 16]; MOST_KEPT]);

impl<T: Float> Group<T> {
    #[inline(always)]
    fn new() -> Self {
        Group([[[T::ZERO; 16]; 16]; MOST_KEPT])
    }

    /// Put what the lanes of a row keep where the merge expects it.
    #[inline(always)]
    pub(super) fn keep<V: Vector<Scalar = T>, F: Fold<V>>(&mut self, row: usize, kept: Kept<V>) {
        self.put::<V, F>(V::pair_place(row), kept);
    }

    #[inline(always)]
    fn put<V: Vector<Scalar = T>, F: Fold<V>>(&mut self, place: usize, kept: Kept<V>) {
        for number in 0..F::KEPT {
            kept[number].to_slice(&mut self.0[number][place][..V::LANES]);
        }
    }

    /// What is kept at two places, to be merged: vector by vector, with lanes of both places in
    /// each.
    #[inline(always)]
    fn pair<V: Vector<Scalar = T>, F: Fold<V>, const STEP: usize>(&self, simd: V::Simd, place: usize) -> [Kept<V>; 2] {
        let mut pair = [[V::splat(simd, T::ZERO); MOST_KEPT]; 2];
        for number in 0..F::KEPT {
            let places = &self.0[number];
            let (one, other) = (places[2 * place].as_ptr(), places[2 * place + 1].as_ptr());
            // SAFETY: each place has room for 16 lanes, and no vector has more.
            let (one, other) = unsafe { (V::load(simd, one), V::load(simd, other)) };
            let [one, other] = one.pair::<STEP>(other);
            (pair[0][number], pair[1][number]) = (one, other);
        }
        pair
    }

    /// Merge the lanes of each row: a lane per row. Each step halves both the vectors and the lanes
    /// that a row has in one. Peaks of the rows, if there are any, go the way of what is merged,
    /// and the fold is around them.
    #[inline(always)]
    pub(super) fn merge<V, F>(
        &mut self,
        simd: V::Simd,
        mut peaks: Option<&mut Group<T>>,
        fold: impl Fn(V) -> F,
    ) -> Kept<V>
    where
        V: Vector<Scalar = T>,
        F: Fold<V>,
    {
        // Of 4, 8 or 16 lanes. Where a vector is half of the virtual lanes, `Classes::folded` has
        // done the first merge.
        self.step::<V, F, 0>(simd, &mut peaks, &fold);
        self.step::<V, F, 1>(simd, &mut peaks, &fold);
        if V::LANES > 4 {
            self.step::<V, F, 2>(simd, &mut peaks, &fold);
        }
        if V::LANES > 8 {
            self.step::<V, F, 3>(simd, &mut peaks, &fold);
        }
        let mut merged = [V::splat(simd, T::ZERO); MOST_KEPT];
        for number in 0..F::KEPT {
            merged[number] = V::from_slice(simd, &self.0[number][0][..V::LANES]);
        }
        merged
    }

    #[inline(always)]
    fn step<V: Vector<Scalar = T>, F: Fold<V>, const STEP: usize>(
        &mut self,
        simd: V::Simd,
        peaks: &mut Option<&mut Group<T>>,
        fold: &impl Fn(V) -> F,
    ) {
        for place in 0..V::LANES >> (STEP + 1) {
            let mut peak = [V::splat(simd, T::ZERO); MOST_KEPT];
            if let Some(peaks) = peaks {
                [peak, _] = peaks.pair::<V, Peak, STEP>(simd, place);
                peaks.put::<V, Peak>(place, peak);
            }
            let [one, other] = self.pair::<V, F, STEP>(simd, place);
            self.put::<V, F>(place, fold(peak[0]).merge(one, other));
        }
    }
}
