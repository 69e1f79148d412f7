//! What holds for every measure: the same bits in any layout and company, the same picks fused as
//! apart; and what is refused.

use super::scan::MemberScan;
use super::table::{Table, TableShape};
use super::*;
use crate::error::Result;
use crate::fault::{Fault, RowFault};
use crate::fence::{Apart, At, Fenced};
use crate::heap::guarded;
use crate::order::Order;
use crate::rules::RowRules;
use crate::select::{Plan, Rows, Selector};
use crate::simd::{Kernel, Simd};
use std::panic::{AssertUnwindSafe, catch_unwind};

const ROWS: usize = 301;

/// A member with other strides: `step` values from column to column, and the last row first where
/// `back`.
struct LaidOut<E> {
    memory: Vec<E>,
    shape: (usize, usize),
    step: usize,
    back: bool,
}

impl<E: Held> LaidOut<E> {
    fn new(rows: &[E], classes: usize, step: usize, back: bool) -> Self {
        let count = rows.len() / classes;
        let stride = classes * step + 3;
        let mut memory = vec![E::round(f64::NAN); count * stride];
        for row in 0..count {
            let at = if back { count - 1 - row } else { row };
            for class in 0..classes {
                memory[at * stride + class * step] = rows[row * classes + class];
            }
        }
        LaidOut { memory, shape: (count, classes), step, back }
    }

    #[allow(unsafe_code)]
    fn matrix(&self) -> Matrix<'_, E> {
        let (rows, classes) = self.shape;
        let stride = classes * self.step + 3;
        let (first, turn) = if self.back { ((rows - 1) * stride, -1) } else { (0, 1) };
        let origin = self.memory[first..].as_ptr();
        // SAFETY: all elements lie in the memory, from its start or from its last row backwards.
        unsafe { Matrix::from_raw_parts(origin, rows, classes, turn * stride as isize, self.step as isize) }
    }
}

fn columns<E: Held>(rows: &[E], classes: usize) -> Vec<E> {
    let count = rows.len() / classes;
    (0..rows.len()).map(|i| rows[i % count * classes + i / count]).collect()
}

fn same_in_any_layout<E: Held>() {
    for logits in [false, true] {
        for classes in [1, 2, 3, 4, 5, 10, 33] {
            let data = committee::<E>(3, ROWS, classes, 3.0, logits, 5);
            let plain = matrices(&data, ROWS, classes);
            let turned: Vec<Vec<E>> = data.iter().map(|member| columns(member, classes)).collect();
            let turned: Vec<_> = turned.iter().map(|m| Matrix::from_columns(m, ROWS, classes).unwrap()).collect();
            let strides = [(1, false), (2, false), (1, true)];
            let laid: Vec<_> = (0..3).map(|m| LaidOut::new(&data[m], classes, strides[m].0, strides[m].1)).collect();
            let mixed: Vec<_> = laid.iter().map(LaidOut::matrix).collect();
            let some = [plain[0], turned[1], plain[2]];
            for &measure in CommitteeMeasure::ALL {
                for level in levels() {
                    let scorer = scorer(measure, logits, level);
                    let wanted = scores(scorer, &plain, 1);
                    for other in [&turned[..], &mixed, &some] {
                        assert_same(&scores(scorer, other, 2), &wanted);
                    }
                    for (start, end) in [(0, 1), (1, 18), (7, 300), (290, ROWS)] {
                        let part: Vec<_> = plain.iter().map(|member| member.slice(start..end)).collect();
                        assert_same(&scores(scorer, &part, 1), &wanted[start..end]);
                    }
                }
            }
        }
    }
}

#[test]
fn layout_and_company_make_no_difference() {
    same_in_any_layout::<f64>();
    same_in_any_layout::<f32>();
    same_in_any_layout::<f16>();
    same_in_any_layout::<bf16>();
}

