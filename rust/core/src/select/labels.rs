//! Labels of groups as the bytes that they are made of, and the codes that stand for them.
//!
//! A row's group matters only where its score comes near the best, so a label is looked up when it
//! is needed, and need not be known before. Where all labels must be, one pass over them finds
//! which there are.

use super::plan::MAX_GROUPS;
use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::room;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

/// Rows that a thread looks at in one go.
const BLOCK: usize = 1 << 16;

/// Whole numbers that are counted by their distance from the first.
const NEAR: usize = 1 << 12;

/// Distinct labels of so many bytes each, with their codes.
#[derive(Debug)]
pub struct Labels {
    known: Coded,
    /// Those that get their codes as rows with them are met, where not all are known before.
    met: Option<RwLock<Coded>>,
}

/// Labels whose places are their codes.
#[derive(Clone, Debug)]
struct Coded {
    width: usize,
    bytes: Vec<u8>,
    /// A table with open addresses: nothing, or a code and 1. It is at most a quarter full, so that
    /// few labels are in each other's way, which a processor cannot foresee.
    slots: Vec<u32>,
}

/// The labels that rows have.
#[derive(Clone, Debug, Default)]
pub struct Met {
    /// The first row of each label.
    pub firsts: Vec<u64>,
    /// How many rows have each.
    pub counts: Vec<u64>,
}

impl Labels {
    /// Labels one after the other, in the order of their codes.
    pub fn new(bytes: &[u8], width: usize) -> Result<Labels> {
        let mut known = Coded::new(width);
        for label in bytes.chunks_exact(width) {
            known.code_or_new(label)?;
        }
        Ok(Labels { known, met: None })
    }

    /// Labels of which none is known yet: each gets a code when it is first asked for. Which one is
    /// a matter of threads, so codes mean the same only in states that share these labels, and the
    /// picks must not depend on them, as under `per_group` they do not.
    pub fn unknown(width: usize) -> Labels {
        Labels { known: Coded::new(width), met: Some(RwLock::new(Coded::new(width))) }
    }

    /// How many there are, where all are known.
    pub fn count(&self) -> Option<usize> {
        self.met.is_none().then(|| self.known.len())
    }

    /// Bytes of a label.
    pub fn width(&self) -> usize {
        self.known.width
    }

    /// The code of a label. Where all are known it is their number for one that is not among them.
    #[inline]
    pub fn code(&self, label: &[u8]) -> Result<u32> {
        let Some(met) = &self.met else {
            return Ok(self.known.find(label).unwrap_or(self.known.len() as u32));
        };
        let found = met.read().unwrap_or_else(PoisonError::into_inner).find(label);
        found.or_else(|_| met.write().unwrap_or_else(PoisonError::into_inner).code_or_new(label))
    }

    /// Which labels rows have, each given by so many bytes, in the order of their first rows.
    pub fn met(bytes: &[u8], width: usize, threads: usize, watch: &mut dyn Watch) -> Result<Met> {
        let rows = bytes.len() / width;
        let threads = blocks::crew(threads, bytes.len());
        let labels_of = |rows: Range<usize>| (rows.clone(), &bytes[rows.start * width..rows.end * width]);
        let blocks = blocks::share(rows, BLOCK, threads).map(labels_of);
        let state = || Count { labels: Coded::new(width), met: Met::default(), near: Near::none() };
        let found = blocks::run(rows, blocks, threads, watch, state, |count, rows, bytes| {
            // The width as a constant makes a few instructions of what is a loop otherwise.
            match width {
                1 => count.numbers(rows.start, bytes.as_chunks::<1>().0, |label| u8::from_le_bytes(label).into()),
                2 => count.numbers(rows.start, bytes.as_chunks::<2>().0, |label| u16::from_le_bytes(label).into()),
                4 => count.numbers(rows.start, bytes.as_chunks::<4>().0, |label| u32::from_le_bytes(label).into()),
                8 => count.numbers(rows.start, bytes.as_chunks::<8>().0, u64::from_le_bytes),
                _ => (rows.start as u64..).zip(bytes.chunks_exact(width)).try_for_each(|(row, label)| {
                    let code = count.labels.code_or_new(label)?;
                    count.met.count(code, row, 1);
                    Ok(())
                }),
            }
        })?;
        let mut labels = Coded::new(width);
        let mut all = Met::default();
        for mut own in found {
            own.settle()?;
            let Count { labels: own, met, .. } = own;
            for ((label, first), count) in own.bytes.chunks_exact(width).zip(met.firsts).zip(met.counts) {
                let code = labels.code_or_new(label)?;
                all.count(code, first, count);
                let known = &mut all.firsts[code as usize];
                *known = first.min(*known);
            }
        }
        let mut order = room::collected(0..all.firsts.len());
        order.sort_unstable_by_key(|&code| all.firsts[code]);
        let sorted = |numbers: &[u64]| room::collected(order.iter().map(|&code| numbers[code]));
        Ok(Met { firsts: sorted(&all.firsts), counts: sorted(&all.counts) })
    }
}

