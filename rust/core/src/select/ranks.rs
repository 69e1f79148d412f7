//! Rows drawn in proportion to a power of their rank: which of them may be picked, and their ranks,
//! without sorting all scores.
//!
//! Rows are put into buckets by their scores, so that those in better buckets are known to be
//! better. That bounds the rank of a row from both sides, and with its random number its key. Few
//! rows may be among the best k by these bounds, and the buckets that they lie in are sorted for
//! the true ranks.

use super::keys::{Gate, Keys};
use super::plan::{Perturb, Plan};
use crate::blocks::Watch;
use crate::error::Result;
use crate::order::{Candidate, Order};
use crate::random::{gumbel_of, ln};
use crate::room;

/// Bits of a score that tell its bucket.
const BITS: u32 = 20;

/// Rows between two looks up.
const LOOK_EVERY: usize = 1 << 20;

/// Rows whose ranks differ by less than this factor, 2^(1/4), share a gate.
const STEPS: f64 = 4.0;

/// Steps of all ranks below 2^40.
const GATES: usize = 160;

/// What rounding may do to a key that is bounded, many times over.
const SLACK: f64 = 1e-9;

/// Rows that may be picked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    /// Their places, ascending.
    pub rows: Vec<u64>,
    /// One over their rank among all that may be picked, by score and then by place.
    pub weights: Vec<f64>,
    /// How many rows take part: not excluded, and with a score that is no NaN.
    pub of: u64,
}

/// The bucket of a key: the better the key, the lower. Rounding to single precision keeps the
/// order.
#[inline(always)]
fn bucket(key: f64) -> usize {
    let bits = (key as f32 + 0.0).to_bits();
    let ascending = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    (!ascending >> (32 - BITS)) as usize
}

/// Which rows may be among the k that are drawn by ln(1 / rank) + G / coldness, each with one over
/// its rank. `excluded` marks rows that take no part.
pub fn near_best<T: Copy + Into<f64>>(
    scores: &[T],
    order: Order,
    excluded: Option<&[u8]>,
    (k, seed, coldness): (usize, u64, f64),
    watch: &mut dyn Watch,
) -> Result<Ranked> {
    let plan = Plan { perturb: Some(Perturb::Power), seed, coldness, ..Plan::new(k, Order::Highest) };
    let keys = Keys::new(&plan);
    // The key of a row that takes part.
    let part = |row: usize| {
        let key = order.orient(scores[row].into());
        (!key.is_nan() && excluded.is_none_or(|excluded| excluded[row] == 0)).then_some(key)
    };
    let mut counts: Vec<u64> = room::zeros(1 << BITS);
    for row in 0..scores.len() {
        if let Some(key) = part(row) {
            counts[bucket(key)] += 1;
        }
        look(row, scores.len(), watch)?;
    }
    // How many rows are in better buckets, and the step that this makes.
    let mut better: Vec<u64> = room::zeros(1 << BITS);
    let mut steps: Vec<u8> = room::zeros(1 << BITS);
    let mut before = 0;
    for (bucket, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        better[bucket] = before;
        steps[bucket] = (STEPS * (before as f64 + 1.0).log2()) as u8;
        before += count;
    }
    let mut gates = [0; GATES];
    let mut near: Vec<(u64, f64, f64)> = Vec::new();
    let mut full = k.saturating_mul(2).saturating_add(64);
    let mut floor = f64::NEG_INFINITY;
    for row in 0..scores.len() {
        look(row, scores.len(), watch)?;
        let Some(key) = part(row) else { continue };
        let bucket = bucket(key);
        let bits = keys.stream.bits(row as u64);
        if bits < gates[usize::from(steps[bucket])] {
            continue;
        }
        let drawn = gumbel_of(bits) / coldness;
        let bound = |rank: u64| drawn - ln(rank as f64);
        let most = bound(better[bucket] + 1) + SLACK * (1.0 + drawn.abs());
        if most < floor {
            continue;
        }
        let least = bound(better[bucket] + counts[bucket]) - SLACK * (1.0 + drawn.abs());
        room::push(&mut near, (row as u64, least, most));
        if near.len() >= full {
            floor = floor_of(&mut near, k).max(floor);
            near.retain(|&(_, _, most)| most >= floor);
            full = full.max(near.len().saturating_mul(2));
            gates = gates_for(&keys, floor);
        }
    }
    floor = floor_of(&mut near, k).max(floor);
    near.retain(|&(_, _, most)| most >= floor);
    near.sort_unstable_by_key(|&(row, ..)| row);
    let weights = true_weights(scores.len(), part, &near, &better, watch)?;
    Ok(Ranked { rows: room::collected(near.into_iter().map(|(row, ..)| row)), weights, of: before })
}

/// What the k-th of these reaches at least.
fn floor_of(near: &mut [(u64, f64, f64)], k: usize) -> f64 {
    if k == 0 || near.len() < k {
        return f64::NEG_INFINITY;
    }
    near.select_nth_unstable_by(k - 1, |a, b| b.1.total_cmp(&a.1)).1.1
}