/// Groups of lanes that end where the memory does are read where they lie, and no further.
fn nothing_is_read_behind_the_last_row<E: Held>() {
    for (rows, classes) in [48, 45].into_iter().flat_map(|rows| (1..6).map(move |classes| (rows, classes))) {
        let data = committee::<E>(3, rows, classes, 3.0, false, 5);
        let fenced: Vec<_> = data.iter().map(|member| Fenced::of(member, At::End)).collect();
        let members: Vec<_> = fenced.iter().map(|member| Matrix::from_rows(member, rows, classes).unwrap()).collect();
        for level in levels() {
            let scorer = scorer(CommitteeMeasure::Bald, false, level);
            assert_same(&scores(scorer, &members, 1), &scores(scorer, &matrices(&data, rows, classes), 1));
        }
    }
}

#[test]
fn rows_at_the_end_of_memory_are_read_where_they_lie() {
    nothing_is_read_behind_the_last_row::<f64>();
    nothing_is_read_behind_the_last_row::<f32>();
    nothing_is_read_behind_the_last_row::<f16>();
    nothing_is_read_behind_the_last_row::<bf16>();
}

/// Rows and columns whose gaps are no memory, and copies and tables that end where memory does.
/// There are more rows than are scored together, so that some could be read where they lie, and
/// fewer.
fn nothing_else_is_read<E: Held>() {
    for (rows, classes) in [300, 45].into_iter().flat_map(|rows| (1..6).map(move |classes| (rows, classes))) {
        let data = committee::<E>(3, rows, classes, 3.0, false, 5);
        let turned: Vec<_> = data.iter().map(|member| columns(member, classes)).collect();
        let apart: Vec<_> = data.iter().map(|member| Apart::of(member, classes)).collect();
        let turned: Vec<_> = turned.iter().map(|member| Apart::of(member, rows)).collect();
        let by_rows: Vec<_> = apart.iter().map(|lines| lines.as_rows(rows, classes)).collect();
        let by_columns: Vec<_> = turned.iter().map(|lines| lines.as_columns(rows, classes)).collect();
        for level in levels() {
            let scorer = scorer(CommitteeMeasure::Bald, false, level);
            let wanted = scores(scorer, &matrices(&data, rows, classes), 1);
            for members in [&by_rows, &by_columns] {
                assert_same(&guarded(|| scores(scorer, members, 1)), &wanted);
            }
        }
    }
}

#[test]
fn what_lies_between_rows_and_behind_copies_is_not_read() {
    nothing_else_is_read::<f64>();
    nothing_else_is_read::<f32>();
    nothing_else_is_read::<f16>();
    nothing_else_is_read::<bf16>();
}

/// Asks for a table of forty lanes and more, in the memory there is.
struct InMemory<'a>(&'a mut [f32]);

impl Kernel for InMemory<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        Table::<S::F32>::new(simd, self.0, TableShape { members: 1, classes: 1 });
    }
}

#[test]
fn a_table_needs_its_memory_and_members_one_shape() {
    for level in levels() {
        assert!(catch_unwind(|| level.run(InMemory(&mut [0.0; 80]))).is_ok());
        assert!(catch_unwind(|| level.run(InMemory(&mut [0.0; 39]))).is_err());
        let [wide, narrow] = [3, 2].map(|classes| committee::<f32>(1, 2, classes, 3.0, false, 5));
        let members = [matrices(&wide, 2, 3)[0], matrices(&narrow, 2, 2)[0]];
        let rules =
            RowRules { logits: false, temperature: 1.0, normalize: Normalize::AsIs, invalid: Invalid::Skip, level };
        let (recipe, mut out) = (rules.recipe::<f32>(3), [0.0; 2]);
        let mut scan = MemberScan::new(level);
        let scored = AssertUnwindSafe(|| scan.rows(&members, 0..2, CommitteeMeasure::Bald, &recipe, &mut out));
        assert!(catch_unwind(scored).is_err());
    }
}

#[test]
fn many_threads_make_no_difference() {
    let data = committee::<f32>(4, 60_000, 10, 3.0, false, 1);
    let members = matrices(&data, 60_000, 10);
    for &measure in CommitteeMeasure::ALL {
        let scorer = scorer(measure, false, Level::best());
        let wanted = scores(scorer, &members, 1);
        for threads in [2, 3, 8] {
            assert_same(&scores(scorer, &members, threads), &wanted);
        }
    }
}

