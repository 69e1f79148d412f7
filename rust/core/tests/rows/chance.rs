//! The attacks of `rust/fuzz`, on inputs that it has found worth keeping and on others made from
//! them by chance. There a fuzzer chooses the inputs, for hours.

use crate::fuzz::{distances, select, state};
use crate::quick;
use shortlist_core::order::Order;
use shortlist_core::random::hash;
use shortlist_core::select::{Plan, Rows, Selector};

/// The bytes of inputs that were kept, in one file: each behind its length.
fn kept(corpus: &[u8]) -> Vec<&[u8]> {
    let mut left = corpus;
    let mut inputs = Vec::new();
    while let Some(length) = left.split_off_first() {
        inputs.push(left.split_off(..usize::from(*length)).expect("as many bytes as the length says"));
    }
    inputs
}

/// Each input, and as many others as asked for, made of two of them with a few bytes changed. Where
/// Miri interprets them, and one may take a minute, each so many-th alone.
fn attack(inputs: &[&[u8]], others: u64, interpreted: usize, attack: fn(&[u8])) {
    let every = if cfg!(miri) { interpreted } else { 1 };
    inputs.iter().step_by(every).for_each(|input| attack(input));
    let others = if cfg!(miri) { 0 } else { others / if quick() { 16 } else { 1 } };
    for turn in 0..others {
        let random = |step, below: usize| hash(turn, step, 0) as usize % below.max(1);
        let [first, second] = [0, 1].map(|step| inputs[random(step, inputs.len())]);
        let mut bytes = [&first[..random(2, first.len() + 1)], &second[random(3, second.len())..]].concat();
        for step in 4..4 + turn % 4 {
            let at = random(step, bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = hash(turn, 10 + step, 1) as u8;
            }
        }
        attack(&bytes);
    }
}

#[test]
fn states_from_anywhere_are_refused_or_whole() {
    let mut own = Vec::new();
    for plan in [Plan::new(3, Order::Lowest), Plan { quotas: Some(vec![1, 2]), ..Plan::new(3, Order::Highest) }] {
        let mut selector = Selector::new(plan).unwrap();
        let groups =
            selector.plan().quotas.is_some().then_some(shortlist_core::select::Groups::Codes(&[0, 1, 1, 0, 1]));
        selector.update(&[0.5, 0.25, 0.75, 0.5, f64::NAN], &Rows { groups, ..Rows::from(4) }).unwrap();
        let bytes = selector.to_bytes();
        own.push(bytes[12..bytes.len() - 8].to_vec());
    }
    let mut inputs = kept(include_bytes!("../../../fuzz/kept/state"));
    inputs.extend(own.iter().map(|bytes| &bytes[..]));
    attack(&inputs, 20_000, 4, state::attack);
}

#[test]
fn selections_are_those_of_sorting() {
    attack(&kept(include_bytes!("../../../fuzz/kept/select")), 600, 60, select::attack);
}

#[test]
fn distances_are_those_of_a_plain_loop() {
    attack(&kept(include_bytes!("../../../fuzz/kept/distances")), 150, 60, distances::attack);
}
