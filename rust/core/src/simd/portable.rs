//! Plain arrays, for CPUs without a level of their own. Where the target's baseline has vectors (NEON), the compiler
//! finds them in these loops; where it lacks a fused multiply-add, `fused` makes that of `f32` of other operations, and the library that of `f64`.

use super::{Simd, Vector};

/// The level every CPU has.
#[derive(Clone, Copy)]
pub struct Portable;

impl Simd for Portable {
    type F32 = Lanes<f32, 8>;
    type F64 = Lanes<f64, 4>;
}

#[derive(Clone, Copy)]
pub struct Lanes<T, const N: usize>([T; N]);

macro_rules! portable {
    ($float:ty, $bits:ty, $signed:ty, $lanes:literal, $mantissa_bits:literal, $low:literal, $octave:ident, $line:literal, $dropped:literal, $fused:ident) => {
        impl Lanes<$float, $lanes> {
            #[inline]
            fn zip(self, other: Self, f: impl Fn($float, $float) -> $float) -> Self {
                Lanes(std::array::from_fn(|i| f(self.0[i], other.0[i])))
            }

            #[inline]
            fn test(self, other: Self, f: impl Fn($float, $float) -> bool) -> [bool; $lanes] {
                std::array::from_fn(|i| f(self.0[i], other.0[i]))
            }
        }

        impl Vector for Lanes<$float, $lanes> {
            type Scalar = $float;
            type Simd = Portable;
            type Mask = [bool; $lanes];
            const LANES: usize = $lanes;

            #[inline]
            fn simd(self) -> Portable {
                Portable
            }

            #[inline]
            fn splat(_: Portable, value: $float) -> Self {
                Lanes([value; $lanes])
            }

            #[inline]
            unsafe fn load(_: Portable, from: *const $float) -> Self {
                // SAFETY: the caller's promise; an array of floats has the alignment of one.
                Lanes(unsafe { from.cast::<[$float; $lanes]>().read() })
            }

            #[inline]
            unsafe fn load_first(from: *const $float, count: usize, fill: Self) -> Self {
                let mut lanes = fill.0;
                for (i, lane) in lanes.iter_mut().enumerate().take(count) {
                    // SAFETY: `i < count`, which the caller promises to be readable.
                    *lane = unsafe { *from.add(i) };
                }
                Lanes(lanes)
            }

            #[inline]
            unsafe fn load_columns(_: Portable, from: *const $float, stride: usize) -> [Self; 4] {
                std::array::from_fn(|j| {
                    // SAFETY: the caller promises four values at the start of each row.
                    Lanes(std::array::from_fn(|row| unsafe { *from.add(row * stride + j) }))
                })
            }

            #[inline]
            unsafe fn load_pairs(_: Portable, from: *const $float) -> [Self; 2] {
                std::array::from_fn(|j| {
                    // SAFETY: the caller promises two values for each lane.
                    Lanes(std::array::from_fn(|row| unsafe { *from.add(2 * row + j) }))
                })
            }

            #[inline]
            fn pair<const STEP: usize>(self, other: Self) -> [Self; 2] {
                let lane = |i: usize| if i < $lanes { self.0[i] } else { other.0[i - $lanes] };
                [0, 1].map(|j| Lanes(std::array::from_fn(|i| lane(2 * i + j))))
            }

            #[inline]
            unsafe fn store(self, to: *mut $float) {
                // SAFETY: the caller's promise; an array of floats has the alignment of one.
                unsafe { to.cast::<[$float; $lanes]>().write(self.0) }
            }

            #[inline]
            unsafe fn stream(self, to: *mut $float) {
                // SAFETY: the caller's promise includes that of `store`.
                unsafe { self.store(to) }
            }

            #[inline]
            fn add(self, other: Self) -> Self {
                self.zip(other, |a, b| a + b)
            }

            #[inline]
            fn sub(self, other: Self) -> Self {
                self.zip(other, |a, b| a - b)
            }

            #[inline]
            fn mul(self, other: Self) -> Self {
                self.zip(other, |a, b| a * b)
            }

            #[inline]
            fn div(self, other: Self) -> Self {
                self.zip(other, |a, b| a / b)
            }

            // Where the baseline lacks the instruction a call or dozens of operations: not to be written out everywhere.
            #[cfg_attr(target_arch = "x86_64", inline(never))]
            #[cfg_attr(not(target_arch = "x86_64"), inline)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                Lanes($fused(self.0, factor.0, term.0))
            }

            #[inline]
            fn min(self, other: Self) -> Self {
                self.zip(other, |a, b| if a < b { a } else { b })
            }

            #[inline]
            fn max(self, other: Self) -> Self {
                self.zip(other, |a, b| if a > b { a } else { b })
            }

            #[inline]
            fn or(self, other: Self) -> Self {
                self.zip(other, |a, b| <$float>::from_bits(a.to_bits() | b.to_bits()))
            }

            #[inline]
            fn signs(self) -> u32 {
                self.0.iter().rev().fold(0, |signs, one| signs << 1 | u32::from(one.is_sign_negative()))
            }

            #[inline]
            fn sqrt(self) -> Self {
                Lanes(self.0.map(<$float>::sqrt))
            }

            #[inline]
            fn lt(self, other: Self) -> Self::Mask {
                self.test(other, |a, b| a < b)
            }

            #[inline]
            fn le(self, other: Self) -> Self::Mask {
                self.test(other, |a, b| a <= b)
            }

            #[inline]
            fn eq(self, other: Self) -> Self::Mask {
                self.test(other, |a, b| a == b)
            }

            #[inline]
            fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask {
                std::array::from_fn(|i| a[i] & b[i])
            }

            #[inline]
            fn all(mask: Self::Mask) -> bool {
                mask.iter().fold(true, |all, &one| all & one)
            }

            #[inline]
            fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
                Lanes(std::array::from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
            }

            #[inline]
            fn zero_where(self, mask: Self::Mask) -> Self {
                Lanes(std::array::from_fn(|i| if mask[i] { 0.0 } else { self.0[i] }))
            }

            #[inline]
            fn split(self) -> (Self, Self) {
                const LOW: $bits = $low;
                const MANTISSA: $bits = (1 << $mantissa_bits) - 1;
                let above = self.0.map(|x| x.to_bits().wrapping_sub(LOW));
                (
                    Lanes(above.map(|bits| ((bits as $signed) >> $mantissa_bits) as $float)),
                    Lanes(above.map(|bits| <$float>::from_bits((bits & MANTISSA) + LOW))),
                )
            }

            #[inline]
            fn octave(self) -> [Self; 2] {
                $octave(self.0)
            }

            #[inline]
            fn power_of_two(self) -> Self {
                const ONE: $bits = (1.0 as $float).to_bits();
                Lanes(self.0.map(|x| <$float>::from_bits((x.to_bits() << $mantissa_bits).wrapping_add(ONE))))
            }

            #[inline]
            fn line_to_power(self) -> Self {
                Lanes(self.0.map(|x| <$float>::from_bits(x.to_bits() << $line)))
            }

            #[inline]
            fn power_to_line(self) -> Self {
                // The bits of the unit of the line that a type has, from those of 1 on.
                const ONE: $signed = (1.0 as $float).to_bits() as $signed;
                Lanes(self.0.map(|x| (((x.to_bits() as $signed) >> $dropped) - (ONE >> $dropped)) as $float))
            }
        }
    };
}

#[inline(always)]
fn fused_f32(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
    #[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
    return super::fused::f32_lanes(a, b, c);
    #[cfg(not(all(target_arch = "x86_64", not(target_feature = "fma"))))]
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

#[inline(always)]
fn fused_f64(a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

fn octave_f32(x: [f32; 8]) -> [Lanes<f32, 8>; 2] {
    let bits = x.map(f32::to_bits);
    let above = bits.map(|bits| bits.wrapping_sub(0x3f80_0000) as i32 as f32);
    [Lanes(above), Lanes(bits.map(|bits| f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000) - 1.0))]
}

fn octave_f64(x: [f64; 4]) -> [Lanes<f64, 4>; 2] {
    let bits = x.map(f64::to_bits);
    let exponent = bits.map(|bits| (bits >> 52) as f64 - 1023.0);
    [Lanes(exponent), Lanes(bits.map(|bits| f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)))]
}

// The last constant is the bit pattern of the square root of one half.
portable!(f32, u32, i32, 8, 23, 0x3f35_04f3, octave_f32, 9, 0, fused_f32);
portable!(f64, u64, i64, 4, 52, 0x3fe6_a09e_667f_3bcd, octave_f64, 32, 32, fused_f64);
