//! What NEON loads in a way of its own: few values, half precision, columns of rows, and what
//! comes later.

use crate::simd::Half;
use std::arch::aarch64::*;
use std::arch::asm;

/// Ask for a cache line.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // asked for, and not read
pub fn prefetch<T>(from: *const T) {
    // SAFETY: a prefetch of any address has no effect but on speed.
    unsafe { asm!("prfm pldl1keep, [{}]", in(reg) from, options(nomem, nostack, preserves_flags)) }
}

/// Eight numbers of half precision, widened.
#[inline(always)]
pub(super) fn widened<H: Half>(eight: uint16x8_t) -> [float32x4_t; 2] {
    // SAFETY: every AArch64 CPU has these, and no memory is read.
    unsafe {
        if H::UPPER {
            let zero = vdupq_n_u16(0);
            return both!(vreinterpretq_f32_u16, [vzip1q_u16(zero, eight), vzip2q_u16(zero, eight)]);
        }
        let (low, high): (float32x4_t, float32x4_t);
        // The intrinsics of these two take a type that older compilers lack.
        asm!("fcvtl {low:v}.4s, {eight:v}.4h", low = lateout(vreg) low, eight = in(vreg) eight,
            options(pure, nomem, nostack, preserves_flags));
        asm!("fcvtl2 {high:v}.4s, {eight:v}.8h", high = lateout(vreg) high, eight = in(vreg) eight,
            options(pure, nomem, nostack, preserves_flags));
        [low, high]
    }
}

/// So many values of a register, `fill` in the other lanes.
///
/// # Safety
/// They must be readable.
#[inline(always)]
pub(super) unsafe fn few(from: *const f32, count: usize, fill: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's promise.
    unsafe {
        let two = || vreinterpretq_f32_f64(vld1q_lane_f64::<0>(from.cast(), vreinterpretq_f64_f32(fill)));
        match count {
            0 => fill,
            1 => vld1q_lane_f32::<0>(from, fill),
            2 => two(),
            3 => vld1q_lane_f32::<2>(from.add(2), two()),
            _ => vld1q_f32(from),
        }
    }
}

/// Four columns of four rows, each of 32 bits, that are `stride` numbers of any type apart.
///
/// # Safety
/// Four columns must be readable at the start of each.
#[inline(always)]
pub(super) unsafe fn four_rows<T>(from: *const T, stride: usize) -> [float32x4_t; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let [a, b] = both!(vld1q_f32, [from.cast(), from.add(stride).cast()]);
        let [c, d] = both!(vld1q_f32, [from.add(2 * stride).cast(), from.add(3 * stride).cast()]);
        let [ab, cd] = [vtrnq_f32(a, b), vtrnq_f32(c, d)];
        let [even, odd] = both!(vreinterpretq_f64_f32, [ab.0, ab.1]);
        let [even_below, odd_below] = both!(vreinterpretq_f64_f32, [cd.0, cd.1]);
        [
            vreinterpretq_f32_f64(vzip1q_f64(even, even_below)),
            vreinterpretq_f32_f64(vzip1q_f64(odd, odd_below)),
            vreinterpretq_f32_f64(vzip2q_f64(even, even_below)),
            vreinterpretq_f32_f64(vzip2q_f64(odd, odd_below)),
        ]
    }
}

/// Four columns of two rows.
///
/// # Safety
/// Four values must be readable at the start of each.
#[inline(always)]
pub(super) unsafe fn two_rows(from: *const f64, stride: usize) -> [float64x2_t; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let [a, b] = both!(vld1q_f64, [from, from.add(2)]);
        let [c, d] = both!(vld1q_f64, [from.add(stride), from.add(stride + 2)]);
        [vzip1q_f64(a, c), vzip2q_f64(a, c), vzip1q_f64(b, d), vzip2q_f64(b, d)]
    }
}
