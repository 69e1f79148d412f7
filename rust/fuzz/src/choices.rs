//! Choices made from bytes.

use half::{bf16, f16};

/// Bytes as a source of choices; zeros once they are used up.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// One of so many, of 65,536 at most.
    pub fn below(&mut self, many: usize) -> usize {
        let number = usize::from(u16::from_le_bytes([self.byte(), self.byte()]));
        number % many.max(1)
    }

    /// One of a list.
    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::from(self.byte()) % list.len()]
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    /// A number from few bits, so that equal ones are frequent; now and then one that is hard.
    pub fn value(&mut self) -> f64 {
        const HARD: [f64; 12] =
            [0.0, -0.0, 1.0, -1.0, 5e-324, 1e-40, 1e-8, 1e30, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        match self.byte() {
            byte @ ..240 => f64::from(byte) / 16.0,
            byte => HARD[usize::from(byte) % HARD.len()],
        }
    }
}

/// A number type that a matrix may hold.
pub trait Of: Copy {
    /// The nearest number.
    fn of(value: f64) -> Self;
}

impl Of for f16 {
    fn of(value: f64) -> Self {
        f16::from_f64(value)
    }
}

impl Of for bf16 {
    fn of(value: f64) -> Self {
        bf16::from_f64(value)
    }
}

impl Of for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Of for f64 {
    fn of(value: f64) -> Self {
        value
    }
}
