//! Constants for AVX2, whose instructions take an operand from memory, but do not spread one number
//! over its lanes.
//!
//! Left to itself the compiler spreads each coefficient of a polynomial over a register just before
//! its use. A CPU has some 160 such registers behind the 16 names, and in loops over logarithms and
//! exponentials their number is what keeps it from running ahead. As operands in memory the same
//! coefficients take no register, and these loops take a fifth less time.

use super::Spread;
use std::arch::asm;
use std::arch::x86_64::*;

macro_rules! steps {
    ($first:ident, $step:ident, $float:ty, $register:ty, $load:literal, $fused:literal) => {
        /// Coefficient `I`.
        ///
        /// # Safety
        /// It must be readable.
        #[inline]
        #[target_feature(enable = "avx2,fma")]
        pub(super) unsafe fn $first<const I: usize>(from: *const Spread<$float>) -> $register {
            let sum;
            // SAFETY: the caller's promise [a coefficient past the last]; a spread constant is
            // larger than a register, and aligned.
            unsafe {
                asm!(concat!($load, " {sum}, [{from} + 64 * {i}]"), sum = out(ymm_reg) sum, from = in(reg) from, i = const I,
                    options(pure, readonly, nostack, preserves_flags));
            }
            sum
        }

        /// `sum * x` and coefficient `I`.
        ///
        /// # Safety
        /// It must be readable.
        #[inline]
        #[target_feature(enable = "avx2,fma")]
        pub(super) unsafe fn $step<const I: usize>(mut sum: $register, x: $register, from: *const Spread<$float>) -> $register {
            // SAFETY: as above.
            unsafe {
                asm!(concat!($fused, " {sum}, {x}, [{from} + 64 * {i}]"), sum = inout(ymm_reg) sum, x = in(ymm_reg) x, from = in(reg) from, i = const I,
                    options(pure, readonly, nostack, preserves_flags));
            }
            sum
        }
    };
}

steps!(first_ps, step_ps, f32, __m256, "vmovaps", "vfmadd213ps");
steps!(first_pd, step_pd, f64, __m256d, "vmovapd", "vfmadd213pd");

/// The same vector, but the compiler can't tell its value.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn opaque_ps(mut constant: __m256) -> __m256 {
    // SAFETY: nothing is done.
    unsafe {
        asm!("/* {constant} */", constant = inout(ymm_reg) constant, options(pure, nomem, nostack, preserves_flags))
    };
    constant
}

/// The same for `f64`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn opaque_pd(mut constant: __m256d) -> __m256d {
    // SAFETY: nothing is done.
    unsafe {
        asm!("/* {constant} */", constant = inout(ymm_reg) constant, options(pure, nomem, nostack, preserves_flags))
    };
    constant
}

/// The same address, but the compiler can't tell how it was made. Otherwise it would keep an
/// address for every row of a block, and run out of registers.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // handed on, and not read
pub(super) fn opaque_address<T>(mut address: *const T) -> *const T {
    // SAFETY: nothing is done.
    unsafe { asm!("/* {address} */", address = inout(reg) address, options(pure, nomem, nostack, preserves_flags)) };
    address
}
