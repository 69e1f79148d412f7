//! A threshold that threads share, as a filter only.

use std::sync::atomic::{AtomicU64, Ordering};

/// A key that k rows have reached: rows strictly worse cannot be picked, whoever sees them. It is
/// the best of two bounds. One is the k-th key of any one thread. The other counts once all of n
/// threads have told of their share: each has k/n rows that reach some key, so k rows reach the
/// lowest of these keys. With many threads that is far higher.
///
/// Rows equal to it stay, so neither the picks nor the count of ties depend on when a thread looks
/// at it.
#[derive(Debug)]
pub(crate) struct SharedCut {
    key: AtomicU64,
    shares: Box<[AtomicU64]>,
}

impl SharedCut {
    /// A threshold that lets everything pass, for so many threads that tell of their share.
    pub(crate) fn among(threads: usize) -> SharedCut {
        let nothing = || AtomicU64::new(ordered(f64::NEG_INFINITY));
        SharedCut { key: nothing(), shares: (0..threads).map(|_| nothing()).collect() }
    }

    /// The key that rows must reach.
    #[inline(always)]
    pub(crate) fn key(&self) -> f64 {
        from_ordered(self.key.load(Ordering::Relaxed))
    }

    /// Raises the threshold to `key` if it is below.
    #[inline(always)]
    pub(crate) fn raise(&self, key: f64) {
        self.key.fetch_max(ordered(key), Ordering::Relaxed);
    }

    /// A thread's share of k: so many of its rows, and as many of each other thread, are k or more.
    pub(crate) fn share(&self, k: usize) -> usize {
        k.div_ceil(self.shares.len().max(1)).max(1)
    }

    /// Takes note that a share of a thread's rows have reached `key`.
    pub(crate) fn tell(&self, thread: usize, key: f64) {
        self.shares[thread].fetch_max(ordered(key), Ordering::Relaxed);
        if let Some(worst) = self.shares.iter().map(|share| share.load(Ordering::Relaxed)).min() {
            self.key.fetch_max(worst, Ordering::Relaxed);
        }
    }
}

const SIGN: u64 = 1 << 63;

/// Bits that compare as unsigned integers the way the numbers do.
#[inline(always)]
pub(super) fn ordered(x: f64) -> u64 {
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
        let cut = SharedCut::among(0);
        assert_eq!(cut.key(), f64::NEG_INFINITY);
        for (raise, expected) in [(-3.0, -3.0), (-5.0, -3.0), (-0.0, 0.0), (0.0, 0.0), (2.5, 2.5), (-1.0, 2.5)] {
            cut.raise(raise);
            assert_eq!(cut.key(), expected);
        }
        cut.raise(f64::INFINITY);
        assert_eq!(cut.key(), f64::INFINITY);
    }

    #[test]
    fn shares_count_when_all_have_told() {
        let cut = SharedCut::among(3);
        assert_eq!((cut.share(100), cut.share(2), cut.share(usize::MAX)), (34, 1, usize::MAX.div_ceil(3)));
        cut.tell(0, 5.0);
        cut.tell(2, 1.0);
        assert_eq!(cut.key(), f64::NEG_INFINITY);
        cut.tell(1, 3.0);
        assert_eq!(cut.key(), 1.0);
        cut.tell(2, 4.0);
        cut.tell(2, 2.0);
        assert_eq!(cut.key(), 3.0);
    }

    #[test]
    fn bits_are_ordered_like_the_numbers() {
        let sorted = [f64::NEG_INFINITY, -1e300, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1e300, f64::INFINITY];
        assert!(sorted.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert!(sorted.iter().all(|&x| from_ordered(ordered(x)).to_bits() == x.to_bits()));
    }
}
