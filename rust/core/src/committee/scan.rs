//! A few rows of all members to scores: how they reach the table, whatever their layout.
//!
//! Adjacent rows and adjacent columns of the compute type are read where they lie. Other strides,
//! half precision and the last rows of a matrix are read from a small row-major copy. The members
//! may differ in layout. The bits of a row's score depend on its values alone.

#![allow(unsafe_code)]

use super::CommitteeMeasure;
use super::table::{Needs, Table, TableShape};
use crate::float::Element;
use crate::math::exp;
use crate::matrix::Matrix;
use crate::room;
use crate::rules::Recipe;
use crate::scan::{ColumnMajor, RowCopy, RowMajor, Source, near};
use crate::simd::sealed::Lanes;
use crate::simd::{Float, Kernel, Level, Simd, Vector};
use std::ops::Range;

/// Where some rows of a member lie.
#[derive(Clone, Copy)]
enum MemberRows<T> {
    Rows(RowMajor<T>),
    Columns(ColumnMajor<T>),
}

/// What a thread scores rows with. Its memory does not depend on the number of rows.
pub(super) struct MemberScan<T> {
    level: Level,
    sources: Vec<MemberRows<T>>,
    copies: Vec<RowCopy<T>>,
    table: Vec<T>,
}

// SAFETY: the sources are used only in the call that sets them, which borrows what they point to.
unsafe impl<T: Send> Send for MemberScan<T> {}

impl<T: Float + Element<Compute = T>> MemberScan<T> {
    /// Nothing is allocated before it is needed.
    pub(super) fn new(level: Level) -> Self {
        MemberScan { level, sources: Vec::new(), copies: Vec::new(), table: Vec::new() }
    }

    /// Score adjacent rows, and tell whether all are valid. The score of an invalid row is NaN. The
    /// members have one shape.
    pub(super) fn rows<E: Element<Compute = T>>(
        &mut self,
        members: &[Matrix<'_, E>],
        rows: Range<usize>,
        measure: CommitteeMeasure,
        recipe: &Recipe<T>,
        out: &mut [T],
    ) -> bool {
        let layout = TableShape { members: members.len(), classes: members[0].columns() };
        assert!(rows.len() == out.len());
        for member in members {
            assert!(rows.end <= member.rows() && layout.classes == member.columns());
        }
        room::resize(&mut self.table, layout.vectors() * T::LANES, T::ZERO);
        self.copies.resize_with(members.len(), RowCopy::new);
        let size = RowCopy::<T>::capacity(layout.members * layout.classes);
        let mut valid = true;
        for (out, start) in out.chunks_mut(size).zip(rows.step_by(size)) {
            let rows = start..start + out.len();
            let mut score = |settle: Option<f64>| {
                self.locate(members, rows.clone(), settle);
                let MemberScan { sources, table, .. } = self;
                self.level.run(ScoreGroups { sources, table, layout, measure, recipe, out })
            };
            // The second look can tell what counts as 0 from what is negative.
            valid &= score(None) || (!recipe.logits && score(Some(recipe.tolerance)));
        }
        valid
    }

    /// Fill `sources` with where these rows can be read in whole groups of lanes, and copy those
    /// that can't be read where they lie. With a tolerance all are copied, and no sign is left in
    /// the copies: see [`crate::below_zero::settle`].
    fn locate<E: Element<Compute = T>>(&mut self, members: &[Matrix<'_, E>], rows: Range<usize>, settle: Option<f64>) {
        self.sources.clear();
        for (member, copy) in members.iter().zip(&mut self.copies) {
            let readable = rows.len().is_multiple_of(T::LANES) && settle.is_none();
            let direct = if readable { direct(member, &rows) } else { None };
            self.sources.push(direct.unwrap_or_else(|| {
                copy.gather(member, rows.clone());
                if let Some(tolerance) = settle {
                    copy.settle_signs(tolerance);
                }
                MemberRows::Rows(RowMajor { origin: copy.origin(), stride: member.columns() })
            }));
        }
    }
}

/// Where the rows lie, if the kernel can read them there.
fn direct<E: Element>(member: &Matrix<'_, E>, rows: &Range<usize>) -> Option<MemberRows<E::Compute>> {
    let origin = E::as_compute(member.pointer(rows.start, 0))?;
    // Four classes are read at a time. Where a row has fewer, the values past its end must be those
    // of the next rows, up to three of them, without gaps.
    let classes = member.columns();
    let inside = |&stride: &usize| classes > 3 || (stride == classes && rows.end + 3 <= member.rows());
    match member.row_major().filter(inside) {
        Some(stride) => Some(MemberRows::Rows(RowMajor { origin, stride })),
        None => member.column_major().map(|stride| MemberRows::Columns(ColumnMajor { origin, stride })),
    }
}

/// Scores rows, a vector of them at a time. At each source of a member, `out.len()` rows, rounded
/// up to whole groups, are readable; where the classes of a row are adjacent and fewer than four,
/// so are three values past each row.
struct ScoreGroups<'a, T> {
    sources: &'a [MemberRows<T>],
    table: &'a mut [T],
    layout: TableShape,
    measure: CommitteeMeasure,
    recipe: &'a Recipe<T>,
    out: &'a mut [T],
}

impl<T: Float + Element<Compute = T>> Kernel for ScoreGroups<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let ScoreGroups { sources, table, layout, measure, recipe, out } = self;
        let lanes = T::Vector::<S>::LANES;
        let table = Table::<<T as Lanes>::Vector<S>>::new(simd, table, layout);
        let mut all = true;
        for (group, out) in out.chunks_mut(lanes).enumerate() {
            // SAFETY: the rows lie where `locate` says, which is inside the members [members of
            // other shapes] [groups of a member that aren't whole] [few classes of a member read
            // where they lie] [rows with gaps of a member are read past their end] or the copies [a
            // copy without room for whole groups] [a copy without room for what is read past it].
            let valid = unsafe { fill(&table, sources, group * lanes, measure.needs(), recipe) };
            let score = Vector::select(valid, measure.score(&table), table.splat(f64::NAN));
            if out.len() == lanes {
                score.to_slice(out);
            } else {
                // Lanes beyond the last row repeat one.
                let mut scores = [T::ZERO; 16];
                score.to_slice(&mut scores[..lanes]);
                out.copy_from_slice(&scores[..out.len()]);
            }
            all &= T::Vector::<S>::all(valid);
        }
        all
    }
}

