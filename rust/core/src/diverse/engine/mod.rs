//! Greedy selection, lazily: the engines, and what they ask of rules.

pub(crate) mod by_distance;
mod filter;
pub(crate) mod front;
pub(crate) mod lazy;
pub(crate) mod nearest;
pub(crate) mod objective;
mod pack;
pub(crate) mod packed;
mod sweep;
pub(crate) mod told;

#[cfg(test)]
mod tests;
