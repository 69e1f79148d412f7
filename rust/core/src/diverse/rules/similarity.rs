//! How much of a reference row a pick covers: a number from 0 to 1 that falls with the distance.

use crate::distance::{GROUP, Metric};
use crate::math::exp;
use crate::named::named;
use crate::simd::{Simd, Vector};

named! {
    /// The kinds of similarity. s is the scale.
    pub enum Similarity {
        /// 1 up to the distance s, 0 beyond.
        TopHat = "top_hat",
        /// exp(-d² / (2 s²)).
        Gaussian = "gaussian",
        /// exp(-d / s).
        Laplacian = "laplacian",
        /// The cosine of the angle between the rows, 0 where it is negative.
        Cosine = "cosine",
    }
}

impl Similarity {
    /// The similarities behind the sums of eight distances; never rising with these, and 0 for an
    /// infinite one.
    #[inline(always)]
    pub(super) fn of<S: Simd>(self, simd: S, metric: Metric, scale: f64, sums: [f64; GROUP]) -> [f64; GROUP] {
        let mut near = [0.0; GROUP];
        for (near, sum) in near.iter_mut().zip(sums) {
            let distance = metric.finish(sum);
            *near = match self {
                Similarity::TopHat => f64::from(u8::from(distance <= scale)),
                Similarity::Gaussian => -0.5 * (distance / scale) * (distance / scale),
                Similarity::Laplacian => -(distance / scale),
                Similarity::Cosine => (1.0 - distance).clamp(0.0, 1.0),
            };
        }
        if matches!(self, Similarity::Gaussian | Similarity::Laplacian) {
            let mut from = 0;
            while from < GROUP {
                let part = &mut near[from..from + S::F64::LANES];
                exp(S::F64::from_slice(simd, part)).to_slice(part);
                from += S::F64::LANES;
            }
        }
        near
    }
}
