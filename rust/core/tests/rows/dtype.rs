//! The four number types, for loops over them.

use half::{bf16, f16};
use shortlist_core::blocks::Unwatched;
use shortlist_core::compiled::Compiled;
use shortlist_core::float::Float;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::{Invalid, Normalize, Scorer};
use shortlist_core::{Level, error};
use std::fmt::Debug;

/// A number type of a matrix.
pub trait Dtype: Compiled<Compute: Float + Default + Debug> + Debug {
    /// The name users type.
    const NAME: &'static str;
    /// The distance from 1 to the next number of the type computed in.
    const EPSILON: f64;
    /// The least normal number of the type computed in.
    const LEAST: f64;
    /// The nearest number.
    fn of(value: f64) -> Self;
    /// The number itself.
    fn exact(self) -> f64 {
        self.widen().into()
    }
}

macro_rules! dtype {
    ($type:ty, $name:literal, $compute:ty, $of:expr) => {
        impl Dtype for $type {
            const NAME: &'static str = $name;
            const EPSILON: f64 = <$compute>::EPSILON as f64;
            const LEAST: f64 = <$compute>::MIN_POSITIVE as f64;
            fn of(value: f64) -> Self {
                $of(value)
            }
        }
    };
}

dtype!(f16, "float16", f32, f16::from_f64);
dtype!(bf16, "bfloat16", f32, bf16::from_f64);
dtype!(f32, "float32", f32, |value| value as f32);
dtype!(f64, "float64", f64, |value| value);

/// What a row holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// Probabilities.
    Probabilities(Normalize),
    /// Logits and their temperature.
    Logits(f64),
}

/// Rows as users have them: probabilities, and logits at three temperatures.
pub const INPUTS: [Input; 4] =
    [Input::Probabilities(Normalize::Check), Input::Logits(0.5), Input::Logits(1.0), Input::Logits(3.0)];

/// Every measure of such rows.
pub fn measures(input: Input) -> impl Iterator<Item = Measure> {
    let logits = matches!(input, Input::Logits(_));
    Measure::ALL.iter().copied().filter(move |measure| logits || measure.about().takes_probabilities())
}

/// A scorer that marks invalid rows.
pub fn scorer(measure: Measure, input: Input, level: Level) -> Scorer {
    with(measure, input, Invalid::Skip, level)
}

/// A scorer.
pub fn with(measure: Measure, input: Input, invalid: Invalid, level: Level) -> Scorer {
    let (logits, temperature, normalize) = match input {
        Input::Probabilities(normalize) => (false, 1.0, normalize),
        Input::Logits(temperature) => (true, temperature, Normalize::Check),
    };
    Scorer::new(measure, logits, temperature, normalize, invalid, level).expect("these options are accepted")
}

/// All scores, and how many are invalid.
pub fn try_score<E: Dtype>(
    scorer: &Scorer,
    matrix: &Matrix<'_, E>,
    threads: usize,
) -> error::Result<(Vec<E::Compute>, u64)> {
    let mut out = vec![E::Compute::default(); matrix.rows()];
    let invalid = scorer.score(matrix, &mut out, 0, threads, &mut Unwatched)?;
    Ok((out, invalid))
}

/// All scores.
pub fn score<E: Dtype>(scorer: &Scorer, matrix: &Matrix<'_, E>, threads: usize) -> Vec<E::Compute> {
    try_score(scorer, matrix, threads).expect("invalid rows are marked").0
}

/// The bits of scores: -0 differs from 0, and NaN equals NaN.
pub fn bits<T: Copy + Into<f64>>(scores: &[T]) -> Vec<u64> {
    scores.iter().map(|&score| score.into().to_bits()).collect()
}
