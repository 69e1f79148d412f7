//! Standard deviation over the members (divided by M, not by M - 1), mean over the classes.

use super::table::{Needs, Table};
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::Vector;

pub(super) const ABOUT: About = About {
    name: "mean_std",
    order: Order::Highest,
    inputs: BOTH,
    formula: "standard deviation over members, mean over classes",
    range: "0 to 1/2",
    source: "Kendall et al. 2015; Gal et al. 2017",
};

pub(super) const NEEDS: Needs = Needs::Values;

#[inline(always)]
pub(super) fn score<V: Vector>(table: &Table<V>) -> V {
    let mut sum = table.splat(0.0);
    for class in 0..table.classes() {
        let centre = table.centre(class);
        let mut squares = table.splat(0.0);
        for member in 0..table.members() {
            let deviation = table.deviation(member, class, centre);
            squares = deviation.mul_add(deviation, squares);
        }
        sum = sum.add(squares.div(table.splat(table.members() as f64)).sqrt());
    }
    sum.div(table.splat(table.classes() as f64))
}
