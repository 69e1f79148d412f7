//! What the row measures promise, tested from outside: right numbers, the same bits whatever the
//! layout, the threads and the CPU level, the same picks as sorting all scores, and a sentence for
//! every bad row.
//!
//! `SHORTLIST_TEST_QUICK=1` shortens the loops, for emulators.
//! `SHORTLIST_TEST_LEVELS=portable,avx2,avx512` names the CPU levels that must be there, so that a
//! run meant for one can't pass without it.

mod bits;
mod chance;
mod dtype;
mod edges;
mod faults;
mod fence;
#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;
mod heap;
mod layouts;
mod models;
mod numbers;
mod pools;
mod precise;
mod selection;
mod truth;

use shortlist_core::{Level, matrix};

/// Whether loops are to be short.
fn quick() -> bool {
    std::env::var_os("SHORTLIST_TEST_QUICK").is_some()
}

/// Every CPU level this machine can run.
fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.supported())
}

#[test]
fn the_levels_asked_for_are_there() {
    let there: Vec<&str> = levels().map(Level::name).collect();
    if let Ok(asked) = std::env::var("SHORTLIST_TEST_LEVELS") {
        assert_eq!(there.join(","), asked);
        assert_eq!(Some(Level::best().name()), asked.split(',').next_back());
    }
    println!("levels tested: {}", there.join(", "));
}
