//! A score is a function of its row alone: the same bits in every layout, at every CPU level, in
//! every part of the pool, on any number of threads.

use crate::dtype::{Dtype, INPUTS, Input, bits, measures, score, scorer};
use crate::layouts::{LAYOUTS, Laid, Layout};
use crate::pools::{case, large_pool, pool};
use crate::{levels, quick};
use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::random::hash;
use shortlist_core::scorer::Normalize;

/// Numbers of rows around those that are scored together.
const ROWS: [usize; 7] = [1, 2, 15, 16, 17, 33, 70];

const CHECKED: Input = Input::Probabilities(Normalize::Check);

fn classes() -> Vec<usize> {
    match quick() {
        true => (1..=70).step_by(7).chain([48, 49, 128]).collect(),
        false => (1..=70).chain([100, 127, 128, 129, 255, 256, 257, 1000]).collect(),
    }
}

fn compare_layouts_and_levels<E: Dtype>() {
    for (turn, input) in INPUTS.into_iter().enumerate() {
        for (i, &classes) in classes().iter().enumerate() {
            let values = pool::<E>(input, 70, classes, 2);
            let whole = Matrix::from_rows(&values, 70, classes).unwrap();
            let rows = ROWS[(i + turn) % ROWS.len()];
            let laid = LAYOUTS.map(|layout| (layout, Laid::new(&values[..rows * classes], classes, layout)));
            for measure in measures(input) {
                let expected = bits(&score(&scorer(measure, input, Level::best()), &whole, 1));
                for level in levels() {
                    for (layout, laid) in &laid {
                        let found = bits(&score(&scorer(measure, input, level), &laid.matrix(), 1));
                        let about =
                            || format!("{}, {rows} rows, {layout:?}, {level:?}", case::<E>(measure, input, classes));
                        assert_eq!(found, expected[..rows], "{}", about());
                    }
                }
            }
        }
    }
}

macro_rules! for_each_dtype {
    ($($name:ident: $type:ty),*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn layouts_and_levels_do_not_matter() {
                compare_layouts_and_levels::<$type>();
            }
        }
    )*};
}

for_each_dtype!(float16: f16, bfloat16: bf16, float32: f32, float64: f64);

/// What tests print here can be compared between machines.
#[test]
fn a_digest_for_other_machines() {
    fn digest<E: Dtype>(input: Input) -> u64 {
        [1, 2, 3, 10, 48, 49, 100, 257].into_iter().fold(0, |sum, classes| {
            let values = pool::<E>(input, 70, classes, 3);
            let matrix = Matrix::from_rows(&values, 70, classes).unwrap();
            let of_values = values.iter().fold(sum, |sum, value| hash(sum, 80, value.exact().to_bits()));
            measures(input).fold(of_values, |sum, measure| {
                let scores = score(&scorer(measure, input, Level::best()), &matrix, 1);
                bits(&scores).into_iter().fold(sum, |sum, bits| hash(sum, 81, bits))
            })
        })
    }
    for input in INPUTS {
        let digests = [digest::<f16>(input), digest::<bf16>(input), digest::<f32>(input), digest::<f64>(input)];
        println!("digest of {input:?}: {digests:016x?}");
    }
}

#[test]
fn parts_of_a_pool_score_as_the_whole() {
    fn compare<E: Dtype>(input: Input, classes: usize) {
        let rows = 333;
        let values = pool::<E>(input, rows, classes, 4);
        for layout in [Layout::RowMajor, Layout::ColumnMajor, Layout::StridedColumns] {
            let laid = Laid::new(&values, classes, layout);
            for measure in measures(input) {
                let scorer = scorer(measure, input, Level::best());
                let whole = bits(&score(&scorer, &laid.matrix(), 1));
                for part in 0..12 {
                    let ends = [0, 1].map(|end| hash(part, end, classes as u64) as usize % (rows + 1));
                    let range = ends[0].min(ends[1])..ends[0].max(ends[1]);
                    let found = bits(&score(&scorer, &laid.matrix().slice(range.clone()), 1));
                    assert_eq!(found, whole[range], "{} {layout:?}", case::<E>(measure, input, classes));
                }
            }
        }
    }
    for classes in [1, 2, 3, 10, 48, 49, 100] {
        for input in [CHECKED, Input::Logits(1.0)] {
            compare::<bf16>(input, classes);
            compare::<f32>(input, classes);
            compare::<f64>(input, classes);
        }
    }
}

/// Large enough for eight threads to have a block each, and for scores to be written past the
/// caches.
#[test]
fn threads_do_not_matter() {
    fn compare<E: Dtype>(input: Input, rows: usize, classes: usize, threads: &[usize]) {
        let rows = if quick() { rows / 16 } else { rows };
        let values = large_pool::<E>(input, rows, classes, 5);
        for layout in [Layout::RowMajor, Layout::ColumnMajor] {
            let laid = Laid::new(&values, classes, layout);
            for measure in measures(input) {
                let scorer = scorer(measure, input, Level::best());
                // In parts of other sizes than the blocks.
                let starts = (0..rows).step_by(7777);
                let parts = starts.map(|start| laid.matrix().slice(start..rows.min(start + 7777)));
                let expected: Vec<u64> = parts.flat_map(|part| bits(&score(&scorer, &part, 1))).collect();
                for &threads in threads {
                    let found = bits(&score(&scorer, &laid.matrix(), threads));
                    assert!(found == expected, "{} {layout:?}, {threads} threads", case::<E>(measure, input, classes));
                }
            }
        }
    }
    compare::<f32>(CHECKED, 2_200_000, 2, &[1, 3]);
    compare::<f32>(CHECKED, 200_000, 11, &[1, 2, 3, 4, 5, 6, 7, 8]);
    compare::<f64>(Input::Logits(1.0), 50_000, 21, &[1, 2, 5, 8]);
    compare::<f16>(CHECKED, 40_000, 100, &[2, 8]);
    compare::<f64>(CHECKED, 1_000, 1_000, &[2, 8]);
}

/// A race between threads would show in some of many runs.
#[test]
fn repeated_runs_agree() {
    let (rows, classes) = if quick() { (20_000, 10) } else { (110_000, 10) };
    let values = large_pool::<f64>(CHECKED, rows, classes, 6);
    let matrix = Matrix::from_rows(&values, rows, classes).unwrap();
    for measure in [Measure::Entropy, Measure::Margin] {
        let scorer = scorer(measure, CHECKED, Level::best());
        let first = bits(&score(&scorer, &matrix, 8));
        for _ in 0..20 {
            assert!(bits(&score(&scorer, &matrix, 8)) == first);
        }
    }
}
