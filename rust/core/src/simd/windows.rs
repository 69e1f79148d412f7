//! Tables of which a window is loaded, to deal with the first few lanes of a vector.

/// All-ones then all-zero: a window into it is the mask of a first few lanes.
pub(super) static FIRST: [i64; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// Which bytes to take so that 8 numbers of 16 bits move down: a window into it, and beyond its
/// half they are zeros.
pub(super) static DOWN: [i8; 32] = {
    let mut bytes = [-1; 32];
    let mut i = 0;
    while i < 16 {
        bytes[i] = i as i8;
        i += 1;
    }
    bytes
};
