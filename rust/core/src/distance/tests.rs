use super::*;
use crate::matrix::Matrix;
use crate::random::{hash, uniform};
use crate::simd::{Kernel, Level, Simd};
use half::{bf16, f16};

/// Sums of the distances of each row to each, by both kernels.
struct Both<'a, E> {
    metric: Metric,
    matrix: Matrix<'a, E>,
}

impl<E: crate::float::Element> Kernel for Both<'_, E> {
    type Output = (Vec<f64>, Vec<f64>);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let (rows, features) = (self.matrix.rows(), self.matrix.columns());
        let mut tile = Tile::new(self.metric, features);
        let mut centres = Centres::new(self.metric, features);
        for row in 0..rows {
            tile.push(simd, &self.matrix, row).unwrap();
            centres.push(tile.row(row), tile.zero(row));
        }
        let mut one = vec![0.0; rows * rows];
        let mut group = vec![0.0; rows * rows];
        for row in 0..rows {
            tile.to_one(simd, tile.row(row), tile.zero(row), &mut one[row * rows..(row + 1) * rows]);
            for g in 0..rows.div_ceil(GROUP) {
                let sums = centres.sums(simd, tile.row(row), tile.zero(row), g);
                for (lane, &sum) in sums.iter().enumerate() {
                    match g * GROUP + lane {
                        point if point < rows => group[row * rows + point] = sum,
                        _ => assert_eq!(sum, f64::INFINITY),
                    }
                }
            }
        }
        (one, group)
    }
}

fn data(rows: usize, features: usize, seed: u64) -> Vec<f64> {
    (0..rows * features).map(|i| uniform(hash(seed, 3, i as u64)) - 0.4).collect()
}

fn plain(metric: Metric, x: &[f64], y: &[f64]) -> f64 {
    let pairs = || x.iter().zip(y);
    match metric {
        Metric::Euclidean => pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt(),
        Metric::SqEuclidean => pairs().map(|(x, y)| (x - y).powi(2)).sum(),
        Metric::Manhattan => pairs().map(|(x, y)| (x - y).abs()).sum(),
        Metric::Cosine => {
            let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            let lengths = (dot(x, x) * dot(y, y)).sqrt();
            if lengths == 0.0 { 1.0 } else { 1.0 - dot(x, y) / lengths }
        }
    }
}

#[test]
fn both_kernels_agree_with_the_definition_and_to_the_bit_at_every_level() {
    for metric in Metric::ALL {
        for features in [1, 2, 7, 8, 9, 15, 16, 17, 31, 64, 100, 383] {
            let rows = 13;
            let mut values = data(rows, features, features as u64);
            values[3 * features..4 * features].fill(0.0);
            let matrix = Matrix::from_rows(&values, rows, features).unwrap();
            let (first, _) = Level::Portable.run(Both { metric, matrix });
            for i in 0..rows {
                for j in 0..rows {
                    let row = |i: usize| &values[i * features..(i + 1) * features];
                    let (came, wanted) = (metric.finish(first[i * rows + j]), plain(metric, row(i), row(j)));
                    let slack = 1e-13 * (1.0 + wanted);
                    assert!((came - wanted).abs() <= slack, "{metric:?} {features} ({i}, {j}): {came} {wanted}");
                }
            }
            for level in Level::ALL {
                let (one, group) = level.run(Both { metric, matrix });
                assert_eq!(one, first, "{metric:?} {features} {level:?}");
                assert_eq!(group, first, "{metric:?} {features} {level:?}");
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_dtype_or_layout() {
    let (rows, features) = (11, 70);
    // Whole multiples of 1/64 in (-0.5, 0.75): exact in every dtype.
    let values: Vec<f64> = data(rows, features, 9).iter().map(|x| (x * 64.0).round() / 64.0).collect();
    for metric in Metric::ALL {
        let wanted = Level::best().run(Both { metric, matrix: Matrix::from_rows(&values, rows, features).unwrap() });
        macro_rules! same {
            ($type:ty, $narrow:expr) => {
                let narrow: Vec<$type> = values.iter().map(|&x| $narrow(x)).collect();
                let matrix = Matrix::from_rows(&narrow, rows, features).unwrap();
                assert_eq!(Level::best().run(Both { metric, matrix }), wanted);
                let mut turned = narrow.clone();
                for row in 0..rows {
                    for column in 0..features {
                        turned[column * rows + row] = narrow[row * features + column];
                    }
                }
                let matrix = Matrix::from_columns(&turned, rows, features).unwrap();
                assert_eq!(Level::best().run(Both { metric, matrix }), wanted);
            };
        }
        same!(f64, |x| x);
        same!(f32, |x| x as f32);
        same!(f16, f16::from_f64);
        same!(bf16, bf16::from_f64);
    }
}

#[test]
fn near_duplicates_keep_their_accuracy() {
    let features = 64;
    let x: Vec<f32> = data(1, features, 4).iter().map(|&x| x as f32 + 10.0).collect();
    let mut y = x.clone();
    y[17] = y[17].next_up();
    let both = [x.clone(), y.clone()].concat();
    let (sums, _) =
        Level::best().run(Both { metric: Metric::SqEuclidean, matrix: Matrix::from_rows(&both, 2, features).unwrap() });
    let step = f64::from(y[17]) - f64::from(x[17]);
    assert_eq!(sums[1], step * step);
    assert_eq!(sums[0], 0.0);
}

#[test]
fn cosine_of_tiny_huge_and_zero_rows() {
    let values = [1e-300, 0.0, 1e100, 1e100, 0.0, 0.0, 5e-324, 0.0];
    let (sums, _) =
        Level::best().run(Both { metric: Metric::Cosine, matrix: Matrix::from_rows(&values, 4, 2).unwrap() });
    let distance = |i: usize, j: usize| Metric::Cosine.finish(sums[i * 4 + j]);
    assert!((distance(0, 1) - (1.0 - 0.5_f64.sqrt())).abs() < 1e-15);
    assert!(distance(0, 3) < 1e-30);
    assert_eq!((distance(0, 2), distance(2, 2)), (1.0, 1.0));
}

struct Push<'a>(Matrix<'a, f64>);

impl Kernel for Push<'_> {
    type Output = Vec<bool>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<bool> {
        let mut tile = Tile::new(Metric::Euclidean, self.0.columns());
        (0..self.0.rows()).map(|row| tile.push(simd, &self.0, row).is_ok()).collect()
    }
}

#[test]
fn rows_that_cannot_be_compared_are_named() {
    let mut values = data(5, 3, 1);
    (values[4], values[8], values[9]) = (f64::NAN, f64::NEG_INFINITY, -1e200);
    let matrix = Matrix::from_rows(&values, 5, 3).unwrap();
    for level in Level::ALL {
        assert_eq!(level.run(Push(matrix)), [true, false, false, false, true]);
    }
    let message = |row| row_fault(&matrix, row).to_string();
    assert_eq!(message(1), "row 1 has NaN in column 1; accepted are finite numbers");
    assert_eq!(message(2), "row 2 has -inf in column 2; accepted are finite numbers");
    assert_eq!(message(3), "row 3 has -1e200 in column 0; accepted are numbers below 2^500 in magnitude");
}
