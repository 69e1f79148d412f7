//! Picks from groups: caps, quotas, and the filling of shortages.

use super::Selector;
use super::sort::sort;
use super::topk::TopK;
use crate::blocks::Watch;
use crate::error::Result;
use crate::order::Candidate;

impl Selector {
    /// The picks, best first, and how many rows tie with the last of them without being picked. The state ends here.
    pub(super) fn pick(&mut self, watch: &mut dyn Watch) -> Result<(Vec<Candidate>, u64)> {
        if !self.plan.grouped() {
            let top = std::mem::replace(&mut self.top, TopK::new(0)).into_top(watch)?;
            return Ok((top.candidates, top.ties_left));
        }
        let tops: Vec<_> = self.groups.finish(watch)?.into_iter().map(|(_, top)| top).collect();
        let mut picks: Vec<Candidate> = tops.iter().flat_map(|top| top.candidates.iter().copied()).collect();
        sort(&mut picks, Candidate::compare, watch)?;
        if self.plan.quotas.is_none() {
            // The best k under the caps: a row outside its group's best m is beaten by m rows of that group.
            let rest = picks.split_off(self.plan.k.min(picks.len()));
            let Some(last) = picks.last() else { return Ok((picks, 0)) };
            let in_lists = rest.iter().filter(|c| c.key == last.key).count() as u64;
            let left = in_lists + lost_in_groups(&tops, last.key);
            return Ok((picks, left));
        }
        let filled = self.fill(&mut picks, watch)?;
        let Some(last) = picks.last() else { return Ok((picks, 0)) };
        let left = match filled {
            // The rows left over competed for the last pick whatever their group.
            Some(worst) if worst == last.key => {
                let top = self.top.finish(watch)?;
                let kept = top.candidates.iter().filter(|c| c.key == worst).count() as u64;
                let cut_here = top.candidates.last().is_some_and(|cut| cut.key == worst);
                let all = kept + if cut_here { top.ties_left } else { 0 };
                all.saturating_sub(picks.iter().filter(|c| c.key == worst).count() as u64)
            }
            _ => lost_in_groups(&tops, last.key),
        };
        Ok((picks, left))
    }

    /// Fills up to k with the best rows left over; gives the key of the worst of them.
    ///
    /// They are all among the best k overall: to be the s-th best of the rows left over, where k - s rows are picked, is to
    /// be beaten by at most k - s picked rows and s - 1 others.
    fn fill(&self, picks: &mut Vec<Candidate>, watch: &mut dyn Watch) -> Result<Option<f64>> {
        let short = self.plan.k - picks.len();
        let mut picked: Vec<u64> = picks.iter().map(|candidate| candidate.id).collect();
        sort(&mut picked, u64::cmp, watch)?;
        let fills: Vec<Candidate> = self
            .top
            .finish(watch)?
            .candidates
            .into_iter()
            .filter(|candidate| picked.binary_search(&candidate.id).is_err())
            .take(short)
            .collect();
        picks.extend_from_slice(&fills);
        sort(picks, Candidate::compare, watch)?;
        Ok(fills.last().map(|candidate| candidate.key))
    }
}

/// Rows of that key which lost to a row of the same key in their own group.
fn lost_in_groups(tops: &[super::TopRows], key: f64) -> u64 {
    let at_cut = |top: &&super::TopRows| top.candidates.last().is_some_and(|cut| cut.key == key);
    tops.iter().filter(at_cut).map(|top| top.ties_left).sum()
}