#[test]
fn members_who_agree_do_not_disagree() {
    for classes in 1..20 {
        let one = committee::<f32>(1, ROWS, classes, 3.0, false, 9);
        for count in 1..8 {
            let members = vec![matrices(&one, ROWS, classes)[0]; count];
            for measure in ["vote_entropy", "max_disagreement", "bald", "variation_ratio", "mean_std"] {
                let measure = CommitteeMeasure::parse(measure).unwrap();
                let found = scores(scorer(measure, false, Level::best()), &members, 1);
                assert!(found.iter().all(|&score| score == 0.0), "{measure:?} of {count}");
            }
        }
    }
}

#[test]
fn votes_go_to_the_first_of_the_largest() {
    let data = [vec![0.4f64, 0.4, 0.2], vec![0.4, 0.4, 0.2], vec![0.1, 0.1, 0.8], vec![0.1, 0.8, 0.1]];
    let members = matrices(&data, 1, 3);
    let found = scores(scorer(CommitteeMeasure::VoteEntropy, false, Level::best()), &members, 1);
    assert!((found[0] - 1.5 * 2f64.ln()).abs() < 1e-15);
    let found = scores(scorer(CommitteeMeasure::VariationRatio, false, Level::best()), &members, 1);
    assert_eq!(found, [0.5]);
}

#[test]
fn opposite_members_differ_most() {
    let data = [vec![1.0f32, 0.0, 0.0], vec![0.0, 1.0, 0.0]];
    for (measure, wanted) in [
        ("vote_entropy", 2f64.ln()),
        ("consensus_entropy", 2f64.ln()),
        ("max_disagreement", 2f64.ln()),
        ("bald", 2f64.ln()),
        ("variation_ratio", 0.5),
        ("mean_std", 1.0 / 3.0),
    ] {
        let scorer = scorer(CommitteeMeasure::parse(measure).unwrap(), false, Level::best());
        let found = f64::from(scores(scorer, &matrices(&data, 1, 3), 1)[0]);
        assert!((found - wanted).abs() < 1e-7, "{measure} {found}");
    }
}