impl Coded {
    fn new(width: usize) -> Coded {
        Coded { width, bytes: Vec::new(), slots: vec![0; 1024] }
    }

    fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    /// The code of a label, or the slot for it.
    #[inline(always)]
    fn find(&self, label: &[u8]) -> std::result::Result<u32, usize> {
        let last = self.slots.len() - 1;
        let mut slot = hash(label) as usize & last;
        while let Some(code) = self.slots[slot].checked_sub(1) {
            let start = code as usize * label.len();
            if same(&self.bytes[start..start + label.len()], label) {
                return Ok(code);
            }
            slot = (slot + 1) & last;
        }
        Err(slot)
    }

    #[inline(always)]
    fn code_or_new(&mut self, label: &[u8]) -> Result<u32> {
        match self.find(label) {
            Ok(code) => Ok(code),
            Err(slot) => self.add(label, slot),
        }
    }

    #[cold]
    fn add(&mut self, label: &[u8], slot: usize) -> Result<u32> {
        let code = self.len();
        if code >= MAX_GROUPS {
            return Err(Error::Argument(format!("groups has more than {MAX_GROUPS} labels; accepted are up to that")));
        }
        room::extend(&mut self.bytes, label);
        self.slots[slot] = code as u32 + 1;
        if 4 * self.len() > self.slots.len() {
            self.slots = room::zeros(4 * self.slots.len());
            for code in 0..self.len() {
                let label = &self.bytes[code * self.width..][..self.width];
                if let Err(slot) = self.find(label) {
                    self.slots[slot] = code as u32 + 1;
                }
            }
        }
        Ok(code as u32)
    }
}

/// What a thread has counted.
struct Count {
    labels: Coded,
    met: Met,
    near: Near,
}

/// Whole numbers about the first that came, which labels mostly are: each has a count of its own.
struct Near {
    /// The number that the first count is of.
    from: u64,
    counts: Vec<u32>,
    /// Those met, as places of their counts and their first rows.
    met: Vec<(u64, u64)>,
}

impl Near {
    fn none() -> Near {
        Near { from: 0, counts: Vec::new(), met: Vec::new() }
    }
}

impl Count {
    /// Count rows whose labels are whole numbers of so many bytes.
    #[inline(always)]
    fn numbers<const WIDTH: usize>(
        &mut self,
        start: usize,
        labels: &[[u8; WIDTH]],
        number: impl Fn([u8; WIDTH]) -> u64,
    ) -> Result<()> {
        if let (true, Some(&first)) = (self.near.counts.is_empty(), labels.first()) {
            self.near.from = number(first).wrapping_sub(NEAR as u64 / 2);
            self.near.counts = vec![0; NEAR];
        }
        // A count of 32 bits must not run over.
        if start + labels.len() > u32::MAX as usize {
            self.settle()?;
        }
        let Count { labels: others, met, near: Near { from, counts, met: near } } = self;
        for (row, &label) in (start as u64..).zip(labels) {
            let place = number(label).wrapping_sub(*from);
            if place < counts.len() as u64 {
                let count = &mut counts[place as usize];
                if *count == 0 {
                    room::push(near, (place, row));
                }
                *count += 1;
            } else {
                let code = others.code_or_new(&label)?;
                met.count(code, row, 1);
            }
        }
        Ok(())
    }

    /// Put the counts of numbers to those of other labels.
    fn settle(&mut self) -> Result<()> {
        for (place, first) in self.near.met.drain(..) {
            let label = self.near.from.wrapping_add(place).to_le_bytes();
            let code = self.labels.code_or_new(&label[..self.labels.width])?;
            self.met.count(code, first, std::mem::take(&mut self.near.counts[place as usize]).into());
        }
        Ok(())
    }
}

