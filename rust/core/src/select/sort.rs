//! Sorting that can be stopped between its parts.

use crate::blocks::Watch;
use crate::error::Result;
use crate::room;
use std::cmp::Ordering;

/// How many items are sorted between two looks up: some 0.1 s.
pub(super) const PART: usize = 1 << 20;

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

/// Sorts numbers by their high 32 bits, in time that grows as their count. Those that are alike in
/// them keep their order.
pub(super) fn sort_by_high_half(numbers: &mut Vec<u64>) {
    const BITS: u32 = 11;
    let mut other = room::zeros(numbers.len());
    for low in [32, 32 + BITS, 32 + 2 * BITS] {
        let digit = |number: u64| (number >> low) as usize & ((1 << BITS) - 1);
        let mut places = [0u32; 1 << BITS];
        numbers.iter().for_each(|&number| places[digit(number)] += 1);
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for &number in numbers.iter() {
            let place = &mut places[digit(number)];
            other[*place as usize] = number;
            *place += 1;
        }
        std::mem::swap(numbers, &mut other);
    }
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
    fn by_the_high_half_is_stable() {
        for (count, kinds) in [(0, 1), (1, 1), (1000, 3), (5000, u64::MAX)] {
            let mut found: Vec<u64> = (0..count).map(|i| (hash(1, 0, i) % kinds) << 32 | (count - i)).collect();
            let mut wanted = found.clone();
            wanted.sort_by_key(|number| number >> 32);
            sort_by_high_half(&mut found);
            assert_eq!(found, wanted);
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
