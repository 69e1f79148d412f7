//! What is no element of a matrix is not read: neither the gaps between rows or columns, nor what
//! lies behind the copies that are made of some rows.

use crate::dtype::{Dtype, INPUTS, bits, measures, score, scorer};
use crate::fence::Apart;
use crate::heap::guarded;
use crate::layouts::{Laid, Layout};
use crate::pools::{case, pool};
use crate::{levels, quick};
use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::matrix::Matrix;

const ROWS: usize = 49;

fn check<E: Dtype>() {
    let widths: &[usize] = if quick() { &[2, 3, 49] } else { &[1, 2, 3, 4, 5, 7, 8, 9, 10, 48, 49, 65, 257] };
    for input in INPUTS.into_iter().take(2) {
        for &classes in widths {
            let values = pool::<E>(input, ROWS, classes, 2);
            let whole = Matrix::from_rows(&values, ROWS, classes).unwrap();
            let turned: Vec<E> = (0..values.len()).map(|i| values[i % ROWS * classes + i / ROWS]).collect();
            let (rows, columns) = (Apart::of(&values, classes), Apart::of(&turned, ROWS));
            let strided = Laid::new(&values, classes, Layout::StridedColumns);
            for measure in measures(input) {
                let expected = bits(&score(&scorer(measure, input, Level::best()), &whole, 1));
                for level in levels() {
                    let scorer = scorer(measure, input, level);
                    for (name, matrix) in [
                        ("rows", rows.as_rows(ROWS, classes)),
                        ("columns", columns.as_columns(ROWS, classes)),
                        ("copies", strided.matrix()),
                    ] {
                        let found = bits(&guarded(|| score(&scorer, &matrix, 1)));
                        assert_eq!(found, expected, "{}, {name}, {level:?}", case::<E>(measure, input, classes));
                        // A copy of one row is a whole group.
                        let found = bits(&guarded(|| score(&scorer, &matrix.slice(48..49), 1)));
                        assert_eq!(found, expected[48..], "{}, {name}, {level:?}", case::<E>(measure, input, classes));
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_is_read_but_elements() {
    check::<f16>();
    check::<bf16>();
    check::<f32>();
    check::<f64>();
}
