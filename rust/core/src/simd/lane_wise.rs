//! Methods of a level's vectors: a table of them, and polynomials.

/// Methods that are one expression each, inside `impl Vector for` a register:
///
/// ```text
/// lane_wise! {
///     #![inline(always)]
///     fn add(self, y: Self) -> Self = F32(_mm256_add_ps(self.0, y.0));
///     unsafe fn store(self, to: *mut f32) = _mm256_storeu_ps(to, self.0);
/// }
/// ```
///
/// The attribute is that of all methods. Expressions may call the intrinsics of the level; those of
/// an `unsafe fn` may read and write the memory that its caller promises. They must do nothing else
/// that is unsafe.
macro_rules! lane_wise {
    (#![$inline:meta]) => {};
    (#![$inline:meta] unsafe fn $name:ident $(<$type:ident: $of:ident>)? ($($arguments:tt)*)
        $(-> $result:ty)? = $value:expr; $($others:tt)*) => {
        #[$inline]
        unsafe fn $name$(<$type: $of>)?($($arguments)*) $(-> $result)? {
            // SAFETY: a vector or a token proves the level, and the caller promises the memory.
            unsafe { $value }
        }
        lane_wise! { #![$inline] $($others)* }
    };
    (#![$inline:meta] fn $name:ident($($arguments:tt)*) $(-> $result:ty)? = $value:expr; $($others:tt)*) => {
        #[$inline]
        #[allow(unused_unsafe)] // where no intrinsic is called
        fn $name($($arguments)*) $(-> $result)? {
            // SAFETY: a vector or a token proves the level.
            unsafe { $value }
        }
        lane_wise! { #![$inline] $($others)* }
    };
}
pub(super) use lane_wise;

/// A polynomial by Horner's rule, of a level's own steps. The number of coefficients is known where
/// this is compiled, so of the steps listed here only those that are needed are left.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! horner {
    ($x:expr, $coefficients:ident, $first:ident, $step:ident) => {
        horner!($x, $coefficients, $first, $step, 11 10 9 8 7 6 5 4 3 2 1 0)
    };
    ($x:expr, $coefficients:ident, $first:ident, $step:ident, $($i:literal)*) => {{
        let (from, last) = ($coefficients.as_ptr(), $coefficients.len() - 1);
        assert!(last <= 11, "as many coefficients as are listed here");
        let mut sum = $x;
        $(
            if $i == last {
                sum = $first::<$i>(from);
            } else if $i < last {
                sum = $step::<$i>(sum, $x, from);
            }
        )*
        sum
    }};
}
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) use horner;
