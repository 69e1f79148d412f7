//! Runs one kernel on made-up rows: what `benches/instructions.py` counts the instructions of.
//!
//! `instructions list` prints the CPU level and the names of the kernels, `instructions NAME` runs
//! one. Rows are a function of their number alone, one thread works, and only [`measured`] is
//! counted, so the count is the same on every run of one build at one CPU level.

use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::compiled::Compiled;
use shortlist_core::distance::Metric;
use shortlist_core::diverse::badge::badge;
use shortlist_core::diverse::gradient::Gradients;
use shortlist_core::diverse::k_center::{Init, KCenterOptions, k_center};
use shortlist_core::diverse::points::{Among, Chosen, Features};
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::order::Order;
use shortlist_core::scorer::{Invalid, Normalize, Scorer};
use shortlist_core::select::{Plan, Rows, Selector};

const K: usize = 100;

/// What is counted.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Not the last thing it does, so that it is returned to.
    std::hint::black_box(());
}

/// A number in [0, 1) for a place: splitmix64.
fn number(place: u64) -> f64 {
    let mut z = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Rows that sum to one, from nearly sure to undecided.
fn probabilities(rows: usize, classes: usize) -> Vec<f64> {
    let mut all: Vec<f64> = (0..rows * classes).map(|place| -(1.0 - number(place as u64)).ln()).collect();
    for row in all.chunks_mut(classes) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
    }
    all
}

fn narrow(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

fn select<E: Compiled>(name: &str, data: &[E], classes: usize, logits: bool) {
    let measure = Measure::parse(name).expect("a measure");
    let scorer = Scorer::new(measure, logits, 1.0, Normalize::Check, Invalid::Raise, Level::best()).expect("options");
    let matrix = Matrix::from_rows(data, data.len() / classes, classes).expect("a matrix");
    let order = if name == "margin" { Order::Lowest } else { Order::Highest };
    let mut selector = Selector::new(Plan::new(K, order)).expect("a plan");
    measured(&mut || {
        scorer.select(&matrix, &mut selector, &Rows::from(0), 1, &mut Unwatched).expect("valid rows");
    });
}

fn core_set() {
    let data = narrow((0..10_000 * 64).map(|place| number(place as u64)).collect());
    let matrix = Matrix::from_rows(&data, 10_000, 64).expect("a matrix");
    let options = KCenterOptions {
        k: K,
        metric: Metric::Euclidean,
        init: Init::Farthest,
        held: None,
        threads: 1,
        level: Level::best(),
    };
    measured(&mut || {
        k_center(matrix, None, None, &options, &mut Unwatched).expect("valid rows");
    });
}

fn gradients() {
    let probs = narrow(probabilities(5_000, 10));
    let features = narrow((0..5_000 * 32).map(|place| number(place as u64)).collect());
    let among = Among::new(5_000, None).expect("all rows");
    let errors = Matrix::from_rows(&probs, 5_000, 10).and_then(|rows| Gradients::new(rows, false)).expect("rows");
    let features = Matrix::from_rows(&features, 5_000, 32).and_then(Features::new).expect("rows");
    let (errors, features) = (Chosen::new(errors, among), Chosen::new(features, among));
    measured(&mut || {
        badge(&errors, &features, 50, 1, (Level::best(), 1), &mut Unwatched).expect("valid rows");
    });
}

const KERNELS: &[(&str, fn())] = &[
    ("least_confident_10_f32", || select("least_confident", &narrow(probabilities(100_000, 10)), 10, false)),
    ("margin_10_f32", || select("margin", &narrow(probabilities(100_000, 10)), 10, false)),
    ("margin_100_f32", || select("margin", &narrow(probabilities(10_000, 100)), 100, false)),
    ("margin_100_f64", || select("margin", &probabilities(10_000, 100), 100, false)),
    ("entropy_10_f32", || select("entropy", &narrow(probabilities(100_000, 10)), 10, false)),
    ("entropy_100_f32", || select("entropy", &narrow(probabilities(10_000, 100)), 100, false)),
    ("entropy_100_f64", || select("entropy", &probabilities(10_000, 100), 100, false)),
    ("gini_2_f32", || select("gini", &narrow(probabilities(100_000, 2)), 2, false)),
    ("margin_logits_10_f32", || {
        let logits = (0..100_000 * 10).map(|place| 6.0 * number(place)).collect();
        select("margin", &narrow(logits), 10, true);
    }),
    ("k_center_64_f32", core_set),
    ("badge_10x32_f32", gradients),
];

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    if name == "list" {
        println!("{}", Level::best().name());
        KERNELS.iter().for_each(|(name, _)| println!("{name}"));
        return;
    }
    match KERNELS.iter().find(|(known, _)| *known == name) {
        Some((_, run)) => run(),
        None => {
            eprintln!("instructions: there is no kernel {name:?}; `list` names them");
            std::process::exit(2);
        }
    }
}
