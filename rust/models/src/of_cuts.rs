//! Models of the threshold that threads raise: at no moment are fewer than k of the rows that have
//! come as good as it says, and it never falls.

use crate::Model;
use crate::select::shared::SharedCut;
use shuttle::rand::{Rng, thread_rng};
use std::sync::Arc;
use std::thread::{spawn, yield_now};

pub const MODELS: [Model; 2] = [
    ("k rows have reached what threads say", || threads(4, 3, 4), [0, 0]),
    ("the same where k is no multiple of the threads", || threads(4, 2, 3), [0, 0]),
];

/// Each has some rows, tells of its share of k, and raises the threshold by its own k-th.
fn threads(rows: usize, count: usize, k: usize) {
    let shared = Arc::new(SharedCut::among(count));
    let came: Arc<core::cell::RefCell<Vec<f64>>> = Arc::default();
    // Threads of the model take turns on one thread of the system.
    struct Here(Arc<core::cell::RefCell<Vec<f64>>>);
    unsafe impl Send for Here {}
    let work = |number: usize| {
        let (shared, came) = (shared.clone(), Here(came.clone()));
        move || {
            let came = { came }.0;
            let (mut own, mut last) = (Vec::new(), f64::NEG_INFINITY);
            let share = shared.share(k);
            for _ in 0..rows {
                let key = f64::from(thread_rng().gen_range(0..20));
                came.borrow_mut().push(key);
                own.push(key);
                own.sort_by(|a: &f64, b| b.total_cmp(a));
                if own.len() >= k {
                    shared.raise(own[k - 1]);
                }
                if own.len() >= share {
                    shared.tell(number, own[share - 1]);
                }
                yield_now();
                let cut = shared.key();
                let reached = came.borrow().iter().filter(|&&key| key >= cut).count();
                assert!(
                    cut == f64::NEG_INFINITY || reached >= k,
                    "{reached} rows have reached a threshold, and not {k}"
                );
                assert!(cut >= last, "the threshold fell");
                last = cut;
            }
        }
    };
    let others: Vec<_> = (1..count).map(|number| spawn(work(number))).collect();
    work(0)();
    others.into_iter().for_each(|other| other.join().expect("it ends"));
    if rows * count >= k && rows >= shared.share(k) {
        assert!(shared.key() > f64::NEG_INFINITY, "all have told, and nothing is known");
    }
}