impl Met {
    /// A thread comes upon the rows in their order, so the first of a label is the one that it is
    /// new in.
    #[inline(always)]
    fn count(&mut self, code: u32, first: u64, rows: u64) {
        match self.counts.get_mut(code as usize) {
            Some(count) => {
                *count += rows;
            }
            None => {
                room::push(&mut self.firsts, first);
                room::push(&mut self.counts, rows);
            }
        }
    }
}

/// Some bits of a label: of each two words the product, whose halves are put together. The products
/// do not wait for each other, as they would if each were mixed into the next.
#[inline(always)]
fn hash(label: &[u8]) -> u64 {
    const KEYS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9];
    let product = |place: u64, one: u64, other: u64| {
        let product = u128::from(one ^ KEYS[0].wrapping_add(place)) * u128::from(other ^ KEYS[1]);
        product as u64 ^ (product >> 64) as u64
    };
    let (words, rest) = label.as_chunks::<8>();
    let (pairs, single) = words.as_chunks::<2>();
    let mut sum = 0;
    for (place, [one, other]) in (1..).zip(pairs) {
        sum ^= product(place, u64::from_le_bytes(*one), u64::from_le_bytes(*other));
    }
    let (half, rest) = rest.as_chunks::<4>();
    let half = half.first().map_or(0, |half| u64::from(u32::from_le_bytes(*half)));
    let last = rest.iter().fold(half, |word, &byte| word << 8 | u64::from(byte));
    sum ^ product(0, single.first().map_or(0, |word| u64::from_le_bytes(*word)), last)
}

/// Whether labels of one length are the same; in line, where a call would take longer.
#[inline(always)]
fn same(one: &[u8], other: &[u8]) -> bool {
    let ((one, rest), (other, others)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let mut differ = 0;
    for (a, b) in one.iter().zip(other) {
        differ |= u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
    }
    differ == 0 && rest == others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::random;
    use std::collections::BTreeMap;

    fn label(width: usize, number: u64) -> Vec<u8> {
        (0..width).map(|place| number.to_le_bytes()[place % 8]).collect()
    }

    #[test]
    fn each_label_is_met_once_and_counted() {
        for width in [1, 2, 3, 4, 8, 12, 36] {
            for (rows, kinds) in [(1, 1), (1000, 7), (200_000, 90), (20_000, 9000)] {
                // About zero, so that as whole numbers with a sign some are below it.
                let number = |row| (random::hash(width as u64, 0, row) % kinds).wrapping_sub(kinds / 3);
                let numbers: Vec<u64> = (0..rows).map(number).collect();
                let bytes: Vec<u8> = numbers.iter().flat_map(|&number| label(width, number)).collect();
                let mut known: BTreeMap<&[u8], (u64, u64)> = BTreeMap::new();
                for (row, label) in (0..).zip(bytes.chunks_exact(width)) {
                    known.entry(label).or_insert((row, 0)).1 += 1;
                }
                let mut known: Vec<_> = known.into_values().collect();
                known.sort_unstable();
                for threads in [1, 3] {
                    let met = Labels::met(&bytes, width, threads, &mut Unwatched).unwrap();
                    assert_eq!(met.firsts.into_iter().zip(met.counts).collect::<Vec<_>>(), known);
                }
            }
        }
    }

    #[test]
    fn unknown_labels_get_codes_as_they_are_met() {
        let labels = Labels::unknown(3);
        assert_eq!(labels.count(), None);
        for (number, code) in [(7, 0), (9, 1), (7, 0), (1, 2), (9, 1)] {
            assert_eq!(labels.code(&label(3, number)), Ok(code));
        }
        let codes = |threads: u64| -> Vec<u32> {
            (0..4000).map(|number| labels.code(&label(3, number * threads % 4000)).unwrap()).collect()
        };
        let all =
            std::thread::scope(|scope| [1, 3].map(|stride| scope.spawn(move || codes(stride))).map(|one| one.join()));
        let [first, second] = all.map(|codes| codes.expect("no panic"));
        assert!((0..4000).all(|number| second[number] == first[number * 3 % 4000]));
    }

    #[test]
    fn codes_are_places_and_others_are_told_apart() {
        for (width, count) in [(2, 5), (3, 3000), (8, 3000)] {
            let bytes: Vec<u8> = (0..count).flat_map(|number| label(width, number)).collect();
            let labels = Labels::new(&bytes, width).unwrap();
            assert_eq!((labels.count(), labels.width()), (Some(count as usize), width));
            for number in 0..2 * count {
                assert_eq!(u64::from(labels.code(&label(width, number)).unwrap()), number.min(count));
            }
        }
    }
}
