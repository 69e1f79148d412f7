//! Options that users choose by name.

/// An enum whose values have the names that users write, which are told once, beside them:
///
/// ```text
/// named! {
///     /// Which end of a measure is informative.
///     pub enum Order {
///         /// The highest scores are picked first.
///         Highest = "highest",
///         ...
/// ```
macro_rules! named {
    ($(#[$of_type:meta])* pub enum $type:ident { $($(#[$of_value:meta])* $value:ident = $name:literal,)* }) => {
        $(#[$of_type])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$of_value])* $value,)* }

        impl $type {
            /// All of them.
            pub const ALL: [$type; [$($name),*].len()] = [$($type::$value),*];

            /// All of them with their names.
            pub const NAMED: [(&str, $type); $type::ALL.len()] = [$(($name, $type::$value)),*];

            /// The name users write.
            pub fn name(self) -> &'static str {
                match self { $($type::$value => $name,)* }
            }
        }
    };
}
pub(crate) use named;
