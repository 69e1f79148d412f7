//! Attacks on the core by bytes: each makes a case of them and compares what the core says with the
//! definition. `targets/` hands them to libFuzzer; the core's own tests try some at random.

pub mod choices;
pub mod distances;
pub mod select;
pub mod state;
