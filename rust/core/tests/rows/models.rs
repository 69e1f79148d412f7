//! Intervals hold the true score, and the best rows are left: every level, dtype, layout, link and
//! measure.

use crate::fence::{At, Fenced};
use crate::levels;
use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::committee::CommitteeMeasure;
use shortlist_core::float::Element;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::model::{Compared, Curve, Layout, Leaves, Linear, Link, Narrowed, Own, Sparse, Tree, Trees};
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
        Link::Given => logits.to_vec(),
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

    fn model(&self, layout: Layout) -> Linear {
        let weights = Matrix::from_rows(&self.weights, self.intercepts.len(), self.features).unwrap();
        let model = Linear::new(&weights, &self.intercepts, self.link, layout, Own::default(), 1).unwrap();
        // The same from weights feature by feature.
        let outputs = self.intercepts.len();
        let turned: Vec<f64> =
            (0..self.weights.len()).map(|i| self.weights[i % outputs * self.features + i / outputs]).collect();
        let weights = Matrix::from_columns(&turned, outputs, self.features).unwrap();
        let other = Linear::new(&weights, &self.intercepts, self.link, layout, Own::default(), 1).unwrap();
        assert_eq!(format!("{model:?}"), format!("{other:?}"));
        model
    }

    fn logits(&self, row: impl Fn(usize) -> f64) -> Vec<f64> {
        let logit = |(output, b): (usize, &f64)| {
            b + (0..self.features).map(|j| row(j) * self.weights[output * self.features + j]).sum::<f64>()
        };
        self.intercepts.iter().enumerate().map(logit).collect()
    }

    fn score(&self, row: impl Fn(usize) -> f64, measure: Measure) -> f64 {
        score(probabilities(&self.logits(row), self.link), measure)
    }
}

/// All rows have an interval that holds the truth and says something, and the best k are left.
fn holds(truth: &[f64], measure: Measure, width: f64, find: impl Fn(usize) -> Narrowed) {
    let Narrowed::To(all) = find(truth.len()) else { panic!("few rows are always left") };
    assert_eq!(all.len(), truth.len());
    for row in &all {
        let score = truth[row.row as usize];
        assert!(row.low <= score && score <= row.high, "{measure:?} row {}: {score} in {row:?}", row.row);
        assert!(row.high - row.low < width, "{measure:?}: {row:?} says nothing");
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
        (21, 2100, 4, Link::Softmax),
    ] {
        let truth = Truth::new(outputs, features, 0.5 / (features as f64).sqrt(), link);
        let model = truth.model(Layout::Dense);
        let values: Vec<E> = (0..rows * features).map(|i| narrow(number(5, i))).collect();
        let columns: Vec<E> = (0..rows * features).map(|i| values[i % rows * features + i / rows]).collect();
        let (values, columns) = (Fenced::of(&values, At::End), Fenced::of(&columns, At::End));
        let wide = |i: usize| -> f64 { values[i].widen().into() };
        for measure in MEASURES {
            let scores: Vec<f64> = (0..rows).map(|row| truth.score(|j| wide(row * features + j), measure)).collect();
            let mut same = Vec::new();
            for level in levels() {
                for matrix in [
                    Matrix::from_rows(&values, rows, features).unwrap(),
                    Matrix::from_columns(&columns, rows, features).unwrap(),
                ] {
                    same.push(model.candidates(&matrix, measure, rows, level, 1, &mut Unwatched).unwrap());
                    holds(&scores, measure, 0.02, |k| {
                        model.candidates(&matrix, measure, k, level, 2, &mut Unwatched).unwrap()
                    });
                }
            }
            assert!(same.windows(2).all(|pair| pair[0] == pair[1]), "levels and layouts give the same bits");
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
        (90, 30, 300, Link::Softmax),
        (50, 9, 5, Link::OneVersusRest),
    ] {
        let truth = Truth::new(outputs, features, 0.5, link);
        let model = truth.model(Layout::Compressed);
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
                holds(&scores, measure, 0.05, |k| {
                    model.candidates_of_sparse(&matrix, measure, k, level, 2, &mut Unwatched).unwrap()
                });
            }
        }
    }
}

