//! Rounds against the loop that computes the key of every row at every step, on whole numbers,
//! whose distances no order of summation changes.

use super::Worth;
use super::offers::Offers;
use super::part::{Known, Offer, Part};
use crate::blocks::Unwatched;
use crate::distance::Metric;
use crate::matrix::Matrix;
use crate::random::hash;
use crate::simd::Level;

const FEATURES: usize = 3;

/// One case: a pool, labelled rows and, for ranked batches, an uncertainty a row.
struct Case {
    metric: Metric,
    rows: Vec<f64>,
    labelled: Vec<f64>,
    uncertainty: Option<Vec<f64>>,
}

impl Case {
    fn new(seed: u64, metric: Metric, rows: usize, labelled: usize, batch: bool) -> Case {
        let number = |step, i: usize, below: u64| (hash(seed, step, i as u64) % below) as f64;
        Case {
            metric,
            rows: (0..rows * FEATURES).map(|i| number(1, i, 9)).collect(),
            labelled: (0..labelled * FEATURES).map(|i| number(2, i, 9)).collect(),
            uncertainty: batch.then(|| (0..rows).map(|i| number(3, i, 5) / 4.0 - 0.25).collect()),
        }
    }

    fn count(&self) -> usize {
        self.rows.len() / FEATURES
    }

    fn all(&self) -> usize {
        self.count() + self.labelled.len() / FEATURES
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.rows[row * FEATURES..(row + 1) * FEATURES]
    }

    fn nearest(&self, row: usize, points: &[f64]) -> f64 {
        let distance = |point: &[f64]| {
            let apart = self.row(row).iter().zip(point).map(|(x, y)| (x - y).abs());
            match self.metric {
                Metric::Manhattan => apart.sum(),
                Metric::Euclidean => apart.map(|x| x * x).sum::<f64>().sqrt(),
                _ => apart.map(|x| x * x).sum(),
            }
        };
        points.chunks(FEATURES).map(distance).fold(f64::INFINITY, f64::min)
    }

    /// What a row is worth once there are so many points, by the formula of the papers.
    fn key(&self, row: usize, distance: f64, points: usize) -> f64 {
        let Some(uncertainty) = &self.uncertainty else { return distance };
        let alpha = (self.all() as f64 - points as f64) / self.all() as f64;
        alpha * (1.0 - 1.0 / (1.0 + distance)) + (1.0 - alpha) * uncertainty[row]
    }

    /// The plain loop: picks, what each was worth, and the radius at the end.
    fn plain(&self, k: usize) -> (Vec<i64>, Vec<f64>, f64) {
        let (mut points, mut ids, mut values) = (self.labelled.clone(), Vec::new(), Vec::new());
        loop {
            let (mut best, mut most, mut radius) = (None, f64::NEG_INFINITY, 0.0_f64);
            for row in (0..self.count()).filter(|&row| !ids.contains(&(row as i64))) {
                let distance = self.nearest(row, &points);
                let key = self.key(row, distance, points.len() / FEATURES);
                radius = radius.max(distance);
                if key > most {
                    (best, most) = (Some(row), key);
                }
            }
            let Some(best) = best.filter(|_| ids.len() < k) else {
                return (ids, values, if self.uncertainty.is_some() { 0.0 } else { radius });
            };
            ids.push(best as i64);
            values.push(most);
            points.extend_from_slice(self.row(best));
        }
    }

