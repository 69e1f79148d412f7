//! Helpers: threads that do a part of a call's work, and then wait for the next call.
//!
//! Waking a thread takes some microseconds. Starting one takes tens to hundreds of them, in which
//! megabytes are read. So a helper stays for a few seconds after its work is done.
//!
//! # The life of a helper
//!
//! ```text
//!                     a call asks, and fewer are idle than are asked for
//!                                          │ start
//!                                          ▼
//!              ┌────────────────────────▶ idle ──────────────┐
//!              │                           │                 │ nobody asked for PATIENCE
//!              │                     takes │ a request       ▼
//!              │ its work is done,         ▼               ended
//!              └─ or has panicked ─────── busy
//! ```
//!
//! An idle helper sleeps on the crew's condition variable `asked`. All that is shared lies in
//! `State`, under one lock that is held for moments: never while work is done.
//!
//! # The life of a call
//!
//! ```text
//! assist(count, help, own):
//!     lock: put `count` requests into the queue        each names this call
//!     rouse two helpers, idle or new                   each does so too, while there are requests
//!     own()                                            the caller does its part, or all of it
//!     lock: take back the requests that nobody has taken
//!           wait on the call's `done` until none of its helpers is busy
//!     hand on the panic of a helper, if there was one
//! ```
//!
//! Helpers and caller take their work from a queue of blocks (`blocks::run`), so it does not matter
//! how many helpers came in time. A call never waits for a helper that has not begun, as the scopes
//! of rayon do: where the machine is busy with something else, the caller just does all of it.
//!
//! # Why the pointers are sound
//!
//! A helper lives longer than the call that it helps, and knows it by a raw pointer (`Asking`). The
//! pointer is followed only between taking the request out of the queue and giving up `busy`, both
//! under the lock. `TakeBack` runs at the end of the call, also when the caller's part panics, and
//! returns only when the call is neither in the queue nor busy. So nothing points at a call that is
//! gone.
//!
//! # Where memory is lacking
//!
//! A thread that begins asks for a little memory, by the C library and the loader, which end the
//! process where there is none. So none is started where less than [`SPARE`] is left, and what is
//! large is asked for only while no thread begins ([`between_starts`]): it might take the last of
//! the memory for the moment in which that is found out.
//!
//! # Forks
//!
//! A forked child has the memory of its parent but none of its threads, and the crew's lock may be
//! held for ever. So a crew knows its process, and a child makes one of its own (`Crew::here`). The
//! parent's crew is not freed in the child.

#![allow(unsafe_code)]

use std::any::Any;
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// How long a thread waits for a call before it ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that are left over where more than that was taken: who asks for little has no way to be
/// refused.
pub(crate) const SPARE: usize = 1 << 20;

/// The helpers of one process.
struct Crew {
    process: u32,
    patience: Duration,
    state: Mutex<State>,
    asked: Condvar,
    /// Threads that were started and have not begun.
    starts: Mutex<usize>,
    begun: Condvar,
}

struct State {
    /// Requests for one helper each, the oldest first: a call that asks for three is in it three
    /// times.
    calls: VecDeque<Asking>,
    /// Helpers that are not busy: they sleep, or are about to look at the queue.
    idle: usize,
}

/// A call that asks for help, while it lasts.
struct Call<'a> {
    help: &'a (dyn Fn() + Sync),
    /// Touched only while the crew's state is locked.
    progress: UnsafeCell<Progress>,
    done: Condvar,
}

#[derive(Default)]
struct Progress {
    /// Helpers that have begun and not ended.
    busy: usize,
    panic: Option<Box<dyn Any + Send>>,
}

