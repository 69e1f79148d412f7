//! What distance means.

use crate::named::named;

named! {
    /// A distance between two rows of features.
    pub enum Metric {
        /// √Σ(x - y)².
        Euclidean = "euclidean",
        /// Σ(x - y)².
        SqEuclidean = "sqeuclidean",
        /// 1 - x·y / (‖x‖‖y‖), in [0, 2]; a row of zeros has similarity 0, and so distance 1, to
        /// every row.
        Cosine = "cosine",
        /// Σ|x - y|.
        Manhattan = "manhattan",
    }
}

impl Metric {
    /// The distance that a sum of the pair kernels stands for; it never falls when the sum grows.
    ///
    /// The cosine distance is half the squared distance of the rows at unit length, which does not
    /// cancel for rows that are nearly parallel.
    #[inline(always)]
    pub fn finish(self, sum: f64) -> f64 {
        match self {
            Metric::Euclidean => sum.sqrt(),
            Metric::SqEuclidean | Metric::Manhattan => sum,
            Metric::Cosine => 0.5 * sum,
        }
    }

    /// The length behind a distance: what obeys the triangle inequality.
    #[inline(always)]
    pub fn length(self, distance: f64) -> f64 {
        match self {
            Metric::Euclidean | Metric::Manhattan => distance,
            Metric::SqEuclidean => distance.sqrt(),
            Metric::Cosine => (2.0 * distance).sqrt(),
        }
    }
}
