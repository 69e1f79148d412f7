//! Distances between rows of features: the truth that every diversity rule decides by.
//!
//! A distance is a function of the two rows and nothing else. It is the direct difference, summed
//! in `f64` whatever the dtype, over eight virtual lanes (coordinate j belongs to lane j mod 8)
//! that are merged in a fixed tree. So a distance has the same bits for any block, thread, CPU
//! level, memory order or neighbour in a batch, and near-duplicates keep their relative accuracy,
//! which `a² + b² - 2ab` loses. That form, tiled, is only ever a filter in front of this one.
//!
//! Rows pass through a small `Tile`: widened, padded with zeros to whole lanes, checked to be
//! finite, and for the cosine metric divided by their length. Two kernels read it, with the same
//! bits:
//!
//! - `pair::to_one`: rows of a tile against one point, for passes that wait for memory anyway;
//! - `pair::to_group`: one row against the eight points of a group of `Centres`, a point per lane,
//!   for when arithmetic is what counts.
//!
//! [`min_distances()`] compares all rows of one matrix with all of another: `tiles` sums
//! coordinates like a matrix product, `centred` says how far that may be off, and what the bounds
//! leave open is compared directly.

pub(crate) mod centred;
mod centres;
mod direct;
mod metric;
mod min_distances;
mod pair;
mod tile;
pub(crate) mod tiles;

pub(crate) use centres::{Centres, GROUP};
pub(crate) use direct::{Pair, apart};
pub use metric::Metric;
pub use min_distances::min_distances;
pub(crate) use pair::{Absolute, LANES, PairTerm, Square, between, merge, to_one, wide};
pub(crate) use tile::{Kind, Tile, prepare_inlined, row_fault, widen};

#[cfg(test)]
mod tests;
