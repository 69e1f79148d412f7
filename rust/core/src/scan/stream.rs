//! Scores that will not be read again soon.

use crate::simd::{self, Float, Kernel, Simd, Vector};

/// Copies scores past the caches, where the output is too large to be read again from them.
pub(crate) struct StreamOut<'a, T> {
    pub(crate) from: &'a [T],
    pub(crate) to: &'a mut [T],
}

impl<T: Float> Kernel for StreamOut<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let StreamOut { from, to } = self;
        assert_eq!(from.len(), to.len());
        let unaligned = to.as_ptr().align_offset(64).min(to.len());
        let lanes = T::Vector::<S>::LANES;
        let end = unaligned + (to.len() - unaligned) / lanes * lanes;
        to[..unaligned].copy_from_slice(&from[..unaligned]);
        for i in (unaligned..end).step_by(lanes) {
            // SAFETY: lanes `i..i + lanes` are inside both slices [scores streamed past the end]
            // [scores streamed that aren't there], and `to + i` is aligned to a vector [scores
            // streamed to where no vector is aligned].
            unsafe { T::Vector::<S>::load(simd, from.as_ptr().add(i)).stream(to.as_mut_ptr().add(i)) };
        }
        to[end..].copy_from_slice(&from[end..]);
        simd::fence();
    }
}
