//! What is wrong with a row of a committee: a member and the fault of its row.

use crate::fault::Fault;

/// Why a row is invalid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemberFault {
    /// The first member whose row is invalid.
    pub member: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

impl std::fmt::Display for MemberFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "of member {} {}", self.member, self.fault)
    }
}
