//! Labels of groups as the bytes that they are made of, and the codes that stand for them.
//!
//! A row's group matters only where its score comes near the best, so a label is looked up when it
//! is needed. One pass over all labels finds which there are.

use super::plan::MAX_GROUPS;
use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use std::ops::Range;

/// Rows that a thread looks at in one go.
const BLOCK: usize = 1 << 16;

/// Distinct labels of so many bytes each: a label's place is its code.
#[derive(Clone, Debug)]
pub struct Labels {
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
        let mut labels = Labels::none(width);
        for label in bytes.chunks_exact(width) {
            labels.code_or_new(label)?;
        }
        Ok(labels)
    }

    fn none(width: usize) -> Labels {
        Labels { width, bytes: Vec::new(), slots: vec![0; 1024] }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes of a label.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The code of a label; their number for one that is not among them.
    #[inline]
    pub fn code(&self, label: &[u8]) -> u32 {
        self.find(label).unwrap_or(self.len() as u32)
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
        self.bytes.extend_from_slice(label);
        self.slots[slot] = code as u32 + 1;
        if 4 * self.len() > self.slots.len() {
            self.slots = vec![0; 4 * self.slots.len()];
            for code in 0..self.len() {
                let label = &self.bytes[code * self.width..][..self.width];
                if let Err(slot) = self.find(label) {
                    self.slots[slot] = code as u32 + 1;
                }
            }
        }
        Ok(code as u32)
    }

    /// Which labels rows have, each given by so many bytes, in the order of their first rows.
    pub fn met(bytes: &[u8], width: usize, threads: usize, watch: &mut dyn Watch) -> Result<Met> {
        let rows = bytes.len() / width;
        let state = || (Labels::none(width), Met::default());
        let threads = blocks::crew(threads, bytes.len());
        let labels_of = |rows: &Range<usize>| &bytes[rows.start * width..rows.end * width];
        let blocks = blocks::share(rows, BLOCK, threads).map(|rows| (rows.clone(), labels_of(&rows)));
        let found = blocks::run(rows, blocks, threads, watch, state, |(labels, met), rows, bytes| {
            // The width as a constant makes a few instructions of what is a loop otherwise.
            match width {
                4 => met.note(labels, rows.start, bytes.as_chunks::<4>().0.iter().map(|label| &label[..])),
                8 => met.note(labels, rows.start, bytes.as_chunks::<8>().0.iter().map(|label| &label[..])),
                _ => met.note(labels, rows.start, bytes.chunks_exact(width)),
            }
        })?;
        let mut labels = Labels::none(width);
        let mut all = Met::default();
        for (own, met) in found {
            for ((label, first), count) in own.bytes.chunks_exact(width).zip(met.firsts).zip(met.counts) {
                let code = labels.code_or_new(label)?;
                all.count(code, first, count);
                let known = &mut all.firsts[code as usize];
                *known = first.min(*known);
            }
        }
        let mut order: Vec<usize> = (0..all.firsts.len()).collect();
        order.sort_unstable_by_key(|&code| all.firsts[code]);
        let sorted = |numbers: &[u64]| order.iter().map(|&code| numbers[code]).collect();
        Ok(Met { firsts: sorted(&all.firsts), counts: sorted(&all.counts) })
    }
}

impl Met {
    #[inline(always)]
    fn note<'a>(&mut self, labels: &mut Labels, start: usize, rows: impl Iterator<Item = &'a [u8]>) -> Result<()> {
        for (row, label) in (start as u64..).zip(rows) {
            let code = labels.code_or_new(label)?;
            self.count(code, row, 1);
        }
        Ok(())
    }

    /// A thread comes upon the rows in their order, so the first of a label is the one that it is
    /// new in.
    #[inline(always)]
    fn count(&mut self, code: u32, first: u64, rows: u64) {
        match self.counts.get_mut(code as usize) {
            Some(count) => {
                *count += rows;
            }
            None => {
                self.firsts.push(first);
                self.counts.push(rows);
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
        (0..width as u64).map(|place| (number >> (8 * (place % 3))) as u8).collect()
    }

    #[test]
    fn each_label_is_met_once_and_counted() {
        for width in [1, 2, 3, 4, 8, 12, 36] {
            for (rows, kinds) in [(1, 1), (1000, 7), (200_000, 90)] {
                let numbers: Vec<u64> = (0..rows).map(|row| random::hash(width as u64, 0, row) % kinds).collect();
                let bytes: Vec<u8> = numbers.iter().flat_map(|&number| label(width, number)).collect();
                let mut known: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
                for (row, &number) in (0..).zip(&numbers) {
                    known.entry(number).or_insert((row, 0)).1 += 1;
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
    fn codes_are_places_and_others_are_told_apart() {
        for (width, count) in [(2, 5), (3, 3000), (8, 3000)] {
            let bytes: Vec<u8> = (0..count).flat_map(|number| label(width, number)).collect();
            let labels = Labels::new(&bytes, width).unwrap();
            assert_eq!((labels.len() as u64, labels.width(), labels.is_empty()), (count, width, false));
            for number in 0..2 * count {
                assert_eq!(u64::from(labels.code(&label(width, number))), number.min(count));
            }
        }
    }
}
