//! Which ids a state has seen, as ranges, so that no row is counted twice.

use std::ops::Range;

/// Disjoint ranges of ids, ascending; ranges that touch are one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    ranges: Vec<Range<u64>>,
}

impl Seen {
    /// The first ids that are both in `ids` and seen.
    pub(super) fn overlap(&self, ids: &Range<u64>) -> Option<Range<u64>> {
        let at = self.ranges.partition_point(|range| range.end <= ids.start);
        let common = self.ranges.get(at)?.start.max(ids.start)..self.ranges[at].end.min(ids.end);
        (!common.is_empty()).then_some(common)
    }

    /// The first ids that are in both.
    pub(super) fn common(&self, other: &Seen) -> Option<Range<u64>> {
        other.ranges.iter().find_map(|range| self.overlap(range))
    }

    /// Adds ids, none of which is there yet.
    pub(super) fn add(&mut self, ids: Range<u64>) {
        if ids.is_empty() {
            return;
        }
        debug_assert_eq!(self.overlap(&ids), None);
        let at = self.ranges.partition_point(|range| range.end <= ids.start);
        let after = self.ranges.get(at).is_some_and(|next| next.start == ids.end);
        let before = at > 0 && self.ranges[at - 1].end == ids.start;
        match (before, after) {
            (true, true) => self.ranges[at - 1].end = self.ranges.remove(at).end,
            (true, false) => self.ranges[at - 1].end = ids.end,
            (false, true) => self.ranges[at].start = ids.start,
            (false, false) => self.ranges.insert(at, ids),
        }
    }

    /// Adds all ids of another, none of which is there yet.
    pub(super) fn add_all(&mut self, other: &Seen) {
        other.ranges.iter().for_each(|ids| self.add(ids.clone()));
    }

    /// The ranges, ascending.
    pub(super) fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;

    #[test]
    fn behaves_like_a_set_of_ids() {
        for seed in 0..50 {
            let mut seen = Seen::default();
            let mut truth = [false; 64];
            for step in 0..60 {
                let start = hash(seed, step, 0) % 60;
                let ids = start..start + hash(seed, step, 1) % 5;
                let first = (ids.start..ids.end).find(|&id| truth[id as usize]);
                let overlap = seen.overlap(&ids);
                assert_eq!(overlap.as_ref().map(|common| common.start), first);
                if let Some(common) = overlap {
                    assert!(common.clone().all(|id| truth[id as usize]));
                    assert!(common.end == ids.end || !truth[common.end as usize]);
                } else {
                    (ids.start..ids.end).for_each(|id| truth[id as usize] = true);
                    seen.add(ids);
                }
                let listed: Vec<u64> = seen.ranges().iter().cloned().flatten().collect();
                assert_eq!(listed, (0..64).filter(|&id| truth[id as usize]).collect::<Vec<_>>());
                assert!(seen.ranges().windows(2).all(|pair| pair[0].end < pair[1].start));
            }
        }
    }

    #[test]
    fn common_ids_of_two() {
        let (mut a, mut b) = (Seen::default(), Seen::default());
        a.add(0..100);
        a.add(200..300);
        b.add(100..200);
        assert_eq!(a.common(&b), None);
        b.add(250..400);
        assert_eq!(a.common(&b), Some(250..300));
        assert_eq!(b.common(&a), Some(250..300));
    }
}
