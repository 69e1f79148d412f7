//! Methods of a level's vectors, as a table.

/// Methods that are one expression each, inside `impl Vector for` a register: `fn add(self, y:
/// Self) -> Self = F32(_mm256_add_ps(self.0, y.0));`. The first line of the table is the attribute
/// of all of them. The expressions may call the intrinsics of the level, and an `unsafe fn` may
/// read and write the memory that its caller promises; they must do nothing else that is unsafe.
macro_rules! lane_wise {
    (#![$inline:meta]) => {};
    (#![$inline:meta] unsafe fn $name:ident($($arguments:tt)*) $(-> $result:ty)? = $value:expr; $($others:tt)*) => {
        #[$inline]
        unsafe fn $name($($arguments)*) $(-> $result)? {
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
