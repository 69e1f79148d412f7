//! The CPU levels, and the vectors each offers: the only room with instruction sets in it.
//!
//! A vector is one register of the level, or a plain array that the compiler maps to what the target has (NEON on aarch64). Where the
//! lanes of a vector hold rows their number does not matter. Where they share the classes of a row, kernels work on
//! *virtual* lanes, 16 of `f32` or 8 of `f64`: one AVX-512 register or two of AVX2. Each operation is either exact or
//! correctly rounded (`mul_add` is always fused), so a kernel written over [`Vector`] gives the same bits at every level.
//!
//! A kernel is a struct with its inputs and one `run`, generic over the level. [`Level::run`] enters it once per block
//! of rows through a function compiled for that level. The vector types stay inside the crate and are
//! named only by code entered that way, which is what makes their intrinsics sound to call.

#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(all(target_arch = "x86_64", not(target_feature = "fma")))]
mod fused;
#[cfg(target_arch = "x86_64")]
mod operand;
mod portable;
mod vector;

pub use vector::Vector;
pub use vector::{Float, Spread, sealed};

use std::sync::OnceLock;

/// A level of the CPU, from the plainest upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every CPU of this architecture can do.
    Portable,
    /// x86-64 with AVX2, FMA and F16C.
    Avx2,
    /// x86-64 with AVX-512 F, VL, BW and DQ.
    Avx512,
}

/// A computation that [`Level::run`] enters once per block of rows.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// The computation. Must be `#[inline(always)]`, and so must all it calls that touches vectors: code compiled
    /// outside the level's entry would call each intrinsic as a function.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// A level's token, which proves that the CPU has the level: [`Level::run`] alone makes one, and a vector can't be made without. It has no
/// size, and so costs nothing to pass or to keep.
pub trait Simd: Copy + 'static {
    /// 16 or 8 lanes.
    type F32: Vector<Scalar = f32, Simd = Self>;
    /// 8 or 4 lanes.
    type F64: Vector<Scalar = f64, Simd = Self>;
}

impl Level {
    /// All levels, from the plainest upwards.
    pub const ALL: [Level; 3] = [Level::Portable, Level::Avx2, Level::Avx512];

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
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("f16c")
                    && is_x86_feature_detected!("bmi2")
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                Level::Avx2.supported()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The name users type.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// The level of that name.
    pub fn parse(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Enter `kernel` compiled for this level, or for the best one if the machine lacks it.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        match self.min(Level::best()) {
            // SAFETY: `best` is supported, and each level includes the ones below it.
            Level::Avx512 => return unsafe { enter_avx512(kernel) },
            // SAFETY: as above.
            Level::Avx2 => return unsafe { enter_avx2(kernel) },
            Level::Portable => {}
        }
        kernel.run(portable::Portable)
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
    #[cfg(not(target_arch = "x86_64"))]
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

/// # Safety
/// The CPU must support the features named.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2")]
unsafe fn enter_avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    kernel.run(unsafe { avx2::Avx2::new() })
}

/// # Safety
/// The CPU must support the features named.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,f16c,bmi1,bmi2")]
unsafe fn enter_avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    kernel.run(unsafe { avx512::Avx512::new() })
}
