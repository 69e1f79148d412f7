//! A bound on entropy for rows near uniform, by their second and third moments.
//!
//! With `d = C p - 1` and `u = 1 + d >= 0`, `u ln u >= d + d^2/2 - d^3/6`, since the fourth
//! derivative of `u ln u` is positive. Summed over the classes, with `S` the sum of the row and
//! `e = S - 1` within a tenth of 0, `S H <= S ln C + 0.52 e^2 - sum d^2 / 2C + sum d^3 / 6C`. It
//! differs from the truth by a twelfth of the fourth moment alone. A bound by the squares must
//! allow for the most skewed row, which with many classes is much.

use super::sought::{Setting, Sought};
use crate::fold::{Folded, PowerSums};
use crate::formula::{Formula, Once};
use crate::simd::Vector;

/// What the parts of the sum are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cubic {
    /// By how much the entropy that is sought falls short of ln C.
    lacking: f64,
    half: f64,
    /// The room for the rounding of the cubes.
    slack: f64,
}

/// The bound for rows with at least that entropy. The sums of squares and of cubes are off by their
/// share of rounding, that of the cubes by a share of both.
pub(super) fn bound(sought: Sought, Setting { classes, slack, .. }: Setting) -> Option<Cubic> {
    let Sought::Entropy(entropy) = sought else { return None };
    let lacking = ((classes as f64).ln() - entropy).max(0.0) * (1.0 + 4.0 * slack) + 1e-2 * slack;
    // Numbers of classes that are exact in either type.
    (classes < 1 << 24).then_some(Cubic { lacking, half: 0.5 - slack, slack: slack / 6.0 })
}

impl Formula for Cubic {
    type Sweeps<V: Vector> = Once<PowerSums<V>>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        let (lacking, half, slack) = (row.splat(self.lacking), row.splat(self.half), row.splat(self.slack));
        let excess = row.total.sub(row.splat(1.0));
        let most = row.total.mul_add(lacking, excess.mul(excess).mul(row.splat(0.52)));
        let size = row.cubes.max(row.splat(0.0).sub(row.cubes));
        most.sub(row.squares.mul(half)).add(row.cubes.mul_add(row.splat(1.0 / 6.0), size.mul(slack)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sought::tests::rows;

    #[test]
    fn it_is_above_the_entropy() {
        for classes in [2usize, 3, 5, 10, 100] {
            for row in rows(classes) {
                for scale in [0.9, 1.0, 1.1] {
                    let row: Vec<f64> = row.iter().map(|p| p * scale).collect();
                    let (sum, number) = (row.iter().sum::<f64>(), classes as f64);
                    let entropy: f64 =
                        row.iter().filter(|&&p| p > 0.0).map(|p| -(p / sum) * (p / sum).ln()).sum::<f64>();
                    let [squares, cubes] =
                        [2, 3].map(|power| row.iter().map(|p| (number * p - 1.0).powi(power)).sum::<f64>() / number);
                    let bound = sum * number.ln() + 0.52 * (sum - 1.0).powi(2) - squares / 2.0 + cubes / 6.0;
                    assert!(bound >= sum * entropy - 1e-12, "{row:?}: {bound} {entropy}");
                }
            }
        }
    }
}
