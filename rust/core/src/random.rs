//! Random numbers as a pure function of (seed, step, id), so that they do not depend on threads,
//! blocks or shards.
//!
//! The mixer is David Stafford's thirteenth variant of MurmurHash3's finalizer (the one of
//! splitmix64), applied twice to a row's id with a different part of the stream's key each time:
//! with one application two seeds would give shifted copies of one sequence. The logarithm is our
//! own: the platform's may differ in the last bit, and with it the rows picked.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Step of the numbers that decide between rows of equal score.
pub const STEP_TIES: u64 = 0;
/// Step of the numbers that perturb scores or draw samples.
pub const STEP_PERTURB: u64 = 1;
/// Step of the numbers that rows are drawn by in proportion to their distances.
pub const STEP_CLOCK: u64 = 2;
/// Step of the numbers that a first row is drawn by, before there are distances.
pub const STEP_FIRST: u64 = 3;

#[inline(always)]
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The numbers of one (seed, step), one for every id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    first: u64,
    second: u64,
}

impl Stream {
    /// The stream of a seed and a step.
    pub fn new(seed: u64, step: u64) -> Stream {
        let seeded = mix(seed.wrapping_add(GOLDEN));
        let first = mix(seeded ^ mix(step.wrapping_mul(GOLDEN).wrapping_add(1)));
        Stream { first, second: mix(!first) }
    }

    /// The 64 random bits of an id.
    #[inline(always)]
    pub fn bits(&self, id: u64) -> u64 {
        mix(mix(id.wrapping_mul(GOLDEN).wrapping_add(self.first)) ^ self.second)
    }
}

/// The 64 random bits of (seed, step, id).
pub fn hash(seed: u64, step: u64, id: u64) -> u64 {
    Stream::new(seed, step).bits(id)
}

/// Random bits as a number in the open interval (0, 1), a multiple of 2^-53.
#[inline(always)]
pub fn uniform(bits: u64) -> f64 {
    const STEP: f64 = 1.0 / (1u64 << 52) as f64;
    ((bits >> 12) as f64 + 0.5) * STEP
}

/// Random bits as a standard exponential number, -ln u, above zero: it falls as the bits grow.
#[inline(always)]
pub fn exponential_of(bits: u64) -> f64 {
    -ln(uniform(bits))
}

/// Random bits as a standard Gumbel number, -ln(-ln u): it grows with the bits.
#[inline(always)]
pub fn gumbel_of(bits: u64) -> f64 {
    -ln(exponential_of(bits))
}

/// The natural logarithm, within 2 ulp, from IEEE basic operations alone and so the same on every
/// machine.
///
/// With x = 2^n (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and s = f/(2 + f): ln(1 + f) = 2 atanh(s),
/// written as f - (f²/2 - s (f²/2 + R)) with R the rest of the series, so that the leading term is
/// exact.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    const SQRT_HALF: u64 = 0x3fe6_a09e_0000_0000;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    let (x, shift) = if x < f64::MIN_POSITIVE { (x * TWO_54, 54) } else { (x, 0) };
    let moved = x.to_bits() + (ONE - SQRT_HALF);
    let n = ((moved >> 52) as i64 - 1023 - shift) as f64;
    let f = f64::from_bits((moved & 0x000f_ffff_ffff_ffff) + SQRT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    // 2 (z/3 + z²/5 + ...): z < 0.0295, so ten terms leave less than 2^-57 of the result.
    let mut series = 2.0 / 21.0;
    for odd in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        series = series * z + 2.0 / odd;
    }
    let half_square = 0.5 * f * f;
    n * LN2_HIGH - ((half_square - (s * (half_square + series * z) + n * LN2_LOW)) - f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps(a: f64, b: f64) -> u64 {
        if a == b {
            return 0;
        }
        assert_eq!(a.is_sign_negative(), b.is_sign_negative(), "{a} {b}");
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn ln_is_within_two_ulp_of_the_platforms() {
        for id in 0..400_000u64 {
            let bits = hash(1, 0, id);
            let anywhere = f64::from_bits(bits >> 1);
            let near_one = 1.0 + (uniform(bits) - 0.5) * 2f64.powi(-((id % 50) as i32));
            for x in [anywhere, near_one, uniform(bits), f64::from_bits(bits >> 12)] {
                if x.is_finite() && x > 0.0 {
                    assert!(ulps(ln(x), x.ln()) <= 2, "ln({x:e}) = {:e}, {:e}", ln(x), x.ln());
                }
            }
        }
        for x in [1.0, 2.0, 0.5, f64::MIN_POSITIVE, 5e-324, f64::MAX, 1.0 - f64::EPSILON / 2.0] {
            assert!(ulps(ln(x), x.ln()) <= 2, "ln({x:e})");
        }
    }

    #[test]
    fn ln_at_the_edges() {
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(-0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
    }

    #[test]
    fn uniform_stays_inside_the_open_interval() {
        assert!(uniform(0) > 0.0);
        assert!(uniform(u64::MAX) < 1.0);
        assert!(gumbel_of(0).is_finite() && gumbel_of(u64::MAX).is_finite());
    }

    /// One changed bit of seed, step or id changes each bit of the hash half of the time.
    #[test]
    fn every_input_bit_reaches_every_output_bit() {
        let rounds = 4000u64;
        for input in 0..3 {
            for bit in [0, 1, 5, 31, 32, 62, 63] {
                let mut flips = [0u32; 64];
                for round in 0..rounds {
                    let from = [round / 50, round % 3, round];
                    let mut to = from;
                    to[input] ^= 1 << bit;
                    let changed = hash(from[0], from[1], from[2]) ^ hash(to[0], to[1], to[2]);
                    for (position, count) in flips.iter_mut().enumerate() {
                        *count += (changed >> position & 1) as u32;
                    }
                }
                // Six standard deviations of a binomial(4000, 1/2).
                assert!(flips.iter().all(|&count| count.abs_diff(2000) < 190), "{input} {bit}: {flips:?}");
            }
        }
    }

    #[test]
    fn neighbouring_seeds_and_ids_are_uncorrelated() {
        let n = 100_000u64;
        for (seed, shift) in [(0, 1), (1, 0), (1, 1), (2, 3), (7, 0)] {
            let product = |id| (uniform(hash(0, 1, id)) - 0.5) * (uniform(hash(seed, 1, id + shift)) - 0.5);
            let correlation = 12.0 * (0..n).map(product).sum::<f64>() / n as f64;
            assert!(correlation.abs() < 5.0 / (n as f64).sqrt(), "{seed} {shift}: {correlation}");
        }
    }

    #[test]
    fn gumbel_has_its_mean_and_variance() {
        let n = 200_000u64;
        let draws: Vec<f64> = (0..n).map(|id| gumbel_of(hash(3, 1, id))).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n as f64;
        assert!((mean - 0.577_215_664_9).abs() < 0.015, "{mean}");
        assert!((variance - std::f64::consts::PI.powi(2) / 6.0).abs() < 0.04, "{variance}");
    }
}
