//! Distances between rows of features: the truth that every diversity rule decides by.
//!
//! A distance is a function of the two rows and nothing else. It is the direct difference, summed
//! in `f64` whatever the dtype, over eight virtual lanes (coordinate j belongs to lane j mod 8)
//! that are merged in a fixed tree. So it has the same bits for any block, thread, CPU level,
//! memory order or neighbour in a batch, and near-duplicates keep their relative accuracy. The
//! expanded form `a² + b² - 2ab` loses it: tiled, it is only ever a filter in front of the direct
//! one.
//!
//! Rows pass through a small `Tile`: widened, padded with zeros to whole lanes, checked to be
//! finite, and for the cosine metric divided by their length. Two kernels read it, with the same
//! bits:
//!
//! - `to_one`: rows of a tile against one point, for passes that wait for memory anyway;
//! - `to_group`: one row against the eight points of a group of `Centres`, a point per
//!   lane, for when arithmetic is what counts.
//!
//! [`nearest()`] compares all rows of one matrix with all of another: `tiles` sums coordinates as
//! a matrix product does, `centred` says how far off the sums may be, and the pairs that these
//! bounds leave open are compared directly.

pub(crate) mod centred;
mod centres;
mod metric;
mod nearest;
mod pair;
mod tile;
pub(crate) mod tiles;

pub(crate) use centres::{Centres, GROUP};
pub use metric::Metric;
pub use nearest::nearest;
pub(crate) use nearest::{Best, Direct, Pair};
pub(crate) use pair::{LANES, between, merge, to_group, to_one};
pub(crate) use tile::{Kind, Tile, prepare, row_fault};

#[cfg(test)]
mod tests;
