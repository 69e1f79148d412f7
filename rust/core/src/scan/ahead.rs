//! Asking for memory ahead of its use.

use crate::simd;

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
