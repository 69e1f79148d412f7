//! Asking for memory ahead of its use.

use crate::simd;

/// How far ahead of its use memory is asked for: which is the quickest depends on the machine (see
/// `pace`).
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ask {
    Far,
    Near,
    Not,
}

impl Ask {
    /// So many bytes; `near` is the walk's own distance. Measured on one thread of Zen 5, as a
    /// share of a plain read of the same rows of `f32`: with 2 to 32 classes .84 to .96 from far
    /// and .6 to .8 from near, with 100 classes 1.1 and .95, with 1,000 1.3 and 1.1. On Zen 4 far
    /// is slower with 32 classes.
    #[inline(always)]
    pub(super) fn bytes(self, near: usize) -> usize {
        match self {
            Ask::Far => 8192,
            Ask::Near => near,
            Ask::Not => 0,
        }
    }
}

/// Ask for `count` values that lie `ahead` bytes from `from`, where that pays (see `pace`). The
/// hardware's own reading ahead may end at each page, and a kernel that does more than add waits
/// there.
#[inline(always)]
pub(super) fn read_ahead<T>(from: *const T, count: usize, ahead: usize) {
    let line = 64 / size_of::<T>();
    let from = from.wrapping_byte_add(ahead);
    let mut i = 0;
    while i < count {
        simd::prefetch(from.wrapping_add(i));
        i += line;
    }
}
