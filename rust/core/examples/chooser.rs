//! Prints what the chooser of bounds (`screen.rs`) goes by: what each bound costs beside the
//! measure that it spares, and what it costs to pick a single row out. One thread, from a cache;
//! each time is the least of 50.
//!
//! `cargo run --release -p shortlist-core --example chooser`

use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::{Invalid, Normalize, Scorer};
use shortlist_core::select::{Plan, Rows, Selector};
use std::time::Instant;

/// Bytes of a pool. It has many blocks, for a bound that does not pay is tried in some of them
/// first, and it stays in the last-level cache: from memory, all that reads a row once takes about
/// as long.
const BYTES: usize = 16 << 20;

/// Equal rows that come first: enough for the selector to set its threshold.
const HELD: usize = 10_000;

/// A pool whose rows one bound rules out, and no cheaper one, at the threshold that `held` sets.
struct Case {
    bound: &'static str,
    measure: &'static str,
    logits: bool,
    row: fn(class: usize, classes: usize) -> f64,
    held: fn(class: usize, classes: usize) -> f64,
}

/// Classes that are in turn so many percent above and below their share.
fn uneven<const PERCENT: usize>(class: usize, classes: usize) -> f64 {
    let off = PERCENT as f64 / 100.0;
    (if class.is_multiple_of(2) { 1.0 + off } else { 1.0 - off }) / classes as f64
}

fn two_peaks(class: usize, _: usize) -> f64 {
    if class < 2 { 9.0 } else { 0.0 }
}

fn one_peak(class: usize, _: usize) -> f64 {
    if class == 0 { 9.0 } else { 0.0 }
}

fn flat(_: usize, _: usize) -> f64 {
    0.0
}

const CASES: &[Case] = &[
    Case { bound: "Top", measure: "entropy", logits: false, row: uneven::<15>, held: uneven::<0> },
    Case { bound: "Lines", measure: "entropy", logits: false, row: uneven::<100>, held: uneven::<50> },
    Case { bound: "Cubic", measure: "entropy", logits: false, row: uneven::<15>, held: uneven::<10> },
    Case { bound: "Gap", measure: "entropy", logits: true, row: one_peak, held: two_peaks },
    Case { bound: "Rough", measure: "entropy", logits: true, row: two_peaks, held: flat },
    Case { bound: "Gap", measure: "least_confident", logits: true, row: one_peak, held: two_peaks },
    Case { bound: "Rough", measure: "least_confident", logits: true, row: two_peaks, held: flat },
];

/// How long something takes, in seconds.
fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// What selecting costs, as a share of scoring all rows, where one row of so many is as good as the
/// one held, if any.
fn share(case: &Case, classes: usize, survives: Option<usize>, columns: bool) -> f64 {
    let rows = BYTES / 4 / classes;
    let value = |row: usize, class: usize| {
        let kind = if survives.is_some_and(|every| row.is_multiple_of(every)) { case.held } else { case.row };
        kind(class, classes) as f32
    };
    let place = |at: usize| if columns { (at % rows, at / rows) } else { (at / classes, at % classes) };
    let pool: Vec<f32> = (0..rows * classes).map(place).map(|(row, class)| value(row, class)).collect();
    let held: Vec<f32> = (0..HELD * classes).map(|at| (case.held)(at % classes, classes) as f32).collect();
    let matrix = if columns { Matrix::from_columns } else { Matrix::from_rows };
    let held = Matrix::from_rows(&held, HELD, classes).expect("rows to hold");
    let pool = matrix(&pool, rows, classes).expect("a pool");
    let measure = Measure::parse(case.measure).expect("a measure");
    let scorer = Scorer::new(measure, case.logits, 1.0, Normalize::Check, Invalid::Raise, Level::best());
    let scorer = scorer.expect("options");
    let mut scores = vec![0f32; rows];
    let (mut measured, mut screened) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..50 {
        let mut selector = Selector::new(Plan::new(1, measure.about().order)).expect("a plan");
        scorer.select(&held, &mut selector, &Rows::from(0), 1, &mut Unwatched).expect("valid rows");
        measured = measured.min(seconds(|| {
            scorer.score(&pool, &mut scores, 1, 1, &mut Unwatched).expect("valid rows");
        }));
        screened = screened.min(seconds(|| {
            scorer.select(&pool, &mut selector, &Rows::from(HELD as u64), 1, &mut Unwatched).expect("valid rows");
        }));
    }
    screened / measured
}

fn main() {
    println!("What a bound costs, as a share of the measure it spares");
    for case in CASES {
        let shares = [10, 100].map(|classes| share(case, classes, None, false));
        let Case { bound, measure, .. } = case;
        println!("  {bound:<6} {measure:<16} {:.2} with 10 classes, {:.2} with 100", shares[0], shares[1]);
    }
    println!("What it costs to pick a row out, in rows scored in their places, where one in 10 is");
    let every = 10;
    for (classes, columns) in [(4, false), (10, false), (100, false), (1000, false), (100, true)] {
        let [none, some] = [None, Some(every)].map(|survives| share(&CASES[0], classes, survives, columns));
        let times = (some - none) * every as f64 - 1.0;
        let order = if columns { "Fortran" } else { "C" };
        println!("  of {classes:>4} classes in {order} order: {times:.1}");
    }
}