/// What the members of a committee say of a row, by the definitions.
fn of_committee(members: &[Vec<f64>], measure: CommitteeMeasure) -> f64 {
    let (count, classes) = (members.len() as f64, members[0].len());
    let entropy = |p: &[f64]| -p.iter().filter(|&&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
    let mean: Vec<f64> = (0..classes).map(|c| members.iter().map(|p| p[c]).sum::<f64>() / count).collect();
    let mut votes = vec![0.0; classes];
    for p in members {
        let top = (0..classes).fold(0, |top, c| if p[c] > p[top] { c } else { top });
        votes[top] += 1.0 / count;
    }
    let divergence = |p: &Vec<f64>| p.iter().zip(&mean).map(|(p, q)| p * (p / q).ln()).sum::<f64>();
    match measure {
        CommitteeMeasure::VoteEntropy => entropy(&votes),
        CommitteeMeasure::VariationRatio => 1.0 - votes.iter().fold(0.0, |most: f64, &share| most.max(share)),
        CommitteeMeasure::ConsensusEntropy => entropy(&mean),
        CommitteeMeasure::MaxDisagreement => members.iter().map(divergence).fold(0.0, f64::max),
        CommitteeMeasure::Bald => members.iter().map(divergence).sum::<f64>() / count,
        CommitteeMeasure::MeanStd => {
            let variance = |c: usize| members.iter().map(|p| (p[c] - mean[c]).powi(2)).sum::<f64>() / count;
            (0..classes).map(|c| variance(c).sqrt()).sum::<f64>() / classes as f64
        }
    }
}

#[test]
fn intervals_of_committees_hold_the_truth() {
    for (members, classes, link) in [(4, 2, Link::Logistic), (3, 5, Link::Softmax)] {
        let (rows, features) = (1500, 21);
        let outputs = if link == Link::Logistic { members } else { members * classes };
        let of_each = outputs / members;
        let truth = Truth::new(outputs, features, 0.1, link);
        let weights = Matrix::from_rows(&truth.weights, outputs, features).unwrap();
        let model = Linear::new(&weights, &truth.intercepts, link, Layout::Dense, Own::default(), members).unwrap();
        let values: Vec<f32> = (0..rows * features).map(|i| number(5, i) as f32).collect();
        let matrix = Matrix::from_rows(&values, rows, features).unwrap();
        let compressed =
            Linear::new(&weights, &truth.intercepts, link, Layout::Compressed, Own::default(), members).unwrap();
        let starts: Vec<i64> = (0..=rows).map(|row| (row * features) as i64).collect();
        let columns: Vec<i64> = (0..rows * features).map(|i| (i % features) as i64).collect();
        let entries = Sparse::new(&starts, &columns, &values, features).unwrap();
        for &measure in CommitteeMeasure::ALL {
            let scores: Vec<f64> = (0..rows)
                .map(|row| {
                    let x = |j: usize| f64::from(values[row * features + j]);
                    let all = truth.logits(x);
                    let said: Vec<_> = all.chunks(of_each).map(|logits| probabilities(logits, link)).collect();
                    of_committee(&said, measure)
                })
                .collect();
            let mut same = Vec::new();
            for (level, layout) in levels().flat_map(|level| [(level, Layout::Dense), (level, Layout::Compressed)]) {
                let find = |k| match layout {
                    Layout::Dense => model.candidates_of_committee(&matrix, measure, k, level, 2, &mut Unwatched),
                    Layout::Compressed => {
                        compressed.candidates_of_sparse_committee(&entries, measure, k, level, 2, &mut Unwatched)
                    }
                };
                let find = |k| find(k).unwrap();
                let Narrowed::To(all) = find(rows) else { panic!() };
                assert_eq!(all.len(), rows);
                for (row, score) in all.iter().zip(&scores) {
                    assert!(row.low <= *score && *score <= row.high, "{measure:?}: {score} in {row:?}");
                }
                // Weights of compressed rows have 16 bits.
                let short = if layout == Layout::Dense { 0.01 } else { 0.1 };
                let told = all.iter().filter(|row| row.high - row.low < short).count();
                assert!(told > rows - 10, "{measure:?} says something of {told} rows");
                let Narrowed::To(left) = find(5) else { panic!() };
                let mut best = scores.clone();
                best.sort_by(|a, b| b.total_cmp(a));
                let there = |row: usize| left.iter().any(|left| left.row == row as u64);
                assert!((0..rows).all(|row| scores[row] < best[4] || there(row)), "{measure:?} lost a row");
                same.push(all);
            }
            assert!(
                same.iter().zip(&same[2..]).all(|(one, other)| one == other),
                "{measure:?}: levels give the same bits"
            );
        }
    }
}

#[test]
fn intervals_of_means_of_linear_models_hold_the_truth() {
    let (rows, features, members) = (1500, 21, 3);
    for (outputs, link) in [(members, Link::Logistic), (5 * members, Link::Softmax), (4 * members, Link::OneVersusRest)]
    {
        let truth = Truth::new(outputs, features, 0.1, link);
        let weights = Matrix::from_rows(&truth.weights, outputs, features).unwrap();
        let model = Linear::new(&weights, &truth.intercepts, link, Layout::Dense, Own::default(), members).unwrap();
        let values: Vec<f64> = (0..rows * features).map(|i| number(5, i)).collect();
        let matrix = Matrix::from_rows(&values, rows, features).unwrap();
        let said: Vec<Vec<f64>> = values
            .chunks(features)
            .map(|row| {
                let all = truth.logits(|j| row[j]);
                mean(&all.chunks(outputs / members).map(|logits| probabilities(logits, link)).collect::<Vec<_>>())
            })
            .collect();
        for measure in MEASURES {
            let scores: Vec<f64> = said.iter().map(|p| score(p.clone(), measure)).collect();
            for level in levels() {
                holds(&scores, measure, 0.01, |k| {
                    model.candidates_of_mean(&matrix, &[], measure, k, level, 2, &mut Unwatched).unwrap()
                });
            }
        }
    }
}

#[test]
fn rows_without_an_interval_are_left_for_the_model() {
    let truth = Truth::new(3, 8, 0.3, Link::Softmax);
    let model = truth.model(Layout::Dense);
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
fn rows_far_from_every_class_are_left_where_each_class_has_a_function_of_its_own() {
    let link = Link::OneVersusRest;
    let intercepts = vec![-40.0, -35.0, -60.0];
    let truth = Truth { weights: vec![1.0, -1.0, 2.0], intercepts, features: 1, link };
    let values: Vec<f64> = (0..900).map(|i| 80.0 * number(8, i)).collect();
    let matrix = Matrix::from_rows(&values, 900, 1).unwrap();
    let found = truth.model(Layout::Dense).candidates(&matrix, Measure::Margin, 900, Level::best(), 1, &mut Unwatched);
    let Narrowed::To(all) = found.unwrap() else { panic!() };
    for row in all {
        let x = values[row.row as usize];
        let largest = (x - 40.0).max(-x - 35.0).max(2.0 * x - 60.0);
        assert_eq!(row.high == f64::INFINITY, largest < -30.0, "{x}: {row:?}");
    }
}

#[test]
fn intervals_of_rows_that_no_class_is_likely_for_are_short_and_hold_the_truth() {
    let (rows, features, outputs) = (400, 20, 200);
    let truth = Truth::new(outputs, features, 0.01, Link::Softmax);
    let values: Vec<f64> = (0..rows * features).map(|i| number(5, i)).collect();
    let scores =
        |measure| -> Vec<f64> { (0..rows).map(|row| truth.score(|j| values[row * features + j], measure)).collect() };
    for measure in MEASURES {
        let matrix = Matrix::from_rows(&values, rows, features).unwrap();
        let model = truth.model(Layout::Dense);
        let found = model.candidates(&matrix, measure, rows, Level::best(), 1, &mut Unwatched).unwrap();
        let Narrowed::To(all) = found else { panic!() };
        for (row, score) in all.iter().zip(scores(measure)) {
            assert!(row.low <= score && score <= row.high, "{measure:?}: {score} in {row:?}");
            let short = matches!(measure, Measure::LeastConfident | Measure::Margin | Measure::Gini);
            // An error of a measure in `f32` alone would make them ten times as long.
            assert!(!short || row.high - row.low < 3e-6, "{measure:?}: {row:?} is long");
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let truth = Truth::new(3, 8, 0.3, Link::Softmax);
    let matrix = Matrix::from_rows(&[0.0_f32; 14], 2, 7).unwrap();
    let refused = |layout| {
        let model = truth.model(layout);
        model.candidates(&matrix, Measure::Margin, 1, Level::best(), 1, &mut Unwatched).unwrap_err().to_string()
    };
    assert_eq!(refused(Layout::Dense), "x has 7 columns; the model was fitted on 8");
    assert_eq!(refused(Layout::Compressed), "x came with rows for layout Dense; this model's is Compressed");
    assert!(Sparse::new(&[0, 3, 2], &[0, 1, 2], &[1.0, 2.0, 3.0], 5).is_err());
    assert!(Sparse::new(&[0, 4], &[0, 1, 2], &[1.0, 2.0, 3.0], 5).is_err());
    assert!(Sparse::<f64, i32>::new(&[], &[], &[], 5).is_err());
    let matrix = Matrix::from_rows(&[f64::NAN], 1, 1).unwrap();
    for layout in [Layout::Dense, Layout::Compressed] {
        assert!(Linear::new(&matrix, &[0.0], Link::Logistic, layout, Own::default(), 1).is_err());
    }
}

#[test]
fn an_entry_outside_the_matrix_leaves_its_row_to_the_model() {
    let truth = Truth::new(3, 4, 0.3, Link::Softmax);
    let matrix = Sparse::new(&[0, 1, 2], &[9, -1], &[1.0, 1.0], 4).unwrap();
    let model = truth.model(Layout::Compressed);
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

    fn tree(&self, column: usize) -> Tree<'_> {
        let Grown { left, right, feature, threshold, values } = self;
        Tree { left, right, feature, threshold, values, column }
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

/// Trees of so many members, rows they are asked about, and what each member puts out for each.
struct Wood {
    grown: Vec<Grown>,
    base: Vec<f64>,
    width: usize,
    features: usize,
    link: Link,
    members: usize,
}

impl Wood {
    fn new(link: Link, classes: usize, members: usize) -> Wood {
        let (features, count) = (5, 30 * members as u64);
        let width = if link == Link::Given { classes } else { 1 };
        // Small ones, and such as are too large for masks.
        let levels = if link == Link::Given { 14 } else { 9 };
        let mut grown: Vec<Grown> = (0..count).map(|i| Grown::new(i, i as usize % levels, features, width)).collect();
        if link == Link::Given {
            let all = grown.iter_mut().flat_map(|tree| tree.values.iter_mut());
            all.for_each(|value| *value /= 30.0);
        }
        let of_each = if link == Link::Logistic { 1 } else { classes };
        let base = vec![if link == Link::Given { 0.0 } else { 0.1 }; members * of_each];
        Wood { grown, base, width, features, link, members }
    }

    /// The output that a tree adds to: to all of a member's, or to each in turn.
    fn column(&self, tree: usize) -> usize {
        tree * self.width % self.base.len()
    }

    fn model<T: Compared>(&self) -> Trees<T> {
        let leaves = Leaves { base: &self.base, link: self.link, members: self.members, own_unit: 0.0 };
        let trees = self.grown.iter().enumerate().map(|(t, tree)| tree.tree(self.column(t)));
        Trees::new(trees, self.features, leaves).unwrap()
    }

    /// The probabilities of each member; curves put out their own.
    fn said(&self, row: &[f64], curve: Option<fn(f64) -> f64>) -> Vec<Vec<f64>> {
        let mut sums = self.base.clone();
        for (t, tree) in self.grown.iter().enumerate() {
            let to = &mut sums[self.column(t)..];
            to.iter_mut().zip(tree.leaf(row, self.width)).for_each(|(sum, value)| *sum += value);
        }
        let of_each = sums.len() / self.members;
        sums.chunks(of_each)
            .map(|outputs| match curve {
                None => probabilities(outputs, self.link),
                Some(curve) if self.link == Link::Logistic => vec![1.0 - curve(outputs[0]), curve(outputs[0])],
                Some(curve) => {
                    let heights: Vec<f64> = outputs.iter().map(|&output| curve(output)).collect();
                    let sum: f64 = heights.iter().sum();
                    heights.iter().map(|height| if sum > 0.0 { height / sum } else { 1.0 / of_each as f64 }).collect()
                }
            })
            .collect()
    }
}

fn forest<T: Compared>(link: Link, classes: usize, rows: usize) {
    let wood = Wood::new(link, classes, 1);
    let (model, features): (Trees<T>, usize) = (wood.model(), wood.features);
    let values: Vec<f64> = (0..rows * features).map(|i| number(11, i)).collect();
    let taken: Vec<f64> = values.iter().map(|&value| T::from_f64(value).into()).collect();
    let columns: Vec<f64> = (0..rows * features).map(|i| values[i % rows * features + i / rows]).collect();
    for measure in MEASURES {
        let truth: Vec<f64> =
            taken.chunks(features).map(|row| score(wood.said(row, None).remove(0), measure)).collect();
        for matrix in [
            Matrix::from_rows(&values, rows, features).unwrap(),
            Matrix::from_columns(&columns, rows, features).unwrap(),
        ] {
            for level in levels() {
                holds(&truth, measure, 0.02, |k| {
                    model.candidates(&matrix, measure, k, level, 2, &mut Unwatched).unwrap()
                });
            }
        }
    }
}

/// The mean of what members say.
fn mean(said: &[Vec<f64>]) -> Vec<f64> {
    (0..said[0].len()).map(|c| said.iter().map(|p| p[c]).sum::<f64>() / said.len() as f64).collect()
}

#[test]
fn intervals_of_means_and_committees_of_trees_hold_the_truth() {
    let rows = 900;
    let curve = |x: f64| ((x - 0.2) / 0.6).clamp(0.0, 1.0) * 0.75;
    for (link, classes) in [(Link::Given, 3), (Link::Logistic, 2), (Link::Softmax, 3), (Link::OneVersusRest, 4)] {
        let wood = Wood::new(link, classes, 3);
        let model: Trees<f64> = wood.model();
        let values: Vec<f64> = (0..rows * wood.features).map(|i| number(11, i)).collect();
        let matrix = Matrix::from_rows(&values, rows, wood.features).unwrap();
        let of_rows =
            |curve| -> Vec<Vec<Vec<f64>>> { values.chunks(wood.features).map(|row| wood.said(row, curve)).collect() };
        let said = of_rows(None);
        for measure in MEASURES {
            let truth: Vec<f64> = said.iter().map(|said| score(mean(said), measure)).collect();
            holds(&truth, measure, 0.01, |k| {
                model.candidates_of_mean(&matrix, &[], measure, k, Level::best(), 2, &mut Unwatched).unwrap()
            });
        }
        for &measure in CommitteeMeasure::ALL {
            let found = model.candidates_of_committee(&matrix, measure, rows, Level::best(), 1, &mut Unwatched);
            let Narrowed::To(all) = found.unwrap() else { panic!() };
            assert_eq!(all.len(), rows);
            for (row, said) in all.iter().zip(&said) {
                let score = of_committee(said, measure);
                assert!(row.low <= score && score <= row.high, "{link:?} {measure:?}: {score} in {row:?}");
            }
            assert!(all.iter().filter(|row| row.high - row.low < 0.01).count() > rows - 10, "{link:?} {measure:?}");
        }
        if link != Link::Softmax {
            let curves = vec![Curve::new(&[0.2, 0.8], &[0.0, 0.75]).unwrap(); wood.base.len()];
            let truth: Vec<f64> = of_rows(Some(curve)).iter().map(|said| score(mean(said), Measure::Margin)).collect();
            let found =
                model.candidates_of_mean(&matrix, &curves, Measure::Margin, rows, Level::best(), 1, &mut Unwatched);
            let Narrowed::To(all) = found.unwrap() else { panic!() };
            for (row, score) in all.iter().zip(&truth) {
                assert!(row.low <= *score && *score <= row.high, "{link:?}: {score} in {row:?}");
            }
            assert!(all.iter().filter(|row| row.high - row.low < 1e-3).count() > rows / 2, "{link:?}");
        }
    }
    for points in [(&[0.0, 0.0][..], &[0.0, 1.0][..]), (&[0.0, 1.0], &[1.0, 0.0]), (&[0.0], &[2.0]), (&[], &[])] {
        assert!(Curve::new(points.0, points.1).is_err());
    }
}

#[test]
fn intervals_of_trees_hold_the_truth() {
    // Of the most, some are out before their last tree.
    forest::<f32>(Link::Given, 2, 3000);
    forest::<f64>(Link::Given, 7, 3000);
    for rows in [1, 15, 700] {
        forest::<f32>(Link::Given, 2, rows);
        forest::<f32>(Link::Given, 7, rows);
        forest::<f64>(Link::Softmax, 3, rows);
        forest::<f32>(Link::Softmax, 3, rows);
        forest::<f64>(Link::Logistic, 2, rows);
    }
}

#[test]
fn trees_that_are_none_are_refused() {
    let sound = Grown::new(1, 3, 4, 2);
    let leaves = Leaves { base: &[0.0, 0.0], link: Link::Given, members: 1, own_unit: 0.0 };
    let new = |change: fn(&mut Grown)| {
        let mut tree = Grown { left: sound.left.clone(), right: sound.right.clone(), ..Grown::new(1, 3, 4, 2) };
        change(&mut tree);
        Trees::<f32>::new([tree.tree(0)].into_iter(), 4, leaves).map(drop)
    };
    assert!(new(|_| ()).is_ok());
    assert!(new(|tree| tree.left[0] = 0).is_err());
    assert!(new(|tree| tree.right[0] = 1_000).is_err());
    assert!(new(|tree| tree.feature[0] = 4).is_err());
    assert!(new(|tree| tree.feature[0] = -2).is_err());
    assert!(new(|tree| tree.values.truncate(3)).is_err());
    assert!(new(|tree| tree.values.fill(f64::NAN)).is_err());
    assert!(new(|tree| tree.values.fill(-1.0)).is_err());
    assert!(Trees::<f32>::new([sound.tree(1)].into_iter(), 4, leaves).is_err());
    assert!(Trees::<f32>::new([].into_iter(), 4, leaves).is_err());
}
