//! What threads of a selection share.

#[path = "../../../core/src/select/labels.rs"]
pub mod labels;
#[path = "../../../core/src/select/shared.rs"]
pub mod shared;

pub mod plan {
    pub(crate) const MAX_GROUPS: usize = 1 << 24;
}
