//! A few rows of all members to scores: how they reach the table, whatever their layout.
//!
//! Adjacent rows and adjacent columns of the compute type are read where they lie. Other strides,
//! half precision and the last rows of a matrix are read from a small row-major copy. The members
//! may differ in layout. The bits of a row's score depend on its values alone.

#![allow(unsafe_code)]

use super::CommitteeMeasure;
use super::formula::Needs;
use super::table::{Layout, Table};
use crate::below_zero;
use crate::float::Element;
use crate::math::exp;
use crate::matrix::Matrix;
use crate::rules::Recipe;
use crate::simd::sealed::Lanes;
use crate::simd::{Float, Kernel, Level, Simd, Vector};
use std::ops::Range;

/// About how many bytes of the members are scored at a time: half of a small second-level cache.
const BYTES: usize = 256 << 10;

/// The most rows scored at a time, however narrow.
const MOST_ROWS: usize = 256;

/// What the kernel may read past the last row.
const SLACK: usize = 4;

/// Everything the kernel must know beside the rows themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitteeRecipe<T> {
    pub(super) measure: CommitteeMeasure,
    /// The rules for one member's row: logits or probabilities, temperature, sums.
    pub(super) row: Recipe<T>,
}

/// Where some rows of a member lie.
#[derive(Clone, Copy, Debug)]
struct MemberRows<T> {
    origin: *const T,
    /// Between adjacent rows, or between adjacent columns.
    stride: isize,
    adjacent: Adjacent,
}

#[derive(Clone, Copy, Debug)]
enum Adjacent {
    /// The classes of a row.
    Classes,
    /// The rows of a class.
    Rows,
}

/// What a thread scores rows with. Its memory does not depend on the number of rows.
#[derive(Debug)]
pub(super) struct MemberScan<T> {
    level: Level,
    sources: Vec<MemberRows<T>>,
    copies: Vec<T>,
    table: Vec<T>,
}

// SAFETY: the sources are used only in the call that sets them, which borrows what they point to.
unsafe impl<T: Send> Send for MemberScan<T> {}

impl<T: Float> MemberScan<T> {
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
        recipe: &CommitteeRecipe<T>,
        out: &mut [T],
    ) -> bool {
        let layout = Layout { members: members.len(), classes: members[0].columns() };
        assert!(rows.len() == out.len());
        for member in members {
            assert!(rows.end <= member.rows() && layout.classes == member.columns());
        }
        self.table.resize(layout.vectors() * T::LANES, T::ZERO);
        let fitting = BYTES / (layout.members * layout.classes * size_of::<T>());
        let size = (fitting - fitting % T::LANES).clamp(T::LANES, MOST_ROWS);
        let mut valid = true;
        for (out, start) in out.chunks_mut(size).zip(rows.step_by(size)) {
            let rows = start..start + out.len();
            self.locate(members, rows.clone(), layout, None);
            let mut fine = self.score(layout, recipe, out);
            if !fine && !recipe.row.logits {
                // A second look, which can tell what counts as 0 from what is negative.
                self.locate(members, rows, layout, Some(recipe.row.tolerance));
                fine = self.score(layout, recipe, out);
            }
            valid &= fine;
        }
        valid
    }

    /// Score rows where `locate` says they are.
    fn score(&mut self, layout: Layout, recipe: &CommitteeRecipe<T>, out: &mut [T]) -> bool {
        let MemberScan { sources, table, .. } = self;
        // SAFETY: the rows lie where `locate` says, which is inside the members or the copies.
        self.level.run(unsafe { Groups::new(sources, table, layout, recipe, out) })
    }

    /// Fill `sources` with where these rows can be read in whole groups of lanes, and copy those
    /// that can't be read where they lie. With a tolerance all are copied, and no sign is left in
    /// the copies: see [`below_zero::settle`].
    fn locate<E: Element<Compute = T>>(
        &mut self,
        members: &[Matrix<'_, E>],
        rows: Range<usize>,
        layout: Layout,
        settle: Option<f64>,
    ) {
        let whole = rows.len().next_multiple_of(T::LANES);
        let room = whole * layout.classes + SLACK;
        self.sources.clear();
        for (i, member) in members.iter().enumerate() {
            let direct = if whole == rows.len() && settle.is_none() { direct(member, &rows) } else { None };
            let source = direct.unwrap_or_else(|| {
                // Room for all members at once: once a source points to it, it must not move.
                if self.copies.len() < members.len() * room {
                    debug_assert!(
                        self.sources.iter().all(|source| !self.copies.as_ptr_range().contains(&source.origin))
                    );
                    self.copies.resize(members.len() * room, T::ZERO);
                }
                let copy = &mut self.copies[i * room..][..room];
                gather(member, rows.clone(), whole, copy);
                if let Some(tolerance) = settle {
                    copy[..whole * layout.classes]
                        .chunks_exact_mut(layout.classes)
                        .for_each(|row| below_zero::settle(row, tolerance));
                }
                MemberRows { origin: copy.as_ptr(), stride: layout.classes as isize, adjacent: Adjacent::Classes }
            });
            self.sources.push(source);
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
    if let Some(stride) = member.row_major().filter(inside) {
        return Some(MemberRows { origin, stride: stride as isize, adjacent: Adjacent::Classes });
    }
    member.column_major().map(|stride| MemberRows { origin, stride, adjacent: Adjacent::Rows })
}

/// Copy some rows, the first of them again until there are `whole`.
fn gather<E: Element>(member: &Matrix<'_, E>, rows: Range<usize>, whole: usize, to: &mut [E::Compute]) {
    let classes = member.columns();
    let count = rows.len();
    for (row, to) in rows.zip(to.chunks_mut(classes)) {
        match member.adjacent_row(row) {
            Some(from) => E::widen_all(from, to),
            None => to.iter_mut().enumerate().for_each(|(column, to)| *to = member.get(row, column).widen()),
        }
    }
    for row in count..whole {
        to.copy_within(..classes, row * classes);
    }
}

/// Scores rows, a vector of them at a time.
struct Groups<'a, T> {
    sources: &'a [MemberRows<T>],
    table: &'a mut [T],
    layout: Layout,
    recipe: &'a CommitteeRecipe<T>,
    out: &'a mut [T],
}

impl<'a, T: Float> Groups<'a, T> {
    /// # Safety
    /// At each source, `out.len()` rows, rounded up to whole groups, must be readable. Where the
    /// classes of a row are adjacent and fewer than four, so must be three values past each row.
    unsafe fn new(
        sources: &'a [MemberRows<T>],
        table: &'a mut [T],
        layout: Layout,
        recipe: &'a CommitteeRecipe<T>,
        out: &'a mut [T],
    ) -> Self {
        assert_eq!(sources.len(), layout.members);
        Groups { sources, table, layout, recipe, out }
    }
}

impl<T: Float> Kernel for Groups<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let Groups { sources, table, layout, recipe, out } = self;
        let table = Table::<<T as Lanes>::Vector<S>>::new(simd, table, layout);
        let mut all = true;
        let mut row = 0;
        while row < out.len() {
            // SAFETY: promised to `new`.
            let valid = unsafe { fill(&table, sources, row, recipe) };
            let score = recipe.measure.score(&table);
            let score = Vector::select(valid, score, table.splat(f64::NAN));
            all &= store(score, valid, &mut out[row..]);
            row += T::Vector::<S>::LANES;
        }
        all
    }
}

