//! A threshold that threads share, as a filter only.

use std::sync::atomic::{AtomicU64, Ordering};

/// The best k-th key any thread has reached: rows strictly worse cannot be picked, whoever sees them.
///
/// Rows equal to it stay, so neither the picks nor the count of ties depend on when a thread looks at it.
#[derive(Debug)]
pub struct SharedCut(AtomicU64);

impl SharedCut {
    /// A threshold that lets everything pass.
    pub fn new() -> SharedCut {
        SharedCut(AtomicU64::new(ordered(f64::NEG_INFINITY)))
    }

    /// The key that rows must reach.
    #[inline(always)]
    pub fn key(&self) -> f64 {
        from_ordered(self.0.load(Ordering::Relaxed))
    }

    /// Raises the threshold to `key` if it is below.
    #[inline(always)]
    pub fn raise(&self, key: f64) {
        self.0.fetch_max(ordered(key), Ordering::Relaxed);
    }
}

impl Default for SharedCut {
    fn default() -> SharedCut {
        SharedCut::new()
    }
}

const SIGN: u64 = 1 << 63;

/// Bits that compare as unsigned integers the way the numbers do.
#[inline(always)]
fn ordered(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[inline(always)]
fn from_ordered(bits: u64) -> f64 {
    f64::from_bits(if bits & SIGN == 0 { !bits } else { bits ^ SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ever_rises() {
        let cut = SharedCut::new();
        assert_eq!(cut.key(), f64::NEG_INFINITY);
        for (raise, expected) in [(-3.0, -3.0), (-5.0, -3.0), (-0.0, 0.0), (0.0, 0.0), (2.5, 2.5), (-1.0, 2.5)] {
            cut.raise(raise);
            assert_eq!(cut.key(), expected);
        }
        cut.raise(f64::INFINITY);
        assert_eq!(cut.key(), f64::INFINITY);
    }

    #[test]
    fn bits_are_ordered_like_the_numbers() {
        let sorted = [f64::NEG_INFINITY, -1e300, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1e300, f64::INFINITY];
        assert!(sorted.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert!(sorted.iter().all(|&x| from_ordered(ordered(x)).to_bits() == x.to_bits()));
    }
}
