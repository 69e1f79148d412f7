//! Greedy selection, lazily.

pub(crate) mod by_distance;
mod filter;
pub(crate) mod front;
pub(crate) mod lazy;
pub(crate) mod nearest;
pub(crate) mod objective;
mod pack;
pub(crate) mod packed;
pub(crate) mod told;
mod triangle;

#[cfg(test)]
mod tests;
