//! Logarithm and exponential over whole vectors, without tables, branches or `unsafe`.
//!
//! Both are written here, and not the platform's, so that a score has the same bits on every CPU.
//! Errors are relative to the true value; the tests at the bottom of each file measure them.

mod exp;
mod log;

pub use exp::{OVER_EXP, exp, exp_each, exp_m1, over_exp};
pub use log::{ln, ln_1p, share};

#[cfg(test)]
pub mod tests {
    use crate::simd::{Float, Kernel, Level, Simd, Vector};

    /// Applies a function of vectors to a slice at a level, for the tests of this room.
    pub struct Map<'a, T, F> {
        pub values: &'a [T],
        pub function: F,
    }

    pub trait Function<T: Float> {
        fn call<V: Vector<Scalar = T>>(&self, x: V) -> V;
    }

    impl<T: Float, F: Function<T>> Kernel for Map<'_, T, F> {
        type Output = Vec<T>;
        #[inline(always)]
        #[allow(unsafe_code)]
        fn run<S: Simd>(self, simd: S) -> Vec<T> {
            let mut out = vec![T::ZERO; self.values.len()];
            for (from, to) in self.values.chunks(T::Vector::<S>::LANES).zip(out.chunks_mut(T::Vector::<S>::LANES)) {
                let mut lanes = vec![T::ZERO; T::LANES];
                // SAFETY: only the values of the chunk are read, and `lanes` has room for all
                // lanes.
                unsafe {
                    let one = T::Vector::<S>::splat(simd, T::from_f64(1.0));
                    let x = T::Vector::<S>::load_first(from.as_ptr(), from.len(), one);
                    self.function.call(x).store(lanes.as_mut_ptr());
                }
                to.copy_from_slice(&lanes[..to.len()]);
            }
            out
        }
    }

    /// The greatest error relative to `truth`, the same bits required of every level.
    pub fn worst<T: Float, F: Function<T> + Copy>(values: &[T], function: F, truth: impl Fn(f64) -> f64) -> f64 {
        let plain = Level::Portable.run(Map { values, function });
        for level in Level::ALL.into_iter().filter(|level| level.supported()) {
            let other = level.run(Map { values, function });
            for (i, (a, b)) in plain.iter().zip(&other).enumerate() {
                let same = a.partial_cmp(b) == Some(std::cmp::Ordering::Equal);
                assert!(same, "{:?} differs at {:?}: {a:?} {b:?}", level, values[i]);
            }
        }
        let errors = values.iter().zip(&plain).map(|(&x, &y)| {
            let expected = truth(x.into());
            if expected == 0.0 { y.into().abs() } else { ((y.into() - expected) / expected).abs() }
        });
        errors.fold(0.0, f64::max)
    }
}
