//! What can be wrong, as far as these files say it.

#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// Of the block that begins there.
    At(usize),
    Argument(String),
    Interrupted,
    Memory(usize),
}

pub type Result<T> = std::result::Result<T, Error>;
