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

/// A measure that users know.
pub(crate) trait Named {
    const ABOUT: About;
}

/// The inputs of a measure that takes either.
pub(crate) const BOTH: &[&str] = &["probabilities", "logits"];
