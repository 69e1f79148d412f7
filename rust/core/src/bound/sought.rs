//! What a row must reach to be picked, which is what a bound is computed for.

/// What a row must reach, with room for the rounding of its measure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sought {
    /// In nats.
    Entropy(f64),
    Margin(f64),
    LeastConfident(f64),
}

/// What is known of the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) classes: usize,
    pub(crate) temperature: f64,
    /// The room for the rounding of measure and bound: relative, and also absolute where numbers
    /// near 1 are subtracted.
    pub(crate) slack: f64,
}

/// The greatest x up to `most` at which a rising function is still below `value`.
pub(super) fn rising(function: impl Fn(f64) -> f64, value: f64, most: f64) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if function(middle) < value { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
pub(super) mod tests {
    /// Rows of all kinds, from nearly uniform to nearly sure.
    pub(in crate::bound) fn rows(classes: usize) -> impl Iterator<Item = Vec<f64>> {
        let mut state = 1u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..2000).map(move |_| {
            let sharpness = 0.1 + 20.0 * next() * next();
            let raw: Vec<f64> = (0..classes).map(|_| next().powf(sharpness)).collect();
            let sum: f64 = raw.iter().sum();
            raw.iter().map(|x| x / sum).collect()
        })
    }
}