fn look(row: usize, all: usize, watch: &mut dyn Watch) -> Result<()> {
    if row % LOOK_EVERY == LOOK_EVERY - 1 { watch.look(row, all) } else { Ok(()) }
}

/// Random bits that rows must have to reach the floor, by the steps of their ranks.
fn gates_for(keys: &Keys<'_>, floor: f64) -> [u64; GATES] {
    std::array::from_fn(|step| {
        // The best rank of the step, or a little better for what the logarithm may be off.
        let rank = ((step as f64 / STEPS).exp2() * (1.0 - SLACK)).max(1.0);
        keys.gate_again(Gate::default(), 1.0 / rank, floor).bits
    })
}

/// One over the rank of each of these rows, of all that take part.
fn true_weights(
    rows: usize,
    part: impl Fn(usize) -> Option<f64>,
    near: &[(u64, f64, f64)],
    better: &[u64],
    watch: &mut dyn Watch,
) -> Result<Vec<f64>> {
    let mut wanted: Vec<bool> = room::zeros(1 << BITS);
    for &(row, ..) in near {
        if let Some(key) = part(row as usize) {
            wanted[bucket(key)] = true;
        }
    }
    let mut beside: Vec<Candidate> = Vec::new();
    for row in 0..rows {
        look(row, rows, watch)?;
        if let Some(key) = part(row).filter(|&key| wanted[bucket(key)]) {
            room::push(&mut beside, Candidate { key, tie: 0, id: row as u64, score: key });
        }
    }
    beside.sort_unstable_by(Candidate::compare);
    let mut found: Vec<(u64, f64)> = room::empty(beside.len());
    for equals in beside.chunk_by(|a, b| bucket(a.key) == bucket(b.key)) {
        let first = better[bucket(equals[0].key)];
        found.extend((first + 1..).zip(equals).map(|(rank, one)| (one.id, 1.0 / rank as f64)));
    }
    found.sort_unstable_by_key(|&(row, _)| row);
    let weight = |&(row, ..): &(u64, f64, f64)| {
        found.binary_search_by_key(&row, |&(known, _)| known).map_or(0.0, |at| found[at].1)
    };
    Ok(room::collected(near.iter().map(weight)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::random::hash;
    use crate::select::{Rows, Selector};

    /// The weights of all rows, by sorting their scores.
    fn all_weights(scores: &[f32], order: Order, excluded: &[u8]) -> Vec<f64> {
        let taken = |row: &usize| excluded[*row] == 0 && !scores[*row].is_nan();
        let mut rows: Vec<usize> = (0..scores.len()).filter(taken).collect();
        rows.sort_by(|&a, &b| {
            order.orient(scores[b].into()).partial_cmp(&order.orient(scores[a].into())).expect("no NaN")
        });
        let mut weights = vec![0.0; scores.len()];
        (1..).zip(rows).for_each(|(rank, row)| weights[row] = 1.0 / f64::from(rank));
        weights
    }

    #[test]
    fn the_picks_are_those_of_all_ranks() {
        for seed in 0..40 {
            let rows = [1, 70, 3000, 20_000][seed as usize % 4];
            let kinds = [1, 3, 1000, 1 << 40][seed as usize / 4 % 4];
            let score = |row| match hash(seed, 5, row) % 50 {
                0 => f32::NAN,
                1 => -0.0,
                2 => f32::INFINITY,
                _ => (hash(seed, 6, row) % kinds) as f32 / kinds as f32 - 0.3,
            };
            let scores: Vec<f32> = (0..rows).map(score).collect();
            let excluded: Vec<u8> = (0..rows).map(|row| u8::from(hash(seed, 7, row).is_multiple_of(9))).collect();
            for (order, coldness, k) in [(Order::Highest, 1.0, 10), (Order::Lowest, 0.3, 200), (Order::Highest, 8.0, 1)]
            {
                let weights = all_weights(&scores, order, &excluded);
                let plan = Plan { perturb: Some(Perturb::Power), seed, coldness, ..Plan::new(k, Order::Highest) };
                let mut state = Selector::new(plan.clone()).unwrap();
                state.update(&weights, &Rows::from(0)).unwrap();
                let expected = state.finish().unwrap();
                let options = (k, seed, coldness);
                let near = near_best(&scores, order, Some(&excluded), options, &mut Unwatched).unwrap();
                assert_eq!(near.of, weights.iter().filter(|weight| **weight > 0.0).count() as u64);
                for (&row, &weight) in near.rows.iter().zip(&near.weights) {
                    assert_eq!(weight, weights[row as usize]);
                }
                let ids: Vec<i64> = near.rows.iter().map(|&row| row as i64).collect();
                let mut state = Selector::new(plan).unwrap();
                state.update(&near.weights, &Rows { ids: Some(&ids), ..Rows::default() }).unwrap();
                let found = state.finish().unwrap();
                assert_eq!((found.candidates, found.ties_left), (expected.candidates, expected.ties_left));
                assert!(kinds < 1000 || rows < 3000 || k > 10 || near.rows.len() < 400, "{}", near.rows.len());
            }
        }
    }
}
