//! The CPU levels, and the vectors each offers: the only room with instruction sets in it.
//!
//! A vector is a register of its level, or a plain array that the compiler maps to what the target
//! has. Where a lane of a vector holds a row, the number of lanes does not matter. Where lanes
//! share the classes of one row, kernels work on *virtual* lanes, 16 of `f32` or 8 of `f64`: one
//! register of AVX-512, two of AVX2, four of NEON. Each operation is exact or correctly rounded
//! (`mul_add` is always fused), so a kernel over [`Vector`] gives the same bits at every level.
//! [`Vector::min`] and [`Vector::max`] alone are free in what they make of a NaN and of the sign of
//! a zero: of valid rows no score depends on it, and a NaN shows in the sum of a row that has one.
//!
//! # Kernels
//!
//! A kernel is a struct of its inputs with one method, [`Kernel::run`], generic over the level.
//! [`Level::run`] enters it, once for a block of rows, through a function that is compiled for the
//! level, and hands it the level's token ([`Simd`]). Nothing else makes tokens, and vectors are
//! made with a token or from other vectors. So code that holds a vector runs on a CPU that has the
//! vector's instructions, and its operations are safe to call:
//!
//! ```text
//! fn run<S: Simd>(self, simd: S) {
//!     let x = S::F32::from_slice(simd, &self.values[..S::F32::LANES]);
//!     x.add(x.full_like(1.0)).to_slice(...)       // a vector proves the level too
//! ```
//!
//! All code between the entry and a vector's methods must be `#[inline(always)]`: code that is
//! compiled on its own, outside the entry, calls each instruction as a function. Of closures that
//! is true as well. One that takes vectors is written as an argument of a call, and marked:
//! `each(#[inline(always)] |x| ...)`, where `each` is `#[inline(always)]`. A closure without the
//! mark, a function passed by its name, and all that goes through the standard library's adaptors
//! (`map` of arrays, iterators) is compiled on its own. Hence the index loops. What is long and
//! needed at many places is a kernel too, and a kernel calls it ([`Simd::call`]).
//!
//! # Adding a level
//!
//! 1. A file beside `avx2.rs`, which is the pattern, with the token, `supported`, `enter`, `call`
//!    and a vector type for each of `f32` and `f64`: a register, or an array of two where a
//!    register has fewer lanes than half of the virtual ones. Most of a vector's methods are a line
//!    each in a table (`lane_wise!`). What takes more is the level's own: `load_columns` (a
//!    transpose), `load_pairs`, `pair`, and `pair_place` where `pair` takes lanes in another order.
//!    What loads half precision has a form that works everywhere, and a level may have a quicker
//!    one.
//! 2. Here: its `mod`, its variant of [`Level`] after the levels it includes, and a line in `ALL`,
//!    `supported`, `name` and `run`. A level that every CPU of the target has needs no `supported`
//!    of its own, as in `neon`.
//!
//! `tests.rs` runs every operation at every level that the machine has, and names the one whose
//! bits differ.

#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod half;
mod lane_wise;
#[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
mod mul_add;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod operand;
mod portable;
#[cfg(test)]
mod tests;
mod vector;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod windows;

pub use crate::coefficients::Spread;
pub use half::Half;
use lane_wise::lane_wise;
pub use vector::{Float, Kernel, Simd, Vector, sealed};

use std::sync::OnceLock;

/// A level of the CPU, from the plainest upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every CPU of this architecture can do.
    Portable,
    /// AArch64, which always has NEON.
    Neon,
    /// x86-64 with AVX2, FMA and F16C.
    Avx2,
    /// x86-64 with AVX-512 F, VL, BW and DQ.
    Avx512,
}

impl Level {
    /// All levels, from the plainest upwards.
    pub const ALL: [Level; 4] = [Level::Portable, Level::Neon, Level::Avx2, Level::Avx512];

    /// The best level of this machine.
    pub fn best() -> Level {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let supported = Level::ALL.into_iter().rev().find(|level| level.supported());
            supported.unwrap_or(Level::Portable)
        })
    }

    /// Whether this machine can run the level.
    pub fn supported(self) -> bool {
        match self {
            Level::Portable => true,
            Level::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::supported(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512::supported(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Whether kernels may load half precision at this level, or at the best one if the machine
    /// lacks it.
    pub(crate) fn widens(self) -> bool {
        self.run(Can).0
    }

    /// Whether every layout has a kernel of its own there.
    pub(crate) fn every_layout(self) -> bool {
        self.run(Can).1
    }

    /// The name users type.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Neon => "neon",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// Enter `kernel` compiled for this level, or for the best one if the machine lacks it.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        match self.min(Level::best()) {
            // SAFETY: `best` is supported, and each level includes the ones below it.
            Level::Avx512 => return unsafe { avx512::enter(kernel) },
            // SAFETY: as above.
            Level::Avx2 => return unsafe { avx2::enter(kernel) },
            Level::Neon | Level::Portable => {}
        }
        #[cfg(target_arch = "aarch64")]
        if self >= Level::Neon {
            return neon::enter(kernel);
        }
        portable::enter(kernel)
    }
}

/// Asks the token of a level what it can: [`Simd::WIDENS`] and [`Simd::EVERY_LAYOUT`].
struct Can;

impl Kernel for Can {
    type Output = (bool, bool);

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> (bool, bool) {
        (S::WIDENS, S::EVERY_LAYOUT)
    }
}

/// Ask for the cache line of an address, which may be any, to be read ahead of its use.
#[inline(always)]
pub fn prefetch<T>(from: *const T) {
    // SAFETY: every x86-64 has SSE, and a prefetch of any address has no effect but on speed.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(from.cast())
    }
    #[cfg(target_arch = "aarch64")]
    neon::prefetch(from);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = from;
}

/// Order streamed stores before what follows.
#[inline(always)]
pub fn fence() {
    // SAFETY: every x86-64 has SSE.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::x86_64::_mm_sfence()
    }
}
