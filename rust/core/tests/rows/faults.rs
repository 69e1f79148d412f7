//! Every bad row is found, wherever it is, and the first is named with what is wrong with it.

use crate::dtype::{Dtype, Input, bits, measures, score, scorer, try_score, with};
use crate::layouts::{LAYOUTS, Laid};
use crate::pools::{case, peaked_pool, pool};
use crate::quick;
use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::scorer::{Invalid, Normalize};
use shortlist_core::select::{Plan, Rows, Selector};

const CHECKED: Input = Input::Probabilities(Normalize::Check);

/// Bad values, and the words about them.
fn bad_values(input: Input) -> Vec<(f64, &'static str)> {
    let finite = "accepted are finite numbers";
    match input {
        Input::Logits(_) => vec![(f64::NAN, finite), (f64::INFINITY, finite)],
        Input::Probabilities(_) => vec![
            (f64::NAN, finite),
            (f64::INFINITY, finite),
            (f64::NEG_INFINITY, finite),
            (-0.25, "accepted are probabilities, at least 0"),
        ],
    }
}

fn find_everywhere<E: Dtype>() {
    let rows = 37;
    let widths: &[usize] = if quick() { &[2, 49] } else { &[1, 2, 3, 7, 48, 49, 67, 130] };
    let inputs = [Normalize::Check, Normalize::AsIs, Normalize::Renormalize].map(Input::Probabilities);
    for input in inputs.into_iter().chain([Input::Logits(1.0)]) {
        for &classes in widths {
            let clean = pool::<E>(input, rows, classes, 7);
            let clean_matrix = Matrix::from_rows(&clean, rows, classes).unwrap();
            for measure in measures(input) {
                let (skipping, raising) =
                    (scorer(measure, input, Level::best()), with(measure, input, Invalid::Raise, Level::best()));
                let expected = bits(&score(&raising, &clean_matrix, 1));
                for column in 0..classes {
                    for (turn, (bad, accepted)) in bad_values(input).into_iter().enumerate() {
                        let row = [0, 18, rows - 1][(column + turn) % 3];
                        let mut values = clean.clone();
                        values[row * classes + column] = E::of(bad);
                        let laid = Laid::new(&values, classes, LAYOUTS[(column + 2 * turn) % LAYOUTS.len()]);
                        let about =
                            || format!("{} {bad} in column {column}, row {row}", case::<E>(measure, input, classes));

                        let reason = match bad.is_nan() {
                            true => format!("has NaN in column {column}; {accepted}"),
                            false => format!("has {bad} in column {column}; {accepted}"),
                        };
                        let error = try_score(&raising, &laid.matrix(), 1).unwrap_err();
                        assert_eq!(error.to_string(), format!("row {row} {reason}"), "{}", about());

                        let (found, invalid) = try_score(&skipping, &laid.matrix(), 1).unwrap();
                        let found = bits(&found);
                        assert_eq!(invalid, 1, "{}", about());
                        assert!(f64::from_bits(found[row]).is_nan(), "{}", about());
                        for other in (0..rows).filter(|&other| other != row) {
                            assert_eq!(found[other], expected[other], "{}, row {other}", about());
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_bad_value_is_found_in_every_place() {
    find_everywhere::<f16>();
    find_everywhere::<bf16>();
    find_everywhere::<f32>();
    find_everywhere::<f64>();
}

#[test]
fn sums_are_checked_to_the_tolerance_of_the_type() {
    fn check<E: Dtype>(tolerance: f64) {
        for classes in [1, 2, 5, 48, 49, 100] {
            for measure in measures(CHECKED) {
                for (off, valid) in [(0.9, true), (-0.9, true), (1.4, false), (-1.4, false)] {
                    let mut values = vec![E::of(0.0); 20 * classes];
                    for row in 0..20 {
                        values[row * classes + row % classes] = E::of(1.0);
                    }
                    // Sums of a half and a little more or less are exact enough in every type.
                    let last = 19 * classes + 19 % classes;
                    if classes > 1 {
                        values[last] = E::of(0.5);
                        values[if 19 % classes > 0 { last - 1 } else { last + 1 }] = E::of(0.5 + off * tolerance);
                    } else {
                        values[last] = E::of(1.0 + off * tolerance);
                    }
                    let matrix = Matrix::from_rows(&values, 20, classes).unwrap();
                    let raising =
                        |normalize| with(measure, Input::Probabilities(normalize), Invalid::Raise, Level::best());
                    let found = try_score(&raising(Normalize::Check), &matrix, 1);
                    let about = case::<E>(measure, CHECKED, classes);
                    match found {
                        Ok(_) => assert!(valid, "{about}, off by {off} tolerances"),
                        Err(error) => {
                            let text = error.to_string();
                            assert!(!valid, "{about}, off by {off} tolerances: {text}");
                            assert!(
                                text.starts_with("row 19 sums to ")
                                    && text.ends_with("accepted are probabilities that sum to 1"),
                                "{text}"
                            );
                        }
                    }
                    for normalize in [Normalize::AsIs, Normalize::Renormalize] {
                        assert!(try_score(&raising(normalize), &matrix, 1).is_ok(), "{about} {normalize:?}");
                    }
                }
            }
        }
    }
    check::<f16>(1e-2);
    check::<bf16>(3e-2);
    check::<f32>(1e-3);
    check::<f64>(1e-4);
}

#[test]
fn rows_without_anything_are_bad() {
    fn check<E: Dtype>() {
        for classes in [1, 2, 5, 49, 100] {
            let nothing = |input, value: f64, reason: &str| {
                for measure in measures(input) {
                    let mut values = pool::<E>(input, 20, classes, 8);
                    values[17 * classes..18 * classes].fill(E::of(value));
                    let matrix = Matrix::from_rows(&values, 20, classes).unwrap();
                    let found = try_score(&with(measure, input, Invalid::Raise, Level::best()), &matrix, 1);
                    let error = found.expect_err(&case::<E>(measure, input, classes)).to_string();
                    assert!(error.starts_with(reason), "{error}");
                }
            };
            for normalize in [Normalize::Check, Normalize::AsIs, Normalize::Renormalize] {
                nothing(Input::Probabilities(normalize), 0.0, "row 17 sums to 0; accepted are");
            }
            nothing(Input::Logits(1.0), f64::NEG_INFINITY, "row 17 has -inf in every column; accepted are logits");
        }
    }
    check::<f16>();
    check::<bf16>();
    check::<f32>();
    check::<f64>();
}

#[test]
fn negative_zero_is_zero() {
    fn check<T: Dtype<Compute = T> + PartialEq>(of: fn(f64) -> T) {
        for classes in [1, 2, 3, 10, 48, 49, 300] {
            let values = pool::<T>(CHECKED, 68, classes, 9);
            let mut turned: Vec<T> = values.iter().map(|&p| if p == of(0.0) { of(-0.0) } else { p }).collect();
            // A row that is invalid for nothing but its sign takes no other with it, nor does a NaN
            // with a sign.
            turned[20 * classes..21 * classes].fill(of(0.0));
            turned[20 * classes] = of(1.25);
            turned[21 * classes - 1] = of(if classes == 1 { -1.0 } else { -0.25 });
            turned[42 * classes - 1] = of(-f64::NAN);
            let by_columns = |values: &[T]| -> Vec<T> {
                (0..classes).flat_map(|class| (0..68).map(move |row| values[row * classes + class])).collect()
            };
            let (values_across, turned_across) = (by_columns(&values), by_columns(&turned));
            for measure in measures(CHECKED) {
                for level in Level::ALL.into_iter().filter(|level| level.supported()) {
                    let scorer = scorer(measure, CHECKED, level);
                    let as_rows = |values| try_score(&scorer, &Matrix::from_rows(values, 68, classes).unwrap(), 1);
                    let as_columns =
                        |values| try_score(&scorer, &Matrix::from_columns(values, 68, classes).unwrap(), 1);
                    let pairs = [
                        (as_rows(&values).unwrap(), as_rows(&turned).unwrap()),
                        (as_columns(&values_across).unwrap(), as_columns(&turned_across).unwrap()),
                    ];
                    for ((mut expected, none), (found, invalid)) in pairs {
                        assert_eq!((none, invalid), (0, 2), "{measure:?} {classes} {level:?}");
                        (expected[20], expected[41]) = (of(f64::NAN), of(f64::NAN));
                        assert_eq!(bits(&expected), bits(&found), "{measure:?} {classes} {level:?}");
                    }
                }
            }
        }
    }
    check::<f32>(|x| x as f32);
    check::<f64>(|x| x);
}

/// In the score, in the sum, and where a bound is screened for.
#[test]
fn what_is_below_0_by_rounding_is_0() {
    fn check<E: Dtype>() {
        const ROWS: usize = 68;
        let widths: &[usize] = if quick() { &[3, 49] } else { &[2, 3, 10, 48, 49, 130] };
        for &classes in widths {
            for (turn, normalize) in [Normalize::Check, Normalize::AsIs, Normalize::Renormalize].into_iter().enumerate()
            {
                let input = Input::Probabilities(normalize);
                let values = pool::<E>(input, ROWS, classes, 12);
                let zeros: Vec<usize> = (0..values.len()).filter(|&i| values[i].exact() == 0.0).collect();
                assert!(!zeros.is_empty());
                let mut turned = values.clone();
                zeros.iter().for_each(|&i| turned[i] = E::of(-0.5 * E::SUM_TOLERANCE));
                let mut wrong = turned.clone();
                let bad = zeros[zeros.len() / 2];
                wrong[bad] = E::of(-2.0 * E::SUM_TOLERANCE);
                for (number, measure) in measures(input).enumerate() {
                    let layout = LAYOUTS[(number + turn + classes) % LAYOUTS.len()];
                    let [values, turned, wrong] =
                        [&values, &turned, &wrong].map(|values| Laid::new(values, classes, layout));
                    let about = format!("{}, {layout:?}", case::<E>(measure, input, classes));
                    for level in Level::ALL.into_iter().filter(|level| level.supported()) {
                        let scorer = scorer(measure, input, level);
                        let mut expected = bits(&score(&scorer, &values.matrix(), 1));
                        let (found, invalid) = try_score(&scorer, &turned.matrix(), 1).unwrap();
                        assert_eq!((bits(&found), invalid), (expected.clone(), 0), "{about}");
                        let (found, invalid) = try_score(&scorer, &wrong.matrix(), 1).unwrap();
                        expected[bad / classes] = bits(&found)[bad / classes];
                        assert_eq!((bits(&found), invalid), (expected, 1), "{about}");
                        assert!(f64::from_bits(bits(&found)[bad / classes]).is_nan(), "{about}");
                    }
                    let raising = with(measure, input, Invalid::Raise, Level::best());
                    let error = try_score(&raising, &wrong.matrix(), 1).unwrap_err().to_string();
                    let words = format!("row {} has -", bad / classes);
                    assert!(
                        error.starts_with(&words) && error.contains(&format!("column {};", bad % classes)),
                        "{error}"
                    );
                }
            }
        }
    }
    check::<f16>();
    check::<bf16>();
    check::<f32>();
    check::<f64>();

    let (rows, classes) = if quick() { (10_000, 10) } else { (200_000, 10) };
    let values = peaked_pool::<f32>(rows, classes, 3);
    let mut zeroed = values.clone();
    // Every class but the likeliest, of rows that are sure and so would be screened out, and of
    // some that are not.
    for row in (0..rows).step_by(97) {
        let row = &mut zeroed[row * classes..][..classes];
        let top = row.iter().copied().fold(0.0, f32::max);
        row.iter_mut().filter(|p| **p < top).take(2).for_each(|p| *p = 0.0);
    }
    let turned: Vec<f32> = zeroed.iter().map(|&p| if p == 0.0 { -1e-9 } else { p }).collect();
    let input = Input::Probabilities(Normalize::Renormalize);
    for measure in measures(input) {
        let picks = |values: &[f32]| {
            let mut selector = Selector::new(Plan::new(100, measure.about().order)).unwrap();
            let matrix = Matrix::from_rows(values, rows, classes).unwrap();
            let scorer = with(measure, input, Invalid::Raise, Level::best());
            scorer.select(&matrix, &mut selector, &Rows::from(0), 2, &mut Unwatched).unwrap();
            selector.finish().unwrap()
        };
        assert_eq!(picks(&turned), picks(&zeroed), "{measure:?}");
    }
}

/// The sum of a row does not matter to entropies; to the others a sum that is right does not.
#[test]
fn what_normalize_means() {
    for classes in [1, 2, 10, 48, 49, 300] {
        let values = pool::<f64>(CHECKED, 48, classes, 10);
        let matrix = Matrix::from_rows(&values, 48, classes).unwrap();
        for measure in measures(CHECKED) {
            let of = |normalize, matrix: &Matrix<'_, f64>| {
                score(&scorer(measure, Input::Probabilities(normalize), Level::best()), matrix, 1)
            };
            let checked = of(Normalize::Check, &matrix);
            let as_they_are = of(Normalize::AsIs, &matrix);
            if !matches!(measure, Measure::Entropy | Measure::NormalisedEntropy) {
                assert_eq!(bits(&as_they_are), bits(&checked), "{measure:?}");
            }
            let renormalised = of(Normalize::Renormalize, &matrix);
            // A quarter is exact.
            let quarters: Vec<f64> = values.iter().map(|p| p / 4.0).collect();
            let quarters = Matrix::from_rows(&quarters, 48, classes).unwrap();
            let scores = [of(Normalize::AsIs, &quarters), of(Normalize::Renormalize, &quarters)];
            for row in 0..48 {
                let (whole, [as_it_is, again]) = (checked[row], scores.each_ref().map(|scores| scores[row]));
                assert!((as_they_are[row] - whole).abs() < 1e-14, "{measure:?}");
                assert!((renormalised[row] - whole).abs() < 1e-14, "{measure:?}");
                assert!((again - whole).abs() < 1e-14, "{measure:?}");
                let p1 = 1.0 - of(Normalize::Check, &matrix)[row];
                let expected = match measure {
                    Measure::LeastConfident => 1.0 - p1 / 4.0,
                    Measure::Margin => whole / 4.0,
                    Measure::Gini => 1.0 - (1.0 - whole) / 16.0,
                    _ => whole,
                };
                assert!((as_it_is - expected).abs() < 1e-14, "{measure:?} {as_it_is} {expected}");
            }
        }
    }
}

#[test]
fn the_first_of_several_bad_rows_is_named_on_any_number_of_threads() {
    let (rows, classes) = if quick() { (20_000, 10) } else { (220_000, 10) };
    let mut values: Vec<f32> = pool::<f32>(CHECKED, 100, classes, 11).repeat(rows / 100);
    for row in [rows / 3, rows / 3 + 1, rows / 2, rows - 1] {
        values[row * classes + row % classes] = f32::NAN;
    }
    values[(rows / 3 + 2) * classes + 3] = -1.0;
    let matrix = Matrix::from_rows(&values, rows, classes).unwrap();
    for measure in [Measure::Margin, Measure::Entropy] {
        let (raising, skipping) =
            (with(measure, CHECKED, Invalid::Raise, Level::best()), scorer(measure, CHECKED, Level::best()));
        let faults = skipping.faults(&matrix).unwrap();
        let kinds: Vec<(usize, &str)> = faults.iter().map(|one| (one.row as usize, one.fault.kind())).collect();
        let third = rows / 3;
        let all = [(third, "nan"), (third + 1, "nan"), (third + 2, "negative"), (rows / 2, "nan"), (rows - 1, "nan")];
        assert_eq!(kinds, all);
        for threads in [1, 2, 8] {
            let mut out = vec![0.0; rows];
            let error = raising.score(&matrix, &mut out, 1000, threads, &mut Unwatched).unwrap_err().to_string();
            let words = format!("has NaN in column {}; accepted are finite numbers", third % classes);
            assert_eq!(error, format!("row {} {words}", third + 1000));
            assert_eq!(try_score(&skipping, &matrix, threads).unwrap().1, 5);

            // An error leaves a selection as it was.
            let mut selector = Selector::new(Plan::new(50, measure.about().order)).unwrap();
            let half = matrix.slice(0..third);
            raising.select(&half, &mut selector, &Rows::from(0), threads, &mut Unwatched).unwrap();
            let before = selector.to_bytes();
            let rest = matrix.slice(third..rows);
            let error = raising.select(&rest, &mut selector, &Rows::from(third as u64), threads, &mut Unwatched);
            assert_eq!(error.unwrap_err().to_string(), format!("row {third} {words}"));
            assert_eq!(selector.to_bytes(), before);
            skipping.select(&rest, &mut selector, &Rows::from(third as u64), threads, &mut Unwatched).unwrap();
            let result = selector.finish().unwrap();
            assert_eq!((result.invalid, result.rows), (5, rows as u64));
        }
    }
}
