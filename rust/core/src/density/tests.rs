//! Against the definition, over direct distances.

use super::*;
use crate::blocks::Unwatched;
use crate::random::{hash, uniform};

fn values(seed: u64, count: usize, scale: f64, shift: f64) -> Vec<f64> {
    (0..count as u64).map(|i| shift + scale * (uniform(hash(seed, 0, i)) - 0.5)).collect()
}

fn found<E: Element>(x: &Matrix<'_, E>, metric: Metric, level: Level, threads: usize) -> Vec<f64> {
    let mut values = vec![f64::NAN; x.rows()];
    density(x, metric, level, &mut values, threads, &mut Unwatched).unwrap();
    values
}

fn plain(x: &Matrix<'_, f64>, metric: Metric) -> Vec<f64> {
    let mut pair = Pair::new(x.columns());
    let mut one = |i, j| similarity(x, metric, i, j, &mut pair, Level::Portable);
    (0..x.rows()).map(|i| (0..x.rows()).map(|j| one(i, j)).sum::<f64>() / x.rows() as f64).collect()
}

fn check_values(x: &[f64], features: usize, about: &str) {
    let rows = x.len() / features;
    let narrow: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let exact: Vec<f64> = narrow.iter().map(|&x| f64::from(x)).collect();
    let (x, narrow) =
        (Matrix::from_rows(x, rows, features).unwrap(), Matrix::from_rows(&narrow, rows, features).unwrap());
    let exact = Matrix::from_rows(&exact, rows, features).unwrap();
    let columns =
        (0..features).flat_map(|c| (0..rows).map(move |r| (r, c))).map(|(r, c)| x.get(r, c)).collect::<Vec<_>>();
    let turned = Matrix::from_columns(&columns, rows, features).unwrap();
    for metric in Metric::ALL {
        let best = found(&x, metric, Level::best(), 1);
        let best_narrow = found(&narrow, metric, Level::best(), 1);
        for (row, (wanted, wanted_narrow)) in plain(&x, metric).into_iter().zip(plain(&exact, metric)).enumerate() {
            let off = (best[row] / wanted - 1.0).abs();
            assert!(off < 2e-11, "{about} {metric:?} {features} row {row}: {} {wanted}: {off:e}", best[row]);
            let off = (best_narrow[row] / wanted_narrow - 1.0).abs();
            assert!(off < 2e-5, "{about} {metric:?} {features} row {row} f32: {off:e}");
        }
        for level in Level::ALL.into_iter().filter(|level| level.supported()) {
            assert_eq!(found(&turned, metric, level, 3), best, "{about} {metric:?} {level:?}");
            assert_eq!(found(&narrow, metric, level, 2), best_narrow, "{about} {metric:?} {level:?}");
        }
    }
}

#[test]
fn as_the_definition() {
    for features in [1, 2, 3, 7, 8, 31, 64, 65] {
        check_values(&values(1, (1 + features * 29 % 200) * features, 3.0, 0.0), features, "uniform");
    }
    check_values(&values(1, 900 * 3, 3.0, 0.0), 3, "some tiles");
    check_values(&values(1, 250 * 300, 3.0, 0.0), 300, "wide");
}

#[test]
fn as_the_definition_where_the_filter_is_blind() {
    let features = 11;
    let x = values(1, 120 * features, 1.0, 0.0);
    let shifted: Vec<f64> = x.iter().map(|x| x + 1000.0).collect();
    check_values(&shifted, features, "far from zero");
    check_values(&x.iter().map(|x| x * 1e-9).collect::<Vec<_>>(), features, "near-duplicates");
    check_values(&x.iter().map(|x| x * 1e6).collect::<Vec<_>>(), features, "far apart");
    check_values(&vec![0.0; 400 * features], features, "zeros");
    check_values(&vec![2.5; 400 * features], features, "all equal");
    let mut outliers = x.clone();
    outliers[5 * features] = 1e25;
    outliers[50 * features + 3] = -1e9;
    outliers[70 * features..72 * features].fill(0.0);
    check_values(&outliers, features, "outliers and zeros");
}

#[test]
fn an_estimate_from_all_rows_is_the_density_and_from_some_is_near() {
    let (rows, features) = (900, 5);
    let x = values(3, rows * features, 2.0, 0.0);
    let mut x = x;
    x[3 * features..4 * features].fill(0.0);
    let x = Matrix::from_rows(&x, rows, features).unwrap();
    for metric in Metric::ALL {
        let wanted = found(&x, metric, Level::best(), 1);
        let run = |references: &[i64], level, threads| {
            let (mut values, mut errors) = (vec![0.0; rows], vec![0.0; rows]);
            density_estimate(&x, references, metric, level, &mut values, &mut errors, threads, &mut Unwatched)
                .map(|()| (values, errors))
        };
        let all: Vec<i64> = (0..rows as i64).collect();
        let (values, errors) = run(&all, Level::best(), 2).unwrap();
        assert!(values.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{metric:?}");
        assert!(errors.iter().all(|&error| error == 0.0));
        let some: Vec<i64> = (0..rows as i64).filter(|&id| hash(5, 0, id as u64).is_multiple_of(4)).collect();
        let (values, errors) = run(&some, Level::best(), 1).unwrap();
        for level in Level::ALL.into_iter().filter(|level| level.supported()) {
            assert_eq!(run(&some, level, 3).unwrap(), (values.clone(), errors.clone()));
        }
        let off: Vec<f64> = (0..rows).map(|row| (values[row] - wanted[row]) / errors[row].max(1e-9)).collect();
        // Rows share their references, so that the errors go together: a loose bound.
        let mean_square = off.iter().map(|off| off * off).sum::<f64>() / rows as f64;
        assert!(mean_square < 6.0 && off.iter().all(|off| off.abs() < 6.0), "{metric:?} {mean_square}");
        assert!(run(&[1, 2], Level::best(), 1).is_err() && run(&[1, 2, 900], Level::best(), 1).is_err());
    }
}

#[test]
fn the_first_bad_row_is_named() {
    let mut x = values(1, 2000 * 2, 1.0, 0.0);
    x[3001] = f64::NAN;
    x[3900] = f64::INFINITY;
    let x = Matrix::from_rows(&x, 2000, 2).unwrap();
    let mut values = vec![0.0; 2000];
    let error = density(&x, Metric::Cosine, Level::best(), &mut values, 3, &mut Unwatched).unwrap_err();
    assert_eq!(error.to_string(), "row 1500 has NaN in column 1; accepted are finite numbers");
}