    fn worth<'a>(&self, uncertainty: Option<&'a [f64]>) -> Worth<'a> {
        uncertainty.map_or(Worth::Distance, |uncertainty| Worth::Batch { all: self.all(), uncertainty })
    }

    /// Asserts that offered rows are up to date, and that no row kept back comes before the bounds.
    fn check(&self, first: usize, known: &Known, offer: &Offer, points: &[f64]) {
        for &row in &offer.rows {
            assert_eq!(known.nearest[row as usize], self.nearest(first + row as usize, points));
        }
        for row in 0..known.nearest.len() {
            if offer.rows.contains(&(row as i64)) || known.nearest[row] == f64::NEG_INFINITY {
                continue;
            }
            let distance = self.nearest(first + row, points);
            for (step, &(key, id)) in offer.bounds.iter().enumerate() {
                let own = self.key(first + row, distance, points.len() / FEATURES + step);
                assert!(own < key || (own == key && (first + row) as i64 >= id), "{own} {key}");
            }
        }
    }

    /// The same by rounds over parts that end at `cuts`, which offer so many rows each and bounds
    /// for so many steps.
    fn rounds(&self, cuts: &[usize], k: usize, amount: usize, ahead: usize) -> (Vec<i64>, Vec<f64>, f64) {
        let (metric, level) = (self.metric, Level::best());
        let mut parts: Vec<Known> = Vec::new();
        let mut firsts = vec![0];
        for &cut in cuts {
            let rows = cut - firsts[parts.len()];
            parts.push(Known { nearest: vec![f64::INFINITY; rows], seen: vec![0; rows] });
            firsts.push(cut);
        }
        let (mut points, mut ids, mut values) = (self.labelled.clone(), Vec::new(), Vec::new());
        for _ in 0..=k {
            let (mut offered, mut nearest, mut told) = (Vec::new(), Vec::new(), Vec::new());
            for (known, ends) in parts.iter_mut().zip(firsts.windows(2)) {
                let range = ends[0]..ends[1];
                let own: Vec<i64> = range.clone().map(|row| row as i64).collect();
                let rows = &self.rows[range.start * FEATURES..range.end * FEATURES];
                let part = Part {
                    matrix: Matrix::from_rows(rows, own.len(), FEATURES).unwrap(),
                    ids: &own,
                    worth: self.worth(self.uncertainty.as_ref().map(|known| &known[range.clone()])),
                    metric,
                    level,
                    threads: 2,
                };
                let asked = Matrix::from_rows(&points, points.len() / FEATURES, FEATURES).unwrap();
                let (after, offer) = part.offer(known.clone(), asked, amount, ahead, &mut Unwatched).unwrap();
                self.check(range.start, &after, &offer, &points);
                offered.extend(offer.rows.iter().map(|&row| own[row as usize]));
                nearest.extend(offer.rows.iter().map(|&row| after.nearest[row as usize]));
                told.push(offer.bounds);
                *known = after;
            }
            let steps = told.iter().map(Vec::len).max().unwrap();
            let best = |step: usize| {
                let at = told.iter().map(|bounds| bounds[step.min(bounds.len() - 1)]);
                at.reduce(|a, b| if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }).unwrap()
            };
            let bounds: Vec<_> = (0..steps).map(best).collect();
            let features: Vec<f64> = offered.iter().flat_map(|&id| self.row(id as usize)).copied().collect();
            let known: Option<Vec<f64>> =
                self.uncertainty.as_ref().map(|known| offered.iter().map(|&id| known[id as usize]).collect());
            let offers = Offers {
                matrix: Matrix::from_rows(&features, offered.len(), FEATURES).unwrap(),
                ids: &offered,
                nearest: &nearest,
                worth: self.worth(known.as_deref()),
                points: points.len() / FEATURES,
                bounds: &bounds,
                metric,
                level,
                threads: 1,
            };
            let reaching = offers.reaching().unwrap();
            let picked = offers.pick(k - ids.len(), &mut Unwatched).unwrap();
            assert!(picked.done || !picked.rows.is_empty(), "a round makes a pick");
            assert!(picked.rows.first().is_none_or(|&row| reaching[row as usize]));
            for (&row, value) in picked.rows.iter().zip(picked.values) {
                let id = offered[row as usize];
                ids.push(id);
                values.push(value);
                points.extend_from_slice(self.row(id as usize));
                let part = firsts.partition_point(|&first| first <= id as usize) - 1;
                parts[part].nearest[id as usize - firsts[part]] = f64::NEG_INFINITY;
            }
            if picked.done {
                return (ids, values, picked.radius);
            }
        }
        panic!("more rounds than picks");
    }
}

#[test]
fn rounds_pick_what_the_loop_over_all_rows_picks() {
    for seed in 0..36 {
        let metric = [Metric::Euclidean, Metric::SqEuclidean, Metric::Manhattan][seed as usize % 3];
        let rows = [1, 30, 90, 200][seed as usize % 4];
        let case = Case::new(seed, metric, rows, 1 + 70 * (seed as usize % 2), seed % 5 > 1);
        let k = [rows, rows.div_ceil(2), 1][seed as usize % 3];
        let wanted = case.plain(k);
        for cuts in [vec![rows], vec![rows / 3, rows / 2, rows / 2, rows]] {
            for (amount, ahead) in [(1, 1), (2, 5), (40, k + 1)] {
                let came = case.rounds(&cuts, k, amount, ahead);
                assert_eq!(came, wanted, "{seed} {cuts:?} {amount} {ahead}");
            }
        }
    }
}

#[test]
fn what_does_not_fit_together_is_named() {
    let case = Case::new(1, Metric::Euclidean, 4, 1, false);
    let matrix = Matrix::from_rows(&case.rows, 4, FEATURES).unwrap();
    let points = Matrix::from_rows(&case.labelled, 1, FEATURES).unwrap();
    let (ids, worth, metric, level) = ([0, 1, 2, 3], Worth::Distance, Metric::Euclidean, Level::best());
    let part = Part { matrix, ids: &ids, worth, metric, level, threads: 1 };
    let known = Known { nearest: vec![f64::INFINITY; 4], seen: vec![0; 4] };
    let sentence = |part: &Part<'_, f64>, points: Matrix<'_, f64>, amount: usize| {
        part.offer(known.clone(), points, amount, 1, &mut Unwatched).unwrap_err().to_string()
    };
    let short = sentence(&Part { ids: &ids[..3], ..part }, points, 2);
    assert_eq!(short, "a part has 4 rows; accepted is as much about each of them");
    let none = sentence(&part, points, 0);
    assert_eq!(none, "0 rows and bounds for 1 steps are asked for; accepted is at least one");
    let narrow = sentence(&part, Matrix::from_rows(&case.labelled, 3, 1).unwrap(), 2);
    assert_eq!(narrow, "points has shape (3, 1); accepted is at least one row of 3");
    let twice = [0, 1, 1, 3];
    let (nearest, bounds) = ([1.0; 4], [(0.0, 0)]);
    let offers =
        Offers { matrix, ids: &twice, nearest: &nearest, worth, points: 1, bounds: &bounds, metric, level, threads: 1 };
    let error = offers.pick(1, &mut Unwatched).unwrap_err().to_string();
    assert_eq!(error, "4 rows are offered; accepted are ascending ids, as much about each row, and a bound");
    assert!(offers.reaching().is_err());
}
