//! One variant per caller mistake; the wording lives here only.

use std::fmt;

/// Everything that can be wrong with what a caller passed in.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// An argument has a value that is not accepted: the sentence names the argument, what came and what is accepted.
    Argument(String),
    /// A row of the data is not acceptable.
    Row {
        /// Global id of the first bad row.
        row: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The caller asked to stop (for example by Ctrl-C).
    Interrupted,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Argument(sentence) => out.write_str(sentence),
            Error::Row { row, reason } => write!(out, "row {row} {reason}"),
            Error::Interrupted => out.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}

/// The result of everything that can fail because of what a caller passed in.
pub type Result<T> = std::result::Result<T, Error>;