/// Fill the table with the rows from `row` on, and tell which of them are valid.
///
/// # Safety
/// At each source, a row for each lane must be readable from `row` on; and three values past each
/// where its classes are adjacent and fewer than four.
#[inline(always)]
unsafe fn fill<V: Vector>(
    table: &Table<V>,
    sources: &[MemberRows<V::Scalar>],
    row: usize,
    needs: Needs,
    recipe: &Recipe<V::Scalar>,
) -> V::Mask
where
    V::Scalar: Element<Compute = V::Scalar>,
{
    let zero = table.splat(0.0);
    let mut valid = zero.eq(zero);
    assert_eq!(sources.len(), table.members());
    for (member, source) in sources.iter().enumerate() {
        // Of a member that votes only its class is kept.
        let place = if needs == Needs::Votes { 0 } else { member };
        // SAFETY: the caller's promise.
        unsafe {
            match *source {
                MemberRows::Rows(rows) => read(table, rows, row, place),
                MemberRows::Columns(columns) => read(table, columns, row, place),
            }
        }
        let (scale, fine) = match (recipe.logits, needs) {
            (false, _) => sums(table, place, needs, recipe),
            (true, Needs::Votes) => (zero, finite(table)),
            (true, _) => exponentials(table, place, recipe),
        };
        let scale = if needs == Needs::Votes { vote(table) } else { scale };
        table.set_scale(member, scale);
        valid = V::and(valid, fine);
    }
    valid
}

/// Copy a vector of rows to a place of a table, class by class.
///
/// # Safety
/// As for [`Source::columns`].
#[inline(always)]
unsafe fn read<V: Vector>(table: &Table<V>, source: impl Source<Scalar = V::Scalar>, row: usize, place: usize) {
    let mut class = 0;
    // SAFETY: the caller's promise.
    unsafe {
        source.columns(
            table.simd,
            row,
            table.classes(),
            near(table.classes()),
            #[inline(always)]
            |_, value: V| {
                table.set_value(place, class, value);
                class += 1;
            },
        );
    }
}

/// The first of the largest classes of the values at place 0, as a number in each lane.
#[inline(always)]
fn vote<V: Vector>(table: &Table<V>) -> V {
    let one = table.splat(1.0);
    let mut top = table.value(0, 0);
    let (mut vote, mut number) = (table.splat(0.0), table.splat(0.0));
    for class in 1..table.classes() {
        number = number.add(one);
        let value = table.value(0, class);
        let larger = top.lt(value);
        top = V::select(larger, value, top);
        vote = V::select(larger, number, vote);
    }
    vote
}

/// The factor for a row of probabilities, and whether the row is valid. A NaN or an infinity among
/// them reaches the sum, which then fails its test.
#[inline(always)]
fn sums<V: Vector>(table: &Table<V>, place: usize, needs: Needs, recipe: &Recipe<V::Scalar>) -> (V, V::Mask) {
    let (zero, one) = (table.splat(0.0), table.splat(1.0));
    let (mut total, mut least) = (zero, zero);
    for class in 0..table.classes() {
        let value = table.value(place, class);
        total = total.add(value);
        least = least.min(value);
    }
    let [low, high] = recipe.sums;
    let within = V::and(table.splat(low).le(total), total.le(table.splat(high)));
    let normalise = recipe.renormalise || needs == Needs::Distributions;
    let scale = if normalise { one.div(total) } else { one };
    (scale, V::and(within, zero.le(least)))
}

/// Turn a row of logits into `e^((z - z_max) / T)`. The factor that makes probabilities of these,
/// and whether the row is valid: a NaN, a +inf, or no finite logit at all makes the sum NaN.
#[inline(always)]
fn exponentials<V: Vector>(table: &Table<V>, place: usize, recipe: &Recipe<V::Scalar>) -> (V, V::Mask) {
    let mut top = table.value(place, 0);
    for class in 1..table.classes() {
        top = top.max(table.value(place, class));
    }
    let inverse = table.splat(recipe.inverse_temperature);
    let mut total = table.splat(0.0);
    for class in 0..table.classes() {
        let weight = exp(table.value(place, class).sub(top).mul(inverse));
        table.set_value(place, class, weight);
        total = total.add(weight);
    }
    (table.splat(1.0).div(total), total.eq(total))
}

/// Whether a row of logits, at place 0, is valid.
#[inline(always)]
fn finite<V: Vector>(table: &Table<V>) -> V::Mask {
    let infinity = table.splat(f64::INFINITY);
    let mut top = table.splat(f64::NEG_INFINITY);
    let mut valid = top.eq(top);
    for class in 0..table.classes() {
        let value = table.value(0, class);
        valid = V::and(valid, value.eq(value));
        top = top.max(value);
    }
    V::and(valid, V::and(top.lt(infinity), table.splat(f64::NEG_INFINITY).lt(top)))
}
