//! Numbers of 16 bits, as vectors are loaded from them: each is widened to `f32`, exactly.

use half::{bf16, f16};

/// A number of 16 bits.
pub trait Half: Copy + 'static {
    /// Whether its bits are the upper half of those of an `f32` (`bfloat16`).
    const UPPER: bool;

    /// The same number. No branch, so that loops over it are vectors on every CPU.
    fn widened(self) -> f32;
}

impl Half for bf16 {
    const UPPER: bool = true;

    #[inline(always)]
    fn widened(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

impl Half for f16 {
    const UPPER: bool = false;

    #[inline(always)]
    fn widened(self) -> f32 {
        let bits = u32::from(self.to_bits());
        let size = bits & 0x7fff;
        let moved = size << 13;
        // Below the least normal number of `f16` the bits count in units of 2^-24. From infinity
        // on the exponent has all its bits set, and all others are what they were, but for the
        // difference of the two biases.
        let tiny = (size as f32 * (1.0 / 16_777_216.0)).to_bits();
        let normal = if size < 0x7c00 { moved + ((127 - 15) << 23) } else { moved | 0x7f80_0000 };
        f32::from_bits(if size < 0x400 { tiny } else { normal } | (bits & 0x8000) << 16)
    }
}
