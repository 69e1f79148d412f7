//! The numbers that logarithm and exponential are made of, for each type: what `math` computes
//! with, and what the levels in `simd` keep for it where an instruction can read it.

#![allow(clippy::excessive_precision)] // the fits are written down in full

/// A constant, repeated: an instruction of AVX2 takes an operand from memory, but does not spread
/// one number over its lanes.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Spread<T>([T; 8]);

impl<T: Copy> Spread<T> {
    /// The constants, each repeated.
    pub const fn all<const N: usize>(constants: [T; N]) -> [Spread<T>; N] {
        let mut spread = [Spread([constants[0]; 8]); N];
        let mut i = 0;
        while i < N {
            spread[i] = Spread([constants[i]; 8]);
            i += 1;
        }
        spread
    }

    /// The number.
    #[inline(always)]
    pub fn number(&self) -> T {
        self.0[0]
    }
}

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
    /// What [`over_exp`](crate::math::over_exp) multiplies its argument by: the sum with
    /// [`Coefficients::OVER_EXP_ONE`] has the logarithm to base 2 in its last bits, 14 (`f32`) or
    /// 20 (`f64`) of them after the point.
    const OVER_EXP_UNIT: Self;
    /// What [`over_exp`](crate::math::over_exp) adds: the exponent's bias, and what moves the
    /// logarithm to the last bits.
    const OVER_EXP_ONE: Self;
    /// The unit of [`power_to_line`](crate::simd::Vector::power_to_line), in nats.
    const LINE_UNIT: Self;
    /// `(2 atanh(t/2) - t) / t^3` as a polynomial in `t^2`, for `|t|` up to
    /// `2 (sqrt 2 - 1) / (sqrt 2 + 1)`.
    const LN_TAIL: &'static [Spread<Self>];
    /// [`share`](crate::math::share) is by a quotient, and not by a polynomial in the mantissa.
    const SHARE_BY_QUOTIENT: bool;
    /// The polynomial of [`share`](crate::math::share).
    const SHARE_TAIL: &'static [Spread<Self>];
    /// A unit of [`share`](crate::math::share), in nats.
    const SHARE_UNIT: Self;
    /// What [`share`](crate::math::share) leaves out, in nats.
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

    const SHARE_BY_QUOTIENT: bool = false;
    // Error of the fit, relative to the logarithm to base 2: 2.1e-7.
    const SHARE_TAIL: &'static [Spread<f32>] = &Spread::all([
        0.442_661_437_318 * TWO_23,
        -0.720_461_470_052 * TWO_23,
        0.472_752_370_144 * TWO_23,
        -0.323_522_322_13 * TWO_23,
        0.190_719_533_086 * TWO_23,
        -0.076_915_564_183_8 * TWO_23,
        0.014_766_222_607_9 * TWO_23,
    ]);
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

    const SHARE_BY_QUOTIENT: bool = true;
    // Error of the fit: 4.4e-17.
    const SHARE_TAIL: &'static [Spread<f64>] = &Spread::all([
        2.885_390_081_777_930_462,
        0.961_796_693_921_299_633_38,
        0.577_078_018_075_781_501_52,
        0.412_198_305_104_868_239_87,
        0.320_621_890_036_273_237_2,
        0.261_294_461_310_968_659_21,
        0.244_483_896_063_415_313_44,
    ]);
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
