//! The measures of one row: what each is, and THE list of them.
//!
//! A row is first folded, class by class, into a [`Probabilities`] or [`Logits`] summary (`scan` does that, once for all
//! measures); a measure is then a closing formula over the summary. It says what the fold must keep in its [`Needs`], and the rest is not computed.

mod energy;
mod entropy;
mod gini;
mod least_confident;
mod margin;
mod normalised_entropy;
mod ratio;

use crate::order::Order;
use crate::simd::Vector;

/// What a measure needs of a row beside its largest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The sum of all values.
    Sum,
    /// The second largest value.
    Second,
    /// The two largest values alone: for probabilities as [`Needs::Second`], for logits no exponential is taken.
    Gap,
    /// The sum of `p ln p` over all classes but one largest.
    Logs,
    /// The sum of squares over all classes but one largest.
    Squares,
    /// Of probabilities, the sum of all values, and that of p times no more than its logarithm.
    Lines,
    /// Of probabilities, the mean second and third powers of `C p - 1`.
    Powers,
    /// Of logits, the largest and rough sums of `e^d` and `d e^d`, over all classes.
    Rough,
    /// The same, and the second largest.
    RoughSecond,
}

/// What a row of probabilities was folded into, one row a lane.
#[derive(Clone, Copy)]
pub struct Probabilities<V> {
    /// The largest probability.
    pub top: V,
    /// The second largest.
    pub second: V,
    /// Sum over all classes but one largest (with [`Needs::Sum`]: not kept).
    pub rest: V,
    /// Sum of `p ln p` over all classes but one largest.
    pub logs: V,
    /// Sum of squares over all classes but one largest.
    pub squares: V,
    /// Sum over all classes.
    pub total: V,
    /// What counts as the whole: 1 for the row as it is, its total when it is to be renormalised.
    pub unit: V,
    /// Whether to divide by the total.
    pub renormalise: bool,
    /// Whether the total of every valid row is within a thousandth of 1.
    pub near_one: bool,
    /// What an entropy in nats is multiplied by: 1, or 1 / ln C (zero for one class).
    pub entropy_unit: V,
    /// There is one class only.
    pub single: bool,
    /// The mean of `(C p - 1)^3`, and with [`Needs::Powers`] that of `(C p - 1)^2` is in `squares`.
    pub cubes: V,
    /// What a bound was given: see `screen`.
    pub limits: [V; 3],
}

impl<V: Vector> Probabilities<V> {
    /// A value that grows with the first power of the probabilities, of the row as it is to be taken.
    #[inline(always)]
    fn scaled(&self, value: V) -> V {
        if self.renormalise { value.div(self.total) } else { value }
    }

    /// A number in every lane.
    #[inline(always)]
    pub(crate) fn splat(&self, number: impl Into<f64>) -> V {
        self.top.full_like(number)
    }
}

/// What a row of logits was folded into, one row a lane. With `d = (z - z_max) / T` and sums over all classes but one largest.
#[derive(Clone, Copy)]
pub struct Logits<V> {
    /// The largest logit.
    pub top: V,
    /// The second largest `d`.
    pub second: V,
    /// Sum of `e^d`.
    pub rest: V,
    /// Sum of `-d e^d`.
    pub logs: V,
    /// Sum of `e^2d`.
    pub squares: V,
    /// The temperature T.
    pub temperature: V,
    /// What an entropy in nats is multiplied by: 1, or 1 / ln C (zero for one class).
    pub entropy_unit: V,
    /// There is one class only.
    pub single: bool,
    /// What a bound was given: see `screen`.
    pub limits: [V; 3],
}

impl<V: Vector> Logits<V> {
    /// A number in every lane.
    #[inline(always)]
    pub(crate) fn splat(&self, number: impl Into<f64>) -> V {
        self.top.full_like(number)
    }
}

/// What a user reads about a measure.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The name users type.
    pub name: &'static str,
    /// The end that is informative.
    pub order: Order,
    /// What a row may hold.
    pub inputs: &'static [&'static str],
    /// The formula, in nats where there are logarithms.
    pub formula: &'static str,
    /// The values it can take.
    pub range: &'static str,
    /// Where it was published.
    pub source: &'static str,
}

/// A measure that users know.
pub(crate) trait Named {
    const ABOUT: About;
}

/// What a folded row is closed with.
pub(crate) trait Formula {
    /// The end of its values that is sought.
    const ORDER: Order = Order::Highest;
    /// What it needs of a row of probabilities; none where it is not defined for them.
    const NEEDS: Option<Needs>;
    /// The same of logits.
    const NEEDS_OF_LOGITS: Option<Needs> = Self::NEEDS;

    #[inline(always)]
    fn of_probabilities<V: Vector>(row: &Probabilities<V>) -> V {
        row.splat(f64::NAN)
    }

    #[inline(always)]
    fn of_logits<V: Vector>(row: &Logits<V>) -> V {
        row.splat(f64::NAN)
    }
}

/// What is to be compiled for each formula apart.
pub(crate) trait Visit {
    type Output;
    /// Must be `#[inline(always)]` where vectors are touched.
    fn visit<M: Formula>(self) -> Self::Output;
}

const BOTH: &[&str] = &["probabilities", "logits"];

/// The formula whose loops a measure is computed by: its own, if no other is named.
macro_rules! looped {
    ($module:ident::$name:ident) => {
        $module::$name
    };
    ($module:ident::$name:ident by $looped:ident::$same:ident) => {
        $looped::$same
    };
}

macro_rules! the_list {
    ($($module:ident::$name:ident $(by $looped:ident::$same:ident)?),* $(,)?) => {
        /// A measure of one row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Measure {
            $(#[doc = concat!("See `measure/", stringify!($module), ".rs`.")] $name,)*
        }

        impl Measure {
            /// All of them.
            pub const ALL: &[Measure] = &[$(Measure::$name),*];

            /// What a user reads about it.
            pub fn about(self) -> About {
                match self { $(Measure::$name => <$module::$name as Named>::ABOUT,)* }
            }

            #[cfg(test)]
            fn order_of_its_loops(self) -> Order {
                match self { $(Measure::$name => <looped!($module::$name $(by $looped::$same)?) as Formula>::ORDER,)* }
            }

            /// Do something with its formula, compiled for it, or for the one whose loops do for both.
            #[inline(always)]
            pub(crate) fn visit<W: Visit>(self, visit: W) -> W::Output {
                match self { $(Measure::$name => visit.visit::<looped!($module::$name $(by $looped::$same)?)>(),)* }
            }
        }
    };
}

// THE list. A measure is a file here, its line below, and its line in `python/shortlist`.
the_list! {
    least_confident::LeastConfident,
    margin::Margin,
    ratio::Ratio,
    entropy::Entropy,
    normalised_entropy::NormalisedEntropy by entropy::Entropy,
    gini::Gini,
    energy::Energy,
}

impl Measure {
    /// The measure of that name.
    pub fn parse(name: &str) -> Option<Measure> {
        Measure::ALL.iter().copied().find(|measure| measure.about().name == name)
    }

    /// Whether it is defined for probabilities, and not for logits alone.
    pub fn takes_probabilities(self) -> bool {
        self.about().inputs.contains(&"probabilities")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_seek_the_end_that_users_read_of() {
        for measure in Measure::ALL {
            assert_eq!(measure.order_of_its_loops(), measure.about().order, "{measure:?}");
        }
    }
}
