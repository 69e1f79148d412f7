//! A state as bytes, to be kept in a file or sent to another machine: little-endian, versioned,
//! with a check sum.
//!
//! Equal states give equal bytes, whatever blocks, threads and merges they came from.

use std::sync::Arc;

use super::plan::{Perturb, Plan, Ties};
use super::state::Selector;
use super::topk::{TopK, TopRows};
use crate::blocks::{Unwatched, Watch};
use crate::error::{Error, Result};
use crate::order::{Candidate, Order};
use crate::random::hash;

const MAGIC: &[u8; 8] = b"ShrtList";
const FORMAT: u32 = 1;
const PERTURBS: [Option<Perturb>; 4] = [None, Some(Perturb::Power), Some(Perturb::Softmax), Some(Perturb::Uniform)];

impl Selector {
    /// The state as bytes for [`Selector::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_watched(&mut Unwatched).expect("nothing stops it")
    }

    /// The same, with a look up now and then where there are millions of candidates.
    pub fn to_bytes_watched(&self, watch: &mut dyn Watch) -> Result<Vec<u8>> {
        let mut out = Writer(MAGIC.to_vec());
        out.0.extend_from_slice(&FORMAT.to_le_bytes());
        out.plan(&self.plan);
        out.numbers(&[self.rows, self.invalid, self.excluded, self.never_drawn, u64::from(self.own_ids)]);
        out.numbers(&[self.seen.ranges().len() as u64]);
        self.seen.ranges().iter().for_each(|ids| out.numbers(&[ids.start, ids.end]));
        out.top(&self.top.finish(watch)?);
        let groups = self.groups.finish(&self.plan, watch)?;
        out.numbers(&[groups.len() as u64]);
        for (code, top) in groups {
            out.numbers(&[u64::from(code)]);
            out.top(&top);
        }
        let sum = check_sum(&out.0);
        out.numbers(&[sum]);
        Ok(out.0)
    }

    /// The state that [`Selector::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Selector> {
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("this is not a Selector state".into()))?;
        let (format, body) = body.split_first_chunk().ok_or_else(damaged)?;
        let format = u32::from_le_bytes(*format);
        if format != FORMAT {
            return Err(wrong(format!("this Selector state is of format {format}; this build reads format {FORMAT}")));
        }
        let (body, sum) = body.split_last_chunk().ok_or_else(damaged)?;
        if u64::from_le_bytes(*sum) != check_sum(&bytes[..bytes.len() - sum.len()]) {
            return Err(damaged());
        }
        let mut from = Reader(body);
        let mut state = Selector::new(from.plan()?)?;
        state.rows = from.count()?;
        state.invalid = from.count()?;
        state.excluded = from.count()?;
        state.never_drawn = from.count()?;
        state.own_ids = from.number()? != 0;
        for _ in 0..from.length(16)? {
            let ids = from.number()?..from.number()?;
            if ids.is_empty() || state.seen.overlap(&ids).is_some() {
                return Err(damaged());
            }
            state.seen.add(ids);
        }
        let plan = state.plan.clone();
        from.top(&mut state.top)?;
        for _ in 0..from.length(24)? {
            let code = u32::try_from(from.number()?).map_err(|_| damaged())?;
            from.top(state.groups.list(&plan, code)?)?;
        }
        if from.0.is_empty() { Ok(state) } else { Err(damaged()) }
    }
}

fn wrong(sentence: String) -> Error {
    Error::Argument(sentence)
}

fn damaged() -> Error {
    wrong("this Selector state is damaged or cut short".into())
}

fn check_sum(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |sum, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash(sum, 0, u64::from_le_bytes(word))
    })
}

struct Writer(Vec<u8>);

impl Writer {
    fn numbers(&mut self, numbers: &[u64]) {
        numbers.iter().for_each(|number| self.0.extend_from_slice(&number.to_le_bytes()));
    }

    fn list(&mut self, numbers: impl ExactSizeIterator<Item = u64>) {
        self.numbers(&[numbers.len() as u64]);
        numbers.for_each(|number| self.numbers(&[number]));
    }

    fn plan(&mut self, plan: &Plan) {
        let perturb = PERTURBS.iter().position(|&one| one == plan.perturb).expect("the list is complete");
        self.numbers(&[
            unlimited(plan.k),
            u64::from(plan.order == Order::Lowest),
            u64::from(plan.ties == Ties::Random),
            plan.seed,
            perturb as u64,
            plan.coldness.to_bits(),
            u64::from(plan.power_complement),
            plan.power_slack.to_bits(),
            u64::from(plan.quotas.is_some()),
        ]);
        self.list(plan.per_group.iter().map(|&cap| unlimited(cap)));
        self.list(plan.quotas.iter().flatten().map(|&quota| quota as u64).collect::<Vec<_>>().into_iter());
        self.list(plan.exclude.iter().copied());
    }

    fn top(&mut self, top: &TopRows) {
        self.numbers(&[top.ties_left, top.candidates.len() as u64]);
        for c in &top.candidates {
            self.numbers(&[c.key.to_bits(), c.tie, c.id, c.score.to_bits()]);
        }
    }
}

/// `usize::MAX` stands for "no limit" on machines of any word size.
fn unlimited(count: usize) -> u64 {
    if count == usize::MAX { u64::MAX } else { count as u64 }
}

fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Result<u64> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    /// A count of rows: below 2^48, so that sums of them cannot overflow.
    fn count(&mut self) -> Result<u64> {
        self.number().and_then(|count| if count >> 48 == 0 { Ok(count) } else { Err(damaged()) })
    }

    /// A count of items of at least `bytes` bytes, which must still be there: no memory is taken on
    /// a lie.
    fn length(&mut self, bytes: usize) -> Result<usize> {
        let length = size(self.number()?);
        if length > self.0.len() / bytes { Err(damaged()) } else { Ok(length) }
    }

    fn list(&mut self) -> Result<Vec<u64>> {
        (0..self.length(8)?).map(|_| self.number()).collect()
    }

    fn plan(&mut self) -> Result<Plan> {
        let k = size(self.number()?);
        let order = if self.number()? == 0 { Order::Highest } else { Order::Lowest };
        let ties = if self.number()? == 0 { Ties::First } else { Ties::Random };
        let seed = self.number()?;
        let perturb = *PERTURBS.get(size(self.number()?)).ok_or_else(damaged)?;
        let coldness = f64::from_bits(self.number()?);
        let power_complement = self.number()? != 0;
        let power_slack = f64::from_bits(self.number()?);
        let with_quotas = self.number()? != 0;
        let per_group = self.list()?.first().map(|&cap| size(cap));
        let quotas = self.list()?.into_iter().map(size).collect();
        let quotas = if with_quotas { Some(quotas) } else { None };
        let exclude = Arc::from(self.list()?);
        Ok(Plan { k, order, ties, seed, perturb, coldness, power_complement, power_slack, per_group, quotas, exclude })
    }

    fn top(&mut self, list: &mut TopK) -> Result<()> {
        let ties_left = self.count()?;
        let mut candidates = Vec::new();
        for _ in 0..self.length(32)? {
            let (key, tie, id) = (f64::from_bits(self.number()?), self.number()?, self.number()?);
            candidates.push(Candidate { key, tie, id, score: f64::from_bits(self.number()?) });
        }
        let ordered =
            candidates.iter().all(|candidate| !candidate.key.is_nan()) && candidates.is_sorted_by(|a, b| !b.beats(a));
        if !ordered || !list.resume(TopRows { candidates, ties_left }) {
            return Err(damaged());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::{Groups, Rows};

    fn states() -> Vec<Selector> {
        let plain = Plan::new(5, Order::Lowest);
        let plans = [
            plain.clone(),
            Plan::new(0, Order::Highest),
            Plan { ties: Ties::Random, seed: 9, exclude: Arc::from([3, 70]), ..plain.clone() },
            Plan { perturb: Some(Perturb::Softmax), coldness: 2.5, ..plain.clone() },
            Plan { perturb: Some(Perturb::Power), power_complement: true, power_slack: 0.25, ..plain.clone() },
            Plan { perturb: Some(Perturb::Uniform), ..plain.clone() },
            Plan { k: usize::MAX, per_group: Some(2), ..plain.clone() },
            Plan { quotas: Some(vec![1, 0, 2]), ..plain.clone() },
            Plan { quotas: Some(vec![]), ..plain },
        ];
        plans.into_iter().map(|plan| Selector::new(plan).unwrap()).collect()
    }

    fn update(state: &mut Selector, first_id: u64) {
        let scores: Vec<f32> =
            (0..300).map(|i| if i % 50 == 9 { f32::NAN } else { (i * 7 % 13) as f32 / 16.0 }).collect();
        let codes: Vec<u32> = (0..300).map(|i| i % 3).collect();
        let codes = state.plan().quotas.as_ref().is_none_or(|quotas| !quotas.is_empty()).then_some(&codes[..]);
        let groups = codes.filter(|_| state.plan().grouped());
        if groups.is_some() || !state.plan().grouped() {
            let groups = groups.map(Groups::Codes);
            state.update(&scores, &Rows { groups, ..Rows::from(first_id) }).unwrap();
        }
    }

    #[test]
    fn round_trips_and_goes_on() {
        for mut state in states() {
            for block in [5, 0, 2] {
                update(&mut state, block * 300);
                let bytes = state.to_bytes();
                let mut back = Selector::from_bytes(&bytes).unwrap();
                assert_eq!(back.to_bytes(), bytes);
                assert_eq!(back.finish(), state.finish());
                assert_eq!(back.plan(), state.plan());
                update(&mut back, 3000);
                let mut on = state.clone();
                update(&mut on, 3000);
                assert_eq!(back.to_bytes(), on.to_bytes());
            }
        }
    }

    #[test]
    fn other_formats_and_garbage_are_refused() {
        let sentence = |bytes: &[u8]| Selector::from_bytes(bytes).unwrap_err().to_string();
        let bytes = states()[7].to_bytes();
        let mut newer = bytes.clone();
        newer[8] = 2;
        assert_eq!(sentence(&newer), "this Selector state is of format 2; this build reads format 1");
        assert_eq!(sentence(b""), "this is not a Selector state");
        assert_eq!(sentence(b"PK\x03\x04 something else"), "this is not a Selector state");
        for length in 8..bytes.len() {
            assert_eq!(sentence(&bytes[..length]), "this Selector state is damaged or cut short");
        }
        for at in 12..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            assert_eq!(sentence(&changed), "this Selector state is damaged or cut short");
        }
    }

    /// With a check sum that fits, every word changed in turn: refused or read, never a panic.
    #[test]
    fn lies_do_not_panic() {
        let mut state = states()[7].clone();
        update(&mut state, 0);
        let bytes = state.to_bytes();
        let body = bytes.len() - 8;
        for at in (12..body).step_by(8) {
            for lie in [0, 1, 4, 1 << 40, u64::MAX, f64::NAN.to_bits()] {
                let mut changed = bytes[..body].to_vec();
                changed[at..at + 8].copy_from_slice(&u64::to_le_bytes(lie));
                changed.extend_from_slice(&check_sum(&changed).to_le_bytes());
                if let Ok(read) = Selector::from_bytes(&changed) {
                    let _ = read.finish();
                }
            }
        }
    }
}