/// A request for one helper: the call by its address, whose lifetime is kept by [`Crew::assist`].
/// That does not return while the call is in the queue or helped.
#[derive(Clone, Copy, PartialEq)]
struct Asking(*const Call<'static>);

// SAFETY: what a helper does is `Sync`, and the rest of a call is touched only under the lock,
// while it is there [a call does not wait for its helpers].
unsafe impl Send for Asking {}

impl Crew {
    fn new(patience: Duration) -> Crew {
        let state = State { calls: VecDeque::new(), idle: 0 };
        let process = std::process::id();
        let (asked, begun) = (Condvar::new(), Condvar::new());
        Crew { process, patience, state: Mutex::new(state), asked, starts: Mutex::new(0), begun }
    }

    /// The crew of this process, and not one that the parent of a fork left behind.
    fn here() -> &'static Crew {
        static CREW: AtomicPtr<Crew> = AtomicPtr::new(ptr::null_mut());
        let known = CREW.load(Ordering::Acquire);
        // SAFETY: null or a crew, and no crew that was shared is freed.
        if let Some(crew) = unsafe { known.as_ref() }
            && crew.process == std::process::id()
        {
            return crew;
        }
        let new = Box::into_raw(Box::new(Crew::new(PATIENCE)));
        match CREW.compare_exchange(known, new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: just made.
            Ok(_) => unsafe { &*new },
            Err(other) => {
                // SAFETY: just made, and shared with no one.
                drop(unsafe { Box::from_raw(new) });
                // SAFETY: another thread of this process just made it, and no crew that was shared
                // is freed.
                unsafe { &*other }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }

    /// See [`assist`].
    fn assist<R>(&'static self, count: usize, help: &(dyn Fn() + Sync), own: impl FnOnce() -> R) -> R {
        let call = Call { help, progress: UnsafeCell::default(), done: Condvar::new() };
        let asking = Asking(ptr::from_ref(&call).cast());
        self.ask(asking, count);
        let taken_back = TakeBack { crew: self, asking };
        let result = own();
        drop(taken_back);
        if let Some(panic) = call.progress.into_inner().panic {
            resume_unwind(panic);
        }
        result
    }

    fn ask(&'static self, asking: Asking, count: usize) {
        let mut state = self.lock();
        state.calls.extend(std::iter::repeat_n(asking, count));
        self.rouse(state);
    }

    /// Wakes or starts up to two helpers for the requests there are. As each of them does the same,
    /// sixty-four threads are at work after six steps, and the caller after the first.
    fn rouse(&'static self, mut state: MutexGuard<'_, State>) {
        let wanted = state.calls.len().min(2);
        let missing = state.calls.len().saturating_sub(state.idle).min(wanted);
        state.idle += missing;
        drop(state);
        for _ in 0..missing {
            if !self.start() {
                // Where the system gives no more threads, those that are there must do.
                self.lock().idle -= 1;
            }
        }
        for _ in 0..wanted {
            self.asked.notify_one();
        }
    }

    /// Starts a thread; returns whether there is one.
    fn start(&'static self) -> bool {
        let mut starts = self.starts();
        if !has_spare() {
            return false;
        }
        *starts += 1;
        drop(starts);
        let begin = || {
            self.has_begun();
            self.help();
        };
        let started = std::thread::Builder::new().name("shortlist".into()).spawn(begin).is_ok();
        if !started {
            self.has_begun();
        }
        started
    }

    fn starts(&self) -> MutexGuard<'_, usize> {
        self.starts.lock().expect("nothing panics under this lock")
    }

    /// A thread that was started has begun, or there is none.
    fn has_begun(&self) {
        *self.starts() -= 1;
        self.begun.notify_all();
    }

    /// See [`between_starts`].
    fn between_starts(&self, ask: impl FnOnce() -> bool) -> bool {
        let mut starts = self.starts();
        while *starts > 0 {
            starts = self.begun.wait(starts).expect("nothing panics under this lock");
        }
        ask()
    }

    /// What a thread does.
    fn help(&'static self) {
        let mut state = self.lock();
        loop {
            if let Some(Asking(call)) = state.calls.pop_front() {
                state.idle -= 1;
                // SAFETY: a call that is asked for is there [requests are not taken back], and
                // stays until no one helps it [a call does not wait for its helpers].
                let call = unsafe { &*call };
                // SAFETY: under the lock.
                unsafe { (*call.progress.get()).busy += 1 };
                if state.calls.is_empty() {
                    drop(state)
                } else {
                    self.rouse(state)
                }
                let ended = catch_unwind(AssertUnwindSafe(call.help));
                state = self.lock();
                // SAFETY: under the lock. When it is given up, the call may end.
                let progress = unsafe { &mut *call.progress.get() };
                progress.busy -= 1;
                progress.panic = progress.panic.take().or(ended.err());
                call.done.notify_one();
                state.idle += 1;
                continue;
            }
            let (woken, waited) =
                self.asked.wait_timeout(state, self.patience).expect("nothing panics under this lock");
            state = woken;
            if waited.timed_out() && state.calls.is_empty() {
                state.idle -= 1;
                return;
            }
        }
    }
}

/// Ends a call, also one that panics.
struct TakeBack {
    crew: &'static Crew,
    asking: Asking,
}

impl Drop for TakeBack {
    fn drop(&mut self) {
        let mut state = self.crew.lock();
        state.calls.retain(|asking| *asking != self.asking);
        // SAFETY: the call was made before this, and lives longer.
        let call = unsafe { &*self.asking.0 };
        // SAFETY: under the lock.
        while unsafe { (*call.progress.get()).busy } > 0 {
            state = call.done.wait(state).expect("nothing panics under this lock");
        }
    }
}

/// Does `own`, while up to `count` helpers do
/// `help`, each once: as many of them as begin before `own` is done. Returns when all have ended. A
/// panic of any is handed on.
pub(crate) fn assist<R>(count: usize, help: &(dyn Fn() + Sync), own: impl FnOnce() -> R) -> R {
    if count == 0 { own() } else { Crew::here().assist(count, help, own) }
}

/// Asks for memory while no thread of this process's crew begins.
pub(crate) fn between_starts(ask: impl FnOnce() -> bool) -> bool {
    Crew::here().between_starts(ask)
}

/// Whether [`SPARE`] could be had.
pub(crate) fn has_spare() -> bool {
    let mut spare = Vec::<u8>::new();
    // Compilers may leave out what nobody looks at, and take it as had.
    black_box(&mut spare).try_reserve_exact(SPARE).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    fn crew(patience: Duration) -> &'static Crew {
        Box::leak(Box::new(Crew::new(patience)))
    }

    /// Both sides of a call are under way at once.
    fn meet(barrier: &Barrier) {
        barrier.wait();
    }

    #[test]
    fn all_that_are_asked_for_help() {
        for count in [1, 2, 7, 63] {
            let barrier = Barrier::new(count + 1);
            assist(count, &|| meet(&barrier), || meet(&barrier));
        }
    }

    #[test]
    fn threads_are_used_again() {
        let crew = crew(PATIENCE);
        let barrier = Barrier::new(2);
        for _ in 0..1000 {
            crew.assist(1, &|| meet(&barrier), || meet(&barrier));
            assert_eq!(crew.lock().idle, 1);
        }
    }

    #[test]
    fn help_that_has_not_begun_is_taken_back() {
        let crew = crew(PATIENCE);
        for _ in 0..1000 {
            let begun = AtomicUsize::new(0);
            let help = || {
                begun.fetch_add(1, Ordering::Relaxed);
            };
            crew.assist(3, &help, || ());
            assert!(begun.into_inner() <= 3);
            assert!(crew.lock().calls.is_empty());
        }
    }

    #[test]
    fn many_calls_at_once() {
        let crew = crew(PATIENCE);
        let sum = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let barrier = Barrier::new(3);
                        let help = || {
                            barrier.wait();
                            sum.fetch_add(1, Ordering::Relaxed);
                        };
                        crew.assist(2, &help, || meet(&barrier));
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 8 * 200 * 2);
    }

    #[test]
    fn a_panic_of_a_helper_is_handed_on_and_the_thread_stays() {
        let crew = crew(PATIENCE);
        for _ in 0..3 {
            let barrier = Barrier::new(2);
            let help = || {
                barrier.wait();
                resume_unwind(Box::new("oh"));
            };
            let ended = catch_unwind(AssertUnwindSafe(|| crew.assist(1, &help, || meet(&barrier))));
            assert_eq!(*ended.unwrap_err().downcast::<&str>().unwrap(), "oh");
        }
        assert_eq!(crew.lock().idle, 1);
    }

    #[test]
    fn a_panic_of_the_caller_waits_for_helpers() {
        let crew = crew(PATIENCE);
        let barrier = Barrier::new(2);
        let ended = AtomicUsize::new(0);
        let help = || {
            barrier.wait();
            std::thread::sleep(Duration::from_millis(20));
            ended.fetch_add(1, Ordering::Relaxed);
        };
        let own = || {
            barrier.wait();
            resume_unwind(Box::new("oh"))
        };
        assert!(catch_unwind(AssertUnwindSafe(|| crew.assist(1, &help, own))).is_err());
        assert_eq!(ended.into_inner(), 1);
    }

    #[test]
    fn they_end_when_nothing_is_asked_of_them() {
        let crew = crew(Duration::from_millis(1));
        let barrier = Barrier::new(4);
        crew.assist(3, &|| meet(&barrier), || meet(&barrier));
        while crew.lock().idle > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
