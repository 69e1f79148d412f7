//! What threads share, as its files are, under thousands of schedules that a model chooses: the
//! helpers of the core, blocks on their way to threads, the threshold that threads raise, labels
//! that get their codes as they are met, and turns.
//!
//! `std` is here the one of `std/`, whose threads and locks the model runs. What is beside these
//! files in the core, and has no part in this, is as little as compiles. `attacks/models.py` says
//! how it is called, and makes the files wrong to see that each fault is found.

// What the core does with more of a file than its models do.
#![allow(dead_code)]

extern crate shortlist_models_std as std;

#[path = "../../core/src/blocks.rs"]
mod blocks;
mod error;
mod float;
#[path = "../../core/src/helpers.rs"]
mod helpers;
#[path = "../../python/src/inside.rs"]
mod inside;
mod matrix;
mod of_blocks;
mod of_cuts;
mod of_helpers;
mod of_labels;
mod of_turns;
#[path = "../../core/src/room.rs"]
mod room;
mod select;

use core::sync::atomic::Ordering::SeqCst;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};
use std::io::Write;
use std::panic::catch_unwind;
use std::process;
use std::sync::LATE;
use std::thread::REFUSED;

/// A name, what is called under each schedule, and how often of a hundred times a wait runs out of
/// time, and the system has no thread to give.
type Model = (&'static str, fn(), [u32; 2]);

/// Steps of a schedule after which a call never ends.
const STEPS: usize = 100_000;

fn main() {
    let mut words = std::env::args().skip(1);
    let schedules: usize = words.next().and_then(|word| word.parse().ok()).expect("how many schedules");
    let seed: u64 = words.next().and_then(|word| word.parse().ok()).expect("a seed");
    std::panic::set_hook(Box::new(|_| ()));
    let all = [&of_helpers::MODELS[..], &of_blocks::MODELS, &of_cuts::MODELS, &of_labels::MODELS, &of_turns::MODELS];
    for &(name, model, [late, refused]) in all.into_iter().flatten() {
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
