//! Models of labels that get their codes as they are met: one label has one code, whoever asks.

use crate::Model;
use crate::select::labels::Labels;
use std::sync::Arc;
use std::thread::{spawn, yield_now};

pub const MODELS: [Model; 1] = [("a label has one code", one_code, [0, 0])];

fn one_code() {
    let labels = Arc::new(Labels::unknown(1));
    let ask = |mine: [u8; 3]| {
        let labels = labels.clone();
        move || {
            mine.map(|label| {
                yield_now();
                (label, labels.code(&[label]).expect("there is room"))
            })
        }
    };
    let others = [spawn(ask([1, 2, 3])), spawn(ask([3, 2, 1]))];
    let mut found: Vec<(u8, u32)> = ask([2, 4, 1])().into();
    others.into_iter().for_each(|other| found.extend(other.join().expect("it ends")));
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 4, "a label has two codes");
    found.sort_unstable_by_key(|&(_, code)| code);
    assert_eq!(found.iter().map(|&(_, code)| code).collect::<Vec<_>>(), [0, 1, 2, 3], "two labels have one code");
}
