//! BADGE (Ash et al. 2020): rows drawn apart in the space of their gradients, the most uncertain
//! first.
//!
//! The gradient of a row in the last layer is the outer product g = a ⊗ h of its output's error a
//! and its features h. It is never formed. With the squared distances A of two errors and H of two
//! features, and squared lengths |·|², the squared distance of two gradients is
//!
//! ```text
//! (A (|h|² + |h'|²) + H (|a|² + |a'|²) - A H + (|a|² - |a'|²)(|h|² - |h'|²)) / 2
//! ```
//!
//! which is zero for equal rows to the bit. The first pick is the longest gradient. No gradient is
//! further from it than the sum of their lengths, and that bound starts the race: one pass over the
//! rows, and then only those that seem to be next.

use crate::blocks::Watch;
use crate::distance::{Centres, GROUP, Metric, to_one};
use crate::diverse::points::{Among, Points, all_squared};
use crate::diverse::race::{Draw, Drawn, Field, Start, race};
use crate::error::{Error, Result};
use crate::order::greatest;
use crate::room;
use crate::simd::{Kernel, Level, Simd};

/// Draw `count` rows, or all there are, by their errors and their features.
///
/// The first draw reports the squared length of its gradient.
pub fn badge(
    errors: &dyn Points,
    features: &dyn Points,
    count: usize,
    seed: u64,
    (level, threads): (Level, usize),
    watch: &mut dyn Watch,
) -> Result<Drawn> {
    let among = errors.among();
    if among.count() != features.among().count() {
        let (one, other) = (("probs", among.count()), ("X", features.among().count()));
        return Err(Error::Differ { what: "rows", one, other });
    }
    let mut field =
        GradientField { errors: Factor::new(errors), features: Factor::new(features), lengths: Vec::new(), level };
    // Nothing is picked while the rows are read.
    let mut reading = |_: usize, _: usize| watch.look(0, count);
    let mut read = |factor: &Factor<'_>, name| {
        all_squared(factor.points, &factor.origin, level, threads, &mut reading).map_err(|error| error.within(name))
    };
    let mut squared = read(&field.errors, "probs")?;
    for (squared, length) in squared.iter_mut().zip(read(&field.features, "X")?) {
        *squared *= length;
    }
    let Some(first) = greatest(&squared).filter(|_| count > 0) else {
        return Ok(Drawn { draws: Vec::new(), compared: 0 });
    };
    let mut ready = field.ready();
    field.make_ready(first, &mut ready)?;
    field.add_centre(&ready);
    let draw = Draw { row: first, squared: squared[first] };
    let length = squared[first].sqrt();
    for squared in &mut squared {
        *squared = (squared.sqrt() + length).powi(2);
    }
    race(field, Start { squared, seen: 0, first: Some(draw), seed }, count, (level, threads), watch)
}

/// One of the two factors of all gradients.
struct Factor<'a> {
    points: &'a dyn Points,
    centres: Centres,
    origin: Vec<f64>,
}

impl<'a> Factor<'a> {
    fn new(points: &'a dyn Points) -> Self {
        let width = points.width();
        Factor { points, centres: Centres::new(Metric::SqEuclidean, width), origin: room::filled(0.0, width) }
    }

    fn make_ready(&self, row: usize, level: Level, ready: &mut Prepared) -> Result<()> {
        self.points.prepare(level, row, &mut ready.row)?;
        ready.length = level.run(Length { row: &ready.row, origin: &self.origin });
        Ok(())
    }
}

/// A factor of one row, and its squared length.
struct Prepared {
    row: Vec<f64>,
    length: f64,
}

struct Length<'a> {
    row: &'a [f64],
    origin: &'a [f64],
}

impl Kernel for Length<'_> {
    type Output = f64;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let mut length = [0.0];
        to_one(simd, Metric::SqEuclidean, self.row, self.origin, &mut length);
        length[0]
    }
}

/// The gradients of all rows, and those that are centres.
struct GradientField<'a> {
    errors: Factor<'a>,
    features: Factor<'a>,
    /// The squared lengths of both factors of the centres.
    lengths: Vec<[f64; 2]>,
    level: Level,
}

