//! Runs kernels on made-up rows: what `benches/instructions.py` counts the instructions of.
//!
//! `instructions list` prints the names of the kernels, `instructions FIRST STEP` runs every
//! `STEP`th of them. Rows are a function of their number alone, one thread works, and only
//! [`measured`] is counted, so the counts are the same on every run of one build.

use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::committee::{CommitteeMeasure, CommitteeScorer};
use shortlist_core::compiled::Compiled;
use shortlist_core::density::density;
use shortlist_core::distance::{Metric, min_distances};
use shortlist_core::diverse::badge::badge;
use shortlist_core::diverse::gradient::Gradients;
use shortlist_core::diverse::k_center::{Init, KCenterOptions, k_center};
use shortlist_core::diverse::points::{Among, Chosen, Features};
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::{Invalid, Normalize, Scorer};
use shortlist_core::select::{Plan, Rows, Selector};

const K: usize = 100;

/// The values of a pool of rows.
const VALUES: usize = 100_000;

/// What is counted.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}

/// A number in [0, 1) for a place: splitmix64.
fn number(place: u64) -> f64 {
    let mut z = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn numbers<E>(count: usize, of: fn(f64) -> E) -> Vec<E> {
    (0..count as u64).map(|place| of(number(place))).collect()
}

/// Rows of probabilities, from nearly sure to undecided, or of logits.
fn rows<E: Copy>(classes: usize, logits: bool, of: fn(f64) -> E) -> Vec<E> {
    let mut all = numbers(VALUES / classes * classes, |value| value);
    for row in all.chunks_mut(classes) {
        if logits {
            row.iter_mut().for_each(|value| *value *= 6.0);
        } else {
            row.iter_mut().for_each(|value| *value = value.powi(4) + 1e-3);
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|value| *value /= sum);
        }
    }
    all.into_iter().map(of).collect()
}

/// One kernel family of the row measures: a measure, the layout of its rows, and their width.
struct Family {
    name: &'static str,
    measure: &'static str,
    classes: usize,
    logits: bool,
    columns: bool,
}

const fn family(name: &'static str, measure: &'static str, classes: usize) -> Family {
    Family { name, measure, classes, logits: false, columns: false }
}

const fn of_logits(name: &'static str, measure: &'static str, classes: usize) -> Family {
    Family { logits: true, ..family(name, measure, classes) }
}

const fn in_columns(name: &'static str, measure: &'static str, classes: usize) -> Family {
    Family { columns: true, ..family(name, measure, classes) }
}

/// Each walk, by a measure that folds little, one of the two largest, one of logarithms and one of
/// exponentials.
const FAMILIES: &[Family] = &[
    family("gini_2", "gini", 2),
    family("margin_3", "margin", 3),
    family("least_confident_10", "least_confident", 10),
    family("margin_10", "margin", 10),
    family("entropy_10", "entropy", 10),
    of_logits("margin_logits_10", "margin", 10),
    of_logits("entropy_logits_10", "entropy", 10),
    in_columns("margin_columns_10", "margin", 10),
    family("least_confident_100", "least_confident", 100),
    family("margin_100", "margin", 100),
    family("entropy_100", "entropy", 100),
    of_logits("entropy_logits_100", "entropy", 100),
    in_columns("entropy_columns_100", "entropy", 100),
];

fn select<E: Compiled>(family: &Family, level: Level, of: fn(f64) -> E) {
    let Family { measure, classes, logits, columns, .. } = *family;
    let data = rows(classes, logits, of);
    let measure = Measure::parse(measure).expect("a measure");
    let scorer = Scorer::new(measure, logits, 1.0, Normalize::Check, Invalid::Raise, level).expect("options");
    let matrix = if columns { Matrix::from_columns } else { Matrix::from_rows };
    let data: Vec<E> = match columns {
        true => (0..data.len())
            .map(|at| data[at % (data.len() / classes) * classes + at / (data.len() / classes)])
            .collect(),
        false => data,
    };
    let matrix = matrix(&data, data.len() / classes, classes).expect("a matrix");
    let mut selector = Selector::new(Plan::new(K, measure.about().order)).expect("a plan");
    measured(&mut || {
        scorer.select(&matrix, &mut selector, &Rows::from(0), 1, &mut Unwatched).expect("valid rows");
    });
}

