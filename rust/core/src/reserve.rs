//! A heap with a reserve for what is small.
//!
//! What grows with an input is asked for in ways that can be refused ([`room`]). All else is small:
//! a name, a box, the record of a thread. Rust ends the process where there is nothing for those,
//! as there may be while another thread holds the last of the memory. They come out of the reserve
//! then, until what is large has been refused and the call has ended. When all that was lent has
//! come back, the reserve is whole again.

#![allow(unsafe_code)]

use crate::room;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of the reserve. No memory is behind them until they are touched.
const ROOM: usize = 1 << 22;
/// The largest that is lent, in bytes: what is larger grows with an input.
const MOST: usize = 1 << 16;
/// What is lent begins at a multiple of this, in bytes.
const STEP: usize = 64;

/// A heap, to be declared as `#[global_allocator]`: what the system has, and a reserve.
#[repr(C, align(64))]
pub struct Heap<A = System> {
    reserve: UnsafeCell<[u8; ROOM]>,
    lent: AtomicUsize,
    system: A,
}

// SAFETY: no byte is lent twice [what is lent is lent again].
unsafe impl<A: Sync> Sync for Heap<A> {}

/// How far the reserve is lent, in steps, and how many blocks have not come back, as one number:
/// each is less than 2^16, so that half of 32 bits hold it.
#[derive(Clone, Copy)]
struct Lent {
    steps: usize,
    blocks: usize,
}

impl Lent {
    const HALF: u32 = usize::BITS / 2;

    fn from(number: usize) -> Lent {
        Lent { steps: number >> Lent::HALF, blocks: number & ((1 << Lent::HALF) - 1) }
    }

    fn number(self) -> usize {
        self.steps << Lent::HALF | self.blocks
    }
}

impl Heap {
    /// A heap whose reserve is whole.
    pub const fn new() -> Self {
        Heap::over(System)
    }
}

impl Default for Heap {
    fn default() -> Self {
        Heap::new()
    }
}

impl<A> Heap<A> {
    const fn over(system: A) -> Self {
        Heap { reserve: UnsafeCell::new([0; ROOM]), lent: AtomicUsize::new(0), system }
    }

    fn begin(&self) -> *mut u8 {
        self.reserve.get().cast()
    }

    /// A part of the reserve, or null.
    #[cold]
    #[inline(never)]
    fn lend(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MOST || layout.align() > STEP || room::is_refusable() {
            return ptr::null_mut();
        }
        let more = layout.size().div_ceil(STEP);
        let lent = self.lent.fetch_update(Ordering::AcqRel, Ordering::Acquire, |lent| {
            let Lent { steps, blocks } = Lent::from(lent);
            (steps + more < ROOM / STEP).then(|| Lent { steps: steps + more, blocks: blocks + 1 }.number())
        });
        lent.map_or(ptr::null_mut(), |lent| self.begin().wrapping_add(Lent::from(lent).steps * STEP))
    }

    fn is_lent(&self, at: *mut u8) -> bool {
        at.addr().wrapping_sub(self.begin().addr()) < ROOM
    }

    #[cold]
    #[inline(never)]
    fn take_back(&self) {
        let without = |lent| match Lent::from(lent) {
            Lent { blocks: 1, .. } => Some(0),
            Lent { steps, blocks } => Some(Lent { steps, blocks: blocks - 1 }.number()),
        };
        let _ = self.lent.fetch_update(Ordering::AcqRel, Ordering::Acquire, without);
    }
}

