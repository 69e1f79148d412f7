//! Models of turns: one is inside at a time, all get in that wait, and who can't is told.

use crate::Model;
use crate::inside::{Inside, Refused};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use shuttle::rand::{Rng, thread_rng};
use std::process;
use std::sync::Arc;
use std::thread::{spawn, yield_now};

pub const MODELS: [Model; 3] = [
    ("one is inside at a time", one_at_a_time, [0, 0]),
    ("who gives up waiting is not inside", some_give_up, [0, 0]),
    ("a forked child is told who was inside", forked, [0, 0]),
];

struct Shared {
    inside: Inside,
    busy: AtomicBool,
}

impl Shared {
    fn new() -> Arc<Shared> {
        Arc::new(Shared { inside: Inside::nobody(), busy: AtomicBool::new(false) })
    }

    /// One turn, or none where waiting is given up at some look; returns whether it was had.
    fn turn(&self, patient: bool) -> bool {
        let entered = self.inside.enter(|_| {
            yield_now();
            if patient || thread_rng().gen_range(0..3) > 0 { Ok(()) } else { Err(()) }
        });
        let Ok(refused) = entered else { return false };
        assert_eq!(refused, Ok(()), "one that waits is refused");
        assert!(!self.busy.swap(true, SeqCst), "two are inside");
        yield_now();
        assert_eq!(self.inside.enter::<()>(|_| unreachable!("one waits for itself")), Ok(Err(Refused::Again)));
        assert!(self.busy.swap(false, SeqCst), "two are inside");
        self.inside.leave();
        true
    }
}

fn several(patient: bool) {
    let shared = Shared::new();
    let turns = |shared: Arc<Shared>| move || (0..2).filter(|_| shared.turn(patient)).count();
    let others = [spawn(turns(shared.clone())), spawn(turns(shared.clone()))];
    let mut had = turns(shared.clone())();
    others.into_iter().for_each(|other| had += other.join().expect("it ends"));
    assert!(!patient || had == 6, "a turn is lost");
    assert!(shared.turn(true), "somebody is inside for good");
}

fn one_at_a_time() {
    several(true);
}

fn some_give_up() {
    several(false);
}

/// The child has the word of its parent, and not the thread that would leave.
fn forked() {
    let shared = Shared::new();
    let other = shared.clone();
    spawn(move || assert_eq!(other.inside.enter::<()>(|_| Ok(())), Ok(Ok(())))).join().expect("it ends");
    process::begin();
    let mut looks = 0;
    let wait = |_| {
        looks += 1;
        if looks < 9 { Ok(()) } else { Err(()) }
    };
    assert_eq!(shared.inside.enter(wait), Ok(Err(Refused::Forked)), "a child waits for a thread of its parent");
}
