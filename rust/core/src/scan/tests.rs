//! What would be read beyond what is there is refused.

use super::*;
use crate::fence::{At, Fenced};
use crate::measure::Measure;
use crate::rules::{Invalid, Normalize, RowRules};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.supported())
}

#[test]
fn rows_that_a_matrix_does_not_have_are_refused() {
    let values = [1.0 / 64.0; 4 * 64];
    let matrix = Matrix::from_rows(&values, 4, 64).unwrap().slice(0..3);
    for level in levels() {
        let (normalize, invalid) = (Normalize::AsIs, Invalid::Skip);
        let recipe = RowRules { logits: false, temperature: 1.0, normalize, invalid, level }.recipe::<f64>(64);
        let mut scan = Scan::new(level);
        let mut picked = |row| {
            let mut out = [0.0];
            let score = AssertUnwindSafe(|| scan.picked(&matrix, 1, &[row], Measure::Gini, &recipe, &mut out));
            catch_unwind(score).is_ok()
        };
        assert!(picked(1));
        assert!(!picked(2));
    }
}

#[test]
fn scores_that_are_not_there_are_not_streamed() {
    let from = Fenced::filled(1.0_f32, 5, At::End);
    for level in levels() {
        let mut to = Fenced::filled(0.0, 100, At::Start);
        let stream = AssertUnwindSafe(|| level.run(StreamOut { from: &from, to: &mut to }));
        assert!(catch_unwind(stream).is_err());
    }
}
