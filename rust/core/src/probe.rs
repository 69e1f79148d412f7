//! Reads memory and does nothing else: the bound that the kernels are measured against.

use crate::blocks::{self, Unwatched};
use crate::error::Result;
use crate::simd::{Kernel, Level, Simd};

/// The wrapping sum of all words, read in blocks on that many threads as the kernels read a matrix.
pub fn read_all(words: &[u64], threads: usize) -> Result<u64> {
    let row_bytes = 64;
    let rows = words.len() / 8;
    let blocks = blocks::split(rows, blocks::block_rows(row_bytes)).map(|rows| (rows, ()));
    let threads = blocks::crew(threads, size_of_val(words));
    let sums = blocks::run(
        rows,
        blocks,
        threads,
        &mut Unwatched,
        || 0,
        |sum: &mut u64, rows, ()| {
            *sum = sum.wrapping_add(Level::best().run(Sum(&words[8 * rows.start..8 * rows.end])));
            Ok(())
        },
    )?;
    Ok(sums.into_iter().fold(0, u64::wrapping_add))
}

struct Sum<'a>(&'a [u64]);

impl Kernel for Sum<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd>(self) -> u64 {
        // As many sums as eight 256-bit registers hold, so that no load waits for an addition.
        let mut sums = [0u64; 32];
        let mut chunks = self.0.chunks_exact(32);
        for chunk in &mut chunks {
            for (sum, word) in sums.iter_mut().zip(chunk) {
                *sum = sum.wrapping_add(*word);
            }
        }
        sums.iter().chain(chunks.remainder()).fold(0, |sum, word| sum.wrapping_add(*word))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_is_read() {
        let words: Vec<u64> = (0..1_000_000).collect();
        for threads in [1, 2, 5] {
            assert_eq!(super::read_all(&words, threads), Ok(1_000_000 * 999_999 / 2));
        }
    }
}
