//! The selection as a whole, against what sorting everything says.

mod drafts;
mod errors;
mod laws;
mod oracle;