impl Field for GradientField<'_> {
    type Ready = [Prepared; 2];

    fn among(&self) -> Among<'_> {
        self.errors.points.among()
    }

    fn ready(&self) -> [Prepared; 2] {
        [&self.errors, &self.features].map(|factor| Prepared { row: factor.origin.clone(), length: 0.0 })
    }

    fn cost(&self) -> usize {
        self.errors.points.width() + self.features.points.width()
    }

    fn centres(&self) -> usize {
        self.lengths.len()
    }

    fn make_ready(&self, row: usize, [error, feature]: &mut [Prepared; 2]) -> Result<()> {
        self.errors.make_ready(row, self.level, error)?;
        self.features.make_ready(row, self.level, feature)
    }

    #[inline(always)]
    fn squared<S: Simd>(&self, simd: S, [error, feature]: &[Prepared; 2], group: usize) -> [f64; GROUP] {
        let errors = self.errors.centres.sums_inlined(simd, &error.row, false, group);
        let features = self.features.centres.sums_inlined(simd, &feature.row, false, group);
        let mut squared = [0.0; GROUP];
        let there = self.lengths.len().min((group + 1) * GROUP);
        for (lane, &[a, h]) in self.lengths[group * GROUP..there].iter().enumerate() {
            let (apart_a, apart_h) = (errors[lane], features[lane]);
            let nearness = apart_a * (feature.length + h) + apart_h * (error.length + a) - apart_a * apart_h;
            squared[lane] = (0.5 * (nearness + (error.length - a) * (feature.length - h))).max(0.0);
        }
        squared
    }

    fn add_centre(&mut self, [error, feature]: &[Prepared; 2]) {
        self.errors.centres.push(&error.row, false);
        self.features.centres.push(&feature.row, false);
        self.lengths.push([error.length, feature.length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::diverse::gradient;
    use crate::diverse::points::{Among, Chosen, Features};
    use crate::matrix::Matrix;
    use crate::random::{STEP_CLOCK, Stream, exponential_of, gumbel_of, hash};

    const CLASSES: usize = 5;
    const WIDTH: usize = 11;

    fn data(rows: usize) -> (Vec<f64>, Vec<f32>) {
        let logits = (0..rows * CLASSES).map(|i| 2.0 * gumbel_of(hash(1, 0, i as u64))).collect();
        let features = (0..rows * WIDTH).map(|i| gumbel_of(hash(2, 0, i as u64)) as f32).collect();
        (logits, features)
    }

    fn drawn(
        logits: &[f64],
        features: &[f32],
        ids: Option<&[i64]>,
        count: usize,
        threads: usize,
        level: Level,
    ) -> Drawn {
        let rows = logits.len() / CLASSES;
        let among = Among::new(rows, ids).unwrap();
        let errors = gradient::Gradients::new(Matrix::from_rows(logits, rows, CLASSES).unwrap(), true).unwrap();
        let features = Features::new(Matrix::from_rows(features, rows, WIDTH).unwrap()).unwrap();
        let (errors, features) = (Chosen::new(errors, among), Chosen::new(features, among));
        badge(&errors, &features, count, 7, (level, threads), &mut Unwatched).unwrap()
    }

    /// The gradients themselves, and every clock brought up to date after every draw.
    fn plainly(logits: &[f64], features: &[f32], ids: &[i64], count: usize) -> Vec<usize> {
        let gradient = |&id: &i64| -> Vec<f64> {
            let z = &logits[id as usize * CLASSES..][..CLASSES];
            let sum: f64 = z.iter().map(|z| z.exp()).sum();
            let best = (0..CLASSES).max_by(|&a, &b| z[a].total_cmp(&z[b])).unwrap();
            let error = |c: usize| z[c].exp() / sum - if c == best { 1.0 } else { 0.0 };
            let h = &features[id as usize * WIDTH..][..WIDTH];
            (0..CLASSES).flat_map(|c| h.iter().map(move |&h| error(c) * f64::from(h))).collect()
        };
        let all: Vec<_> = ids.iter().map(gradient).collect();
        let apart = |i: usize, j: usize| all[i].iter().zip(&all[j]).map(|(x, y)| (x - y).powi(2)).sum::<f64>();
        let length = |i: usize| all[i].iter().map(|x| x * x).sum::<f64>();
        let first = (0..all.len()).reduce(|best, i| if length(i) > length(best) { i } else { best }).unwrap();
        let stream = Stream::new(7, STEP_CLOCK);
        let mut squared: Vec<f64> = (0..all.len()).map(|i| apart(i, first)).collect();
        let clock =
            |i: usize| exponential_of(stream.bits(ids[i] as u64)) / (length(i).sqrt() + length(first).sqrt()).powi(2);
        let bound = |i: usize| (length(i).sqrt() + length(first).sqrt()).powi(2);
        let mut due: Vec<f64> = (0..all.len()).map(|i| clock(i) * (bound(i) / squared[i])).collect();
        let mut picks = vec![first];
        while picks.len() < count {
            let left = (0..all.len()).filter(|i| !picks.contains(i));
            let next = left.reduce(|best, i| if due[i] < due[best] { i } else { best }).unwrap();
            let time = due[next];
            for i in (0..all.len()).filter(|&i| i != next) {
                let now = apart(i, next);
                if now < squared[i] {
                    due[i] = time + (due[i] - time) * (squared[i] / now);
                    squared[i] = now;
                }
            }
            picks.push(next);
        }
        picks
    }

    #[test]
    fn the_factorised_race_draws_what_the_gradients_do() {
        let (logits, features) = data(400);
        let all: Vec<i64> = (0..400).collect();
        let some: Vec<i64> = (0..400).filter(|id| id % 3 == 1).collect();
        for ids in [&all, &some] {
            let wanted = plainly(&logits, &features, ids, 60);
            let found = drawn(&logits, &features, Some(ids), 60, 1, Level::best());
            assert_eq!(found.draws.iter().map(|draw| draw.row).collect::<Vec<_>>(), wanted);
            assert!(found.compared < 400 * 60 / 3, "{}", found.compared);
            for level in Level::ALL {
                assert_eq!(drawn(&logits, &features, Some(ids), 60, 3, level), found);
            }
        }
    }

    #[test]
    fn equal_rows_are_at_distance_zero_and_come_last() {
        let (mut logits, mut features) = data(40);
        for row in 20..40 {
            logits.copy_within(..CLASSES, row * CLASSES);
            features.copy_within(..WIDTH, row * WIDTH);
        }
        let draws = drawn(&logits, &features, None, 40, 2, Level::best()).draws;
        assert!(draws[..20].iter().all(|draw| draw.squared > 0.0));
        assert!(draws[20..].iter().all(|draw| draw.squared == 0.0));
        assert!(draws[20..].is_sorted_by_key(|draw| draw.row));
    }
}