fn refused(members: &[Matrix<'_, f64>], invalid: Invalid, logits: bool) -> Result<u64> {
    let bald = CommitteeMeasure::Bald;
    let scorer = CommitteeScorer::new(bald, logits, 1.0, Normalize::Check, invalid, Level::best())?;
    let mut out = vec![0.0; members.first().map_or(0, Matrix::rows)];
    scorer.score(members, &mut out, 100, 1, &mut Unwatched)
}

#[test]
fn a_bad_row_is_named_with_its_member() {
    let good = vec![0.5; 2 * 40];
    let mut bad = good.clone();
    bad[2 * 33 + 1] = f64::NAN;
    let mut off = good.clone();
    off[2 * 35] = 0.7;
    let data = [good, off, bad];
    let members = matrices(&data, 40, 2);
    let error = refused(&members, Invalid::Raise, false).unwrap_err();
    assert_eq!(error.to_string(), "row 133 of member 2 has NaN in column 1; accepted are finite numbers");
    assert_eq!(refused(&members, Invalid::Skip, false), Ok(2));
    let scorer = scorer(CommitteeMeasure::VoteEntropy, false, Level::best());
    let faults = scorer.faults(&members).unwrap();
    assert_eq!(faults.len(), 2);
    assert_eq!((faults[0].row, faults[0].member), (33, Some(2)));
    assert_eq!(faults[1], RowFault { row: 35, member: Some(1), fault: Fault::Sum(1.2) });
}

#[test]
fn logits_of_nothing_finite_are_invalid_to_every_measure() {
    let minus = f64::NEG_INFINITY;
    let data = [vec![0.0, 1.0, 0.0, 0.0, minus, 0.0], vec![minus, minus, 0.0, f64::INFINITY, minus, 0.0]];
    let members = matrices(&data, 3, 2);
    for &measure in CommitteeMeasure::ALL {
        let faults = scorer(measure, true, Level::best()).faults(&members).unwrap();
        let found: Vec<_> = faults.iter().map(|found| (found.row, found.member, found.fault)).collect();
        assert_eq!(found, [(0, Some(1), Fault::NothingFinite), (1, Some(1), Fault::Infinite(1, f64::INFINITY))]);
    }
}

#[test]
fn shapes_must_agree() {
    let data = vec![0.5; 12];
    let [a, b] = [(6, 2), (3, 4)].map(|(rows, columns)| Matrix::from_rows(&data, rows, columns).unwrap());
    let error = refused(&[a, a, b], Invalid::Raise, false).unwrap_err();
    assert_eq!(error.to_string(), "x[2] has shape (3, 4); accepted is (6, 2), the shape of x[0]");
    let error = refused(&[], Invalid::Raise, false).unwrap_err();
    assert!(error.to_string().starts_with("x has no members"));
    let empty = Matrix::from_rows(&[], 3, 0).unwrap();
    assert!(refused(&[empty], Invalid::Raise, false).is_err());
}

#[test]
fn what_is_below_0_by_rounding_is_0() {
    fn check<E: Held>() {
        for classes in [2, 3, 4, 5, 10] {
            let data = committee::<E>(3, ROWS, classes, 3.0, false, 8);
            let mut turned = data.clone();
            for value in turned.iter_mut().flatten().filter(|value| (**value).widen().into() == 0.0) {
                *value = E::round(-0.5 * E::SUM_TOLERANCE);
            }
            assert!((0..3).all(|m| bits_differ(&data[m], &turned[m])));
            let mut wrong = turned.clone();
            wrong[1][17 * classes + 1] = E::round(-2.0 * E::SUM_TOLERANCE);
            let across: Vec<Vec<E>> = turned.iter().map(|member| columns(member, classes)).collect();
            let across: Vec<_> = across.iter().map(|m| Matrix::from_columns(m, ROWS, classes).unwrap()).collect();
            for &measure in CommitteeMeasure::ALL {
                for level in levels() {
                    let scorer = scorer(measure, false, level);
                    let wanted = scores(scorer, &matrices(&data, ROWS, classes), 1);
                    assert_same(&scores(scorer, &matrices(&turned, ROWS, classes), 1), &wanted);
                    assert_same(&scores(scorer, &across, 2), &wanted);
                    let mut out = vec![E::Compute::ZERO; ROWS];
                    let error = scorer.score(&matrices(&wrong, ROWS, classes), &mut out, 0, 1, &mut Unwatched);
                    let error = error.unwrap_err().to_string();
                    assert!(error.starts_with("row 17 of member 1 has -") && error.contains("column 1;"), "{error}");
                }
            }
        }
    }
    fn bits_differ<E: Held>(a: &[E], b: &[E]) -> bool {
        a.iter().zip(b).any(|(a, b)| a.widen() != b.widen())
    }
    check::<f64>();
    check::<f32>();
    check::<f16>();
    check::<bf16>();
}

#[test]
fn selecting_in_the_same_pass_picks_the_best_scores() {
    let data = committee::<f32>(3, 20_000, 6, 3.0, false, 3);
    let members = matrices(&data, 20_000, 6);
    for &measure in CommitteeMeasure::ALL {
        let scorer = scorer(measure, false, Level::best());
        let all = scores(scorer, &members, 1);
        let mut wanted: Vec<usize> = (0..all.len()).collect();
        wanted.sort_by(|&a, &b| all[b].partial_cmp(&all[a]).unwrap().then(a.cmp(&b)));
        for threads in [1, 3] {
            let mut selector = Selector::new(Plan::new(50, Order::Highest)).unwrap();
            let rows = Rows { first_id: 7, ids: None, exclude: None, groups: None };
            scorer.select(&members, &mut selector, &rows, threads, &mut Unwatched).unwrap();
            let found = selector.finish().unwrap();
            let ids: Vec<usize> = found.candidates.iter().map(|candidate| candidate.id as usize - 7).collect();
            assert_eq!(ids, wanted[..50], "{measure:?}");
        }
    }
}

#[test]
fn names_are_those_of_the_list() {
    for &measure in CommitteeMeasure::ALL {
        assert_eq!(CommitteeMeasure::parse(measure.about().name), Some(measure));
        assert_eq!(measure.about().order, Order::Highest);
    }
    assert_eq!(CommitteeMeasure::parse("entropy"), None);
}