/// Write the lanes that are rows, and tell whether they are valid. Lanes beyond repeat a row.
#[inline(always)]
fn store<V: Vector>(score: V, valid: V::Mask, out: &mut [V::Scalar]) -> bool {
    if out.len() >= V::LANES {
        // SAFETY: there is room for all lanes.
        unsafe { score.store(out.as_mut_ptr()) };
    } else {
        let mut lanes = [V::Scalar::ZERO; 16];
        // SAFETY: no vector has more than 16 lanes.
        unsafe { score.store(lanes.as_mut_ptr()) };
        out.copy_from_slice(&lanes[..out.len()]);
    }
    V::all(valid)
}

/// Fill the table with the rows from `row` on, and tell which of them are valid.
///
/// # Safety
/// As for [`read`], at each source.
#[inline(always)]
unsafe fn fill<V: Vector>(
    table: &Table<V>,
    sources: &[MemberRows<V::Scalar>],
    row: usize,
    recipe: &CommitteeRecipe<V::Scalar>,
) -> V::Mask {
    let zero = table.splat(0.0);
    let needs = recipe.measure.needs();
    let mut valid = zero.eq(zero);
    let mut member = 0;
    while member < table.members() {
        // Of a member that votes only its class is kept.
        let place = if needs == Needs::Votes { 0 } else { member };
        // SAFETY: the caller's promise; a member's values have room for all classes.
        unsafe { read::<V>(table.simd, &sources[member], row, table.classes(), table.values(place)) };
        let (scale, fine) = match (recipe.row.logits, needs) {
            (false, _) => sums(table, place, recipe),
            (true, Needs::Votes) => (zero, finite(table)),
            (true, _) => exponentials(table, place, recipe),
        };
        let scale = if needs == Needs::Votes { vote(table) } else { scale };
        table.set_scale(member, scale);
        valid = V::and(valid, fine);
        member += 1;
    }
    valid
}