/// Quotas in proportion to the groups' counts that add up to `k` (or to all rows, if they are fewer).
///
/// Largest remainders: each group gets the whole part of its share, and what is left goes one by one to the largest
/// fractions, the lowest code first among equal ones. No quota exceeds its count.
pub fn largest_remainder(counts: &[u64], k: usize) -> Vec<usize> {
    let total: u128 = counts.iter().map(|&count| u128::from(count)).sum();
    let k = (k as u128).min(total);
    if total == 0 {
        return vec![0; counts.len()];
    }
    let mut quotas: Vec<usize> = counts.iter().map(|&count| (u128::from(count) * k / total) as usize).collect();
    let given: u128 = quotas.iter().map(|&quota| quota as u128).sum();
    let mut codes: Vec<usize> = (0..counts.len()).collect();
    codes.sort_by_key(|&code| std::cmp::Reverse(u128::from(counts[code]) * k % total));
    for &code in codes.iter().take((k - given) as usize) {
        quotas[code] += 1;
    }
    quotas
}

/// Quotas as equal as the groups' counts allow that add up to `k` (or to all rows, if they are fewer).
///
/// What does not divide evenly goes one by one to the lowest codes. No quota exceeds its count.
pub fn equal_quotas(counts: &[u64], k: usize) -> Vec<usize> {
    let mut ascending: Vec<u64> = counts.to_vec();
    ascending.sort_unstable();
    let (mut left, mut level) = (k as u64, 0);
    for (i, &count) in ascending.iter().enumerate() {
        let groups = (ascending.len() - i) as u64;
        let rise = (left / groups).min(count - level);
        left -= rise * groups;
        level += rise;
        if level < count {
            break;
        }
    }
    let quota = |&count: &u64| {
        let extra = u64::from(count > level && left > 0);
        left -= extra;
        (count.min(level) + extra) as usize
    };
    counts.iter().map(quota).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;

    #[test]
    fn examples() {
        assert_eq!(largest_remainder(&[50, 30, 20], 10), [5, 3, 2]);
        assert_eq!(largest_remainder(&[1, 1, 1], 2), [1, 1, 0]);
        assert_eq!(largest_remainder(&[47, 16, 15, 12, 6, 3, 1], 10), [5, 2, 1, 1, 1, 0, 0]);
        assert_eq!(largest_remainder(&[2, 0, 1], 10), [2, 0, 1]);
        assert_eq!(largest_remainder(&[u64::MAX / 2, u64::MAX / 2], 3), [2, 1]);
        assert_eq!(largest_remainder(&[], 3), [0; 0]);
        assert_eq!(equal_quotas(&[50, 30, 20], 10), [4, 3, 3]);
        assert_eq!(equal_quotas(&[1, 100, 3, 100], 24), [1, 10, 3, 10]);
        assert_eq!(equal_quotas(&[1, 100, 3, 100], 25), [1, 11, 3, 10]);
        assert_eq!(equal_quotas(&[2, 0, 1], 10), [2, 0, 1]);
        assert_eq!(equal_quotas(&[], 3), [0; 0]);
    }

    #[test]
    fn quotas_add_up_and_are_fair() {
        for seed in 0..500 {
            let counts: Vec<u64> = (0..seed % 9).map(|code| hash(seed, 0, code) % 40).collect();
            let total: u64 = counts.iter().sum();
            let k = hash(seed, 1, 0) % 150;
            for quotas in [largest_remainder(&counts, k as usize), equal_quotas(&counts, k as usize)] {
                assert_eq!(quotas.iter().sum::<usize>() as u64, k.min(total));
                assert!(quotas.iter().zip(&counts).all(|(&quota, &count)| quota as u64 <= count));
            }
            let equal = equal_quotas(&counts, k as usize);
            let most = equal.iter().copied().max().unwrap_or(0);
            let unfair = |(&quota, &count): (&usize, &u64)| quota + 1 < most && (quota as u64) < count;
            assert!(!equal.iter().zip(&counts).any(unfair), "{counts:?} {k}: {equal:?}");
            let share = |code: usize| counts[code] as f64 * k.min(total) as f64 / total.max(1) as f64;
            let proportional = largest_remainder(&counts, k as usize);
            assert!(proportional.iter().enumerate().all(|(code, &quota)| (quota as f64 - share(code)).abs() < 1.0));
        }
    }
}
