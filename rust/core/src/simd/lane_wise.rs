//! Methods of a level's vectors, as a table.

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
