//! Logarithm and exponential over whole vectors, without tables, branches or `unsafe`.
//!
//! Both are written here, and not the platform's, so that a score has the same bits on every CPU.
//! Errors are relative to the true value; the tests at the bottom of each file measure them.

#![allow(clippy::excessive_precision)] // the fits are written down in full

use crate::simd::{Spread, Vector};

mod exp;
mod log;

pub use exp::{OVER_EXP, exp, exp_m1, over_exp};
pub use log::{ln, ln_1p};

/// The constants of the two functions for one type. The polynomials are minimax fits (Remez) in 50
/// digits.
pub trait Coefficients: Sized + 'static {
    /// ln 2.
    const LN_2: Self;
    /// ln 2 in two parts, the first short enough that its product with an exponent is exact.
    const LN_2_PARTS: [Self; 2];
    /// 1 / ln 2.
    const LOG2_E: Self;
    /// `1.5 * 2^(mantissa bits)`: adding it rounds to a whole number in the low bits.
    const ROUNDER: Self;
    /// The least argument whose exponential is a normal number.
    const EXP_LEAST: Self;
    /// An argument whose exponential comes out as zero: the exponent of its power of two is one
    /// less than that of the least normal number, which are the bits of 0.
    const EXP_ZERO: Self;
    /// What [`over_exp`] multiplies its argument by: the sum with [`Coefficients::OVER_EXP_ONE`]
    /// has the logarithm to base 2 in its last bits, 14 (`f32`) or 20 (`f64`) of them after the
    /// point.
    const OVER_EXP_UNIT: Self;
    /// What [`over_exp`] adds: the exponent's bias, and what moves the logarithm to the last bits.
    const OVER_EXP_ONE: Self;
    /// The unit of [`Vector::power_to_line`], in nats.
    const LINE_UNIT: Self;
    /// `(2 atanh(t/2) - t) / t^3` as a polynomial in `t^2`, for `|t|` up to
    /// `2 (sqrt 2 - 1) / (sqrt 2 + 1)`.
    const LN_TAIL: &'static [Spread<Self>];
    /// The logarithm of a share x of a whole, in units of [`Coefficients::SHARE_UNIT`] and less
    /// [`Coefficients::SHARE_SHIFT`]. It is cheaper than [`ln`], and accurate enough where x is at
    /// most a half: its error is at most 4e-7 (`f32`), 9e-16 (`f64`) of the logarithm or of ln 2,
    /// whichever is larger.
    fn share<V: Vector<Scalar = Self>>(x: V) -> V;
    /// A unit of [`Coefficients::share`], in nats.
    const SHARE_UNIT: Self;
    /// What [`Coefficients::share`] leaves out, in nats.
    const SHARE_SHIFT: Self;
    /// `ln(1 + d) / d` as a polynomial in `d`, for `|d|` up to 1.1e-3.
    const LN_1P_NEAR: &'static [Spread<Self>];
    /// `1 / (1 + d)` as a polynomial in `d`, for `|d|` up to 1.1e-3.
    const PER_1P_NEAR: &'static [Spread<Self>];
    /// `(e^r - 1 - r) / r^2` as a polynomial in `r`, for `|r|` up to half of ln 2.
    const EXP_TAIL: &'static [Spread<Self>];
}

/// 2^23.
const TWO_23: f32 = 8_388_608.0;

impl Coefficients for f32 {
    const LN_2: f32 = std::f32::consts::LN_2;
    const LN_2_PARTS: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const ROUNDER: f32 = 12_582_912.0;
    const EXP_LEAST: f32 = -87.336_54;
    const EXP_ZERO: f32 = -88.0;
    const OVER_EXP_UNIT: f32 = std::f32::consts::LOG2_E * 16_384.0;
    const OVER_EXP_ONE: f32 = TWO_23 + 127.0 * 16_384.0;
    const LINE_UNIT: f32 = std::f32::consts::LN_2 / TWO_23;
    // Error of the fit: 8.1e-10.
    const LN_TAIL: &'static [Spread<f32>] =
        &Spread::all([0.083_333_470_119_6, 0.012_492_990_441_4, 0.002_333_679_386_44]);
    const SHARE_UNIT: f32 = std::f32::consts::LN_2 / TWO_23;
    const SHARE_SHIFT: f32 = 0.0;

