//! Sorting that can be stopped between its parts.

use crate::blocks::Watch;
use crate::error::Result;
use std::cmp::Ordering;

/// How many items are sorted between two looks up: some 0.1 s.
const PART: usize = 1 << 20;

/// Sorts, and looks up between parts of a long list.
pub(super) fn sort<T>(
    items: &mut [T],
    compare: impl Fn(&T, &T) -> Ordering + Copy,
    watch: &mut dyn Watch,
) -> Result<()> {
    in_parts(items, PART, compare, watch)
}

fn in_parts<T>(
    items: &mut [T],
    part: usize,
    compare: impl Fn(&T, &T) -> Ordering + Copy,
    watch: &mut dyn Watch,
) -> Result<()> {
    if items.len() <= part {
        items.sort_unstable_by(compare);
        return Ok(());
    }
    watch.look(0, 0)?;
    let middle = items.len() / 2;
    items.select_nth_unstable_by(middle, compare);
    let (low, high) = items.split_at_mut(middle);
    in_parts(low, part, compare, watch)?;
    in_parts(high, part, compare, watch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::error::Error;
    use crate::random::hash;

    fn items(seed: u64, count: u64) -> Vec<u64> {
        (0..count).map(|i| hash(seed, 0, i) % (1 + count / 2)).collect()
    }

    #[test]
    fn parts_give_what_sorting_gives() {
        for seed in 0..20 {
            for count in [0, 1, 2, 7, 8, 9, 100, 1000] {
                let mut found = items(seed, count);
                let mut wanted = found.clone();
                wanted.sort();
                in_parts(&mut found, 7, u64::cmp, &mut Unwatched).unwrap();
                assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn it_can_be_stopped_between_parts() {
        struct Stop(usize);
        impl Watch for Stop {
            fn look(&mut self, _: usize, _: usize) -> Result<()> {
                self.0 -= 1;
                if self.0 == 0 { Err(Error::Interrupted) } else { Ok(()) }
            }
        }
        assert_eq!(in_parts(&mut items(1, 1000), 7, u64::cmp, &mut Stop(3)), Err(Error::Interrupted));
        assert_eq!(in_parts(&mut items(1, 7), 7, u64::cmp, &mut Stop(1)), Ok(()));
    }
}
