//! The engine against the loop over all rows.

use super::filter::{ROWS, UNROLL, lower_sums};
use super::front::Entry;
use super::nearest::Nearest;
use super::pack::{Fill, PackedBlock, PackedPoints, RowState};
use crate::blocks::Unwatched;
use crate::distance::{Absolute, Metric, Square, Tile};
use crate::diverse::candidates::Candidates;
use crate::diverse::k_center::{CoreSet, Init, KCenterOptions, k_center};
use crate::error::Error;
use crate::matrix::Matrix;
use crate::random::{hash, uniform};
use crate::simd::{Kernel, Level, Simd};

/// The distances of all rows to all rows of another matrix.
struct All<'a> {
    metric: Metric,
    rows: Matrix<'a, f64>,
    points: Matrix<'a, f64>,
}

impl Kernel for All<'_> {
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let mut tile = Tile::new(self.metric, self.rows.columns());
        let mut point = tile.clone();
        for row in 0..self.rows.rows() {
            tile.push(simd, &self.rows, row).unwrap();
        }
        let mut all = Vec::new();
        for i in 0..self.points.rows() {
            point.clear();
            point.push(simd, &self.points, i).unwrap();
            let mut sums = vec![0.0; tile.len()];
            tile.to_one(simd, point.row(0), point.zero(0), &mut sums);
            for sum in &mut sums {
                *sum = self.metric.finish(*sum);
            }
            all.push(sums);
        }
        all
    }
}

/// The plain loop: ids, distances and the radius at the end.
fn dense(
    metric: Metric,
    rows: Matrix<'_, f64>,
    among: &[i64],
    labelled: Matrix<'_, f64>,
    first: Option<i64>,
    k: usize,
) -> (Vec<i64>, Vec<f64>, f64) {
    let to_rows = Level::Portable.run(All { metric, rows, points: rows });
    let mut left = vec![f64::INFINITY; rows.rows()];
    for to_labelled in Level::Portable.run(All { metric, rows, points: labelled }) {
        left.iter_mut().zip(to_labelled).for_each(|(left, distance)| *left = left.min(distance));
    }
    let (mut ids, mut distances) = (Vec::new(), Vec::new());
    loop {
        let mut best: Option<i64> = None;
        for &id in among.iter().filter(|id| !ids.contains(*id)) {
            if best.is_none_or(|best| left[id as usize] > left[best as usize]) {
                best = Some(id);
            }
        }
        let next = if ids.is_empty() { first.or(best) } else { best };
        if ids.len() == k || next.is_none() {
            return (ids, distances, best.map_or(0.0, |best| left[best as usize]));
        }
        let next = next.unwrap();
        ids.push(next);
        distances.push(left[next as usize]);
        for (left, distance) in left.iter_mut().zip(&to_rows[next as usize]) {
            *left = left.min(*distance);
        }
    }
}

/// Rows around a few centres, some of them twice and some all zeros.
fn data(rows: usize, features: usize, clusters: usize, seed: u64) -> Vec<f64> {
    let number = |step, i: usize| uniform(hash(seed, step, i as u64)) - 0.5;
    let mut values = Vec::new();
    for row in 0..rows {
        let cluster = hash(seed, 9, row as u64) as usize % clusters;
        let same = if row % 7 == 3 { row / 2 } else { row };
        for j in 0..features {
            values.push(4.0 * number(1, cluster * features + j) + number(2, same * features + j));
        }
        if row % 41 == 5 {
            values[row * features..].fill(0.0);
        }
    }
    values.iter().map(|x| f64::from(*x as f32)).collect()
}

fn options(k: usize, metric: Metric) -> KCenterOptions {
    KCenterOptions { k, metric, init: Init::Farthest, held: None, threads: 1, level: Level::best() }
}

fn parts(set: CoreSet) -> (Vec<i64>, Vec<f64>, f64) {
    (set.ids, set.distances, set.radius)
}

