//! Threads that wait for the next call. To wake one takes some microseconds; to start one takes tens to hundreds, in which megabytes are read.
//!
//! They belong to one process: a forked child, in which they do not run, begins with none of them. One that has waited for some seconds ends.
//! A call never waits for a helper that has not begun: what it asked for is then taken back.

#![allow(unsafe_code)]

use std::any::Any;
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// How long a thread waits for a call before it ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// The helpers of one process.
struct Crew {
    process: u32,
    patience: Duration,
    state: Mutex<State>,
    asked: Condvar,
}

struct State {
    /// Each as often as it asks for one more helper.
    calls: VecDeque<Asking>,
    /// Threads that wait, or are about to look for a call.
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

/// A call whose lifetime is kept by [`Crew::assist`]: it does not return while the call is asked for or helped.
#[derive(Clone, Copy, PartialEq)]
struct Asking(*const Call<'static>);

// SAFETY: what a helper does is `Sync`, and the rest of a call is touched only while the crew's state is locked.
unsafe impl Send for Asking {}

impl Crew {
    fn new(patience: Duration) -> Crew {
        let state = State { calls: VecDeque::new(), idle: 0 };
        Crew { process: std::process::id(), patience, state: Mutex::new(state), asked: Condvar::new() }
    }

    /// The crew of this process, and not one that the parent of a fork left behind, whose lock may be held for ever.
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
                // SAFETY: another thread of this process just made it, and no crew that was shared is freed.
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
        while state.idle < state.calls.len() {
            // Where the system gives no more threads, those that are there must do.
            if std::thread::Builder::new().name("shortlist".into()).spawn(|| self.help()).is_err() {
                break;
            }
            state.idle += 1;
        }
        drop(state);
        for _ in 0..count {
            self.asked.notify_one();
        }
    }

    /// What a thread does.
    fn help(&self) {
        let mut state = self.lock();
        loop {
            if let Some(Asking(call)) = state.calls.pop_front() {
                state.idle -= 1;
                // SAFETY: a call that is asked for is there, and stays until no one helps it.
                let call = unsafe { &*call };
                // SAFETY: under the lock.
                unsafe { (*call.progress.get()).busy += 1 };
                drop(state);
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
        // SAFETY: the call lives longer than this.
        let call = unsafe { &*self.asking.0 };
        // SAFETY: under the lock.
        while unsafe { (*call.progress.get()).busy } > 0 {
            state = call.done.wait(state).expect("nothing panics under this lock");
        }
    }
}

/// Do `own`, while up to `count` other threads do `help`, each once: as many of them as begin before `own` is done. Returns when all have ended; a panic
/// of any is handed on.
pub(crate) fn assist<R>(count: usize, help: &(dyn Fn() + Sync), own: impl FnOnce() -> R) -> R {
    if count == 0 { own() } else { Crew::here().assist(count, help, own) }
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
        for count in [1, 2, 7] {
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
