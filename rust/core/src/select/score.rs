//! The types that scores come in, with rounding to the side of letting rows pass.

/// A floating-point type that scores come in.
pub trait Score: Copy + PartialOrd + Into<f64> {
    /// The largest number of this type that is at most `x`.
    fn at_most(x: f64) -> Self;
    /// The smallest number of this type that is at least `x`.
    fn at_least(x: f64) -> Self;
}

impl Score for f64 {
    #[inline(always)]
    fn at_most(x: f64) -> f64 {
        x
    }

    #[inline(always)]
    fn at_least(x: f64) -> f64 {
        x
    }
}

impl Score for f32 {
    #[inline(always)]
    fn at_most(x: f64) -> f32 {
        let nearest = x as f32;
        if f64::from(nearest) > x { nearest.next_down() } else { nearest }
    }

    #[inline(always)]
    fn at_least(x: f64) -> f32 {
        -f32::at_most(-x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_to_the_side_asked_for() {
        let third = 1.0 / 3.0;
        for x in [third, -third, 1e-50, -1e-50, 1e300, -1e300, f64::from(f32::MAX) * 1.0000001] {
            assert!(f64::from(f32::at_most(x)) <= x && f64::from(f32::at_least(x)) >= x, "{x}");
            assert!(f64::from(f32::at_most(x).next_up()) > x && f64::from(f32::at_least(x).next_down()) < x, "{x}");
        }
        for x in [0.0, 0.25, -3.0, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!((f64::from(f32::at_most(x)), f64::from(f32::at_least(x))), (x, x));
        }
    }
}
