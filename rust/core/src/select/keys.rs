//! What rows are ordered by when it is not their score alone.

use super::plan::{Perturb, Plan};
use crate::error::{Error, Result};
use crate::fault::Fault;
use crate::order::Order;
use crate::random::{STEP_PERTURB, Stream, gumbel_of, ln, uniform};
use crate::simd::Float;

/// The random bits that rows worth so much must have to reach a floor.
#[derive(Clone, Copy)]
pub(super) struct Gate {
    strength: f64,
    floor: f64,
    pub(super) bits: u64,
}

impl Default for Gate {
    /// An open one.
    fn default() -> Gate {
        Gate { strength: f64::NAN, floor: f64::NAN, bits: 0 }
    }
}

/// Turns scores into keys, as a plan asks for.
pub(super) struct Keys<'a> {
    plan: &'a Plan,
    /// The random bits of each row.
    pub(super) stream: Stream,
}

impl<'a> Keys<'a> {
    pub(super) fn new(plan: &'a Plan) -> Keys<'a> {
        Keys { plan, stream: Stream::new(plan.seed, STEP_PERTURB) }
    }

    /// What the score of a row counts for, before its logarithm under [`Perturb::Power`].
    #[inline(always)]
    pub(super) fn worth(&self, score: f64) -> f64 {
        match self.plan.perturb {
            Some(Perturb::Power) if self.plan.power_complement => 1.0 - score,
            Some(Perturb::Power) => score,
            _ => self.plan.order.orient(score),
        }
    }

    /// Whether a row of that worth can be drawn at all, and need not be refused.
    #[inline(always)]
    pub(super) fn ordinary(&self, worth: f64) -> bool {
        let lowest = if self.plan.perturb == Some(Perturb::Power) { 0.0 } else { f64::NEG_INFINITY };
        worth > lowest && worth < f64::INFINITY
    }

    /// The key of a row with a valid score: `None` if it can never be drawn.
    #[inline(always)]
    pub(super) fn key(&self, score: f64, worth: f64, id: u64, bits: u64) -> Result<Option<f64>> {
        match self.plan.perturb {
            None => Ok(Some(worth)),
            Some(Perturb::Uniform) => Ok(Some(uniform(bits))),
            Some(perturb) if self.ordinary(worth) => {
                let strength = if perturb == Perturb::Power { ln(worth) } else { worth };
                Ok(Some(strength + gumbel_of(bits) / self.plan.coldness))
            }
            Some(perturb) => self.unordinary(perturb, score, worth, id),
        }
    }

    #[cold]
    fn unordinary(&self, perturb: Perturb, score: f64, worth: f64, id: u64) -> Result<Option<f64>> {
        let slack = if perturb == Perturb::Power { self.plan.power_slack } else { f64::INFINITY };
        let accepted = match perturb {
            _ if worth == f64::INFINITY => "finite scores",
            Perturb::Power if worth < -slack && self.plan.power_complement => "scores of at most 1",
            Perturb::Power if worth < -slack => "scores of at least 0",
            _ => return Ok(None),
        };
        Err(Error::row(id, Fault::Score(score, perturb.name(), accepted)))
    }

    /// Whether keys are drawn by what scores are worth.
    pub(super) fn drawn(&self) -> bool {
        matches!(self.plan.perturb, Some(Perturb::Power | Perturb::Softmax))
    }

    /// Between which scores those of [`Keys::ordinary`] worth lie.
    pub(super) fn ordinary_scores<T: Float>(&self) -> (T, T) {
        let (low, high) = match self.plan.perturb {
            Some(Perturb::Power) if self.plan.power_complement => (f64::NEG_INFINITY, 1.0),
            Some(Perturb::Power) => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        (T::from_f64(low), T::from_f64(high))
    }

    /// The most that any of the scores is worth.
    #[inline(always)]
    pub(super) fn best_worth<T: Float>(&self, scores: &[T]) -> f64 {
        let lowest = match self.plan.perturb {
            Some(Perturb::Power) => self.plan.power_complement,
            _ => self.plan.order == Order::Lowest,
        };
        let worst = T::from_f64(if lowest { f64::INFINITY } else { f64::NEG_INFINITY });
        let best = if lowest {
            extreme(worst, scores, |best, score| if score < best { score } else { best })
        } else {
            extreme(worst, scores, |best, score| if score > best { score } else { best })
        };
        self.worth(best.into())
    }

    /// Whether the random bits of all these rows, of which the first has that id, lie below the
    /// gate, and their scores between those that need no look.
    #[inline(always)]
    pub(super) fn all_stay_behind<T: Float>(&self, gate: u64, first: u64, scores: &[T], low: T, high: T) -> bool {
        let mut behind = true;
        for (id, &score) in (first..).zip(scores) {
            behind &= (self.stream.bits(id) < gate) & (score > low) & (score < high);
        }
        behind
    }

    /// What is added to a random number for rows worth so much.
    fn strength(&self, worth: f64) -> f64 {
        if self.plan.perturb == Some(Perturb::Power) { ln(worth) } else { worth }
    }

    /// A gate for rows worth at most `best`, or the last one where it is nearly as good: to find
    /// one takes as long as to pass over a thousand rows. It is made for rows worth a little more,
    /// and does for a floor that has risen a little.
    #[inline(never)]
    pub(super) fn gate_again(&self, last: Gate, best: f64, floor: f64) -> Gate {
        if !self.drawn() || floor == f64::NEG_INFINITY {
            return Gate::default();
        }
        let strength = self.strength(best);
        let near = 0.25 / self.plan.coldness;
        if (last.floor..=last.floor + near).contains(&floor)
            && (last.strength - near..=last.strength).contains(&strength)
        {
            return last;
        }
        let strength = strength + 0.5 * near;
        Gate { strength, floor, bits: self.gate(strength, floor) }
    }

    /// Random bits that a row of at most that strength must have to reach the key `floor`:
    /// comparing them saves the logarithms of nearly all rows.
    ///
    /// The Gumbel number grows with the bits, so the bound is found by bisection with the very
    /// function the keys are made with. What rounding can do to a key, and to the growth, is
    /// allowed for many times over.
    pub(super) fn gate(&self, strength: f64, floor: f64) -> u64 {
        let gap = self.plan.coldness * (floor - strength);
        let rounding = 1e-14 * self.plan.coldness * (floor.abs() + strength.abs()) + 1e-9 * (1.0 + gap.abs());
        let needed = gap - rounding;
        // Also where infinities leave no number.
        if !needed.is_finite() {
            return 0;
        }
        let (mut low, mut high) = (0u64, u64::MAX >> 12);
        while low < high {
            let middle = low + (high - low) / 2;
            if gumbel_of(middle << 12) < needed { low = middle + 1 } else { high = middle }
        }
        low << 12
    }
}

/// The best of numbers, by sixteen at once: one chain of comparisons would wait for each.
#[inline(always)]
fn extreme<T: Float>(worst: T, numbers: &[T], better: impl Fn(T, T) -> T) -> T {
    let mut best = [worst; 16];
    let mut groups = numbers.chunks_exact(best.len());
    for group in &mut groups {
        for i in 0..best.len() {
            best[i] = better(best[i], group[i]);
        }
    }
    best.into_iter().chain(groups.remainder().iter().copied()).fold(worst, better)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;

    #[test]
    fn no_row_behind_the_gate_reaches_the_floor() {
        for (perturb, coldness) in [(Perturb::Power, 1.0), (Perturb::Softmax, 0.01), (Perturb::Softmax, 50.0)] {
            let plan = Plan { perturb: Some(perturb), coldness, ..Plan::new(1, Order::Highest) };
            let keys = Keys::new(&plan);
            for round in 0..300 {
                let worth = uniform(hash(1, 0, round)) * 3.0;
                let floor = worth + (uniform(hash(1, 1, round)) - 0.3) * 12.0 / coldness;
                let gate = keys.gate(keys.strength(worth), floor);
                let key = |bits| keys.key(worth, worth, 0, bits).unwrap().unwrap();
                for step in 1..2000 {
                    assert!(gate < step << 12 || key(gate - (step << 12)) < floor);
                }
                // And it is not far from the bound.
                let above = gate.saturating_add(u64::MAX / 1_000_000);
                assert!(gate == 0 || above == u64::MAX || key(above) > floor - 1e-3 / coldness, "{worth} {floor}");
            }
        }
    }

    #[test]
    fn a_gate_without_a_bound_is_open() {
        let plan = Plan { perturb: Some(Perturb::Power), ..Plan::new(1, Order::Highest) };
        let keys = Keys::new(&plan);
        assert_eq!(keys.gate(keys.strength(1.0), f64::NEG_INFINITY), 0);
        assert_eq!(keys.gate(keys.strength(f64::INFINITY), 1.0), 0);
        assert_eq!(keys.gate(keys.strength(0.0), 1.0), 0);
        assert_eq!(keys.gate(keys.strength(-1.0), 1.0), 0);
    }
}
