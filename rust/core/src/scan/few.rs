//! What few classes are, and room for their columns.

use crate::simd::Float;

/// The most classes whose rows are read a row a lane: beyond, the lanes share the classes of one row.
pub(crate) const MOST_CLASSES: usize = 48;

/// Room for the columns of a group of rows, at most so many of at most 16 lanes. It is made once for
/// all walks: as an array of each walk it takes three kilobytes of stack for every formula that is
/// compiled into a kernel, and a small stack has no room for that.
#[repr(align(64))]
pub(super) struct Columns<T>([T; MOST_CLASSES * 16]);

impl<T: Float> Columns<T> {
    pub(super) fn new() -> Box<Self> {
        Box::new(Columns([T::ZERO; MOST_CLASSES * 16]))
    }

    /// Where the first column lies; the others follow.
    #[inline(always)]
    pub(super) fn place(&mut self) -> *mut T {
        self.0.as_mut_ptr()
    }
}
