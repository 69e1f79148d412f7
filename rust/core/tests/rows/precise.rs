//! Arithmetic in twice the precision of `f64`: the exact sum or product of two numbers is a rounded
//! one and its rounding error (Dekker 1971). About 30 digits, so that bounds of a few roundings of
//! `f64` can be told.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `high + low`, `low` at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug)]
pub struct Precise {
    high: f64,
    low: f64,
}

const LN_2: Precise = Precise { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };

fn sum(a: f64, b: f64) -> Precise {
    let high = a + b;
    let from_b = high - a;
    Precise { high, low: (a - (high - from_b)) + (b - from_b) }
}

fn product(a: f64, b: f64) -> Precise {
    let high = a * b;
    Precise { high, low: a.mul_add(b, -high) }
}

impl Precise {
    pub const ZERO: Precise = Precise { high: 0.0, low: 0.0 };
    pub const ONE: Precise = Precise { high: 1.0, low: 0.0 };

    /// The nearest `f64`.
    pub fn nearest(self) -> f64 {
        self.high
    }

    /// How far `value` is from it.
    pub fn distance(self, value: f64) -> f64 {
        ((value - self.high) - self.low).abs()
    }

    /// e^x and e^x - 1: the series of a 256th of what is left of x without whole multiples of ln 2,
    /// then squared eight times.
    fn exponentials(self) -> [Precise; 2] {
        let power = (self.high / LN_2.high).round();
        let rest = (self - LN_2 * power.into()) * (1.0 / 256.0).into();
        let mut series = Precise::ONE;
        for n in (2..=11).rev() {
            series = Precise::ONE + rest * series / f64::from(n).into();
        }
        let mut less_one = rest * series;
        for _ in 0..8 {
            less_one = less_one + less_one + less_one * less_one;
        }
        // In two steps, as the whole may lie outside the normal numbers.
        let half = 2f64.powi(power as i32 / 2);
        let other = 2f64.powi(power as i32 - power as i32 / 2);
        let exponential = (Precise::ONE + less_one) * half.into() * other.into();
        [exponential, if power == 0.0 { less_one } else { exponential - Precise::ONE }]
    }

    /// e^x.
    pub fn exp(self) -> Precise {
        if self.high < -1400.0 { Precise::ZERO } else { self.exponentials()[0] }
    }

    /// e^x - 1.
    pub fn exp_m1(self) -> Precise {
        if self.high < -1400.0 { -Precise::ONE } else { self.exponentials()[1] }
    }

    /// ln(1 + x) for x >= 0: one step of Newton's method from the platform's.
    pub fn ln_1p(self) -> Precise {
        let guess = Precise::from(self.high.ln_1p());
        let away = (-guess).exp_m1();
        guess + away + self + self * away
    }

    /// ln x for x > 0, likewise.
    pub fn ln(self) -> Precise {
        let (scaled, shift) = if self.high < 1e-290 { (self * 2f64.powi(200).into(), 200.0) } else { (self, 0.0) };
        let guess = Precise::from(scaled.high.ln());
        let off = scaled * (-guess).exp() - Precise::ONE;
        guess + off - off * off * 0.5.into() - LN_2 * shift.into()
    }
}

impl From<f64> for Precise {
    fn from(high: f64) -> Precise {
        Precise { high, low: 0.0 }
    }
}

impl Add for Precise {
    type Output = Precise;
    fn add(self, other: Precise) -> Precise {
        let (highs, lows) = (sum(self.high, other.high), sum(self.low, other.low));
        let middle = sum(highs.high, highs.low + lows.high);
        sum(middle.high, middle.low + lows.low)
    }
}

impl Neg for Precise {
    type Output = Precise;
    fn neg(self) -> Precise {
        Precise { high: -self.high, low: -self.low }
    }
}

impl Sub for Precise {
    type Output = Precise;
    fn sub(self, other: Precise) -> Precise {
        self + -other
    }
}

impl Mul for Precise {
    type Output = Precise;
    fn mul(self, other: Precise) -> Precise {
        let exact = product(self.high, other.high);
        sum(exact.high, exact.low + (self.high * other.low + self.low * other.high))
    }
}

impl Div for Precise {
    type Output = Precise;
    fn div(self, other: Precise) -> Precise {
        let first = self.high / other.high;
        let left = self - other * first.into();
        let second = left.high / other.high;
        let left = left - other * second.into();
        sum(first, second) + (left.high / other.high).into()
    }
}

impl std::iter::Sum for Precise {
    fn sum<I: Iterator<Item = Precise>>(numbers: I) -> Precise {
        numbers.fold(Precise::ZERO, Precise::add)
    }
}

#[test]
fn thirty_digits() {
    let near = |a: Precise, b: Precise| {
        let off = (a - b).nearest().abs();
        assert!(off <= 1e-29 * b.nearest().abs(), "{a:?} {b:?}");
    };
    // e and ln 10, in two parts each.
    near(Precise::ONE.exp(), Precise { high: std::f64::consts::E, low: 1.445_646_891_729_250_2e-16 });
    near(Precise::from(10.0).ln(), Precise { high: std::f64::consts::LN_10, low: -2.170_756_223_382_249_4e-16 });
    for i in 1..200 {
        let x = Precise::from(f64::from(i) * 0.37 - 36.3);
        near(x.exp() * (-x).exp(), Precise::ONE);
        near((x.exp().ln() - x) * 1e-2.into() + Precise::ONE, Precise::ONE);
        let tiny = Precise::from(10f64.powi(-i));
        near(tiny.ln_1p().exp_m1(), tiny);
        near(Precise::from(2f64.powi(-5 * i)).ln(), -(LN_2 * f64::from(5 * i).into()));
    }
}
