//! Models of the helpers: every call ends, none is helped after it, whoever is asked for comes, and
//! a panic is handed on.

use crate::Model;
use crate::helpers::{assist, between_starts};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::thread::{BEGINNING, REFUSED, spawn, yield_now};

/// Where a helper is waited for, none is refused while it is, and a wait that runs out of time
/// would hide a wake that was lost.
pub const MODELS: [Model; 10] = [
    ("a call ends, and none helps it after", || one_call(3), [20, 10]),
    ("calls one after the other", || (0..3).for_each(|_| one_call(2)), [20, 10]),
    ("calls side by side", side_by_side, [20, 10]),
    ("all that are asked for come", all_come, [0, 0]),
    ("all come though others give up waiting", all_come, [20, 0]),
    ("all come after threads were refused", after_refusals, [0, 0]),
    ("a panic of a helper is handed on", helper_panics, [20, 10]),
    ("a panic of the caller waits for helpers", caller_panics, [20, 10]),
    ("a forked child has a crew of its own", forked, [0, 0]),
    ("nothing large is asked for while a thread begins", between, [20, 10]),
];

/// What a call is, as its helpers see it: there or gone, and how many are with it.
#[derive(Default)]
struct Seen {
    gone: AtomicBool,
    inside: AtomicUsize,
    begun: AtomicUsize,
}

impl Seen {
    fn help(&self) {
        assert!(!self.gone.load(SeqCst), "help began after the end of its call");
        self.begun.fetch_add(1, SeqCst);
        self.inside.fetch_add(1, SeqCst);
        yield_now();
        self.inside.fetch_sub(1, SeqCst);
    }

    fn end(&self, asked: usize) {
        self.gone.store(true, SeqCst);
        assert_eq!(self.inside.load(SeqCst), 0, "a call ended with helpers in it");
        assert!(self.begun.load(SeqCst) <= asked, "more helped than were asked for");
    }
}

fn one_call(count: usize) {
    // Kept for good, as a helper that comes too late would look at it.
    let seen: &'static Seen = Box::leak(Box::default());
    assert_eq!(assist(count, &|| seen.help(), || (yield_now(), 7).1), 7);
    seen.end(count);
    yield_now();
}

fn side_by_side() {
    let other = spawn(|| (0..2).for_each(|_| one_call(2)));
    one_call(2);
    other.join().expect("the other calls end");
}

/// A helper that is asked for and never comes is a wake that was lost: then this never ends.
fn all_come() {
    for count in [1, 2, 3, 1] {
        let here = AtomicUsize::new(0);
        let meet = || {
            here.fetch_add(1, SeqCst);
            while here.load(SeqCst) <= count {
                yield_now();
            }
        };
        assist(count, &meet, meet);
        assert_eq!(here.load(SeqCst), count + 1);
    }
}

fn after_refusals() {
    REFUSED.store(70, SeqCst);
    one_call(3);
    REFUSED.store(0, SeqCst);
    all_come();
}

fn helper_panics() {
    for _ in 0..2 {
        let seen: &'static Seen = Box::leak(Box::default());
        let help = || {
            seen.help();
            resume_unwind(Box::new("oh"))
        };
        let ended = catch_unwind(AssertUnwindSafe(|| assist(2, &help, yield_now)));
        seen.end(2);
        assert_eq!(ended.is_err(), seen.begun.load(SeqCst) > 0, "a panic was lost");
    }
    one_call(2);
}

fn caller_panics() {
    let seen: &'static Seen = Box::leak(Box::default());
    let own = || {
        yield_now();
        resume_unwind(Box::new("oh"))
    };
    assert!(catch_unwind(AssertUnwindSafe(|| assist::<()>(2, &|| seen.help(), own))).is_err());
    seen.end(2);
    one_call(1);
}

/// The child's calls need helpers that its parent's crew does not have there.
fn forked() {
    all_come();
    process::begin();
    all_come();
}

fn between() {
    let ask = || {
        between_starts(|| {
            assert_eq!(BEGINNING.load(SeqCst), 0, "a thread begins");
            true
        });
    };
    for _ in 0..2 {
        assist(3, &ask, ask);
    }
}
