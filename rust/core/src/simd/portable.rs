//! Plain arrays, for CPUs without a level of their own. Where every CPU of the target has vectors
//! (NEON), the compiler finds them in these loops. Where some lack a fused multiply-add (x86-64),
//! `mul_add` makes it of other operations.

use super::{Kernel, Simd, Vector, lane_wise};
#[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
use super::{Spread, mul_add};

/// The token of the level every CPU has.
#[derive(Clone, Copy)]
pub struct Portable;

/// Enter a kernel at the level. Not inlined, or each place that enters it would have its own copy.
#[inline(never)]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Portable)
}

impl Simd for Portable {
    type F32 = Array<f32, 8>;
    type F64 = Array<f64, 4>;
    /// Few CPUs that run a compiled x86-64 lack AVX2, and these kernels would be a twenty-fifth of
    /// a wheel.
    const EVERY_LAYOUT: bool = !cfg!(target_arch = "x86_64");

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        enter(kernel)
    }
}

#[derive(Clone, Copy)]
pub struct Array<T, const N: usize>([T; N]);

macro_rules! portable {
    ($float:ty, $bits:ty, $shifted:ty, $lanes:literal, $mantissa_bits:literal, $line:literal, $dropped:literal,
     $fused:ident, $polynomial:ident, $polynomial_mul_add:ident, $whole:ident) => {
        impl Array<$float, $lanes> {
            #[inline]
            fn zip(self, other: Self, f: impl Fn($float, $float) -> $float) -> Self {
                Array(std::array::from_fn(|i| f(self.0[i], other.0[i])))
            }

            /// All bits of a lane or none: as wide as lanes, so that the compiler finds vectors.
            #[inline]
            fn test(self, other: Self, f: impl Fn($float, $float) -> bool) -> [$bits; $lanes] {
                std::array::from_fn(|i| if f(self.0[i], other.0[i]) { <$bits>::MAX } else { 0 })
            }

            #[inline]
            fn map_bits(self, f: impl Fn($bits) -> $bits) -> Self {
                Array(self.0.map(|x| <$float>::from_bits(f(x.to_bits()))))
            }

            #[inline]
            fn zip_bits(self, other: Self, f: impl Fn($bits, $bits) -> $bits) -> Self {
                self.zip(other, |a, b| <$float>::from_bits(f(a.to_bits(), b.to_bits())))
            }
        }

        impl Vector for Array<$float, $lanes> {
            type Scalar = $float;
            type Mask = [$bits; $lanes];
            type Simd = Portable;
            const LANES: usize = $lanes;
            const LARGE: bool = cfg!(target_arch = "x86_64");

            lane_wise! {
                #![inline]
                fn simd(self) -> Portable = Portable;
                fn splat(_: Portable, value: $float) -> Self = Array([value; $lanes]);
                unsafe fn load(_: Portable, from: *const $float) -> Self =
                    Array(from.cast::<[$float; $lanes]>().read());
                unsafe fn store(self, to: *mut $float) = to.cast::<[$float; $lanes]>().write(self.0);
                unsafe fn stream(self, to: *mut $float) = self.store(to);

                fn add(self, y: Self) -> Self = self.zip(y, |a, b| a + b);
                fn sub(self, y: Self) -> Self = self.zip(y, |a, b| a - b);
                fn mul(self, y: Self) -> Self = self.zip(y, |a, b| a * b);
                fn div(self, y: Self) -> Self = self.zip(y, |a, b| a / b);
                fn min(self, y: Self) -> Self = self.zip(y, |a, b| if a < b { a } else { b });
                fn max(self, y: Self) -> Self = self.zip(y, |a, b| if a > b { a } else { b });
                fn sqrt(self) -> Self = Array(self.0.map(<$float>::sqrt));

                fn lt(self, y: Self) -> Self::Mask = self.test(y, |a, b| a < b);
                fn le(self, y: Self) -> Self::Mask = self.test(y, |a, b| a <= b);
                fn eq(self, y: Self) -> Self::Mask = self.test(y, |a, b| a == b);
                fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask = std::array::from_fn(|i| a[i] & b[i]);
                fn all(mask: Self::Mask) -> bool = mask.iter().fold(<$bits>::MAX, |all, &one| all & one) != 0;
                fn select(mask: Self::Mask, yes: Self, no: Self) -> Self =
                    Array(std::array::from_fn(|i| <$float>::from_bits(yes.0[i].to_bits() & mask[i] | no.0[i].to_bits() & !mask[i])));
                fn zero_where(self, mask: Self::Mask) -> Self =
                    Array(std::array::from_fn(|i| <$float>::from_bits(self.0[i].to_bits() & !mask[i])));

                fn signs(self) -> u32 =
                    self.0.iter().rev().fold(0, |signs, one| signs << 1 | u32::from(one.is_sign_negative()));
                fn or(self, y: Self) -> Self = self.zip_bits(y, |a, b| a | b);
                fn bits_and(self, y: Self) -> Self = self.zip_bits(y, |a, b| a & b);
                fn bits_add(self, y: Self) -> Self = self.zip_bits(y, |a, b| a.wrapping_add(b));
                fn bits_sub(self, y: Self) -> Self = self.zip_bits(y, |a, b| a.wrapping_sub(b));
                fn exponent_down(self) -> Self = self.map_bits(|x| (x as $shifted >> $mantissa_bits) as $bits);
                fn exponent_up(self) -> Self = self.map_bits(|x| x << $mantissa_bits);
                fn line_to_power(self) -> Self = self.map_bits(|x| x << $line);
                fn line_down(self) -> Self = self.map_bits(|x| x >> $dropped);
                fn whole_less(self, less: u32) -> Self = Array(self.0.map(|x| $whole(x, less)));

                // SAFETY: no other is read [masked lanes of the portable level].
                unsafe fn load_first(from: *const $float, count: usize, fill: Self) -> Self =
                    Array(std::array::from_fn(|i| if i < count { *from.add(i) } else { fill.0[i] }));
                unsafe fn load_columns(_: Portable, from: *const $float, stride: usize) -> [Self; 4] =
                    std::array::from_fn(|j| Array(std::array::from_fn(|row| *from.add(row * stride + j))));
                unsafe fn load_pairs(_: Portable, from: *const $float) -> [Self; 2] =
                    std::array::from_fn(|j| Array(std::array::from_fn(|row| *from.add(2 * row + j))));
            }

            #[inline]
            fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
                // Loops: the compiler makes calls of closures in closures.
                let mut pair = [self; 2];
                for i in 0..$lanes / 2 {
                    for j in [0, 1] {
                        pair[j].0[i] = self.0[2 * i + j];
                        pair[j].0[$lanes / 2 + i] = other.0[2 * i + j];
                    }
                }
                pair
            }

            // Without the instruction it is a call, or dozens of operations: too long to be
            // inlined.
            #[cfg_attr(target_arch = "x86_64", inline(never))]
            #[cfg_attr(not(target_arch = "x86_64"), inline)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                Array($fused(self.0, factor.0, term.0))
            }

            #[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
            #[inline(never)]
            fn polynomial(self, coefficients: &'static [Spread<$float>]) -> Self {
                Array(mul_add::$polynomial(self.0, coefficients))
            }

            #[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
            #[inline(never)]
            fn polynomial_mul_add(self, coefficients: &'static [Spread<$float>], factor: Self, term: Self) -> Self {
                Array(mul_add::$polynomial_mul_add(self.0, coefficients, factor.0, term.0))
            }
        }
    };
}

#[inline(always)]
fn fused_f32(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
    #[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
    return mul_add::f32_lanes(a, b, c);
    #[cfg(not(all(target_arch = "x86_64", not(target_feature = "fma"))))]
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

#[inline(always)]
fn fused_f64(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    #[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
    return mul_add::f64_lanes(a, b, c);
    #[cfg(not(all(target_arch = "x86_64", not(target_feature = "fma"))))]
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

#[inline(always)]
fn whole_f32(x: f32, less: u32) -> f32 {
    x.to_bits().wrapping_sub(less) as i32 as f32
}

/// A conversion would be made a lane at a time: the number is set under the bits of 2^52.
#[inline(always)]
fn whole_f64(x: f64, less: u32) -> f64 {
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    f64::from_bits(x.to_bits() | TWO_52.to_bits()) - (TWO_52 + f64::from(less))
}

portable!(f32, u32, i32, 8, 23, 9, 0, fused_f32, f32_polynomial, f32_polynomial_mul_add, whole_f32);
portable!(f64, u64, u64, 4, 52, 32, 32, fused_f64, f64_polynomial, f64_polynomial_mul_add, whole_f64);