/// Copy a vector of rows to a table, class by class.
///
/// # Safety
/// The rows must be readable; where their classes are adjacent and fewer than four, so must be
/// three values past each row. There must be room for so many classes at `to`.
#[inline(always)]
unsafe fn read<V: Vector>(
    simd: V::Simd,
    source: &MemberRows<V::Scalar>,
    row: usize,
    classes: usize,
    to: *mut V::Scalar,
) {
    let lanes = V::LANES;
    let mut class = 0;
    // SAFETY: the caller promises the rows and the room.
    unsafe {
        match source.adjacent {
            Adjacent::Classes => {
                let from = source.origin.offset(row as isize * source.stride);
                let stride = source.stride as usize;
                while class + 4 <= classes {
                    let [a, b, c, d] = V::load_columns(simd, from.add(class), stride);
                    a.store(to.add(class * lanes));
                    b.store(to.add((class + 1) * lanes));
                    c.store(to.add((class + 2) * lanes));
                    d.store(to.add((class + 3) * lanes));
                    class += 4;
                }
                if class < classes && class > 0 {
                    // The last four, of which some are there already: past the end of a row there
                    // may be no memory.
                    let last = classes - 4;
                    let [a, b, c, d] = V::load_columns(simd, from.add(last), stride);
                    a.store(to.add(last * lanes));
                    b.store(to.add((last + 1) * lanes));
                    c.store(to.add((last + 2) * lanes));
                    d.store(to.add((last + 3) * lanes));
                } else if class < classes {
                    let [a, b, c, _] = V::load_columns(simd, from, stride);
                    a.store(to);
                    if classes > 1 {
                        b.store(to.add(lanes));
                    }
                    if classes > 2 {
                        c.store(to.add(2 * lanes));
                    }
                }
            }
            Adjacent::Rows => {
                while class < classes {
                    let from = source.origin.offset(class as isize * source.stride);
                    V::load(simd, from.add(row)).store(to.add(class * lanes));
                    class += 1;
                }
            }
        }
    }
}

/// The first of the largest classes of the values at place 0, as a number in each lane.
#[inline(always)]
fn vote<V: Vector>(table: &Table<V>) -> V {
    let one = table.splat(1.0);
    let mut top = table.value(0, 0);
    let (mut vote, mut number) = (table.splat(0.0), table.splat(0.0));
    let mut class = 1;
    while class < table.classes() {
        number = number.add(one);
        let value = table.value(0, class);
        let larger = top.lt(value);
        top = V::select(larger, value, top);
        vote = V::select(larger, number, vote);
        class += 1;
    }
    vote
}

/// The factor for a row of probabilities, and whether the row is valid. A NaN or an infinity among
/// them reaches the sum, which then fails its test.
#[inline(always)]
fn sums<V: Vector>(table: &Table<V>, place: usize, recipe: &CommitteeRecipe<V::Scalar>) -> (V, V::Mask) {
    let (zero, one) = (table.splat(0.0), table.splat(1.0));
    let (mut total, mut least) = (zero, zero);
    let mut class = 0;
    while class < table.classes() {
        let value = table.value(place, class);
        total = total.add(value);
        least = least.min(value);
        class += 1;
    }
    let [low, high] = recipe.row.sums;
    let within = V::and(table.splat(low).le(total), total.le(table.splat(high)));
    let normalise = recipe.row.renormalise || recipe.measure.needs() == Needs::Distributions;
    let scale = if normalise { one.div(total) } else { one };
    (scale, V::and(within, zero.le(least)))
}

/// Turn a row of logits into `e^((z - z_max) / T)`. The factor that makes probabilities of these,
/// and whether the row is valid: a NaN, a +inf, or no finite logit at all makes the sum NaN.
#[inline(always)]
fn exponentials<V: Vector>(table: &Table<V>, place: usize, recipe: &CommitteeRecipe<V::Scalar>) -> (V, V::Mask) {
    let mut top = table.value(place, 0);
    let mut class = 1;
    while class < table.classes() {
        top = top.max(table.value(place, class));
        class += 1;
    }
    let inverse = table.splat(recipe.row.inverse_temperature);
    let mut total = table.splat(0.0);
    class = 0;
    while class < table.classes() {
        let weight = exp(table.value(place, class).sub(top).mul(inverse));
        table.set_value(place, class, weight);
        total = total.add(weight);
        class += 1;
    }
    (table.splat(1.0).div(total), total.eq(total))
}

/// Whether a row of logits, at place 0, is valid.
#[inline(always)]
fn finite<V: Vector>(table: &Table<V>) -> V::Mask {
    let infinity = table.splat(f64::INFINITY);
    let mut top = table.splat(f64::NEG_INFINITY);
    let mut valid = top.eq(top);
    let mut class = 0;
    while class < table.classes() {
        let value = table.value(0, class);
        valid = V::and(valid, value.eq(value));
        top = top.max(value);
        class += 1;
    }
    V::and(valid, V::and(top.lt(infinity), table.splat(f64::NEG_INFINITY).lt(top)))
}
