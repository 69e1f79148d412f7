//! The helpers of the core, as their file is, under thousands of schedules that a model chooses.
//!
//! `std` is here the one of `std/`, whose threads and locks the model runs. `attacks/models.py`
//! says how it is called, and makes the file wrong to see that each fault is found.

extern crate shortlist_models_std as std;

#[path = "../../core/src/helpers.rs"]
mod helpers;

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use helpers::assist;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::LATE;
use std::thread::{REFUSED, spawn, yield_now};

/// A name, what is called under each schedule, and how often what may go wrong does.
type Model = (&'static str, fn(), [u32; 2]);

/// THE list of models: its name, what is called under each schedule, and how often of a hundred
/// times a wait runs out of time, and the system has no thread to give. Where a helper is waited
/// for, none is refused while it is, and a wait that runs out of time would hide a wake that was
/// lost.
const MODELS: [Model; 9] = [
    ("a call ends, and none helps it after", || one_call(3), [20, 10]),
    ("calls one after the other", || (0..3).for_each(|_| one_call(2)), [20, 10]),
    ("calls side by side", side_by_side, [20, 10]),
    ("all that are asked for come", all_come, [0, 0]),
    ("all come though others give up waiting", all_come, [20, 0]),
    ("all come after threads were refused", after_refusals, [0, 0]),
    ("a panic of a helper is handed on", helper_panics, [20, 10]),
    ("a panic of the caller waits for helpers", caller_panics, [20, 10]),
    ("a forked child has a crew of its own", forked, [0, 0]),
];
/// Steps of a schedule after which a call never ends.
const STEPS: usize = 100_000;

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

fn main() {
    let mut words = std::env::args().skip(1);
    let schedules: usize = words.next().and_then(|word| word.parse().ok()).expect("how many schedules");
    let seed: u64 = words.next().and_then(|word| word.parse().ok()).expect("a seed");
    std::panic::set_hook(Box::new(|_| ()));
    for (name, model, [late, refused]) in MODELS {
        // Before it is run, so that it is known which one ended the program.
        print!("{name}\t{schedules}\t");
        std::io::stdout().flush().expect("standard output is open");
        LATE.store(late, SeqCst);
        REFUSED.store(refused, SeqCst);
        let run = |scheduler: Box<dyn Scheduler + Send>| {
            let mut config = Config::new();
            config.max_steps = shuttle::MaxSteps::FailAfter(STEPS);
            config.failure_persistence = shuttle::FailurePersistence::None;
            Runner::new(scheduler, config).run(move || {
                process::begin();
                model();
                process::end();
            })
        };
        let ended = catch_unwind(|| {
            run(Box::new(RandomScheduler::new_from_seed(seed, schedules / 2)));
            run(Box::new(PctScheduler::new_from_seed(seed, 3, schedules - schedules / 2)));
        });
        let said = match ended {
            Ok(()) => String::new(),
            Err(panic) => match panic.downcast::<String>() {
                Ok(said) => *said,
                Err(panic) => panic.downcast::<&str>().map_or("a panic".into(), |said| said.to_string()),
            },
        };
        println!("{}", said.lines().next().unwrap_or_default());
    }
}
