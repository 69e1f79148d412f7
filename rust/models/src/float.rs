//! Numbers, of which these files know nothing.

pub trait Element {}
