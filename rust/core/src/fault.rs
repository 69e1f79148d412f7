//! What is wrong with a row of data, in the words a user reads.

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
    /// A name for counting: `"nan"`, `"infinite"`, `"negative"`, `"sum"`, `"too large"` or
    /// `"score"`.
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

/// A row that is invalid, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowFault {
    /// Its id, or its place.
    pub row: u64,
    /// The first member of a committee whose row it is.
    pub member: Option<usize>,
    /// What is wrong with it.
    pub fault: Fault,
}

impl std::fmt::Display for RowFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(member) = self.member {
            write!(out, "of member {member} ")?;
        }
        self.fault.fmt(out)
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
