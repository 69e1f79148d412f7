//! Every measure at every level and dtype against its definition in plain `f64`; the same bits at
//! any level, in any layout, in any company.

mod laws;

use super::*;
use crate::blocks::Unwatched;
use crate::float::Element;
use crate::matrix::Matrix;
use crate::scorer::{Invalid, Normalize};
use crate::simd::{Float, Level};
use half::{bf16, f16};

struct Dice(u64);

impl Dice {
    /// Uniform in (0, 1).
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

/// A type that a committee may hold, for tests.
trait Held: Element {
    fn round(value: f64) -> Self;
}

impl Held for f64 {
    fn round(value: f64) -> f64 {
        value
    }
}
impl Held for f32 {
    fn round(value: f64) -> f32 {
        value as f32
    }
}
impl Held for f16 {
    fn round(value: f64) -> f16 {
        f16::from_f64(value)
    }
}
impl Held for bf16 {
    fn round(value: f64) -> bf16 {
        bf16::from_f64(value)
    }
}

/// The rows of each member, one after the other: around a common row, `apart` from each other, some
/// classes impossible.
fn committee<E: Held>(members: usize, rows: usize, classes: usize, apart: f64, logits: bool, seed: u64) -> Vec<Vec<E>> {
    let mut dice = Dice(seed);
    let sharp: Vec<f64> = (0..rows).map(|_| 1.0 + 6.0 * dice.roll()).collect();
    let common: Vec<f64> = (0..rows * classes).map(|i| sharp[i / classes] * dice.roll().ln()).collect();
    let impossible: Vec<bool> = (0..rows * classes).map(|i| i % classes != 0 && dice.roll() < 0.1).collect();
    let member = |dice: &mut Dice| {
        let scores: Vec<f64> = common.iter().map(|z| z + apart * (dice.roll() - 0.5)).collect();
        let rows = scores.chunks(classes).zip(impossible.chunks(classes)).map(|(scores, impossible)| {
            let one = |(&score, &impossible): (&f64, &bool)| if impossible { f64::NEG_INFINITY } else { score };
            let row: Vec<f64> = scores.iter().zip(impossible).map(one).collect();
            if logits {
                return row;
            }
            let sum: f64 = row.iter().map(|z| z.exp()).sum();
            row.iter().map(|z| z.exp() / sum).collect()
        });
        rows.flatten().map(E::round).collect()
    };
    (0..members).map(|_| member(&mut dice)).collect()
}

fn matrices<E: Copy>(committee: &[Vec<E>], rows: usize, classes: usize) -> Vec<Matrix<'_, E>> {
    committee.iter().map(|member| Matrix::from_rows(member, rows, classes).unwrap()).collect()
}

fn scorer(measure: CommitteeMeasure, logits: bool, level: Level) -> CommitteeScorer {
    CommitteeScorer::new(measure, logits, 1.0, Normalize::Check, Invalid::Raise, level).unwrap()
}

