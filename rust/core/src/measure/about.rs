//! What a user reads about a measure.

use crate::order::Order;

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

impl About {
    /// Whether the measure is defined for probabilities, and not for logits alone.
    pub fn takes_probabilities(&self) -> bool {
        self.inputs.contains(&"probabilities")
    }
}

/// The enum of the measures in a room, each in a file with its `ABOUT`.
macro_rules! listed {
    ($(#[$doc:meta])* $measure:ident of $room:literal: $($module:ident::$name:ident),* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $measure {
            $(#[doc = concat!("See `", $room, "/", stringify!($module), ".rs`.")] $name,)*
        }

        impl $measure {
            /// All of them.
            pub const ALL: &[$measure] = &[$($measure::$name),*];

            /// What a user reads about it.
            pub fn about(self) -> $crate::measure::About {
                match self { $($measure::$name => $module::ABOUT,)* }
            }

            /// The measure of that name.
            pub fn parse(name: &str) -> Option<$measure> {
                $measure::ALL.iter().copied().find(|measure| measure.about().name == name)
            }
        }

        impl From<$measure> for $crate::measure::About {
            fn from(measure: $measure) -> Self {
                measure.about()
            }
        }
    };
}
pub(crate) use listed;

/// The inputs of a measure that takes either.
pub(crate) const BOTH: &[&str] = &["probabilities", "logits"];
