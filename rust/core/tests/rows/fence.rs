//! Memory that lies between pages that nobody may read: a kernel that reads one element too many
//! ends the tests with a fault, where in other memory it might go unnoticed for years.

#![allow(unsafe_code)]

use crate::matrix::Matrix;
use std::ops::{Deref, DerefMut};

/// Elements of a number type that any bits are valid for, with a forbidden page before the first or
/// behind the last.
pub struct Fenced<E> {
    first: *mut E,
    len: usize,
    #[cfg(unix)]
    _pages: pages::Pages,
    #[cfg(not(unix))]
    _memory: Vec<E>,
}

/// Which end lies at a forbidden page.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(unix), allow(dead_code))] // the core's own tests name one of them
pub enum At {
    /// The page before the first element.
    Start,
    /// The page behind the last.
    End,
}

#[cfg(unix)]
mod pages {
    use std::ptr;

    /// Bytes of a page.
    pub fn size() -> usize {
        // SAFETY: asks for a number.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap()
    }

    /// Pages that may be read and written, between two that may not.
    pub struct Pages {
        start: *mut libc::c_void,
        bytes: usize,
        page: usize,
    }

    impl Pages {
        pub fn new(bytes: usize) -> Pages {
            let page = size();
            let inside = bytes.next_multiple_of(page).max(page);
            let all = inside + 2 * page;
            let (kind, closed) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, libc::PROT_NONE);
            // SAFETY: new memory, at no address of anybody.
            let start = unsafe { libc::mmap(ptr::null_mut(), all, closed, kind, -1, 0) };
            assert_ne!(start, libc::MAP_FAILED);
            // SAFETY: inside of what was just mapped.
            let opened = unsafe { libc::mprotect(start.byte_add(page), inside, libc::PROT_READ | libc::PROT_WRITE) };
            assert_eq!(opened, 0);
            Pages { start, bytes: all, page }
        }

        /// Forbid every other of them, from the second on.
        pub fn close_each_second(&mut self) {
            for at in (2 * self.page..self.bytes - self.page).step_by(2 * self.page) {
                // SAFETY: inside of what `new` mapped.
                let closed = unsafe { libc::mprotect(self.start.byte_add(at), self.page, libc::PROT_NONE) };
                assert_eq!(closed, 0);
            }
        }

        /// The first byte, and the one behind the last.
        pub fn ends(&self) -> (*mut u8, *mut u8) {
            let start = self.start.cast::<u8>();
            (start.wrapping_add(self.page), start.wrapping_add(self.bytes - self.page))
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // SAFETY: mapped by `new`, and lent to nobody any more.
            unsafe { libc::munmap(self.start, self.bytes) };
        }
    }
}

impl<E: Copy> Fenced<E> {
    /// As many elements as `value`; where there are no such pages, the end does not matter.
    pub fn filled(value: E, len: usize, at: At) -> Fenced<E> {
        #[cfg(unix)]
        let (first, pages) = {
            let pages = pages::Pages::new(len * size_of::<E>());
            let (start, end) = pages.ends();
            let first = match at {
                At::Start => start.cast::<E>(),
                At::End => end.cast::<E>().wrapping_sub(len),
            };
            (first, pages)
        };
        #[cfg(not(unix))]
        let _ = at;
        #[cfg(not(unix))]
        let mut memory = vec![value; len];
        #[cfg(not(unix))]
        let first = memory.as_mut_ptr();
        for place in 0..len {
            // SAFETY: inside of the memory, which is nobody else's. It is aligned, as a page is a
            // multiple of the size of any number.
            unsafe { first.add(place).write(value) };
        }
        #[cfg(unix)]
        return Fenced { first, len, _pages: pages };
        #[cfg(not(unix))]
        return Fenced { first, len, _memory: memory };
    }

    /// A copy of elements, of which there are some.
    pub fn of(values: &[E], at: At) -> Fenced<E> {
        let mut fenced = Fenced::filled(values[0], values.len(), at);
        fenced.copy_from_slice(values);
        fenced
    }
}

impl<E> Deref for Fenced<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        // SAFETY: `filled` wrote them, and they live as long as this.
        unsafe { std::slice::from_raw_parts(self.first, self.len) }
    }
}

impl<E> DerefMut for Fenced<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        // SAFETY: as above, and this is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.first, self.len) }
    }
}

/// Lines of elements, rows or columns, with a forbidden page behind each of them.
pub struct Apart<E> {
    memory: Fenced<E>,
    length: usize,
    step: usize,
}

impl<E: Copy> Apart<E> {
    /// From lines that are given next to each other; of each of them all fits into a page.
    pub fn of(values: &[E], length: usize) -> Apart<E> {
        #[cfg(unix)]
        let (page, step) = (pages::size() / size_of::<E>(), 2 * pages::size() / size_of::<E>());
        #[cfg(not(unix))]
        let (page, step) = (length, 2 * length);
        assert!(length <= page);
        let count = values.len() / length;
        let mut memory = Fenced::filled(values[0], (count - 1) * step + page, At::End);
        for (line, values) in values.chunks_exact(length).enumerate() {
            let end = line * step + page;
            memory[end - length..end].copy_from_slice(values);
        }
        #[cfg(unix)]
        memory._pages.close_each_second();
        Apart { memory, length, step }
    }

    fn first(&self) -> *const E {
        let page = self.step / 2;
        self.memory.first.wrapping_add(page - self.length)
    }

    /// A matrix of which they are the rows.
    pub fn as_rows(&self, rows: usize, columns: usize) -> Matrix<'_, E> {
        // SAFETY: `of` wrote every element, and they live as long as this.
        unsafe { Matrix::from_raw_parts(self.first(), rows, columns, self.step as isize, 1) }
    }

    /// A matrix of which they are the columns.
    pub fn as_columns(&self, rows: usize, columns: usize) -> Matrix<'_, E> {
        // SAFETY: as above.
        unsafe { Matrix::from_raw_parts(self.first(), rows, columns, 1, self.step as isize) }
    }
}

/// The fence is there: a process that reads over it is ended.
#[cfg(unix)]
#[test]
fn nothing_is_read_behind_the_end() {
    for (at, outside) in [(At::End, 3_isize), (At::Start, -1)] {
        let fenced = Fenced::filled(1.0_f32, 3, at);
        let beyond = fenced.as_ptr().wrapping_offset(outside);
        // The system reads for us, and says so where it may not.
        let mut pipe = [0; 2];
        // SAFETY: two numbers to write to, a pipe of our own, and an address that is only looked
        // at.
        unsafe {
            assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0);
            assert_eq!(libc::write(pipe[1], fenced.as_ptr().cast(), 12), 12);
            assert_eq!(libc::write(pipe[1], beyond.cast(), 4), -1);
            pipe.into_iter().for_each(|end| assert_eq!(libc::close(end), 0));
        }
    }
}
