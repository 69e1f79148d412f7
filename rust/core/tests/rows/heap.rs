//! A heap whose memory ends at a page that nobody may touch: a kernel that reads over the end of a
//! copy, a table or other room of its own ends the tests with a fault.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// All that `work` takes from the heap, on this thread, ends where memory does.
pub fn guarded<R>(work: impl FnOnce() -> R) -> R {
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            GUARDED.set(false);
        }
    }
    let _off = Off;
    GUARDED.set(true);
    work()
}

fn guarded_place(layout: Layout) -> Option<*mut u8> {
    if GUARDED.try_with(Cell::get).unwrap_or(false) { pages::take(layout) } else { None }
}

struct Heap;

// Miri looks at all memory by itself.
#[cfg_attr(not(miri), global_allocator)]
static HEAP: Heap = Heap;

// SAFETY: what the system gives goes back to the system, and of the pages none is lent twice.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(at) = guarded_place(layout) {
            return at;
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // Pages are untouched, and so zero.
        if let Some(at) = guarded_place(layout) {
            return at;
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if !pages::give_back(at, layout) {
            // SAFETY: it came from the system.
            unsafe { System.dealloc(at, layout) }
        }
    }
}

#[cfg(unix)]
mod pages {
    use std::alloc::Layout;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Addresses that are set aside, none of which is used twice.
    const ROOM: usize = 1 << 36;

    static NEXT: AtomicUsize = AtomicUsize::new(0);

    fn page() -> usize {
        // SAFETY: asks for a number.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(1 << 14)
    }

    /// Where they begin.
    fn room() -> *mut u8 {
        static START: OnceLock<usize> = OnceLock::new();
        let start = START.get_or_init(|| {
            let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            // SAFETY: new addresses, without memory behind them.
            unsafe { libc::mmap(ptr::null_mut(), ROOM, libc::PROT_NONE, kind, -1, 0) }.expose_provenance()
        });
        ptr::with_exposed_provenance_mut(*start)
    }

    /// Memory before a page that is never opened; None on a system that sets nothing aside.
    pub fn take(layout: Layout) -> Option<*mut u8> {
        let (page, start) = (page(), room());
        if start.cast() == libc::MAP_FAILED {
            return None;
        }
        let inside = layout.size().next_multiple_of(page);
        let offset = NEXT.fetch_add(inside + page, Ordering::Relaxed);
        if offset + inside + page > ROOM || layout.align() > page {
            return Some(ptr::null_mut());
        }
        let first = start.wrapping_add(offset);
        // SAFETY: inside of the addresses set aside, and nobody else's.
        let opened = unsafe { libc::mprotect(first.cast(), inside, libc::PROT_READ | libc::PROT_WRITE) };
        let end = (inside - layout.size()) & !(layout.align() - 1);
        Some(if opened == 0 { first.wrapping_add(end) } else { ptr::null_mut() })
    }

    /// Whether it was taken here; then it is closed for good.
    pub fn give_back(at: *mut u8, layout: Layout) -> bool {
        let Some(offset) = at.addr().checked_sub(room().addr()).filter(|&offset| offset < ROOM) else { return false };
        let page = page();
        let first = room().wrapping_add(offset - offset % page).cast();
        let inside = layout.size().next_multiple_of(page);
        // SAFETY: the pages that `take` opened for it.
        unsafe {
            libc::madvise(first, inside, libc::MADV_DONTNEED);
            libc::mprotect(first, inside, libc::PROT_NONE);
        }
        true
    }
}

/// Without such pages, the heap is the system's.
#[cfg(not(unix))]
mod pages {
    use std::alloc::Layout;

    pub fn take(_: Layout) -> Option<*mut u8> {
        None
    }

    pub fn give_back(_: *mut u8, _: Layout) -> bool {
        false
    }
}
