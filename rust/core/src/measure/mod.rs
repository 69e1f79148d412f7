//! The measures of one row: what each is, and THE list of them.
//!
//! A measure is a [`Formula`] that closes a folded row, in a file of its own with what users read
//! about it. It names the folds that it needs, and nothing else of a row is computed.

mod about;
mod energy;
mod entropy;
mod gini;
mod least_confident;
mod margin;
mod normalised_entropy;
mod ratio;

pub use about::About;
pub(crate) use about::{BOTH, Named};

use crate::formula::{Formula, Goal, Walk};
#[cfg(test)]
use crate::order::Order;
use crate::simd::Simd;

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
        }

        impl Goal for Measure {
            const PACE: usize = 0;

            #[inline(always)]
            fn walk<S: Simd, W: Walk>(self, simd: S, logits: bool, walk: W) -> W::Output {
                match self {
                    $(Measure::$name => looped!($module::$name $(by $looped::$same)?).walk(simd, logits, walk),)*
                }
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
