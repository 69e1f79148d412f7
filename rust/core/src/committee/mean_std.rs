//! Standard deviation over the members (divided by M, not by M - 1), mean over the classes.

use super::formula::{CommitteeFormula, Needs};
use super::table::Table;
use crate::measure::{About, BOTH};
use crate::order::Order;
use crate::simd::{Float, Vector};

pub(super) struct MeanStd;

impl CommitteeFormula for MeanStd {
    const ABOUT: About = About {
        name: "mean_std",
        order: Order::Highest,
        inputs: BOTH,
        formula: "standard deviation over members, mean over classes",
        range: "0 to 1/2",
        source: "Kendall et al. 2015; Gal et al. 2017",
    };
    const NEEDS: Needs = Needs::Values;

    #[inline(always)]
    fn score<V: Vector>(table: &Table<V>) -> V {
        let mut sum = table.splat(0.0);
        for class in 0..table.classes() {
            let centre = table.centre(class);
            let mut squares = table.splat(0.0);
            for member in 0..table.members() {
                let deviation = table.deviation(member, class, centre);
                squares = deviation.mul_add(deviation, squares);
            }
            sum = sum.add(square_root(squares.div(table.splat(table.members() as f64))));
        }
        sum.div(table.splat(table.classes() as f64))
    }
}

/// Correctly rounded: the root of an `f32` taken in `f64` is.
#[inline(always)]
#[allow(unsafe_code)]
fn square_root<V: Vector>(x: V) -> V {
    let mut roots = [V::Scalar::ZERO; 16];
    // SAFETY: no vector has more than 16 lanes.
    unsafe { x.store(roots.as_mut_ptr()) };
    let mut i = 0;
    while i < V::LANES {
        let wide: f64 = roots[i].into();
        roots[i] = V::Scalar::from_f64(wide.sqrt());
        i += 1;
    }
    // SAFETY: as above.
    unsafe { V::load(x.simd(), roots.as_ptr()) }
}
