//! What is wrong with a row of data, in the words a user reads.
//!
//! The kernels only mark invalid rows. This is the slow second look at such a row.

use crate::below_zero;
use crate::float::Element;
use crate::matrix::Matrix;

/// Why a row is invalid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// A column holds NaN.
    Nan(usize),
    /// A column holds an infinity that is not accepted there.
    Infinite(usize, f64),
    /// A column holds a number too large for sums of squares.
    TooLarge(usize, f64),
    /// A column holds a probability further below 0 than rounding explains.
    Negative(usize, f64),
    /// The row does not sum to 1.
    Sum(f64),
    /// No column of a row of logits is finite.
    NothingFinite,
    /// The score of a row is NaN.
    NanScore,
    /// The score of a row is one that the perturbation of that name cannot draw by.
    Score(f64, &'static str, &'static str),
}

impl Fault {
    /// A name for counting: `"nan"`, `"infinite"`, `"negative"`, `"sum"`, `"too large"` or `"score"`.
    pub fn kind(self) -> &'static str {
        match self {
            Fault::Nan(_) => "nan",
            Fault::Infinite(..) | Fault::NothingFinite => "infinite",
            Fault::TooLarge(..) => "too large",
            Fault::Negative(..) => "negative",
            Fault::Sum(_) => "sum",
            Fault::NanScore | Fault::Score(..) => "score",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Nan(column) => write!(out, "has NaN in column {column}; accepted are finite numbers"),
            Fault::Infinite(column, value) => {
                write!(out, "has {value} in column {column}; accepted are finite numbers")
            }
            Fault::TooLarge(column, value) => {
                write!(out, "has {value:e} in column {column}; accepted are numbers below 2^500 in magnitude")
            }
            Fault::Negative(column, value) => {
                write!(out, "has {value} in column {column}; accepted are probabilities, at least 0")
            }
            Fault::Sum(sum) => write!(out, "sums to {sum}; accepted are probabilities that sum to 1"),
            Fault::NothingFinite => {
                write!(out, "has -inf in every column; accepted are logits of which at least one is finite")
            }
            Fault::NanScore => write!(out, "has the score NaN; accepted are numbers"),
            Fault::Score(score, perturb, accepted) => {
                write!(out, "has score {score}; perturb is {perturb:?}, which accepts {accepted}")
            }
        }
    }
}

/// The fault of a row that the kernels found invalid.
pub(crate) fn of_row<E: Element>(matrix: &Matrix<'_, E>, row: usize, logits: bool) -> Fault {
    let values = || (0..matrix.columns()).map(|column| (column, matrix.get(row, column).widen().into()));
    let find = |wrong: fn(f64) -> bool| values().find(|&(_, value): &(usize, f64)| wrong(value));
    if let Some((column, _)) = find(f64::is_nan) {
        return Fault::Nan(column);
    }
    if logits {
        return match find(|value| value == f64::INFINITY) {
            Some((column, value)) => Fault::Infinite(column, value),
            None => Fault::NothingFinite,
        };
    }
    if let Some((column, value)) = find(f64::is_infinite) {
        return Fault::Infinite(column, value);
    }
    let least = below_zero::least(values().map(|(_, value)| value), E::SUM_TOLERANCE);
    if let Some((column, value)) = values().find(|&(_, value)| value < least) {
        return Fault::Negative(column, value);
    }
    Fault::Sum(values().map(|(_, value)| value.max(0.0)).sum())
}
