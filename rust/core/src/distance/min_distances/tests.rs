//! Against the plain loop over all pairs.

use super::*;
use crate::blocks::Unwatched;
use crate::distance::Tile;
use crate::random::{hash, uniform};
use crate::simd::{Kernel, Simd};

fn values(seed: u64, count: usize, scale: f64, shift: f64) -> Vec<f64> {
    (0..count as u64).map(|i| shift + scale * (uniform(hash(seed, 0, i)) - 0.5)).collect()
}

/// The loop over all pairs, by the kernel for prepared rows.
struct Plain<'a, 'x, 'y, X, Y>(&'a Matrix<'x, X>, &'a Matrix<'y, Y>, Metric);

impl<X: Element, Y: Element> Kernel for Plain<'_, '_, '_, X, Y> {
    type Output = Vec<(f64, i64)>;

    fn run<S: Simd>(self) -> Vec<(f64, i64)> {
        let Plain(x, y, metric) = self;
        let (mut rows, mut points) = (Tile::new(metric, x.columns()), Tile::new(metric, x.columns()));
        (0..x.rows()).for_each(|row| assert!(rows.push::<S, X>(x, row)));
        (0..y.rows()).for_each(|row| assert!(points.push::<S, Y>(y, row)));
        let mut best = vec![(f64::INFINITY, 0); x.rows()];
        let mut sums = vec![0.0; x.rows()];
        for point in 0..y.rows() {
            rows.to_one::<S>(points.row(point), points.zero(point), &mut sums);
            for ((least, index), &sum) in best.iter_mut().zip(&sums) {
                if metric.finish(sum) < metric.finish(*least) {
                    *index = point as i64;
                }
                *least = least.min(sum);
            }
        }
        best
    }
}

fn plain<X: Element, Y: Element>(x: &Matrix<'_, X>, y: &Matrix<'_, Y>, metric: Metric) -> Vec<(f64, i64)> {
    Level::Portable.run(Plain(x, y, metric))
}

fn found<X: Element, Y: Element>(
    x: &Matrix<'_, X>,
    y: &Matrix<'_, Y>,
    metric: Metric,
    level: Level,
    threads: usize,
) -> Vec<(f64, i64)> {
    let (mut sums, mut indices) = (vec![f64::NAN; x.rows()], vec![-1; x.rows()]);
    min_distances(x, None, y, metric, level, &mut sums, &mut indices, threads, &mut Unwatched).unwrap();
    sums.into_iter().zip(indices).collect()
}

fn check_all<X: Element, Y: Element>(x: &Matrix<'_, X>, y: &Matrix<'_, Y>, about: &str) {
    for metric in Metric::ALL {
        let wanted = plain(x, y, metric);
        for level in Level::ALL.into_iter().filter(|level| level.supported()) {
            for threads in [1, 3] {
                let found = found(x, y, metric, level, threads);
                for (row, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                    let same = found.0.to_bits() == wanted.0.to_bits() && found.1 == wanted.1;
                    assert!(same, "{about} {metric:?} {level:?} {threads} row {row}: {found:?} {wanted:?}");
                }
            }
        }
    }
}

/// In both precisions.
fn check_values(x: &[f64], y: &[f64], features: usize, about: &str) {
    let rows = |values: &[f64]| values.len() / features;
    let (a, b) = (Matrix::from_rows(x, rows(x), features).unwrap(), Matrix::from_rows(y, rows(y), features).unwrap());
    check_all(&a, &b, about);
    if x.iter().chain(y).any(|x| x.abs() > 1e38) {
        return;
    }
    let narrow = |values: &[f64]| values.iter().map(|&x| x as f32).collect::<Vec<_>>();
    let (x, y) = (narrow(x), narrow(y));
    let (c, d) = (
        Matrix::from_rows(&x, rows_of(&x, features), features).unwrap(),
        Matrix::from_columns(&y, rows_of(&y, features), features).unwrap(),
    );
    check_all(&c, &d, about);
    check_all(&c, &b, about);
}

fn rows_of(values: &[f32], features: usize) -> usize {
    values.len() / features
}

#[test]
fn as_the_plain_loop_at_every_width() {
    for features in 1..70 {
        let x = values(1, (1 + features * 5 % 37) * features, 2.0, 0.0);
        let y = values(2, (1 + features * 11 % 90) * features, 2.0, 0.1);
        check_values(&x, &y, features, "uniform");
    }
    for features in [320, 321, 700] {
        check_values(&values(1, 30 * features, 2.0, 0.0), &values(2, 300 * features, 2.0, 0.1), features, "wide");
    }
}

