//! Every measure against its definition in twice the precision of `f64`.

use crate::dtype::{Dtype, INPUTS, Input, measures, score, scorer};
use crate::pools::{case, pool};
use crate::quick;
use crate::truth::Row;
use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::float::Element;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::Normalize;

/// The greatest error, in distances from 1 to the next number of the type computed in, at up to
/// 1000 classes.
///
/// From probabilities it is relative to the score itself, also where that is tiny; but to 1 for
/// least confidence and Gini impurity of renormalised rows, which subtract from a rounded sum; and
/// for entropies to the larger of the score and what the row's sum is off by. From logits it is
/// relative to the score times 1 + (z1 - z2) / T, as every score but a margin falls off as e^-(z1 -
/// z2) / T; and for energy to the larger of its two terms.
fn bound(measure: Measure, input: Input) -> f64 {
    let logits = matches!(input, Input::Logits(_));
    match (measure, input) {
        (Measure::LeastConfident | Measure::Margin, Input::Probabilities(Normalize::Renormalize)) => 4.0,
        // A subtraction or division of given numbers, rounded once.
        (Measure::LeastConfident | Measure::Margin | Measure::Ratio, Input::Probabilities(_)) => 0.5,
        (Measure::LeastConfident, _) => 2.5,
        (Measure::Margin, _) => 5.0,
        (Measure::Ratio, _) => 1.5,
        (Measure::Entropy | Measure::NormalisedEntropy, _) => {
            if logits {
                11.0
            } else {
                18.0
            }
        }
        // Of rows that sum to anything.
        (Measure::Gini, Input::Probabilities(Normalize::AsIs)) => 16.0,
        (Measure::Gini, _) => 4.0,
        (Measure::Energy, _) => 12.0,
    }
}

/// What a class may be off by where numbers cease to be normal, in least normal numbers: a
/// subnormal probability counts with the logarithm of the least normal one, and e^d is zero where
/// it would be subnormal.
const UNDERFLOW: f64 = 100.0;

fn classes() -> Vec<usize> {
    match quick() {
        true => (1..=70).step_by(3).chain([128, 257]).collect(),
        false => (1..=70).chain([100, 127, 128, 129, 255, 256, 257, 1000]).collect(),
    }
}

fn compare<E: Dtype>(inputs: &[Input], resize: impl Fn(usize) -> f64) {
    let mut worst: Vec<(Measure, Input, f64, String)> = Vec::new();
    for &input in inputs {
        for &classes in &classes() {
            let rows = if quick() { 23 } else { 70 };
            let mut values = pool::<E>(input, rows, classes, 1);
            for (i, value) in values.iter_mut().enumerate() {
                *value = E::of(value.exact() * resize(i / classes));
            }
            let matrix = Matrix::from_rows(&values, rows, classes).unwrap();
            let truths: Vec<Row> = values.chunks(classes).map(|row| Row::new(input, row)).collect();
            for measure in measures(input) {
                let found = score(&scorer(measure, input, Level::best()), &matrix, 1);
                for (i, (score, row)) in found.iter().zip(&truths).enumerate() {
                    let truth = row.truth(measure);
                    let score: f64 = (*score).into();
                    let floor = UNDERFLOW * classes as f64 * E::LEAST;
                    let beyond = (truth.value.distance(score) - floor).max(0.0);
                    let off = if beyond == 0.0 { 0.0 } else { beyond / (truth.scale * E::EPSILON) };
                    assert!(!score.is_nan(), "{}, row {i} scores NaN", case::<E>(measure, input, classes));
                    let about = || {
                        format!(
                            "{}, row {i}: {score:e}, not {:e}",
                            case::<E>(measure, input, classes),
                            truth.value.nearest()
                        )
                    };
                    match worst.iter_mut().find(|known| known.0 == measure && known.1 == input) {
                        Some(known) if known.2 >= off => {}
                        Some(known) => *known = (measure, input, off, about()),
                        None => worst.push((measure, input, off, about())),
                    }
                }
            }
        }
    }
    for (.., off, about) in &worst {
        println!("{off:7.2}  {about}");
    }
    for (measure, input, off, about) in worst {
        assert!(off <= bound(measure, input), "off by {off} epsilons: {about}");
    }
}

macro_rules! for_each_dtype {
    ($($name:ident: $type:ty),*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn scores_are_within_their_bounds() {
                compare::<$type>(&INPUTS, |_| 1.0);
            }

            #[test]
            fn so_are_scores_of_rows_whose_sum_is_barely_right() {
                let tolerance = <$type as Element>::SUM_TOLERANCE;
                compare::<$type>(&INPUTS[..1], |row| 1.0 + tolerance * [-0.8, -0.01, 0.01, 0.8][row % 4]);
            }

            /// Rows whose sum is anything, but for a few bits the same in every type.
            #[test]
            fn so_are_scores_of_rows_as_they_are_and_renormalised() {
                let inputs = [Normalize::AsIs, Normalize::Renormalize].map(Input::Probabilities);
                compare::<$type>(&inputs, |row| [0.37, 1.0, 12.7, 0.011][row % 4]);
            }
        }
    )*};
}

for_each_dtype!(float16: f16, bfloat16: bf16, float32: f32, float64: f64);
