//! Rows of every kind that is hard in its own way, made from hashes with basic operations alone:
//! the same on every machine.

use crate::dtype::{Dtype, Input};
use shortlist_core::measure::Measure;
use shortlist_core::random::{gumbel_of, hash, uniform};

/// Kinds of rows of probabilities, see [`probabilities`].
const PROBABILITY_KINDS: u64 = 12;
/// Kinds of rows of logits, see [`logits`].
const LOGIT_KINDS: u64 = 11;

fn power(base: f64, exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}

/// One row of probabilities.
fn probabilities(kind: u64, classes: usize, seed: u64) -> Vec<f64> {
    let bits = |j: usize| hash(seed, 70, j as u64);
    let random = |j: usize| uniform(bits(j));
    let top = hash(seed, 71, 0) as usize % classes;
    let each = |weight: &dyn Fn(usize) -> f64| (0..classes).map(weight).collect::<Vec<f64>>();
    let tiny = |others: f64| each(&|j| if j == top { 1.0 - others } else { others * random(j) / classes as f64 });
    let weights = match kind {
        // Flat, peaked, sharp.
        0 => each(&random),
        1 => each(&|j| power(random(j), 8)),
        2 => each(&|j| power(random(j), 40)),
        // Nearly sure, sure.
        3 => tiny(1e-8),
        4 => tiny(1e-30),
        5 => each(&|j| f64::from(u8::from(j == top))),
        // Uniform.
        6 => vec![1.0; classes],
        // Ties for the largest.
        7 => each(&|j| if j == top || bits(j) % 3 == 0 { 1.0 } else { random(j) }),
        // Zeros among them.
        8 => each(&|j| if j == top || bits(j) % 2 == 0 { random(j) } else { 0.0 }),
        // Subnormal ones: of single precision, and of double.
        9 => each(&|j| if j == top { 1.0 } else { random(j) * if bits(j) % 2 == 0 { 1e-40 } else { 1e-310 } }),
        // Each half of the one before; two that share all but a little.
        10 => each(&|j| power(0.5, j.min(1000) as u32)),
        _ => each(&|j| if j == top || j == 0 { 1.0 + 1e-3 * random(j) } else { 1e-6 * random(j) }),
    };
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// One row of logits.
fn logits(kind: u64, classes: usize, seed: u64) -> Vec<f64> {
    let bits = |j: usize| hash(seed, 72, j as u64);
    let noise = |j: usize| gumbel_of(bits(j));
    let random = |j: usize| uniform(bits(j));
    let top = hash(seed, 73, 0) as usize % classes;
    let each = |logit: &dyn Fn(usize) -> f64| (0..classes).map(logit).collect::<Vec<f64>>();
    let above = |gap: f64| each(&|j| if j == top { gap } else { -random(j) });
    match kind {
        0 => each(&noise),
        1 => each(&|j| 8.0 * noise(j)),
        // Impossible classes.
        2 => each(&|j| if j == top || bits(j) % 2 == 0 { noise(j) } else { f64::NEG_INFINITY }),
        3 => each(&|j| if j == top { -3.0 } else { f64::NEG_INFINITY }),
        // Big ones, with big and with small differences.
        4 => each(&|j| 1e4 * (2.0 * random(j) - 1.0)),
        5 => each(&|j| 1e4 + random(j)),
        // Equal ones; ties for the largest.
        6 => vec![0.3; classes],
        7 => each(&|j| if j == top || bits(j) % 3 == 0 { 5.0 } else { noise(j).min(4.0) }),
        // One far above.
        8 => above(16.0),
        9 => above(40.0),
        _ => above(85.0),
    }
}

/// Rows of one number type, next to each other.
pub fn pool<E: Dtype>(input: Input, rows: usize, classes: usize, seed: u64) -> Vec<E> {
    let mut pool = Vec::with_capacity(rows * classes);
    for row in 0..rows as u64 {
        // Every kind in turn, so that even a few rows have different ones; other kinds in the same
        // place for other numbers of classes.
        let (kind, seed) = (row + classes as u64, hash(seed, classes as u64, row));
        let values = match input {
            Input::Probabilities(_) => probabilities(kind % PROBABILITY_KINDS, classes, seed),
            Input::Logits(_) => logits(kind % LOGIT_KINDS, classes, seed),
        };
        pool.extend(values.into_iter().map(E::of));
    }
    pool
}

/// Many rows, made quickly: of each a few classes at random are likely, and some rows are the same
/// as others.
pub fn large_pool<E: Dtype>(input: Input, rows: usize, classes: usize, seed: u64) -> Vec<E> {
    let patterns = 997.min(rows);
    let made = pool::<E>(input, patterns, classes, seed);
    let pattern = |row: u64| (hash(seed, 74, row) % patterns as u64) as usize;
    (0..rows as u64).flat_map(|row| made[pattern(row) * classes..][..classes].iter().copied()).collect()
}

/// Rows nearly all of which are nearly sure, with a few that are not: what the bound on entropies
/// is for.
pub fn peaked_pool<E: Dtype>(rows: usize, classes: usize, seed: u64) -> Vec<E> {
    let mut pool = Vec::with_capacity(rows * classes);
    for row in 0..rows as u64 {
        let top = (hash(seed, 75, row) % classes as u64) as usize;
        let unsure = uniform(hash(seed, 76, row));
        let others = if hash(seed, 77, row).is_multiple_of(500) { 0.9 * unsure } else { 0.05 * unsure * unsure };
        let spread = |j: usize| 1.0 + ((hash(seed, 78, row) >> (j % 60)) & 3) as f64;
        let all: f64 = (0..classes).filter(|&j| j != top).map(spread).sum();
        pool.extend((0..classes).map(|j| E::of(if j == top { 1.0 - others } else { others * spread(j) / all })));
    }
    pool
}

/// A short name of a combination, for messages.
pub fn case<E: Dtype>(measure: Measure, input: Input, classes: usize) -> String {
    format!("{} of {} {input:?}, {classes} classes", measure.about().name, E::NAME)
}