#[test]
fn as_the_plain_loop_where_the_filter_is_blind() {
    let features = 19;
    let (x, y) = (values(1, 50 * features, 1.0, 0.0), values(2, 200 * features, 1.0, 0.0));
    let shifted = |v: &[f64], by: f64| v.iter().map(|x| x + by).collect::<Vec<_>>();
    let scaled = |v: &[f64], by: f64| v.iter().map(|x| x * by).collect::<Vec<_>>();
    check_values(&shifted(&x, 1e6), &shifted(&y, 1e6), features, "far from zero");
    check_values(&shifted(&x, 1e12), &y, features, "far from each other");
    for scale in [1e-300, 1e-44, 1e-25, 1e15, 1e25] {
        check_values(&scaled(&x, scale), &scaled(&y, scale), features, "scaled");
    }
    check_values(&vec![0.5; 20 * features], &vec![0.5; 90 * features], features, "all equal");
    check_values(&vec![0.0; 20 * features], &y, features, "zeros");
    check_values(&x, &vec![0.0; 70 * features], features, "to zeros");
    let near: Vec<f64> =
        (0..300).flat_map(|i| y[..features].iter().map(move |v| v + 1e-9 * f64::from(i % 7))).collect();
    check_values(&y[..40 * features], &near, features, "near-duplicates");
    let mut outliers = y.clone();
    outliers[5 * features] = 1e30;
    outliers[50 * features + 3] = -1e30;
    outliers[70 * features + 3] = 1e9;
    check_values(&x, &outliers, features, "outliers");
    check_values(&outliers, &y, features, "outliers in x");
    check_values(&scaled(&outliers, 1e100), &scaled(&outliers, 1e100), features, "large");
    let mut zeros = y.clone();
    zeros[30 * features..33 * features].fill(0.0);
    check_values(&zeros, &zeros, features, "itself, with rows of zeros");
    let ties: Vec<f64> = (0..200 * features).map(|i| (hash(1, 2, i as u64) % 2) as f64).collect();
    check_values(&ties[..50 * features], &ties, features, "ties");
}

#[test]
fn a_bad_row_is_named() {
    let (mut x, mut y) = (values(1, 600, 1.0, 0.0), values(2, 600, 1.0, 0.0));
    let run = |x: &[f64], y: &[f64]| {
        let (x, y) = (Matrix::from_rows(x, 200, 3).unwrap(), Matrix::from_rows(y, 200, 3).unwrap());
        let (mut sums, mut indices) = (vec![0.0; 200], vec![0; 200]);
        let level = Level::best();
        min_distances(&x, None, &y, Metric::Euclidean, level, &mut sums, &mut indices, 2, &mut Unwatched)
            .unwrap_err()
            .to_string()
    };
    x[301] = f64::NAN;
    x[500] = f64::INFINITY;
    assert_eq!(run(&x, &y), "row 100 has NaN in column 1; accepted are finite numbers");
    y[5] = f64::NEG_INFINITY;
    assert_eq!(run(&x, &y), "Y: row 1 has -inf in column 2; accepted are finite numbers");
}

#[test]
fn picked_rows_only() {
    let (x, y) = (values(1, 900, 1.0, 0.0), values(2, 150, 1.0, 0.0));
    let (mut x, y) = (x, Matrix::from_rows(&y, 50, 3).unwrap());
    x[3] = f64::NAN;
    let x = Matrix::from_rows(&x, 300, 3).unwrap();
    let run = |ids: &[i64]| {
        let (mut sums, mut indices) = (vec![0.0; ids.len()], vec![0; ids.len()]);
        let (sums_to, indices_to) = (&mut sums, &mut indices);
        min_distances(&x, Some(ids), &y, Metric::Manhattan, Level::best(), sums_to, indices_to, 2, &mut Unwatched)
            .map(|()| sums.into_iter().zip(indices).collect::<Vec<_>>())
    };
    let ids: Vec<i64> = (0..200).map(|i| 299 - i).collect();
    let wanted = found(&x.slice(100..300), &y, Metric::Manhattan, Level::best(), 1);
    assert!(run(&ids).unwrap().iter().eq(wanted.iter().rev()));
    assert_eq!(run(&[]).unwrap(), []);
    assert_eq!(run(&[5, 1]).unwrap_err().to_string(), "row 1 has NaN in column 0; accepted are finite numbers");
    assert_eq!(run(&[0, 300]).unwrap_err().to_string(), "among has id 300; accepted are 0 to 299");
    assert_eq!(run(&[-1]).unwrap_err().to_string(), "among has id -1; accepted are 0 to 299");
}
