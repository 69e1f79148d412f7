//! Memory whose amount a caller chooses, by `k`, rows, groups or features: where it can't be had,
//! the call ends with an error, and not the process.
//!
//! Most of it is taken where no error can be handed back: by kernels, by a thread as it begins, by
//! a copy. So what is lacking unwinds, up to [`caught`], which whoever calls the core puts around
//! each call. Until then it is like any panic: a state whose draft it ends stays as it was.

use crate::error::{Error, Result};
use crate::helpers;
pub use bytemuck::Zeroable;
use std::cell::Cell;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Bytes that there were not.
struct Lacking(usize);

/// What a call gives, or [`Error::Memory`] where it lacked some.
pub fn caught<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| match panic.downcast::<Lacking>() {
        Ok(lacking) => Err(Error::Memory(lacking.0)),
        Err(panic) => resume_unwind(panic),
    })
}

#[cold]
fn lacking<T>(count: usize) -> ! {
    resume_unwind(Box::new(Lacking(count.saturating_mul(size_of::<T>()))))
}

/// From so many bytes on, what is asked for counts as large.
const LARGE: usize = helpers::SPARE;

thread_local! {
    static REFUSABLE: Cell<bool> = const { Cell::new(false) };
}

/// Whether what this thread asks the heap for now may be refused. A heap that has a reserve keeps
/// it for what may not.
pub fn is_refusable() -> bool {
    REFUSABLE.get()
}

/// Whether so many bytes could be had, by a call that asks for them. Where they are many, and leave
/// next to nothing to what can't be refused, they are refused.
#[inline(never)]
fn could(bytes: usize, ask: &mut dyn FnMut() -> bool) -> bool {
    let ask = || asked(ask);
    if bytes < LARGE { ask() } else { helpers::between_starts(|| ask() && helpers::has_spare()) }
}

/// Asks the heap for what may be refused.
pub(crate) fn asked(ask: impl FnOnce() -> bool) -> bool {
    // Where it lies is looked up once.
    REFUSABLE.with(|refusable| {
        refusable.set(true);
        let had = ask();
        refusable.set(false);
        had
    })
}

/// How many bytes a list takes that gets so many more: it may double.
fn bytes_with<T>(list: &Vec<T>, count: usize) -> usize {
    list.capacity().saturating_mul(2).max(list.len().saturating_add(count)).saturating_mul(size_of::<T>())
}

/// Whether a list could get room for so many more.
pub(crate) fn could_add<T>(list: &mut Vec<T>, count: usize) -> bool {
    could(bytes_with(list, count), &mut || list.try_reserve(count).is_ok())
}

/// Room for so many more in a list. What is added to one by one gets at least as much again.
pub(crate) fn more<T>(list: &mut Vec<T>, count: usize) {
    if !could_add(list, count) {
        lacking::<T>(list.len().saturating_add(count));
    }
}

/// Room for so many more, and for none beside.
pub(crate) fn exactly<T>(list: &mut Vec<T>, count: usize) {
    let all = list.len().saturating_add(count);
    if !could(all.saturating_mul(size_of::<T>()), &mut || list.try_reserve_exact(count).is_ok()) {
        lacking::<T>(all);
    }
}

/// Room for so many more in a map.
pub(crate) fn more_in<K: Eq + Hash, V>(map: &mut HashMap<K, V>, count: usize) {
    // A table is filled to 7/8 and doubles.
    let bytes = map.len().saturating_add(count).saturating_mul(3 * size_of::<(K, V)>());
    if !could(bytes, &mut || map.try_reserve(count).is_ok()) {
        lacking::<(K, V)>(map.len().saturating_add(count));
    }
}

/// An empty list with room for so many.
pub(crate) fn empty<T>(count: usize) -> Vec<T> {
    let mut list = Vec::new();
    exactly(&mut list, count);
    list
}

/// So many times the same.
pub(crate) fn filled<T: Clone>(value: T, count: usize) -> Vec<T> {
    let mut list = empty(count);
    list.resize(count, value);
    list
}

/// So many zeros, which come untouched from the system: each thread is the first to touch what it
/// fills.
pub fn zeros<T: Zeroable>(count: usize) -> Vec<T> {
    let mut list = Vec::new();
    let mut ask = || bytemuck::try_zeroed_vec(count).map(|zeros| list = zeros).is_ok();
    if !could(count.saturating_mul(size_of::<T>()), &mut ask) {
        lacking::<T>(count);
    }
    list
}

/// One more at the end of a list.
#[inline]
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() {
        more(list, 1);
    }
    list.push(item);
}

/// One more in a heap.
#[inline]
pub(crate) fn push_to_heap<T: Ord>(heap: &mut BinaryHeap<T>, item: T) {
    if heap.len() == heap.capacity() {
        let bytes = (2 * heap.len()).saturating_mul(size_of::<T>());
        if !could(bytes, &mut || heap.try_reserve(1).is_ok()) {
            lacking::<T>(heap.len() + 1);
        }
    }
    heap.push(item);
}

/// More at the end of a list.
pub(crate) fn extend<T: Copy>(list: &mut Vec<T>, more_of_them: &[T]) {
    if list.capacity() - list.len() < more_of_them.len() {
        more(list, more_of_them.len());
    }
    list.extend_from_slice(more_of_them);
}

/// What comes behind the first `count` of a list, taken out of it.
pub(crate) fn split_off<T: Copy>(list: &mut Vec<T>, count: usize) -> Vec<T> {
    let rest = collected(list[count..].iter().copied());
    list.truncate(count);
    rest
}

/// A list made longer or shorter.
pub(crate) fn resize<T: Clone>(list: &mut Vec<T>, count: usize, value: T) {
    if count > list.capacity() {
        more(list, count - list.len());
    }
    list.resize(count, value);
}

/// What an iterator gives, of which it says how much that is at most.
pub fn collected<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = empty(items.size_hint().1.unwrap_or(0));
    list.extend(items);
    list
}

/// What an iterator gives that can't say how much that is.
pub(crate) fn gathered<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::new();
    items.for_each(|item| push(&mut list, item));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_an_error_with_its_bytes() {
        const MUCH: usize = 1 << 59;
        type Taker = fn() -> Vec<u64>;
        let takers: [Taker; 4] = [
            || empty(MUCH),
            || filled(1, MUCH),
            || zeros(MUCH),
            || {
                let mut list = Vec::new();
                more(&mut list, MUCH);
                list
            },
        ];
        for taker in takers {
            let said = caught(|| Ok(taker())).unwrap_err();
            assert_eq!(said, Error::Memory(8 * MUCH));
            let sentence = "4611686018427387904 bytes of memory can't be had; accepted is a call that needs less, as \
                            with a smaller k, fewer rows or features at a time, or fewer threads";
            assert_eq!(said.to_string(), sentence);
        }
        assert_eq!(
            caught(|| Ok((filled(7, 3), zeros::<u8>(2), collected(0..2)))),
            Ok((vec![7; 3], vec![0; 2], vec![0, 1]))
        );
    }

    #[test]
    fn other_panics_are_handed_on() {
        let ended = catch_unwind(|| caught::<()>(|| resume_unwind(Box::new("oh"))));
        assert_eq!(ended.unwrap_err().downcast_ref(), Some(&"oh"));
    }
}
