//! What can be wrong with what a caller passed in: a variant for each kind of mistake, and its
//! words.
//!
//! A sentence names the argument, what came and what is accepted. It says nothing about how a
//! language on top of this crate spells an option: whoever has such options adds to the sentence.

use crate::fault::{Fault, RowFault};
use std::fmt;

/// Everything that can be wrong with what a caller passed in.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// More rows are asked for than there are to pick from.
    TooMany {
        /// Rows asked for.
        k: usize,
        /// Rows there are.
        rows: usize,
    },
    /// An argument lacks what at least one of is needed.
    Empty {
        /// Its name.
        argument: &'static str,
        /// What it lacks: "rows", "columns" or "members".
        lacks: &'static str,
    },
    /// An argument does not have one element for each row.
    Length {
        /// Its name.
        argument: &'static str,
        /// Elements that came.
        came: usize,
        /// Rows there are.
        rows: usize,
    },
    /// An argument has a shape that is not accepted.
    Shape {
        /// Its name.
        argument: String,
        /// Rows and columns that came.
        came: (usize, usize),
        /// What is accepted.
        accepted: String,
    },
    /// Two arguments that must agree in a number do not.
    Differ {
        /// What is counted: "rows" or "columns".
        what: &'static str,
        /// One argument and its number.
        one: (&'static str, usize),
        /// The other argument and its number.
        other: (&'static str, usize),
    },
    /// A number lies outside what is accepted.
    OutOfRange {
        /// The name of the argument, with the place in it where it has many.
        argument: String,
        /// The number that came.
        came: String,
        /// What is accepted.
        accepted: &'static str,
    },
    /// An argument names a row that does not exist.
    NoSuchRow {
        /// Its name.
        argument: &'static str,
        /// The id that came.
        id: i64,
        /// Rows there are; their ids are the numbers below.
        rows: usize,
    },
    /// The measure of that name, which is one of logits, was asked about probabilities.
    LogitsOnly(&'static str),
    /// A temperature was given for probabilities.
    TemperatureOfProbabilities(f64),
    /// A row of the data is not acceptable: the first of those that are not.
    Row(RowFault),
    /// Something is wrong with one of several arguments.
    Within(&'static str, Box<Error>),
    /// Two states do not go together, and why.
    Unmergeable(String),
    /// Any other mistake, in a sentence.
    Argument(String),
    /// So many bytes of memory are lacking.
    Memory(usize),
    /// The caller asked to stop (for example by Ctrl-C).
    Interrupted,
}

impl Error {
    /// What is wrong with a row.
    pub fn row(row: u64, fault: Fault) -> Error {
        Error::Row(RowFault { row, member: None, fault })
    }

    /// The same of one of several arguments. An interruption or a lack of memory is no argument's
    /// fault.
    #[must_use]
    pub fn within(self, argument: &'static str) -> Error {
        if matches!(self, Error::Interrupted | Error::Memory(_)) {
            self
        } else {
            Error::Within(argument, Box::new(self))
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooMany { k, rows } => write!(out, "k is {k}, and there are {rows} rows to pick from"),
            Error::Empty { argument, lacks } => write!(out, "{argument} has no {lacks}; accepted is at least one"),
            Error::Length { argument, came, rows } => {
                write!(out, "{argument} has {came} elements for {rows} rows; accepted is one for each")
            }
            Error::Shape { argument, came, accepted } => {
                write!(out, "{argument} has shape {came:?}; accepted is {accepted}")
            }
            Error::Differ { what, one, other } => {
                write!(out, "{} has {} {what}, and {} has {}; they must be equal", one.0, one.1, other.0, other.1)
            }
            Error::OutOfRange { argument, came, accepted } => {
                write!(out, "{argument} is {came}; accepted is {accepted}")
            }
            Error::NoSuchRow { argument, id, rows } => {
                write!(out, "{argument} has id {id}; accepted are 0 to {}", *rows as i64 - 1)
            }
            Error::LogitsOnly(measure) => write!(out, "measure {measure:?} is defined for logits only"),
            Error::TemperatureOfProbabilities(came) => {
                write!(out, "temperature is {came} for probabilities; accepted is 1")
            }
            Error::Row(found) => write!(out, "row {} {found}", found.row),
            Error::Within(argument, error) => write!(out, "{argument} {error}"),
            Error::Unmergeable(why) => write!(out, "these Selectors cannot be merged: {why}"),
            Error::Argument(sentence) => out.write_str(sentence),
            Error::Memory(bytes) => {
                write!(
                    out,
                    "{bytes} bytes of memory can't be had; accepted is a call that needs less, as with a smaller k, "
                )?;
                out.write_str("fewer rows or features at a time, or fewer threads")
            }
            Error::Interrupted => out.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}

/// The result of everything that can fail because of what a caller passed in.
pub type Result<T> = std::result::Result<T, Error>;
