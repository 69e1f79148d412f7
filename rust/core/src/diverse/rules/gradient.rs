//! The gradient of a row's loss in the last layer, with the predicted class taken for the true one:
//! a = p - onehot(argmax p), times its features.
//!
//! From logits every part is accurate relative to itself, however sure the row is: with e_c =
//! exp(z_c - max z) and t the sum of all e but the greatest, a_c = e_c / (1 + t), and -t / (1 + t)
//! for the predicted class. The lowest of several greatest classes is the predicted one.

use crate::below_zero;
use crate::distance::{LANES, merge, widen};
use crate::diverse::points::Maker;
use crate::error::{Error, Result};
use crate::float::Element;
use crate::math::exp;
use crate::matrix::Matrix;
use crate::second_look::fault_of_row;
use crate::simd::{Simd, Vector};

/// Rows of probabilities or logits, as what each would push the outputs by.
#[derive(Clone, Copy, Debug)]
pub struct Gradients<'a, E> {
    matrix: Matrix<'a, E>,
    logits: bool,
}

impl<'a, E: Element> Gradients<'a, E> {
    /// The rows of a matrix with at least one column.
    pub fn new(matrix: Matrix<'a, E>, logits: bool) -> Result<Gradients<'a, E>> {
        if matrix.columns() == 0 {
            return Err(Error::Empty { argument: "probs", lacks: "columns" });
        }
        Ok(Gradients { matrix, logits })
    }
}

impl<E: Element> Maker for Gradients<'_, E> {
    fn shape(&self) -> (usize, usize) {
        (self.matrix.columns(), size_of::<E>())
    }

    #[inline(always)]
    fn make<S: Simd>(&self, simd: S, row: usize, to: &mut [f64]) -> bool {
        let classes = self.matrix.columns();
        widen(&self.matrix, row, &mut to[..classes]);
        if self.logits {
            to[classes..].fill(f64::NEG_INFINITY);
            of_logits(simd, to)
        } else {
            to[classes..].fill(0.0);
            of_probabilities(to, E::SUM_TOLERANCE)
        }
    }

    fn fault(&self, row: usize) -> Error {
        Error::row(row as u64, fault_of_row(&self.matrix, row, self.logits))
    }
}

#[inline(always)]
fn of_probabilities(row: &mut [f64], tolerance: f64) -> bool {
    if row.iter().any(|&value| value < 0.0) {
        below_zero::settle(row, tolerance);
    }
    let (chunks, _) = row.as_chunks::<LANES>();
    let (mut sums, mut highs) = ([0.0_f64; LANES], [0.0_f64; LANES]);
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += chunk[lane];
            highs[lane] = highs[lane].max(chunk[lane]);
        }
    }
    let high = highs.into_iter().fold(0.0, f64::max);
    // NaN is in the sum, if anywhere, and so is what is negative.
    let fine = (merge(sums) - 1.0).abs() <= tolerance;
    if fine {
        let predicted = first(row, high);
        row[predicted] -= 1.0;
    }
    fine
}

#[inline(always)]
fn of_logits<S: Simd>(simd: S, row: &mut [f64]) -> bool {
    let (chunks, _) = row.as_chunks::<LANES>();
    let (mut highs, mut below) = ([f64::NEG_INFINITY; LANES], [true; LANES]);
    for chunk in chunks {
        for lane in 0..LANES {
            below[lane] &= chunk[lane] < f64::INFINITY;
            highs[lane] = highs[lane].max(chunk[lane]);
        }
    }
    let high = highs.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if high == f64::NEG_INFINITY || below.contains(&false) {
        return false;
    }
    let predicted = first(row, high);
    row[predicted] = f64::NEG_INFINITY;
    let (chunks, _) = row.as_chunks_mut::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        let mut from = 0;
        while from < LANES {
            let part = &mut chunk[from..from + S::F64::LANES];
            let terms = exp(S::F64::from_slice(simd, part).sub(S::F64::splat(simd, high)));
            terms.to_slice(part);
            let sums = &mut sums[from..from + S::F64::LANES];
            S::F64::from_slice(simd, sums).add(terms).to_slice(sums);
            from += S::F64::LANES;
        }
    }
    let others = merge(sums);
    let whole = 1.0 + others;
    for x in row.iter_mut() {
        *x /= whole;
    }
    row[predicted] = -others / whole;
    true
}