#[test]
fn the_engine_picks_what_the_loop_over_all_rows_picks() {
    for (case, metric) in Metric::ALL.into_iter().cycle().take(24).enumerate() {
        let rows = [1, 2, 17, 100, 400, 700][case % 6];
        let features = [1, 3, 16, 40][case / 6];
        let values = data(rows, features, 1 + case % 9, case as u64);
        let matrix = Matrix::from_rows(&values, rows, features).unwrap();
        let all: Vec<i64> = (0..rows as i64).collect();
        let some: Vec<i64> =
            all.iter().copied().filter(|id| !hash(5, 5, *id as u64).is_multiple_of(3) || *id == 0).collect();
        let given = data(case % 5 * 9, features, 2, 77);
        let labelled = Matrix::from_rows(&given, case % 5 * 9, features).unwrap();
        for among in [None, Some(some.as_slice())] {
            let pool = among.unwrap_or(&all);
            for k in [0, 1, 5, 60, pool.len()] {
                let k = k.min(pool.len());
                let came = k_center(matrix, among, Some(&labelled), &options(k, metric), &mut Unwatched).unwrap();
                if k == 0 && labelled.rows() == 0 {
                    assert!(came.ids.is_empty());
                    continue;
                }
                let first = if labelled.rows() == 0 { Some(came.ids[0]) } else { None };
                let wanted = dense(metric, matrix, pool, labelled, first, k);
                assert_eq!(parts(came), wanted, "{metric:?} {rows}x{features} k={k}");
            }
        }
    }
}

#[test]
fn threads_levels_dtypes_and_layouts_do_not_show() {
    let (rows, features, k) = (9000, 24, 150);
    let values = data(rows, features, 12, 3);
    let matrix = Matrix::from_rows(&values, rows, features).unwrap();
    for metric in Metric::ALL {
        let wanted = parts(k_center(matrix, None, None, &options(k, metric), &mut Unwatched).unwrap());
        for level in Level::ALL {
            for threads in [1, 2, 5] {
                let options = KCenterOptions { threads, level, ..options(k, metric) };
                let came = k_center(matrix, None, None, &options, &mut Unwatched).unwrap();
                assert_eq!(parts(came), wanted, "{metric:?} {level:?} {threads}");
            }
        }
        let narrow: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        let came = Matrix::from_rows(&narrow, rows, features).unwrap();
        assert_eq!(parts(k_center(came, None, None, &options(k, metric), &mut Unwatched).unwrap()), wanted);
        let mut turned = vec![0.0; values.len()];
        for (i, &x) in values.iter().enumerate() {
            turned[i % features * rows + i / features] = x;
        }
        let came = Matrix::from_columns(&turned, rows, features).unwrap();
        assert_eq!(parts(k_center(came, None, None, &options(k, metric), &mut Unwatched).unwrap()), wanted);
    }
}

#[test]
fn rounds_do_not_show() {
    let (rows, features, k) = (5000, 24, 150);
    let values = data(rows, features, 12, 3);
    let matrix = Matrix::from_rows(&values, rows, features).unwrap();
    let some: Vec<i64> = (0..rows as i64).filter(|id| id % 3 > 0).collect();
    for metric in Metric::ALL {
        for among in [None, Some(some.as_slice())] {
            let wanted = parts(k_center(matrix, among, None, &options(k, metric), &mut Unwatched).unwrap());
            for held in [1, 7, 100, 1000, rows] {
                let options = KCenterOptions { held: Some(held), threads: 2, ..options(k, metric) };
                let came = k_center(matrix, among, None, &options, &mut Unwatched).unwrap();
                assert!(held < 1000 || came.scans < 20, "{} rounds", came.scans);
                assert_eq!(parts(came), wanted, "{metric:?} {held}");
            }
        }
    }
}

#[test]
fn equal_rows_are_filled_up_by_lowest_id() {
    let values = vec![1.5_f32; 5000 * 3];
    let matrix = Matrix::from_rows(&values, 5000, 3).unwrap();
    let came = k_center(matrix, None, None, &options(5000, Metric::Euclidean), &mut Unwatched).unwrap();
    assert_eq!(came.ids, (0..5000).collect::<Vec<_>>());
    assert!(came.distances[1..].iter().all(|&distance| distance == 0.0));
    assert_eq!(came.radius, 0.0);
}

#[test]
fn the_first_pick_is_as_asked() {
    let values = [0.0, 1.0, 2.0, 10.0, 3.0];
    let matrix = Matrix::from_rows(&values, 5, 1).unwrap();
    let first = |init| {
        let options = KCenterOptions { init, ..options(2, Metric::Euclidean) };
        k_center(matrix, None, None, &options, &mut Unwatched).map(|set| (set.ids, set.radius))
    };
    assert_eq!(first(Init::Farthest), Ok((vec![3, 0], 3.0)));
    assert_eq!(first(Init::Central), Ok((vec![4, 3], 3.0)));
    assert_eq!(first(Init::Row(1)), Ok((vec![1, 3], 2.0)));
    assert_eq!(
        first(Init::Row(5)).unwrap_err().to_string(),
        "init is 5; accepted are the ids of the 5 rows to pick from"
    );
}