// SAFETY: what the system gave goes back to the system, and of the reserve no byte is lent twice
// [what is lent is lent again].
unsafe impl<A: GlobalAlloc> GlobalAlloc for Heap<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let at = unsafe { self.system.alloc(layout) };
        if at.is_null() { self.lend(layout) } else { at }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let at = unsafe { self.system.alloc_zeroed(layout) };
        if !at.is_null() {
            return at;
        }
        let at = self.lend(layout);
        if !at.is_null() {
            // SAFETY: so many bytes were just lent [what is lent is lent again].
            unsafe { ptr::write_bytes(at, 0, layout.size()) };
        }
        at
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if self.is_lent(at) {
            self.take_back();
        } else {
            // SAFETY: the caller's promise: the system gave it [what was lent goes to the system].
            unsafe { self.system.dealloc(at, layout) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.is_lent(at) {
            // SAFETY: the caller's promise: the system gave it [what was lent goes to the system].
            let new = unsafe { self.system.realloc(at, layout, size) };
            if !new.is_null() {
                return new;
            }
        }
        // SAFETY: the caller's promise.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: each has at least the smaller of both sizes.
            unsafe { ptr::copy_nonoverlapping(at, new, layout.size().min(size)) };
            // SAFETY: the caller's promise.
            unsafe { self.dealloc(at, layout) };
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// A system that has so much for each, and says whether it gets back only what it gave.
    struct Until(usize);

    // SAFETY: what the system gave goes back to the system.
    unsafe impl GlobalAlloc for Until {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promise.
            if layout.size() <= self.0 { unsafe { System.alloc(layout) } } else { ptr::null_mut() }
        }

        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            assert!(layout.size() <= self.0, "the system gets what it did not give");
            // SAFETY: the caller's promise.
            unsafe { System.dealloc(at, layout) }
        }
    }

    fn heap(until: usize) -> Box<Heap<Until>> {
        // Zeros, as they would not fit on the stack.
        let mut heap = Box::<Heap<Until>>::new_zeroed();
        // SAFETY: all else is fine as zeros.
        unsafe {
            (&raw mut (*heap.as_mut_ptr()).system).write(Until(until));
            heap.assume_init()
        }
    }

    /// A block filled with a number that is its own.
    fn fill(at: *mut u8, size: usize, with: u8) {
        // SAFETY: so much was lent.
        unsafe { ptr::write_bytes(at, with, size) };
    }

    fn filled(at: *mut u8, size: usize) -> Vec<u8> {
        // SAFETY: so much was lent, and filled.
        unsafe { std::slice::from_raw_parts(at, size) }.to_vec()
    }

    fn of(size: usize) -> Layout {
        Layout::from_size_align(size, 8).expect("a layout")
    }

    #[test]
    fn blocks_keep_what_was_written_to_them() {
        let heap = heap(0);
        let mut kept = BTreeMap::new();
        for number in 0..200_u8 {
            let size = 1 + usize::from(number) * 37 % 900;
            // SAFETY: of this size.
            let at = unsafe { heap.alloc(of(size)) };
            assert!(heap.is_lent(at) && at.addr().is_multiple_of(STEP));
            fill(at, size, number);
            kept.insert(number, (at, size));
        }
        for (number, (at, size)) in kept {
            assert_eq!(filled(at, size), vec![number; size]);
            // SAFETY: it came from there.
            unsafe { heap.dealloc(at, of(size)) };
        }
        assert_eq!(heap.lent.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_it_lends_has_an_end_and_comes_back() {
        let heap = heap(0);
        for _ in 0..3 {
            let mut kept = Vec::new();
            loop {
                // SAFETY: of this size.
                let at = unsafe { heap.alloc_zeroed(of(MOST)) };
                if at.is_null() {
                    break;
                }
                assert_eq!(filled(at, MOST), [0; MOST]);
                fill(at, MOST, 7);
                kept.push(at);
            }
            assert_eq!(kept.len(), ROOM / MOST - 1);
            // SAFETY: they came from there.
            kept.into_iter().for_each(|at| unsafe { heap.dealloc(at, of(MOST)) });
        }
    }

    #[test]
    fn blocks_that_grow_and_shrink_stay_what_they_are() {
        let heap = heap(100);
        // SAFETY: sizes as they were asked for.
        unsafe {
            let mut at = heap.alloc(of(90));
            assert!(!heap.is_lent(at));
            fill(at, 90, 3);
            let mut size = 90;
            for (new, is_lent) in [(100, false), (300, true), (900, true), (200, true), (80, false), (150, true)] {
                let known = filled(at, size.min(new));
                at = heap.realloc(at, of(size), new);
                assert_eq!((filled(at, size.min(new)), heap.is_lent(at)), (known, is_lent));
                fill(at, new, new as u8);
                size = new;
            }
            heap.dealloc(at, of(size));
        }
        assert_eq!(heap.lent.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_large_or_may_be_refused_is_not_lent() {
        let heap = heap(0);
        // SAFETY: of these sizes.
        unsafe {
            assert!(heap.alloc(of(MOST + 1)).is_null());
            assert!(heap.alloc(Layout::from_size_align(8, 128).expect("a layout")).is_null());
            assert!(heap.alloc_zeroed(of(MOST + 1)).is_null());
            let at = heap.alloc(of(8));
            assert!(heap.realloc(at, of(8), MOST + 1).is_null());
            heap.dealloc(at, of(8));
        }
        assert!(room::asked(|| heap.lend(of(8)).is_null()));
        assert!(!heap.lend(of(8)).is_null());
    }

    #[test]
    fn threads_get_blocks_of_their_own() {
        let heap = heap(0);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let heap = &heap;
                scope.spawn(move || {
                    for round in 0..500_usize {
                        let size = 1 + round * 61 % 3000;
                        // SAFETY: of this size.
                        let at = unsafe { heap.alloc(of(size)) };
                        fill(at, size, number);
                        std::thread::yield_now();
                        assert_eq!(filled(at, size), vec![number; size]);
                        // SAFETY: it came from there.
                        unsafe { heap.dealloc(at, of(size)) };
                    }
                });
            }
        });
        assert_eq!(heap.lent.load(Ordering::Relaxed), 0);
    }
}