/// Where a value comes first; it is there.
#[inline(always)]
fn first(row: &[f64], value: f64) -> usize {
    let mut at = 0;
    while at + 1 < row.len() && row[at] != value {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diverse::points::{Among, Chosen, Points};
    use crate::random::{gumbel_of, hash};
    use crate::simd::Level;

    fn made<E: Element>(data: &[E], classes: usize, logits: bool, row: usize) -> Result<Vec<f64>> {
        let rows = data.len() / classes;
        let maker = Gradients::new(Matrix::from_rows(data, rows, classes)?, logits)?;
        let points = Chosen::new(maker, Among::new(rows, None)?);
        let mut to = vec![7.0; points.width()];
        points.prepare(Level::Portable, row, &mut to)?;
        for level in Level::ALL {
            let mut same = vec![7.0; points.width()];
            points.prepare(level, row, &mut same)?;
            assert_eq!(to, same);
        }
        assert!(to[classes..].iter().all(|&x| x == 0.0));
        to.truncate(classes);
        Ok(to)
    }

    #[test]
    fn the_predicted_class_is_the_lowest_of_the_greatest() {
        assert_eq!(made(&[0.25, 0.375, 0.375], 3, false, 0).unwrap(), [0.25, -0.625, 0.375]);
        assert_eq!(made(&[1.0], 1, false, 0).unwrap(), [0.0]);
        assert_eq!(made(&[3.5], 1, true, 0).unwrap(), [0.0]);
        assert_eq!(made(&[2.0, 2.0], 2, true, 0).unwrap(), [-0.5, 0.5]);
        assert_eq!(made(&[f64::NEG_INFINITY, 800.0, 800.0], 3, true, 0).unwrap(), [0.0, -0.5, 0.5]);
    }

    #[test]
    fn logits_are_accurate_however_sure_the_row() {
        let found = made(&[0.0f64, 40.0, -2.0, -700.0], 4, true, 0).unwrap();
        let t = (-40.0f64).exp() + (-42.0f64).exp() + (-740.0f64).exp();
        for (found, wanted) in found.iter().zip([(-40.0f64).exp(), -t, (-42.0f64).exp(), 0.0]) {
            assert!((found - wanted).abs() <= 4e-16 * wanted.abs(), "{found} {wanted}");
        }
    }

    #[test]
    fn many_classes_agree_with_the_definition() {
        for classes in [2, 7, 8, 9, 33, 100] {
            let logits: Vec<f64> = (0..classes).map(|c| gumbel_of(hash(1, 1, c as u64))).collect();
            let exps: Vec<f64> = logits.iter().map(|z| z.exp()).collect();
            let sum: f64 = exps.iter().sum();
            let probs: Vec<f64> = exps.iter().map(|e| e / sum).collect();
            let best = (0..classes).max_by(|&a, &b| probs[a].total_cmp(&probs[b])).unwrap();
            let (from_logits, from_probs) =
                (made(&logits, classes, true, 0).unwrap(), made(&probs, classes, false, 0).unwrap());
            for c in 0..classes {
                let wanted = probs[c] - if c == best { 1.0 } else { 0.0 };
                assert!((from_logits[c] - wanted).abs() < 1e-15 && from_probs[c] == wanted);
            }
        }
    }

    #[test]
    fn what_is_below_0_by_rounding_is_0() {
        assert_eq!(made(&[0.75f64, 0.25, -0.5e-4], 3, false, 0).unwrap(), [-0.25, 0.25, 0.0]);
        let error = made(&[0.75f64, 0.25, -2e-4], 3, false, 0).unwrap_err().to_string();
        assert!(error.starts_with("row 0 has -0.0002 in column 2;"), "{error}");
    }

    #[test]
    fn invalid_rows_are_named() {
        let sentence = |data: &[f32], logits| made(data, 2, logits, 1).unwrap_err().to_string();
        assert!(sentence(&[0.5, 0.5, f32::NAN, 0.5], false).starts_with("row 1 has NaN in column 0;"));
        assert!(sentence(&[0.5, 0.5, -0.25, 1.25], false).starts_with("row 1 has -0.25 in column 0;"));
        assert!(sentence(&[0.5, 0.5, 0.5, 0.25], false).starts_with("row 1 sums to 0.75;"));
        assert!(sentence(&[0.5, 0.5, f32::INFINITY, 0.5], false).starts_with("row 1 has inf in column 0;"));
        assert!(sentence(&[0.5, 0.5, f32::INFINITY, 0.5], true).starts_with("row 1 has inf in column 0;"));
        assert!(sentence(&[0.5, 0.5, 1.0, f32::NAN], true).starts_with("row 1 has NaN in column 1;"));
        assert!(
            sentence(&[0.5, 0.5, f32::NEG_INFINITY, f32::NEG_INFINITY], true).starts_with("row 1 has -inf in every")
        );
    }
}