#[test]
fn the_first_bad_row_is_named() {
    let mut values = data(3000, 4, 3, 1);
    (values[4 * 2500], values[4 * 1700 + 2]) = (f64::NAN, f64::INFINITY);
    let matrix = Matrix::from_rows(&values, 3000, 4).unwrap();
    for init in [Init::Farthest, Init::Row(3)] {
        for threads in [1, 4] {
            let options = KCenterOptions { init, threads, ..options(3, Metric::Manhattan) };
            let error = k_center(matrix, None, None, &options, &mut Unwatched).unwrap_err();
            assert_eq!(error.to_string(), "row 1700 has inf in column 2; accepted are finite numbers");
        }
    }
    let among: Vec<i64> = (0..1000).collect();
    assert!(k_center(matrix, Some(&among), None, &options(3, Metric::Euclidean), &mut Unwatched).is_ok());
}

#[test]
fn a_row_that_is_too_large_is_named_under_every_metric() {
    for metric in Metric::ALL {
        for large in [2f64.powi(500), -2f64.powi(600), 1e308] {
            let mut values = data(300, 4, 3, 1);
            values[4 * 170 + 2] = large;
            let matrix = Matrix::from_rows(&values, 300, 4).unwrap();
            let options = KCenterOptions { init: Init::Row(3), ..options(3, metric) };
            let error = k_center(matrix, None, None, &options, &mut Unwatched).unwrap_err();
            assert!(error.to_string().starts_with("row 170 has "), "{error}");
        }
    }
}

#[test]
fn the_watch_can_stop_it() {
    let mut stop = |_: usize, _: usize| Err(Error::Interrupted);
    let values = data(40_000, 64, 50, 8);
    let matrix = Matrix::from_rows(&values, 40_000, 64).unwrap();
    let came = k_center(matrix, None, None, &options(40_000, Metric::Euclidean), &mut stop);
    assert_eq!(came.unwrap_err(), Error::Interrupted);
}

/// Whether the sums of the filter of each row to each tell the truth.
struct Certified<'a> {
    metric: Metric,
    rows: Matrix<'a, f64>,
}

impl Kernel for Certified<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Certified { metric, rows } = self;
        let truth = Level::best().run(All { metric, rows, points: rows });
        let candidates = Candidates::new(rows, None).unwrap();
        let near = Nearest::new(candidates, metric, Some(&rows), None, Level::best()).unwrap();
        let points = PackedPoints::new(&near, near.origin(), 0.0);
        let states = vec![RowState::new(f64::INFINITY).keep(); rows.rows()];
        let front: Vec<Entry> = (0..rows.rows() as u32).map(|row| Entry { key: 0.0, row }).collect();
        let mut blocks = vec![PackedBlock::EMPTY; front.len().div_ceil(ROWS)];
        let mut coordinates = vec![[0.0; ROWS]; blocks.len() * points.width];
        let (tile, states, front) = (&mut Tile::new(metric, rows.columns()), &states[..], &front[..]);
        let (near, blocks) = (&near, &mut blocks[..]);
        Fill { near, points: &points, states, front, tile, blocks, coordinates: &mut coordinates }.run(simd).unwrap();
        for (number, row) in coordinates.chunks(points.width).enumerate() {
            for (point, truth) in truth.iter().enumerate() {
                let values = &points.values[point * points.width..][..points.width];
                let mut sums = [f32::INFINITY; ROWS];
                if metric == Metric::Manhattan {
                    lower_sums::<S, Absolute, 1, UNROLL>(simd, row, values, &mut sums);
                } else {
                    lower_sums::<S, Square, 1, UNROLL>(simd, row, values, &mut sums);
                }
                for (&sum, &distance) in sums.iter().zip(&truth[number * ROWS..]) {
                    let (low, high) = (points.filter.lower(sum), points.filter.upper(sum));
                    assert!(low <= distance && distance <= high, "{metric:?} {low} {distance} {high}");
                    let cut = points.filter.cut(distance * (1.0 + 1e-12) + 1e-300);
                    assert!(sum < cut, "{metric:?} {sum} {cut} {distance}");
                }
            }
        }
    }
}

#[test]
fn filter_sums_keep_their_bounds_at_any_scale() {
    for metric in Metric::ALL {
        for scale in [1e-320, 1e-40, 1e-22, 1e-15, 1.0, 1e9, 1e17, 1e19, 1e36, 1e120] {
            for offset in [0.0, 1.0, 1e4] {
                let features = 37;
                let values: Vec<f64> = data(50, features, 3, 6).iter().map(|x| (x + offset) * scale).collect();
                let rows = Matrix::from_rows(&values, 50, features).unwrap();
                Level::best().run(Certified { metric, rows });
                Level::Portable.run(Certified { metric, rows });
            }
        }
    }
}
