//! Prints how the portable level compares with plain loops that the compiler vectorises: the time
//! of the loops over that of the level, so that above 1 the level is quicker. One thread, from a
//! cache; medians of interleaved runs. Both score every row and tell whether all sum to 1.
//!
//! `cargo run --release -p shortlist-core --example plain [LEVEL]`

use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::compiled::Compiled;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::{Invalid, Normalize, Scorer};
use std::hint::black_box;
use std::time::Instant;

const BYTES: usize = 2 << 20;
const RUNS: usize = 15;

/// Least confidence, margin and entropy of rows of so many classes, by the loops that one would
/// write: eight lanes side by side where there are classes for it.
macro_rules! plain {
    ($name:ident, $float:ty) => {
        #[allow(clippy::needless_range_loop)] // as one would write it
        mod $name {
            const LANES: usize = 8;

            /// The two largest of a row and its sum.
            #[inline]
            fn largest(row: &[$float]) -> ($float, $float, $float) {
                let (mut top, mut second, mut sum) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
                let chunks = row.chunks_exact(LANES);
                for (i, &value) in chunks.remainder().iter().enumerate() {
                    (top[i], sum[i]) = (value, value);
                }
                for chunk in chunks {
                    for i in 0..LANES {
                        let value = chunk[i];
                        let beaten = if top[i] < value { top[i] } else { value };
                        top[i] = if top[i] > value { top[i] } else { value };
                        second[i] = if second[i] > beaten { second[i] } else { beaten };
                        sum[i] += value;
                    }
                }
                let mut all = (0.0, 0.0, 0.0);
                for i in 0..LANES {
                    let beaten = if all.0 < top[i] { all.0 } else { top[i] };
                    all.0 = if all.0 > top[i] { all.0 } else { top[i] };
                    all.1 = if all.1 > beaten { all.1 } else { beaten };
                    all.1 = if all.1 > second[i] { all.1 } else { second[i] };
                    all.2 += sum[i];
                }
                all
            }

            /// The same of a row of few classes.
            #[inline]
            fn few(row: &[$float]) -> ($float, $float, $float) {
                let mut all = (0.0, 0.0, 0.0);
                for &value in row {
                    let beaten = if all.0 < value { all.0 } else { value };
                    all.0 = if all.0 > value { all.0 } else { value };
                    all.1 = if all.1 > beaten { all.1 } else { beaten };
                    all.2 += value;
                }
                all
            }

            pub fn score(measure: &str, x: &[$float], classes: usize, out: &mut [$float]) -> bool {
                let rows = x.chunks_exact(classes).zip(out);
                let mut valid = true;
                match measure {
                    "entropy" => rows.for_each(|(row, out)| {
                        let (mut terms, mut sum) = (0.0, 0.0);
                        for &value in row {
                            terms -= if value > 0.0 { value * value.ln() } else { 0.0 };
                            sum += value;
                        }
                        valid &= (0.999..=1.001).contains(&sum);
                        *out = terms;
                    }),
                    _ => rows.for_each(|(row, out)| {
                        let (top, second, sum) = if classes < 2 * LANES { few(row) } else { largest(row) };
                        valid &= (0.999..=1.001).contains(&sum);
                        *out = if measure == "margin" { top - second } else { 1.0 - top };
                    }),
                }
                valid
            }
        }
    };
}

plain!(of_f32, f32);
plain!(of_f64, f64);

type Plain<T> = fn(&str, &[T], usize, &mut [T]) -> bool;

fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn compare<T>(level: Level, plain: Plain<T>, convert: fn(f64) -> T)
where
    T: Compiled<Compute = T> + Default,
{
    for measure in ["least_confident", "margin", "entropy"] {
        let known = Measure::parse(measure).expect("a measure");
        let scorer = Scorer::new(known, false, 1.0, Normalize::Check, Invalid::Raise, level).expect("options");
        for classes in [3, 10, 100] {
            let rows = BYTES / (classes * size_of::<T>());
            // Like the squares of hashed numbers, divided by their sum.
            let mut values: Vec<f64> = (0..(rows * classes) as u64)
                .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64)
                .map(|x| x * x + 1e-3)
                .collect();
            for row in values.chunks_mut(classes) {
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|value| *value /= sum);
            }
            let x: Vec<T> = values.into_iter().map(convert).collect();
            let matrix = Matrix::from_rows(&x, rows, classes).expect("a matrix");
            let (mut ours, mut theirs) = (vec![T::default(); rows], vec![T::default(); rows]);
            let mut ratios: Vec<f64> = (0..RUNS)
                .map(|_| {
                    let loops = time(|| assert!(plain(measure, black_box(&x), black_box(classes), &mut theirs)));
                    let level = time(|| {
                        scorer.score(&matrix, &mut ours, 0, 1, &mut Unwatched).expect("valid rows");
                    });
                    loops / level
                })
                .collect();
            ratios.sort_by(f64::total_cmp);
            let dtype = std::any::type_name::<T>();
            println!("{measure:<16} {classes:>4} {dtype}  {:.2}", ratios[RUNS / 2]);
        }
    }
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| Level::Portable.name().into());
    let level = Level::ALL
        .into_iter()
        .find(|level| level.name() == name && level.supported())
        .expect("a level of this machine");
    println!("plain loops' time / that of the level {name}");
    compare::<f32>(level, of_f32::score, |x| x as f32);
    compare::<f64>(level, of_f64::score, |x| x);
}