    /// `log2 x = (e + f) + f P(f)`, in units of 2^-23.
    #[inline(always)]
    fn share<V: Vector<Scalar = f32>>(x: V) -> V {
        // Error of the fit, relative to the logarithm to base 2: 2.1e-7.
        const TAIL: &[Spread<f32>] = &Spread::all([
            0.442_661_437_318 * TWO_23,
            -0.720_461_470_052 * TWO_23,
            0.472_752_370_144 * TWO_23,
            -0.323_522_322_13 * TWO_23,
            0.190_719_533_086 * TWO_23,
            -0.076_915_564_183_8 * TWO_23,
            0.014_766_222_607_9 * TWO_23,
        ]);
        // Opaque: the compiler adds -1 rather than subtract a 1 that it knows, and so would keep
        // both in registers.
        let one = x.full_like(1.0).opaque();
        let linear = x.bits_sub(one).whole_less(0);
        let fraction = x.mantissa(one).sub(one);
        fraction.mul_add(fraction.polynomial(TAIL), linear)
    }

    const LN_1P_NEAR: &'static [Spread<f32>] = &Spread::all([1.0, -1.0 / 2.0, 1.0 / 3.0]);
    const PER_1P_NEAR: &'static [Spread<f32>] = &Spread::all([1.0, -1.0, 1.0]);
    // Error of the fit: 3.2e-9.
    const EXP_TAIL: &'static [Spread<f32>] = &Spread::all([
        0.500_000_009_569,
        0.166_665_183_137,
        0.041_666_204_153_9,
        0.008_368_952_811_73,
        0.001_395_060_159_36,
    ]);
}

impl Coefficients for f64 {
    const LN_2: f64 = std::f64::consts::LN_2;
    const LN_2_PARTS: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    const EXP_LEAST: f64 = -708.396_418_532_264;
    const EXP_ZERO: f64 = -709.0;
    const OVER_EXP_UNIT: f64 = std::f64::consts::LOG2_E * 1_048_576.0;
    const OVER_EXP_ONE: f64 = 4_503_599_627_370_496.0 + 1023.0 * 1_048_576.0;
    const LINE_UNIT: f64 = std::f64::consts::LN_2 / 1_048_576.0;
    // Error of the fit: 1.9e-16, of a term that is at most a hundredth of the whole.
    const LN_TAIL: &'static [Spread<f64>] = &Spread::all([
        0.083_333_333_333_235_139_737,
        0.012_500_000_016_225_507_996,
        0.002_232_141_967_012_346_622_7,
        0.000_434_050_170_233_088_319_39,
        0.000_088_494_765_361_309_732_538,
        0.000_020_530_875_499_782_901_077,
    ]);
    const SHARE_UNIT: f64 = std::f64::consts::LN_2;
    const SHARE_SHIFT: f64 = std::f64::consts::LN_2 / 2.0;

    /// `log2 x - 1/2 = e + t P(t^2)`, `t = (m - sqrt 2) / (m + sqrt 2)`, `1 <= m < 2`.
    #[inline(always)]
    fn share<V: Vector<Scalar = f64>>(x: V) -> V {
        // Error of the fit: 4.4e-17.
        const TAIL: &[Spread<f64>] = &Spread::all([
            2.885_390_081_777_930_462,
            0.961_796_693_921_299_633_38,
            0.577_078_018_075_781_501_52,
            0.412_198_305_104_868_239_87,
            0.320_621_890_036_273_237_2,
            0.261_294_461_310_968_659_21,
            0.244_483_896_063_415_313_44,
        ]);
        let mantissa = x.mantissa(x.full_like(1.0));
        let exponent = x.exponent_down().whole_less(1023);
        let middle = x.full_like(std::f64::consts::SQRT_2);
        let t = mantissa.sub(middle).div(mantissa.add(middle));
        t.mul_add(t.mul(t).polynomial(TAIL), exponent)
    }

    const LN_1P_NEAR: &'static [Spread<f64>] = &Spread::all([1.0, -1.0 / 2.0, 1.0 / 3.0, -1.0 / 4.0, 1.0 / 5.0]);
    const PER_1P_NEAR: &'static [Spread<f64>] = &Spread::all([1.0, -1.0, 1.0, -1.0, 1.0]);
    // Error of the fit: 3.5e-18.
    const EXP_TAIL: &'static [Spread<f64>] = &Spread::all([
        0.500_000_000_000_001_284_7,
        0.166_666_666_666_666_993_55,
        0.041_666_666_666_514_389_615,
        0.008_333_333_333_307_017_500_8,
        0.001_388_888_894_731_641_068_3,
        0.000_198_412_699_177_941_166_98,
        0.000_024_801_489_603_988_835_228,
        2.755_721_593_007_893_879_2e-6,
        2.763_140_950_741_806_312_4e-7,
        2.511_797_966_344_021_818_3e-8,
    ]);
}

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
