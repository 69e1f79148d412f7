//! A group of rows of all members, a row a lane: what the formulas read.

#![allow(unsafe_code)]

use crate::simd::{Float, Vector};
use std::marker::PhantomData;

/// What a measure needs of each member's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Its vote: the first of its largest classes.
    Votes,
    /// Its row normalised to sum 1.
    Distributions,
    /// Its row as it is, or normalised where that was asked for.
    Values,
}

/// The mean over the members, and its rounding error: the sum of the two is the mean to about twice
/// the precision.
#[derive(Clone, Copy)]
pub(super) struct Centre<V> {
    pub(super) mean: V,
    shift: V,
}

/// How many vectors of each kind a table is made of, one kind after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableShape {
    pub(super) members: usize,
    pub(super) classes: usize,
}

impl TableShape {
    /// The number of vectors: a value for each member and class; for each member its scale or its
    /// vote; for each class the three that formulas keep.
    pub(super) fn vectors(self) -> usize {
        self.members * self.classes + self.members + 3 * self.classes
    }
}

/// See the module.
pub(super) struct Table<'a, V: Vector> {
    origin: *mut V::Scalar,
    layout: TableShape,
    per_member: V,
    pub(super) simd: V::Simd,
    memory: PhantomData<&'a mut [V::Scalar]>,
}

impl<'a, V: Vector> Table<'a, V> {
    /// A table in some memory, over what it held before.
    #[inline(always)]
    pub(super) fn new(simd: V::Simd, memory: &'a mut [V::Scalar], layout: TableShape) -> Self {
        assert!(memory.len() >= layout.vectors() * V::LANES);
        let per_member = V::splat(simd, V::Scalar::from_f64(1.0 / layout.members as f64));
        Table { origin: memory.as_mut_ptr(), layout, per_member, simd, memory: PhantomData }
    }

    /// A number in every lane.
    #[inline(always)]
    pub(super) fn splat(&self, number: impl Into<f64>) -> V {
        self.per_member.full_like(number)
    }

    /// Number of members.
    #[inline(always)]
    pub(super) fn members(&self) -> usize {
        self.layout.members
    }

    /// Number of classes.
    #[inline(always)]
    pub(super) fn classes(&self) -> usize {
        self.layout.classes
    }

    #[inline(always)]
    fn load(&self, vector: usize) -> V {
        debug_assert!(vector < self.layout.vectors());
        // SAFETY: `new` checked that there are so many vectors [a table without room for its last
        // vector] [a table in too little memory], which are borrowed as long as the table lives.
        unsafe { V::load(self.simd, self.origin.add(vector * V::LANES)) }
    }

    #[inline(always)]
    fn store(&self, vector: usize, value: V) {
        debug_assert!(vector < self.layout.vectors());
        // SAFETY: as in `load`; a table is not shared between threads, and hands out no references.
        unsafe { value.store(self.origin.add(vector * V::LANES)) }
    }

    /// What a member gives a class, before its scale.
    #[inline(always)]
    pub(super) fn value(&self, member: usize, class: usize) -> V {
        self.load(member * self.classes() + class)
    }

    /// Replace it.
    #[inline(always)]
    pub(super) fn set_value(&self, member: usize, class: usize, value: V) {
        self.store(member * self.classes() + class, value);
    }

    /// The factor that turns a member's values into probabilities; for votes, the class that the
    /// member votes for.
    #[inline(always)]
    fn scale(&self, member: usize) -> V {
        self.load(self.members() * self.classes() + member)
    }

    /// Set it.
    #[inline(always)]
    pub(super) fn set_scale(&self, member: usize, scale: V) {
        self.store(self.members() * self.classes() + member, scale);
    }

    /// How many members vote for a class.
    #[inline(always)]
    pub(super) fn votes(&self, class: usize) -> V {
        let (zero, one) = (self.splat(0.0), self.splat(1.0));
        let class = self.splat(class as f64);
        let mut count = zero;
        for member in 0..self.members() {
            count = V::select(self.scale(member).eq(class), count.add(one), count);
        }
        count
    }

    /// The mean of the members' probabilities for a class.
    #[inline(always)]
    pub(super) fn mean(&self, class: usize) -> V {
        let mut sum = self.splat(0.0);
        for member in 0..self.members() {
            // Divided before it is summed, so that a sum of the largest numbers does not overflow.
            sum = self.value(member, class).mul(self.per_member).mul_add(self.scale(member), sum);
        }
        sum
    }

    /// The mean of the members' probabilities for a class, with its error.
    #[inline(always)]
    pub(super) fn centre(&self, class: usize) -> Centre<V> {
        let mean = self.mean(class);
        let minus = self.splat(0.0).sub(mean);
        // Relative to the first member, so that the mean of equal deviations is that deviation.
        let first = self.value(0, class).mul_add(self.scale(0), minus);
        let mut sum = self.splat(0.0);
        for member in 1..self.members() {
            sum = sum.add(self.value(member, class).mul_add(self.scale(member), minus).sub(first));
        }
        Centre { mean, shift: sum.mul_add(self.per_member, first) }
    }

    /// How far a member's probability for a class is from the mean, accurate relative to itself.
    #[inline(always)]
    pub(super) fn deviation(&self, member: usize, class: usize, centre: Centre<V>) -> V {
        let minus = self.splat(0.0).sub(centre.mean);
        self.value(member, class).mul_add(self.scale(member), minus).sub(centre.shift)
    }

    #[inline(always)]
    fn of_class(&self, class: usize) -> usize {
        self.members() * (self.classes() + 1) + 3 * class
    }

    /// Keep the mean of a class and a number that goes with it.
    #[inline(always)]
    pub(super) fn keep(&self, class: usize, centre: Centre<V>, number: V) {
        let at = self.of_class(class);
        self.store(at, centre.mean);
        self.store(at + 1, centre.shift);
        self.store(at + 2, number);
    }

    /// What was kept.
    #[inline(always)]
    pub(super) fn kept(&self, class: usize) -> (Centre<V>, V) {
        let at = self.of_class(class);
        (Centre { mean: self.load(at), shift: self.load(at + 1) }, self.load(at + 2))
    }
}
