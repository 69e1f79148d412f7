//! The total order of rows, written once: key (best first), then tie-break number, then id.
//!
//! No two rows of a pool are equal in it, so the best k are unique, and partial results can be
//! merged in any order. −0 equals +0. A NaN score makes a row invalid: it is set apart before a
//! candidate is made of it, so keys are never NaN.

use crate::named::named;
use std::cmp::Ordering;

named! {
    /// Which end of a measure is informative.
    pub enum Order {
        /// The highest scores are picked first.
        Highest = "highest",
        /// The lowest scores are picked first.
        Lowest = "lowest",
    }
}

impl Order {
    /// The score turned so that larger is better; its own inverse.
    #[inline(always)]
    pub fn orient(self, score: f64) -> f64 {
        match self {
            Order::Highest => score,
            Order::Lowest => -score,
        }
    }
}

/// A row that may be picked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candidate {
    /// What rows are ordered by; larger is better. Never NaN.
    pub key: f64,
    /// Decides between equal keys; lower is better.
    pub tie: u64,
    /// The row's global index; decides between equal keys and ties; lower is better.
    pub id: u64,
    /// The measure's natural value, as reported to the user.
    pub score: f64,
}

impl Candidate {
    /// The total order; `Less` means that `self` is picked before `other`.
    #[inline]
    pub fn compare(&self, other: &Candidate) -> Ordering {
        debug_assert!(!self.key.is_nan() && !other.key.is_nan());
        match other.key.partial_cmp(&self.key) {
            Some(Ordering::Equal) | None => (self.tie, self.id).cmp(&(other.tie, other.id)),
            Some(unequal) => unequal,
        }
    }

    /// Whether `self` is picked before `other`.
    #[inline]
    pub fn beats(&self, other: &Candidate) -> bool {
        self.compare(other) == Ordering::Less
    }
}

/// The place of the greatest number, the first of equals.
pub(crate) fn greatest(numbers: &[f64]) -> Option<usize> {
    (0..numbers.len()).reduce(|best, i| if numbers[i] > numbers[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(key: f64, tie: u64, id: u64) -> Candidate {
        Candidate { key, tie, id, score: key }
    }

    #[test]
    fn key_then_tie_then_id() {
        let sorted = [
            candidate(f64::INFINITY, 9, 9),
            candidate(1.0, 0, 7),
            candidate(1.0, 1, 2),
            candidate(1.0, 1, 3),
            candidate(0.0, 0, 0),
            candidate(-0.0, 0, 1),
            candidate(0.0, 0, 2),
            candidate(f64::NEG_INFINITY, 0, 0),
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(a.compare(b), i.cmp(&j), "{a:?} {b:?}");
                assert_eq!(a.beats(b), i < j);
            }
        }
    }

    #[test]
    fn orienting_twice_gives_the_score_back() {
        assert_eq!(Order::Highest.orient(0.25), 0.25);
        assert_eq!(Order::Lowest.orient(0.25), -0.25);
        assert_eq!(Order::Lowest.orient(Order::Lowest.orient(0.1)), 0.1);
    }
}
