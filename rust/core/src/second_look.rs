//! The slow second look at a row that the kernels found invalid: they only mark such rows.

use crate::below_zero;
use crate::fault::Fault;
use crate::float::Element;
use crate::matrix::Matrix;

/// The fault of a row that the kernels found invalid.
#[cold]
#[inline(never)]
pub(crate) fn fault_of_row<E: Element>(matrix: &Matrix<'_, E>, row: usize, logits: bool) -> Fault {
    let values = || (0..matrix.columns()).map(|column| (column, matrix.get(row, column).widen().into()));
    let find = |wrong: fn(f64) -> bool| values().find(|&(_, value): &(usize, f64)| wrong(value));
    if let Some((column, _)) = find(f64::is_nan) {
        return Fault::Nan(column);
    }
    if logits {
        return match find(|value| value == f64::INFINITY) {
            Some((column, value)) => Fault::Infinite(column, value),
            None => Fault::NothingFinite,
        };
    }
    if let Some((column, value)) = find(f64::is_infinite) {
        return Fault::Infinite(column, value);
    }
    let least = below_zero::least(values().map(|(_, value)| value), E::SUM_TOLERANCE);
    if let Some((column, value)) = values().find(|&(_, value)| value < least) {
        return Fault::Negative(column, value);
    }
    Fault::Sum(values().map(|(_, value)| value.max(0.0)).sum())
}
