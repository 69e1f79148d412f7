//! What would be read beyond what is there is refused.

use super::dense::{PanelLogits, Readable};
use super::sparse::as_matrix;
use super::*;
use crate::matrix::Matrix;
use crate::simd::Level;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn features_that_are_not_there_are_refused() {
    let values = [0.5_f32; 3 * 32];
    let matrix = Matrix::from_rows(&values, 3, 32).unwrap();
    assert!(Readable::direct(&matrix, 0..2, 16..32).is_some());
    assert!(Readable::direct(&matrix, 0..2, 16..33).is_none());

    let weights = [0.25; 2 * 32];
    let weights = Matrix::from_rows(&weights, 2, 32).unwrap();
    let model = Linear::new(&weights, &[0.0; 2], Link::Softmax, Layout::Dense, Own::default(), 1).unwrap();
    for level in Level::ALL.into_iter().filter(|level| level.supported()) {
        for (there, refused) in [(32, false), (16, true)] {
            let (mut logits, mut sizes) = ([0.0; 2 * 16], [0.0; 16]);
            let rows = Readable::copied(&values[..2 * there], 2, there);
            let panel = PanelLogits { model: &model, features: 0..32, rows, logits: &mut logits, sizes: &mut sizes };
            assert_eq!(catch_unwind(AssertUnwindSafe(|| level.run(panel))).is_err(), refused);
        }
    }
}

#[test]
fn logits_that_are_not_there_are_refused() {
    assert!(catch_unwind(|| as_matrix(&[0.0; 6], 2, 3, 2)).is_ok());
    assert!(catch_unwind(|| as_matrix(&[0.0; 6], 3, 3, 2)).is_err());
    assert!(catch_unwind(|| as_matrix(&[0.0; 6], 2, 3, 4)).is_err());
}

#[test]
fn rows_that_are_not_there_go_down_no_tree() {
    let leaf = Tree { left: &[-1], right: &[-1], feature: &[0], threshold: &[0.0], values: &[0.25, 0.75], column: 0 };
    let leaves = Leaves { base: &[0.0; 2], link: Link::Given, members: 1, own_unit: 0.0 };
    let trees = Trees::<f32>::new([leaf].into_iter(), 2, leaves).unwrap();
    let add = |row| {
        let mut sums = [0.0; 6];
        let add = AssertUnwindSafe(|| trees.add(&trees.grown()[0], &[row], &[0.0; 4], &mut sums, 2));
        catch_unwind(add).is_ok()
    };
    assert!(add(1));
    assert!(!add(2));
}
