//! Intervals hold the true score, and the best rows are left: every level, dtype, layout, link and
//! measure.

use crate::levels;
use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::float::{Element, Float};
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::model::{Linear, Link, Narrowed, Outcome, Sparse, Tree, Trees};
use shortlist_core::random::{hash, uniform};

const MEASURES: [Measure; 6] = [
    Measure::LeastConfident,
    Measure::Margin,
    Measure::Ratio,
    Measure::Entropy,
    Measure::NormalisedEntropy,
    Measure::Gini,
];

fn number(seed: u64, i: usize) -> f64 {
    2.0 * uniform(hash(seed, 0, i as u64)) - 1.0
}

/// Probabilities of a row, in f64.
fn probabilities(logits: &[f64], link: Link) -> Vec<f64> {
    let logistic = |z: f64| 1.0 / (1.0 + (-z).exp());
    let weights: Vec<f64> = match link {
        Link::Logistic => vec![1.0 - logistic(logits[0]), logistic(logits[0])],
        Link::OneVersusRest => logits.iter().map(|&z| logistic(z)).collect(),
        Link::Softmax => {
            let most = logits.iter().fold(f64::NEG_INFINITY, |most, &z| most.max(z));
            logits.iter().map(|z| (z - most).exp()).collect()
        }
    };
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

fn score(mut p: Vec<f64>, measure: Measure) -> f64 {
    p.sort_unstable_by(|a, b| b.total_cmp(a));
    let entropy = || -p.iter().filter(|&&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
    match measure {
        Measure::LeastConfident => 1.0 - p[0],
        Measure::Margin => p[0] - p[1],
        Measure::Ratio => p[1] / p[0],
        Measure::Entropy => entropy(),
        Measure::NormalisedEntropy => entropy() / (p.len() as f64).ln(),
        Measure::Gini => 1.0 - p.iter().map(|p| p * p).sum::<f64>(),
        Measure::Energy => unreachable!(),
    }
}

/// A model, and the true logits of a row.
struct Truth {
    weights: Vec<f64>,
    intercepts: Vec<f64>,
    features: usize,
    link: Link,
}

impl Truth {
    fn new(outputs: usize, features: usize, scale: f64, link: Link) -> Truth {
        let weights = (0..outputs * features).map(|i| scale * number(3, i) * 10_f64.powi(i as i32 % 5 - 2)).collect();
        Truth { weights, intercepts: (0..outputs).map(|i| number(4, i)).collect(), features, link }
    }

    fn model(&self) -> Linear {
        let weights = Matrix::from_rows(&self.weights, self.intercepts.len(), self.features).unwrap();
        Linear::new(&weights, &self.intercepts, 0.0, self.link, 0.0).unwrap()
    }

    fn score(&self, row: impl Fn(usize) -> f64, measure: Measure) -> f64 {
        let logit = |(output, b): (usize, &f64)| {
            b + (0..self.features).map(|j| row(j) * self.weights[output * self.features + j]).sum::<f64>()
        };
        let logits: Vec<f64> = self.intercepts.iter().enumerate().map(logit).collect();
        score(probabilities(&logits, self.link), measure)
    }
}

/// All rows have an interval that holds the truth, and the best k are left.
fn holds(truth: &[f64], measure: Measure, find: impl Fn(usize) -> Narrowed) {
    let Narrowed::To(all) = find(truth.len()) else { panic!("few rows are always left") };
    assert_eq!(all.len(), truth.len());
    for row in &all {
        let score = truth[row.row as usize];
        assert!(row.low <= score && score <= row.high, "{measure:?} row {}: {score} in {row:?}", row.row);
        assert!(row.high - row.low < 0.02, "{measure:?}: {row:?} says nothing");
    }
    let k = 7.min(truth.len());
    let Narrowed::To(left) = find(k) else { panic!() };
    let mut order: Vec<usize> = (0..truth.len()).collect();
    order.sort_by(|&a, &b| measure.about().order.orient(truth[b]).total_cmp(&measure.about().order.orient(truth[a])));
    for &row in &order[..k] {
        assert!(left.iter().any(|left| left.row == row as u64), "{measure:?} lost row {row}");
    }
    if truth.len() > 500 {
        assert!(left.len() < truth.len() / 4, "{measure:?} left {} of {}", left.len(), truth.len());
    }
}

fn dense<E: Element>(narrow: impl Fn(f64) -> E) {
    for (rows, features, outputs, link) in [
        (1, 1, 1, Link::Logistic),
        (700, 7, 1, Link::Logistic),
        (33, 32, 2, Link::Softmax),
        (700, 70, 10, Link::Softmax),
        (90, 100, 13, Link::Softmax),
        (64, 33, 60, Link::Softmax),
        (130, 5, 3, Link::OneVersusRest),
        (47, 129, 25, Link::OneVersusRest),
    ] {
        let truth = Truth::new(outputs, features, 0.5 / (features as f64).sqrt(), link);
        let model = truth.model();
        let values: Vec<E> = (0..rows * features).map(|i| narrow(number(5, i))).collect();
        let columns: Vec<E> = (0..rows * features).map(|i| values[i % rows * features + i / rows]).collect();
        let wide = |i: usize| -> f64 { values[i].widen().into() };
        for measure in MEASURES {
            let scores: Vec<f64> = (0..rows).map(|row| truth.score(|j| wide(row * features + j), measure)).collect();
            for level in levels() {
                for matrix in [
                    Matrix::from_rows(&values, rows, features).unwrap(),
                    Matrix::from_columns(&columns, rows, features).unwrap(),
                ] {
                    holds(&scores, measure, |k| {
                        model.candidates(&matrix, measure, k, level, 2, &mut Unwatched).unwrap()
                    });
                }
            }
        }
    }
}

#[test]
fn intervals_of_dense_rows_hold_the_truth() {
    dense::<f64>(|x| x);
    dense::<f32>(|x| x as f32);
    dense::<f16>(f16::from_f64);
    dense::<bf16>(bf16::from_f64);
}

#[test]
fn intervals_of_compressed_rows_hold_the_truth() {
    for (rows, features, outputs, link) in [
        (1, 3, 1, Link::Logistic),
        (600, 40, 1, Link::Logistic),
        (600, 90, 70, Link::Softmax),
        (50, 9, 5, Link::OneVersusRest),
    ] {
        let truth = Truth::new(outputs, features, 0.5, link);
        let model = truth.model();
        let (mut starts, mut columns, mut values) = (vec![0_i32], Vec::new(), Vec::new());
        for row in 0..rows {
            for j in (0..features).filter(|j| number(6, row * features + j) > 0.6) {
                columns.push(j as i32);
                values.push(number(7, row * features + j));
            }
            starts.push(columns.len() as i32);
        }
        let matrix = Sparse::new(&starts, &columns, &values, features).unwrap();
        let value = |row: usize, j: usize| {
            let there = starts[row] as usize..starts[row + 1] as usize;
            there.clone().find(|&i| columns[i] == j as i32).map_or(0.0, |i| values[i])
        };
        for measure in MEASURES {
            let scores: Vec<f64> = (0..rows).map(|row| truth.score(|j| value(row, j), measure)).collect();
            for level in levels() {
                holds(&scores, measure, |k| {
                    model.candidates_of_sparse(&matrix, measure, k, level, 2, &mut Unwatched).unwrap()
                });
            }
        }
    }
}

#[test]
fn rows_without_an_interval_are_left_for_the_model() {
    let truth = Truth::new(3, 8, 0.3, Link::Softmax);
    let model = truth.model();
    let mut values: Vec<f64> = (0..2000 * 8).map(|i| number(8, i)).collect();
    values[17 * 8 + 3] = f64::NAN;
    values[40 * 8] = f64::INFINITY;
    values[1999 * 8 + 7] = 1e200;
    let matrix = Matrix::from_rows(&values, 2000, 8).unwrap();
    for level in levels() {
        let found = model.candidates(&matrix, Measure::Margin, 5, level, 1, &mut Unwatched).unwrap();
        let Narrowed::To(left) = found else { panic!() };
        for row in [17, 40, 1999] {
            assert!(left.iter().any(|left| left.row == row && left.low == f64::NEG_INFINITY));
        }
        assert!(left.len() < 100);
    }
}

#[test]
fn what_is_wrong_is_said() {
    let truth = Truth::new(3, 8, 0.3, Link::Softmax);
    let matrix = Matrix::from_rows(&[0.0_f32; 14], 2, 7).unwrap();
    let error = truth.model().candidates(&matrix, Measure::Margin, 1, Level::best(), 1, &mut Unwatched).unwrap_err();
    assert_eq!(error.to_string(), "x has 7 columns; the model was fitted on 8");
    assert!(Sparse::new(&[0, 3, 2], &[0, 1, 2], &[1.0, 2.0, 3.0], 5).is_err());
    assert!(Sparse::new(&[0, 4], &[0, 1, 2], &[1.0, 2.0, 3.0], 5).is_err());
    assert!(Sparse::<f64, i32>::new(&[], &[], &[], 5).is_err());
    let matrix = Matrix::from_rows(&[f64::NAN], 1, 1).unwrap();
    assert!(Linear::new(&matrix, &[0.0], 0.0, Link::Logistic, 0.0).is_err());
}

#[test]
fn an_entry_outside_the_matrix_leaves_its_row_to_the_model() {
    let truth = Truth::new(3, 4, 0.3, Link::Softmax);
    let matrix = Sparse::new(&[0, 1, 2], &[9, -1], &[1.0, 1.0], 4).unwrap();
    let model = truth.model();
    let found = model.candidates_of_sparse(&matrix, Measure::Margin, 1, Level::best(), 1, &mut Unwatched).unwrap();
    let Narrowed::To(left) = found else { panic!() };
    assert_eq!(left.len(), 2);
}

/// A tree of so many levels over so many features, each leaf with its own numbers.
struct Grown {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    values: Vec<f64>,
}

impl Grown {
    fn new(seed: u64, levels: usize, features: usize, width: usize) -> Grown {
        let mut tree = Grown { left: vec![], right: vec![], feature: vec![], threshold: vec![], values: vec![] };
        tree.grow(seed, levels, features, width);
        tree
    }

    /// Depth first, as scikit-learn numbers nodes; some branches end early.
    fn grow(&mut self, seed: u64, levels: usize, features: usize, width: usize) -> i64 {
        let node = self.left.len();
        let draw = |step: u64| uniform(hash(seed, step, node as u64));
        self.feature.push((draw(0) * features as f64) as i64);
        self.threshold.push(2.0 * draw(1) - 1.0);
        let leaf: Vec<f64> = (0..width).map(|i| draw(2 + i as u64)).collect();
        let sum: f64 = if width > 1 { leaf.iter().sum() } else { 5.0 };
        self.values.extend(leaf.iter().map(|value| value / sum));
        self.left.push(-1);
        self.right.push(-1);
        if levels > 0 && (node < 3 || draw(90) > 0.2) {
            self.left[node] = self.grow(seed, levels - 1, features, width);
            self.right[node] = self.grow(seed, levels - 1, features, width);
        }
        node as i64
    }

    fn tree(&self) -> Tree<'_> {
        let Grown { left, right, feature, threshold, values } = self;
        Tree { left, right, feature, threshold, values }
    }

    fn leaf(&self, row: &[f64], width: usize) -> &[f64] {
        let mut node = 0;
        while self.left[node] >= 0 {
            let left = row[self.feature[node] as usize] <= self.threshold[node];
            node = if left { self.left[node] } else { self.right[node] } as usize;
        }
        &self.values[node * width..][..width]
    }
}

fn forest<T: Float + Element<Compute = T>>(outcome: Outcome, classes: usize, rows: usize) {
    let (features, count) = (5, 30);
    let width = if outcome == Outcome::Mean { classes } else { 1 };
    let grown: Vec<Grown> = (0..count).map(|i| Grown::new(i, i as usize % 9, features, width)).collect();
    let base =
        vec![if outcome == Outcome::Mean { 0.0 } else { 0.1 }; if outcome == Outcome::Logistic { 1 } else { classes }];
    let model: Trees<T> = Trees::new(grown.iter().map(Grown::tree), features, &base, outcome).unwrap();
    let values: Vec<f64> = (0..rows * features).map(|i| number(11, i)).collect();
    let taken: Vec<f64> = values.iter().map(|&value| T::from_f64(value).into()).collect();
    let columns: Vec<f64> = (0..rows * features).map(|i| values[i % rows * features + i / rows]).collect();
    for measure in MEASURES {
        let truth: Vec<f64> = (0..rows)
            .map(|row| {
                let row = &taken[row * features..][..features];
                let mut sums = base.clone();
                for (t, tree) in grown.iter().enumerate() {
                    let leaf = tree.leaf(row, width);
                    match outcome {
                        Outcome::Mean => {
                            sums.iter_mut().zip(leaf).for_each(|(sum, value)| *sum += value / count as f64)
                        }
                        _ => sums[t % base.len()] += leaf[0],
                    }
                }
                let link = if outcome == Outcome::Logistic { Link::Logistic } else { Link::Softmax };
                score(if outcome == Outcome::Mean { sums } else { probabilities(&sums, link) }, measure)
            })
            .collect();
        for matrix in [
            Matrix::from_rows(&values, rows, features).unwrap(),
            Matrix::from_columns(&columns, rows, features).unwrap(),
        ] {
            holds(&truth, measure, |k| {
                model.candidates(&matrix, measure, k, Level::best(), 2, &mut Unwatched).unwrap()
            });
        }
    }
}

#[test]
fn intervals_of_trees_hold_the_truth() {
    for rows in [1, 15, 700] {
        forest::<f32>(Outcome::Mean, 2, rows);
        forest::<f32>(Outcome::Mean, 7, rows);
        forest::<f64>(Outcome::Softmax, 3, rows);
        forest::<f32>(Outcome::Softmax, 3, rows);
        forest::<f64>(Outcome::Logistic, 2, rows);
    }
}

#[test]
fn trees_that_are_none_are_refused() {
    let sound = Grown::new(1, 3, 4, 2);
    let new = |change: fn(&mut Grown)| {
        let mut tree = Grown { left: sound.left.clone(), right: sound.right.clone(), ..Grown::new(1, 3, 4, 2) };
        change(&mut tree);
        Trees::<f32>::new([tree.tree()].into_iter(), 4, &[0.0, 0.0], Outcome::Mean).map(drop)
    };
    assert!(new(|_| ()).is_ok());
    assert!(new(|tree| tree.left[0] = 0).is_err());
    assert!(new(|tree| tree.right[0] = 1_000).is_err());
    assert!(new(|tree| tree.feature[0] = 4).is_err());
    assert!(new(|tree| tree.feature[0] = -2).is_err());
    assert!(new(|tree| tree.values.truncate(3)).is_err());
    assert!(new(|tree| tree.values.fill(f64::NAN)).is_err());
    assert!(Trees::<f32>::new([].into_iter(), 4, &[0.0, 0.0], Outcome::Mean).is_err());
}
