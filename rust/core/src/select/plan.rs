//! What a selection is asked to do, and what of it cannot be.

use crate::named::named;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::order::Order;

/// How many groups there can be: their codes are indices into tables.
pub(crate) const MAX_GROUPS: usize = 1 << 24;

named! {
    /// Which of several rows with the same score is picked.
    pub enum Ties {
        /// The one with the lowest id.
        First = "first",
        /// A random one, by a hash of seed and id.
        Random = "random",
    }
}

named! {
    /// How scores are made random before rows are ordered by them (Kirsch et al. 2021-23,
    /// stochastic batch acquisition).
    ///
    /// With G a standard Gumbel number, s the score turned so that larger is more informative, and
    /// b the coldness:
    pub enum Perturb {
        /// By ln s + G/b: rows are drawn without replacement in proportion to s^b. With b = 1 that
        /// is weighted sampling (Efraimidis & Spirakis 2006). A row of score 0 is never drawn.
        Power = "power",
        /// By s + G/b: rows are drawn without replacement in proportion to e^(b s).
        Softmax = "softmax",
        /// By a hash of seed and id alone: all rows are equally likely.
        Uniform = "uniform",
    }
}

/// The configuration of a selection. States can only be merged when theirs are the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How many rows to pick; `usize::MAX` for no limit (with `per_group`).
    pub k: usize,
    /// Which end of the scores is informative.
    pub order: Order,
    /// Which of several rows with the same score is picked.
    pub ties: Ties,
    /// Seed of every random number.
    pub seed: u64,
    /// How scores are made random, if at all.
    pub perturb: Option<Perturb>,
    /// The b of [`Perturb`]: the larger, the nearer to picking the best rows.
    pub coldness: f64,
    /// [`Perturb::Power`] uses 1 − score: for a margin, whose lowest values in 0..=1 are
    /// informative.
    pub power_complement: bool,
    /// [`Perturb::Power`] takes scores no further than this below zero for zeros: the rounding of a
    /// measure.
    pub power_slack: f64,
    /// At most so many rows of any one group.
    pub per_group: Option<usize>,
    /// How many rows of each group, by code; what is short of k is filled with the best rows left
    /// over.
    pub quotas: Option<Vec<usize>>,
    /// Ids that are never picked, in ascending order.
    pub exclude: Arc<Vec<u64>>,
}

impl Plan {
    /// The plain selection: the best `k`, the lowest ids first among equal scores.
    pub fn new(k: usize, order: Order) -> Plan {
        Plan {
            k,
            order,
            ties: Ties::First,
            seed: 0,
            perturb: None,
            coldness: 1.0,
            power_complement: false,
            power_slack: 0.0,
            per_group: None,
            quotas: None,
            exclude: Arc::default(),
        }
    }

    /// Whether rows are ordered by their score alone.
    pub(crate) fn by_score(&self) -> bool {
        self.perturb.is_none()
    }

    /// Whether rows must come with group codes.
    pub(crate) fn grouped(&self) -> bool {
        self.per_group.is_some() || self.quotas.is_some()
    }

    /// Says what of this plan cannot be done.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |sentence: String| Err(Error::Argument(sentence));
        let out_of_range = |argument: &str, came: f64, accepted| {
            Err(Error::OutOfRange { argument: argument.into(), came: came.to_string(), accepted })
        };
        if !(self.coldness.is_finite() && self.coldness > 0.0) {
            return out_of_range("coldness", self.coldness, "a finite number above 0");
        }
        if !(self.power_slack.is_finite() && self.power_slack >= 0.0) {
            return out_of_range("power_slack", self.power_slack, "a finite number of at least 0");
        }
        if self.perturb == Some(Perturb::Power) && (self.order == Order::Lowest) != self.power_complement {
            return refuse(format!(
                "perturb is \"power\", which works with measures whose highest scores are picked, and with margin; \
                 here the {} scores are picked",
                self.order.name()
            ));
        }
        if self.per_group == Some(0) {
            return out_of_range("per_group", 0.0, "at least 1");
        }
        if let Some(quotas) = &self.quotas {
            if self.per_group.is_some() {
                return refuse("per_group and quotas were both given; only one of them is accepted".into());
            }
            if quotas.len() > MAX_GROUPS {
                return refuse(format!("quotas has {} groups; at most {MAX_GROUPS} are accepted", quotas.len()));
            }
            let sum = quotas.iter().fold(0usize, |sum, &quota| sum.saturating_add(quota));
            if sum > self.k {
                return refuse(format!("quotas add up to {sum}; they must not exceed k, which is {}", self.k));
            }
        }
        if let Some(pair) = self.exclude.windows(2).find(|pair| pair[0] >= pair[1]) {
            return refuse(format!("exclude has {} after {}; its ids must be ascending and unique", pair[1], pair[0]));
        }
        Ok(())
    }

    /// The first setting in which two plans differ, with both values; settings without effect are
    /// not compared.
    pub(super) fn difference(&self, other: &Plan) -> Option<String> {
        fn differ<T: PartialEq + std::fmt::Debug>(name: &str, a: T, b: T) -> Option<String> {
            (a != b).then(|| format!("{name} is {a:?} in one and {b:?} in the other"))
        }
        let perturb = |plan: &Plan| plan.perturb.map_or("None", Perturb::name);
        let random = self.ties == Ties::Random || self.perturb.is_some();
        let cold = matches!(self.perturb, Some(Perturb::Power | Perturb::Softmax));
        differ("k", self.k, other.k)
            .or_else(|| differ("order", self.order.name(), other.order.name()))
            .or_else(|| differ("ties", self.ties.name(), other.ties.name()))
            .or_else(|| differ("perturb", perturb(self), perturb(other)))
            .or_else(|| if random { differ("seed", self.seed, other.seed) } else { None })
            .or_else(|| if cold { differ("coldness", self.coldness, other.coldness) } else { None })
            .or_else(|| differ("power_complement", self.power_complement, other.power_complement))
            .or_else(|| differ("power_slack", self.power_slack, other.power_slack))
            .or_else(|| differ("per_group", self.per_group, other.per_group))
            .or_else(|| (self.quotas != other.quotas).then(|| "quotas are not the same in both".into()))
            .or_else(|| (self.exclude != other.exclude).then(|| "exclude is not the same in both".into()))
    }
}
