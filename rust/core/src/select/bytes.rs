//! A state as bytes, to be kept in a file or sent to another machine: little-endian, versioned,
//! with a check sum.
//!
//! Equal states give equal bytes, whatever blocks, threads and merges they came from.

use super::plan::{Perturb, Plan, Ties};
use super::state::{Selected, Selector};
use super::topk::TopRows;
use crate::blocks::{Unwatched, Watch};
use crate::error::{Error, Result};
use crate::order::{Candidate, Order};
use crate::random::hash;
use crate::room;
use std::ops::Range;

const MAGIC: &[u8; 8] = b"ShrtList";
const FORMAT: u32 = 1;
/// Bytes that all other parts of a state take, at most.
const SMALL: usize = 512;
const PERTURBS: [Option<Perturb>; 4] = [None, Some(Perturb::Power), Some(Perturb::Softmax), Some(Perturb::Uniform)];

impl Selector {
    /// The state as bytes for [`Selector::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_watched(&mut Unwatched).expect("nothing stops it")
    }

    /// The same, with a look up now and then where there are millions of candidates.
    pub fn to_bytes_watched(&self, watch: &mut dyn Watch) -> Result<Vec<u8>> {
        let (top, groups) = (self.top.finish(watch)?, self.groups.finish(&self.plan, watch)?);
        let candidates = top.candidates.len() + groups.iter().map(|(_, top)| top.candidates.len()).sum::<usize>();
        let numbers = self.plan.exclude.len() + self.plan.quotas.as_ref().map_or(0, Vec::len);
        let ranges = self.seen.ranges().len();
        let mut bytes = room::empty(SMALL + 32 * candidates + 24 * groups.len() + 16 * ranges + 8 * numbers);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        let mut wire = Wire::Out(&mut bytes);
        wire.plan(&self.plan)?;
        let Selected { rows, invalid, excluded, never_drawn, .. } = self.counts;
        wire.counts([rows, invalid, excluded, never_drawn])?;
        wire.flag(self.own_ids)?;
        wire.seen(self.seen.ranges())?;
        wire.top(&top)?;
        wire.size(groups.len())?;
        for (code, top) in groups {
            wire.number(code.into())?;
            wire.top(&top)?;
        }
        bytes.extend_from_slice(&check_sum(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// The state that [`Selector::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Selector> {
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("this is not a Selector state".into()))?;
        let (format, body) = body.split_first_chunk().ok_or_else(damaged)?;
        let format = u32::from_le_bytes(*format);
        if format != FORMAT {
            return Err(wrong(format!("this Selector state is of format {format}; this build reads format {FORMAT}")));
        }
        let (mut body, sum) = body.split_last_chunk().ok_or_else(damaged)?;
        if u64::from_le_bytes(*sum) != check_sum(&bytes[..bytes.len() - sum.len()]) {
            return Err(damaged());
        }
        let mut wire = Wire::In(&mut body);
        let mut state = Selector::new(wire.plan(&Plan::new(0, Order::Highest))?)?;
        let [rows, invalid, excluded, never_drawn] = wire.counts([0; 4])?;
        state.counts = Selected { rows, invalid, excluded, never_drawn, ..Selected::default() };
        state.own_ids = wire.flag(false)?;
        for ids in wire.seen(&[])? {
            if ids.is_empty() || state.seen.overlap(&ids).is_some() {
                return Err(damaged());
            }
            state.seen.add(ids);
        }
        let (plan, none) = (state.plan.clone(), TopRows::default());
        state.top.resume(wire.top(&none)?).ok_or_else(damaged)?;
        for _ in 0..wire.length(0, 24)? {
            let code = u32::try_from(wire.number(0)?).map_err(|_| damaged())?;
            state.groups.list(&plan, code)?.resume(wire.top(&none)?).ok_or_else(damaged)?;
        }
        if body.is_empty() { Ok(state) } else { Err(damaged()) }
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

/// Numbers on their way out or in. The order in which they lie is told once, for both: each method
/// takes what is to be written, and gives what was written or read in its place.
enum Wire<'a, 'b> {
    Out(&'a mut Vec<u8>),
    In(&'a mut &'b [u8]),
}

impl Wire<'_, '_> {
    fn number(&mut self, number: u64) -> Result<u64> {
        match self {
            Wire::Out(bytes) => {
                bytes.extend_from_slice(&number.to_le_bytes());
                Ok(number)
            }
            Wire::In(bytes) => {
                let (number, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
                **bytes = rest;
                Ok(u64::from_le_bytes(*number))
            }
        }
    }

    fn flag(&mut self, flag: bool) -> Result<bool> {
        Ok(self.number(flag.into())? != 0)
    }

    fn float(&mut self, number: f64) -> Result<f64> {
        self.number(number.to_bits()).map(f64::from_bits)
    }

    /// `usize::MAX` stands for "no limit" on machines of any word size.
    fn size(&mut self, size: usize) -> Result<usize> {
        let number = self.number(if size == usize::MAX { u64::MAX } else { size as u64 })?;
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// Counts of rows: below 2^48 where they are read, so that sums of them cannot overflow.
    fn counts<const N: usize>(&mut self, mut counts: [u64; N]) -> Result<[u64; N]> {
        for count in &mut counts {
            *count = self.number(*count)?;
            if matches!(self, Wire::In(_)) && *count >> 48 != 0 {
                return Err(damaged());
            }
        }
        Ok(counts)
    }

    /// A count of items of at least `bytes` bytes, which where they are read must still be there:
    /// no memory is taken on a lie.
    fn length(&mut self, length: usize, bytes: usize) -> Result<usize> {
        let length = self.size(length)?;
        match self {
            Wire::In(left) if length > left.len() / bytes => Err(damaged()),
            _ => Ok(length),
        }
    }

    fn list<T: Clone + Default>(
        &mut self,
        items: &[T],
        bytes: usize,
        mut each: impl FnMut(&mut Self, T) -> Result<T>,
    ) -> Result<Vec<T>> {
        let length = self.length(items.len(), bytes)?;
        let mut list = room::empty(length);
        for i in 0..length {
            list.push(each(self, items.get(i).cloned().unwrap_or_default())?);
        }
        Ok(list)
    }

    fn plan(&mut self, plan: &Plan) -> Result<Plan> {
        let perturb = PERTURBS.iter().position(|&one| one == plan.perturb).expect("the list is complete");
        let k = self.size(plan.k)?;
        let order = if self.flag(plan.order == Order::Lowest)? { Order::Lowest } else { Order::Highest };
        let ties = if self.flag(plan.ties == Ties::Random)? { Ties::Random } else { Ties::First };
        let seed = self.number(plan.seed)?;
        let perturb = *PERTURBS.get(self.size(perturb)?).ok_or_else(damaged)?;
        let coldness = self.float(plan.coldness)?;
        let power_complement = self.flag(plan.power_complement)?;
        let power_slack = self.float(plan.power_slack)?;
        let with_quotas = self.flag(plan.quotas.is_some())?;
        let per_group = self.list(plan.per_group.as_slice(), 8, Self::size)?.first().copied();
        let quotas = self.list(plan.quotas.as_deref().unwrap_or_default(), 8, Self::size)?;
        let quotas = with_quotas.then_some(quotas);
        let exclude = self.list(&plan.exclude, 8, Self::number)?.into();
        Ok(Plan { k, order, ties, seed, perturb, coldness, power_complement, power_slack, per_group, quotas, exclude })
    }

    fn seen(&mut self, ranges: &[Range<u64>]) -> Result<Vec<Range<u64>>> {
        self.list(ranges, 16, |wire, ids| Ok(wire.number(ids.start)?..wire.number(ids.end)?))
    }

    fn top(&mut self, top: &TopRows) -> Result<TopRows> {
        let [ties_left] = self.counts([top.ties_left])?;
        let candidates = self.list(&top.candidates, 32, |wire, Candidate { key, tie, id, score }| {
            let (key, tie, id) = (wire.float(key)?, wire.number(tie)?, wire.number(id)?);
            Ok(Candidate { key, tie, id, score: wire.float(score)? })
        })?;
        Ok(TopRows { candidates, ties_left })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::{Groups, Rows};
    use std::sync::Arc;

    fn states() -> Vec<Selector> {
        let plain = Plan::new(5, Order::Lowest);
        let plans = [
            plain.clone(),
            Plan::new(0, Order::Highest),
            Plan { ties: Ties::Random, seed: 9, exclude: Arc::new(vec![3, 70]), ..plain.clone() },
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
