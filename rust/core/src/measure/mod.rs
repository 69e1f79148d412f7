//! The measures of one row: what each is, and THE list of them.
//!
//! A measure is a file with what users read about it and the `Formula`s that close a folded row,
//! of probabilities and of logits. Each names the folds that it needs, and nothing else of a row is
//! computed.

mod about;
mod energy;
mod entropy;
mod gini;
mod least_confident;
mod margin;
mod normalised_entropy;
mod ratio;

pub use about::About;
pub(crate) use about::{BOTH, listed};

use crate::formula::{Formula, Goal, Walk};
use crate::simd::Simd;

listed! {
    // THE list. A measure is a file here, its line below and in `walk`, and its line in
    // `python/shortlist`.
    /// A measure of one row.
    Measure of "measure":
    least_confident::LeastConfident,
    margin::Margin,
    ratio::Ratio,
    entropy::Entropy,
    normalised_entropy::NormalisedEntropy,
    gini::Gini,
    energy::Energy
}

impl Goal for Measure {
    const PACE: usize = 0;

    #[inline(always)]
    fn walk<S: Simd, W: Walk>(self, simd: S, logits: bool, walk: W) -> W::Output {
        macro_rules! walk {
            ($module:ident) => {
                if logits { $module::OfLogits.walk(simd, walk) } else { $module::OfProbabilities.walk(simd, walk) }
            };
        }
        match self {
            Measure::LeastConfident => walk!(least_confident),
            Measure::Margin => walk!(margin),
            Measure::Ratio => walk!(ratio),
            Measure::Entropy | Measure::NormalisedEntropy => walk!(entropy),
            Measure::Gini => walk!(gini),
            Measure::Energy => energy::OfLogits.walk(simd, walk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::{Fold, SingleFold, TailFold};
    use crate::order::Order;
    use crate::simd::{Kernel, Level, Vector};

    /// Looks at the end that a formula seeks.
    struct Look(Measure, bool);

    impl Walk for &Look {
        type Scalar = f32;
        type Output = Order;

        fn once<V: Vector<Scalar = f32>, F: SingleFold<V>, M: Formula>(self, _: V::Simd, _: M) -> Order {
            M::ORDER
        }

        fn twice<V, P, F, M>(self, _: V::Simd, _: M) -> Order
        where
            V: Vector<Scalar = f32>,
            P: Fold<V> + Default,
            F: TailFold<V>,
            M: Formula,
        {
            M::ORDER
        }
    }

    impl Kernel for Look {
        type Output = Order;

        fn run<S: Simd>(self, simd: S) -> Order {
            self.0.walk(simd, self.1, &self)
        }
    }

    #[test]
    fn formulas_seek_the_end_that_users_read_of() {
        for &measure in Measure::ALL {
            for logits in [false, true] {
                assert_eq!(Level::Portable.run(Look(measure, logits)), measure.about().order, "{measure:?}");
            }
        }
    }
}