fn scores<E: Element>(scorer: CommitteeScorer, members: &[Matrix<'_, E>], threads: usize) -> Vec<E::Compute> {
    let mut out = vec![E::Compute::ZERO; members[0].rows()];
    scorer.score(members, &mut out, 0, threads, &mut Unwatched).unwrap();
    out
}

/// `-sum w ln w` of weights divided by their sum, the largest apart.
fn entropy(weights: &[f64]) -> f64 {
    let top = weights.iter().copied().fold(0.0, f64::max);
    let at = weights.iter().position(|&w| w == top).unwrap();
    let others = || weights.iter().enumerate().filter(|&(i, &w)| i != at && w > 0.0).map(|(_, &w)| w);
    let rest: f64 = others().sum();
    let total = rest + top;
    // The largest weighs 1 - rest / total.
    others().map(|w| -(w / total) * (w / total).ln()).sum::<f64>() - top / total * (-rest / total).ln_1p()
}

/// What a measure is, of the probabilities of each member.
fn definition(measure: CommitteeMeasure, members: &[Vec<f64>]) -> f64 {
    let classes = members[0].len();
    let count = members.len() as f64;
    let totals: Vec<f64> = members.iter().map(|row| row.iter().sum()).collect();
    let share = |m: usize, c: usize| members[m][c] / totals[m];
    // Around the first member, so that it is as exact as the deviations are small.
    let deviation = |c: usize, value: &dyn Fn(usize, usize) -> f64, m: usize| {
        let mean = (0..members.len()).map(|i| value(i, c) - value(m, c)).sum::<f64>() / count;
        (value(m, c) + mean, -mean)
    };
    let votes: Vec<f64> = (0..classes)
        .map(|class| {
            let votes_here = |row: &&Vec<f64>| {
                let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                row.iter().position(|&p| p == top) == Some(class)
            };
            members.iter().filter(votes_here).count() as f64
        })
        .collect();
    let divergence = |m: usize| {
        let term = |c: usize| {
            let (mean, apart) = deviation(c, &share, m);
            let x = if mean > 0.0 { apart / mean } else { 0.0 };
            let exact = if x <= -1.0 { 1.0 } else { (1.0 + x) * x.ln_1p() - x };
            // (1 + x) ln(1 + x) - x = x^2/2 - x^3/6 + x^4/12 - ...
            let series = |n: u32| (2..n).map(|k| (-x).powi(k as i32) / f64::from(k * (k - 1))).sum::<f64>();
            mean * if x.abs() < 0.2 { series(25) } else { exact }
        };
        (0..classes).map(term).sum::<f64>()
    };
    match measure {
        CommitteeMeasure::VoteEntropy => entropy(&votes),
        CommitteeMeasure::VariationRatio => 1.0 - votes.iter().copied().fold(0.0, f64::max) / count,
        CommitteeMeasure::ConsensusEntropy => {
            let mean: Vec<f64> = (0..classes).map(|c| (0..members.len()).map(|m| share(m, c)).sum()).collect();
            entropy(&mean)
        }
        CommitteeMeasure::MaxDisagreement => (0..members.len()).map(divergence).fold(0.0, f64::max),
        CommitteeMeasure::Bald => (0..members.len()).map(divergence).sum::<f64>() / count,
        CommitteeMeasure::MeanStd => {
            let raw = |m: usize, c: usize| members[m][c];
            let variance = |c: usize| (0..members.len()).map(|m| deviation(c, &raw, m).1.powi(2)).sum::<f64>() / count;
            (0..classes).map(|c| variance(c).sqrt()).sum::<f64>() / classes as f64
        }
    }
}

/// The probabilities that a row stands for.
fn probabilities(row: &[f64], logits: bool) -> Vec<f64> {
    if !logits {
        return row.to_vec();
    }
    let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = row.iter().map(|z| (z - top).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.supported())
}

/// The greatest error of each measure, in units of the type's epsilon times what the bound allows.
fn compare<E: Held>(logits: bool, apart: f64) -> Vec<(&'static str, f64)> {
    let rows = 37;
    let epsilon: f64 = <E::Compute as Float>::EPSILON.into();
    let mut worst = vec![0.0f64; CommitteeMeasure::ALL.len()];
    for classes in 1..=40 {
        for members in 1..=7 {
            let data = committee::<E>(members, rows, classes, apart, logits, (classes * 8 + members) as u64);
            let members = matrices(&data, rows, classes);
            for (i, &measure) in CommitteeMeasure::ALL.iter().enumerate() {
                let plain = scores(scorer(measure, logits, Level::Portable), &members, 1);
                for level in levels() {
                    assert_same(&scores(scorer(measure, logits, level), &members, 1), &plain);
                }
                for (row, found) in plain.iter().enumerate() {
                    let of_row = |member: &Vec<E>| {
                        let row = &member[row * classes..][..classes];
                        let wide: Vec<f64> = row.iter().map(|value| value.widen().into()).collect();
                        probabilities(&wide, logits)
                    };
                    let wanted = definition(measure, &data.iter().map(of_row).collect::<Vec<_>>());
                    let found: f64 = (*found).into();
                    assert!(found >= 0.0, "{measure:?} {found}");
                    let allowed = epsilon * (wanted + noise(measure, logits, epsilon, wanted));
                    worst[i] = worst[i].max((found - wanted).abs() / allowed);
                }
            }
        }
    }
    CommitteeMeasure::ALL.iter().map(|measure| measure.about().name).zip(worst).collect()
}

/// What rounding does to a measure that compares members, in epsilons beside `wanted`. Exponentials
/// are known to about one epsilon, and with them the distance between members; so are the shares of
/// the definition, which matters where it is of the precision tested. Sums of 1 are known to about
/// one too, but to these divergences are stationary.
fn noise(measure: CommitteeMeasure, logits: bool, epsilon: f64, wanted: f64) -> f64 {
    match measure {
        CommitteeMeasure::MaxDisagreement | CommitteeMeasure::Bald if logits || epsilon == f64::EPSILON => {
            wanted.sqrt() + epsilon
        }
        CommitteeMeasure::MaxDisagreement | CommitteeMeasure::Bald => epsilon,
        CommitteeMeasure::MeanStd if logits => 1.0,
        CommitteeMeasure::MeanStd => epsilon,
        _ => 1e-30,
    }
}

fn assert_same<T: Float>(found: &[T], wanted: &[T]) {
    for (row, (a, b)) in found.iter().zip(wanted).enumerate() {
        let (a, b): (f64, f64) = ((*a).into(), (*b).into());
        assert_eq!(a.to_bits(), b.to_bits(), "row {row}: {a} and {b}");
    }
}

/// The bound of every measure, in epsilons.
const BOUND: f64 = 16.0;

fn check<E: Held>() {
    for logits in [false, true] {
        for apart in [4.0, 1e-3] {
            let worst = compare::<E>(logits, apart);
            println!("{} logits: {logits}, apart {apart}: {worst:.1?}", std::any::type_name::<E>());
            assert!(worst.iter().all(|(_, error)| *error <= BOUND), "logits: {logits}, apart {apart}: {worst:.1?}");
        }
    }
}

#[test]
fn double_precision_is_within_the_bound() {
    check::<f64>();
}

#[test]
fn single_precision_is_within_the_bound() {
    check::<f32>();
}

#[test]
fn half_precision_is_within_the_bound() {
    check::<f16>();
}

#[test]
fn brain_floats_are_within_the_bound() {
    check::<bf16>();
}
