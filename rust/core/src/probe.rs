//! Reads memory and does nothing else: the bound that the kernels are measured against.

use crate::blocks::{self, Unwatched};
use crate::error::Result;
use crate::simd::{self, Kernel, Level, Simd, Vector};

/// The bits set in any of the words, read in blocks on that many threads as the kernels read a
/// matrix.
pub fn read_all(words: &[f64], threads: usize) -> Result<u64> {
    let row_bytes = 64;
    let rows = words.len().div_ceil(8);
    let threads = blocks::crew(threads, size_of_val(words));
    let blocks = blocks::share(rows, blocks::block_rows(row_bytes), threads).map(|rows| (rows, ()));
    let found = blocks::run(
        rows,
        blocks,
        threads,
        &mut Unwatched,
        || 0,
        |bits: &mut u64, rows, ()| {
            *bits |= Level::best().run(Bits(&words[8 * rows.start..words.len().min(8 * rows.end)]));
            Ok(())
        },
    )?;
    Ok(found.into_iter().fold(0, |all, bits| all | bits))
}

/// Vectors that wait for nothing but memory: a load and one operation each.
const AT_ONCE: usize = 8;

/// How many bytes ahead memory is asked for, as by the kernels. What the hardware reads ahead by
/// itself is less: on Zen 5 a fifth.
const AHEAD: usize = 8192;

/// The bytes of a line of the cache.
const LINE: usize = 64;

struct Bits<'a>(&'a [f64]);

impl Kernel for Bits<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> u64 {
        let lanes = S::F64::LANES;
        let mut bits = [S::F64::splat(simd, 0.0); AT_ONCE];
        let mut chunks = self.0.chunks_exact(AT_ONCE * lanes);
        for chunk in &mut chunks {
            for line in 0..size_of_val(chunk) / LINE {
                simd::prefetch(chunk.as_ptr().wrapping_byte_add(AHEAD + line * LINE));
            }
            // Explicit vectors: of a plain loop over words the compiler makes gathers at the
            // AVX-512 level, ten times slower than memory.
            for (bits, vector) in bits.iter_mut().zip(chunk.chunks_exact(lanes)) {
                *bits = bits.or(S::F64::from_slice(simd, vector));
            }
        }
        let mut last = [0.0; 16];
        let mut all = chunks.remainder().iter().fold(0, |all, word| all | word.to_bits());
        for vector in bits {
            vector.to_slice(&mut last[..lanes]);
            all = last.iter().fold(all, |all, word| all | word.to_bits());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_is_read() {
        let mut words = vec![0.0; 300_001];
        assert_eq!(super::read_all(&words, 2), Ok(0));
        for at in (0..200).chain((1000..300_000).step_by(4001)).chain(299_950..300_001) {
            words[at] = f64::from_bits(1 << (at % 64));
            for threads in [1, 2, 5] {
                assert_eq!(super::read_all(&words, threads), Ok(1 << (at % 64)), "word {at}");
            }
            words[at] = 0.0;
        }
    }
}
