//! The rules, a file each, and what some of them share.

pub mod badge;
mod central;
pub(crate) mod diverse_uncertain;
pub mod gradient;
pub mod herding;
pub mod k_center;
pub mod kmeans_plus_plus;
pub mod mean;
pub mod race;
pub(crate) mod ranked_batch;
pub mod similarity;
pub mod typiclust;
pub mod uncertain;