fn committee(level: Level) {
    let data = rows(10, false, |value| value as f32);
    let count = data.len() / 10 / 5;
    let members: Vec<_> = data.chunks(count * 10).map(|one| Matrix::from_rows(one, count, 10).expect("rows")).collect();
    let measure = CommitteeMeasure::parse("bald").expect("a measure");
    let scorer = CommitteeScorer::new(measure, false, 1.0, Normalize::Check, Invalid::Raise, level).expect("options");
    let mut scores = vec![0f32; count];
    measured(&mut || {
        scorer.score(&members, &mut scores, 0, 1, &mut Unwatched).expect("valid rows");
    });
}

fn core_set(level: Level) {
    let data = numbers(2_000 * 64, |value| value as f32);
    let matrix = Matrix::from_rows(&data, 2_000, 64).expect("a matrix");
    let init = Init::Farthest;
    let options = KCenterOptions { k: K, metric: Metric::Euclidean, init, held: None, threads: 1, level };
    measured(&mut || {
        k_center(matrix, None, None, &options, &mut Unwatched).expect("valid rows");
    });
}

fn gradients(level: Level) {
    let probs: Vec<f32> = rows(10, false, |value| value as f32);
    let features = numbers(2_000 * 32, |value| value as f32);
    let among = Among::new(2_000, None).expect("all rows");
    let errors = Matrix::from_rows(&probs[..20_000], 2_000, 10).and_then(|rows| Gradients::new(rows, false));
    let features = Matrix::from_rows(&features, 2_000, 32).and_then(Features::new).expect("rows");
    let (errors, features) = (Chosen::new(errors.expect("rows"), among), Chosen::new(features, among));
    measured(&mut || {
        badge(&errors, &features, 20, 1, (level, 1), &mut Unwatched).expect("valid rows");
    });
}

fn nearest(level: Level) {
    let data = numbers(1_100 * 64, |value| value as f32);
    let [x, y] = [&data[..1_000 * 64], &data[1_000 * 64..]]
        .map(|part| Matrix::from_rows(part, part.len() / 64, 64).expect("rows"));
    let (mut sums, mut indices) = (vec![0.0; 1_000], vec![0; 1_000]);
    measured(&mut || {
        min_distances(&x, None, &y, Metric::Euclidean, level, &mut sums, &mut indices, 1, &mut Unwatched)
            .expect("rows");
    });
}

fn mean_similarity(level: Level) {
    let data = numbers(400 * 64, |value| value as f32);
    let matrix = Matrix::from_rows(&data, 400, 64).expect("rows");
    let mut values = vec![0.0; 400];
    measured(&mut || {
        density(&matrix, Metric::Euclidean, level, &mut values, 1, &mut Unwatched).expect("rows");
    });
}

/// A kernel of one type, by its name.
type Other = (&'static str, fn(Level));

/// Over two or more rows at a time, and of one type.
const OTHERS: &[Other] = &[
    ("bald_5x10_f32", committee),
    ("k_center_64_f32", core_set),
    ("badge_10x32_f32", gradients),
    ("min_distances_64_f32", nearest),
    ("density_64_f32", mean_similarity),
];

/// A kernel at one level.
type Kernel = (String, Box<dyn Fn()>);

/// All kernels, at every level that this machine has.
fn kernels() -> Vec<Kernel> {
    let mut all: Vec<Kernel> = Vec::new();
    for level in Level::ALL.into_iter().filter(|level| level.supported()) {
        let at = level.name();
        for family in FAMILIES {
            let name = family.name;
            all.push((format!("{name}_f16_{at}"), Box::new(move || select(family, level, f16::from_f64))));
            all.push((format!("{name}_bf16_{at}"), Box::new(move || select(family, level, bf16::from_f64))));
            all.push((format!("{name}_f32_{at}"), Box::new(move || select(family, level, |value| value as f32))));
            all.push((format!("{name}_f64_{at}"), Box::new(move || select(family, level, |value| value))));
        }
        let others = OTHERS.iter().map(|&(name, run)| (format!("{name}_{at}"), Box::new(move || run(level)) as Box<_>));
        all.extend(others);
    }
    all
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["list"] => kernels().iter().for_each(|(name, _)| println!("{name}")),
        [first, step] => {
            let [first, step] = [first, step].map(|word| word.parse().expect("a number"));
            kernels().iter().skip(first).step_by(step).for_each(|(_, run)| run());
        }
        _ => {
            eprintln!("instructions: say `list`, or the first kernel to run and how many on is the next");
            std::process::exit(2);
        }
    }
}
