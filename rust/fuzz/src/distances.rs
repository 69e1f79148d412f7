//! Any rows, metric, level and threads: the nearest rows and the cover of a pool are those of a
//! plain loop over all pairs.

use super::choices::{Choices, Of};
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::distance::{Metric, min_distances};
use shortlist_core::diverse::k_center::{Init, KCenterOptions, k_center};
use shortlist_core::matrix::Matrix;

/// See the module.
pub fn attack(data: &[u8]) {
    let mut choices = Choices(data);
    if choices.flag() { compare::<f32>(&mut choices) } else { compare::<f64>(&mut choices) }
}

trait Number: Of + shortlist_core::float::Element {}
impl Number for f32 {}
impl Number for f64 {}

fn compare<E: Number>(choices: &mut Choices<'_>) {
    let features = 1 + choices.below(40);
    let rows = 1 + choices.below(120);
    let metric = choices.of(&Metric::ALL);
    let levels: Vec<Level> = Level::ALL.into_iter().filter(|level| level.supported()).collect();
    let (level, threads, k) = (choices.of(&levels), 1 + choices.below(3), choices.below(rows.min(30) + 1));
    let init = choices.below(rows);
    let finite = |value: f64| if value.is_finite() && value.abs() < 1e18 { value } else { 0.5 };
    let own = 1 + choices.below(rows.min(40));
    let mut values: Vec<E> = (0..own * features).map(|_| E::of(finite(choices.value()))).collect();
    while values.len() < rows * features {
        values.extend_from_within(..(rows * features - values.len()).min(own * features));
    }
    let matrix = Matrix::from_rows(&values, rows, features).expect("as many as announced");

    // The truth about each pair, one pair at a time.
    let pair = |a: usize, b: usize| {
        let (mut sum, mut index) = ([0.0], [0]);
        let (a, b) = (matrix.slice(a..a + 1), matrix.slice(b..b + 1));
        min_distances(&a, None, &b, metric, Level::Portable, &mut sum, &mut index, 1, &mut Unwatched)
            .expect("fine rows");
        sum[0]
    };
    let others = 1 + choices.below(rows.min(9));
    let (mut sums, mut indices) = (vec![0.0; rows], vec![0; rows]);
    let y = matrix.slice(0..others);
    min_distances(&matrix, None, &y, metric, level, &mut sums, &mut indices, threads, &mut Unwatched)
        .expect("fine rows");
    for row in 0..rows {
        let (mut least, mut nearest) = (f64::INFINITY, 0);
        for other in 0..others {
            let sum = pair(row, other);
            if sum < least {
                (least, nearest) = (sum, other as i64);
            }
        }
        assert_eq!((sums[row].to_bits(), indices[row]), (least.to_bits(), nearest), "row {row}");
    }

    let options = KCenterOptions { k, metric, init: Init::Row(init), held: None, threads, level };
    let found = k_center(matrix, None, None, &options, &mut Unwatched).expect("fine rows");
    let mut nearest = vec![f64::INFINITY; rows];
    let mut picked = vec![false; rows];
    for step in 0..k {
        let best = if step == 0 {
            init
        } else {
            (0..rows)
                .filter(|&row| !picked[row])
                .reduce(|a, b| if nearest[b] > nearest[a] { b } else { a })
                .expect("k rows")
        };
        assert_eq!(found.ids[step], best as i64, "step {step}");
        picked[best] = true;
        for (row, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(metric.finish(pair(row, best)));
        }
    }
}
