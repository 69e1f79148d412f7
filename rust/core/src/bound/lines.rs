//! A bound on entropy by straight lines below the logarithm.
//!
//! For `p = (1 + f) 2^e` the number `e + f` is at most `log2 p`, and at least that less 0.0861. It
//! lies in the bits of p as they are. So with `L` the sum of `p (e + f) ln 2` and `S` that of p,
//! within a tenth of 1, `S H = S ln S - sum p ln p` is at most `e + 0.52 e^2 - L`, `e = S - 1`.
//! That is off by 0.06 nats at most: little, where thresholds and rows are nats apart.

use super::sought::{Setting, Sought};
use crate::fold::{Folded, LineSums};
use crate::formula::{Formula, Once};
use crate::simd::Vector;

/// What S and L are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lines {
    entropy: f64,
    factor: f64,
}

/// The error of the conversion of bits to a number, with room.
const ROUNDING: f64 = 2e-5;

/// The bound for rows with at least that entropy.
pub(super) fn bound(sought: Sought, Setting { slack, .. }: Setting) -> Option<Lines> {
    let Sought::Entropy(entropy) = sought else { return None };
    Some(Lines { entropy: entropy - ROUNDING - 2.0 * slack, factor: 1.0 + 2.0 * slack })
}

impl Formula for Lines {
    type Sweeps<V: Vector> = Once<LineSums>;

    #[inline(always)]
    fn close<V: Vector>(self, row: &Folded<V>) -> V {
        let excess = row.total.sub(row.splat(1.0));
        let whole = excess.mul_add(excess.mul(row.splat(0.52)), excess);
        whole.sub(row.splat(self.entropy).mul(row.total)).sub(row.splat(self.factor).mul(row.logs))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sought::tests::rows;

    #[test]
    fn it_is_above_the_entropy_and_near() {
        let line = |p: f64| ((p.to_bits() >> 32) as f64 - 1_072_693_248.0) / 1_048_576.0 * std::f64::consts::LN_2;
        for classes in [2usize, 3, 5, 10, 100] {
            for row in rows(classes) {
                for scale in [0.9, 1.0, 1.1] {
                    let row: Vec<f64> = row.iter().map(|p| p * scale).collect();
                    let sum = row.iter().sum::<f64>();
                    let entropy: f64 =
                        row.iter().filter(|&&p| p > 0.0).map(|p| -(p / sum) * (p / sum).ln()).sum::<f64>();
                    let lines = row.iter().map(|&p| p * line(p)).sum::<f64>();
                    let bound = (sum - 1.0) + 0.52 * (sum - 1.0).powi(2) - lines;
                    assert!((0.0..0.07).contains(&(bound - sum * entropy + 1e-12)), "{row:?}: {bound} {entropy}");
                }
            }
        }
    }
}
