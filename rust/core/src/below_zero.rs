//! Probabilities below 0 by rounding, as the last of `[.9, .1, 1 - .9 - .1]`: they count as 0, in
//! the score and in the sum.
//!
//! By rounding is: by no more than the tolerance of sums, times the sum of what is above 0 in the
//! row.

use crate::simd::Float;

/// The least number of a row that counts as 0.
pub(crate) fn least(row: impl Iterator<Item = f64>, tolerance: f64) -> f64 {
    -tolerance * row.filter(|&value| value > 0.0).sum::<f64>()
}

/// Leave no sign in a row: what counts as 0 becomes 0, and what is further below NaN.
pub(crate) fn settle<T: Float>(row: &mut [T], tolerance: f64) {
    let least = least(row.iter().map(|&value| value.into()), tolerance);
    for value in row {
        if *value <= T::ZERO {
            *value = if (*value).into() < least { T::NAN } else { T::ZERO };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_by_rounding_counts_as_0() {
        let settled = |mut row: Vec<f64>, tolerance| {
            settle(&mut row, tolerance);
            row
        };
        assert_eq!(settled(vec![0.9, 0.1, 1.0 - 0.9 - 0.1], 1e-4), [0.9, 0.1, 0.0]);
        assert_eq!(settled(vec![0.75, 0.25, -1.0 / 128.0], 1.0 / 128.0), [0.75, 0.25, 0.0]);
        assert!(settled(vec![0.75, 0.25, -0.01], 1.0 / 128.0)[2].is_nan());
        assert!(settled(vec![75.0, 25.0, -0.5], 1.0 / 128.0)[2] == 0.0 && settled(vec![-1e-300], 0.1)[0].is_nan());
        assert!(settled(vec![-0.0], 0.1)[0].is_sign_positive() && settled(vec![f64::NAN, -0.1], 0.5)[1].is_nan());
    }
}
