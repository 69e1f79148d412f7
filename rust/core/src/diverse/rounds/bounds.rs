//! The best that the rows of a part which it keeps back can be worth at the next steps.

use super::Worth;
use std::cmp::Ordering;

/// A key and an id: no row that is kept back comes before these in the `order`.
pub type Bound = (f64, i64);

/// The total order of rows by key and id: the highest key first, then the lowest id.
pub(super) fn order(a: Bound, b: Bound) -> Ordering {
    b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1))
}

/// The bound of no rows.
const NOTHING: Bound = (f64::NEG_INFINITY, 0);

/// The best key of some rows and the lowest id that has it, at each of `ahead` steps of which the
/// first has `points` points. One for all where keys do not change from step to step. `nearest` may
/// be out of date, as it can only fall.
pub(super) fn bounds(
    worth: Worth<'_>,
    mut rows: Vec<usize>,
    nearest: &[f64],
    ids: &[i64],
    points: usize,
    ahead: usize,
) -> Vec<Bound> {
    if rows.is_empty() {
        return vec![NOTHING];
    }
    let ahead = match worth {
        Worth::Distance => 1,
        Worth::Batch { uncertainty, .. } => {
            keep_leaders(worth, uncertainty, &mut rows, nearest, ids, points, points + ahead - 1);
            ahead
        }
    };
    let at = |points: usize| {
        rows.iter().fold((f64::NEG_INFINITY, i64::MAX), |best, &row| {
            let own = (worth.key(row, nearest[row], points), ids[row]);
            if order(own, best).is_lt() { own } else { best }
        })
    };
    (points..points + ahead).map(at).collect()
}

/// Keeps the rows that can be the best with `first` to `last` points. From step to step the key of
/// a row is a line, so its ends tell.
fn keep_leaders(
    worth: Worth<'_>,
    uncertainty: &[f64],
    rows: &mut Vec<usize>,
    nearest: &[f64],
    ids: &[i64],
    first: usize,
    last: usize,
) {
    let ends = |row: usize| (worth.key(row, nearest[row], first), worth.key(row, nearest[row], last));
    let low = |row: usize| ends(row).0.min(ends(row).1);
    let sure = rows.iter().map(|&row| low(row)).fold(f64::NEG_INFINITY, f64::max);
    let largest = rows.iter().map(|&row| uncertainty[row].abs()).fold(1.0, f64::max);
    let least = sure - 32.0 * f64::EPSILON * largest;
    rows.retain(|&row| ends(row).0.max(ends(row).1) >= least);
    // Of rows that are alike the one of the lowest id.
    let alike = |row: usize| (nearest[row].to_bits(), uncertainty[row].to_bits());
    rows.sort_unstable_by_key(|&row| (alike(row), ids[row]));
    rows.dedup_by_key(|row| alike(*row));
}
