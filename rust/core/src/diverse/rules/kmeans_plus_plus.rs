//! k-means++ seeding (Arthur & Vassilvitskii 2007): rows drawn in proportion to their squared
//! distance to the nearest centre.

use crate::blocks::Watch;
use crate::distance::{Centres, GROUP, Metric};
use crate::diverse::points::{Among, Points, all_squared};
use crate::diverse::race::{Draw, Drawn, Field, Start, race};
use crate::error::{Error, Result};
use crate::random::{STEP_FIRST, Stream};
use crate::room;
use crate::simd::{Level, Simd};

/// Draw `count` rows, or all there are; `given` are centres that are there before.
///
/// With no centre given the first row is drawn uniformly, and reports an infinite distance.
pub fn kmeans_plus_plus(
    points: &dyn Points,
    given: &dyn Points,
    count: usize,
    seed: u64,
    (level, threads): (Level, usize),
    watch: &mut dyn Watch,
) -> Result<Drawn> {
    let among = points.among();
    if given.width() != points.width() {
        return Err(Error::Argument("labelled and X differ in their number of columns; they must be equal".into()));
    }
    let mut vectors = Vectors { points, level, centres: Centres::new(Metric::SqEuclidean, points.width()) };
    let mut ready = room::filled(0.0, points.width());
    for centre in 0..given.among().count() {
        given.prepare(level, centre, &mut ready).map_err(|error| error.within("labelled"))?;
        vectors.add_centre(&ready);
    }
    let stream = Stream::new(seed, STEP_FIRST);
    let first = (0..among.count()).min_by_key(|&row| stream.bits(among.id(row))).filter(|_| vectors.centres.len() == 0);
    if let Some(first) = first {
        // A bad first row is found in its turn below: it is as far as can be from zeros.
        if vectors.make_ready(first, &mut ready).is_err() {
            ready.fill(0.0);
        }
        vectors.add_centre(&ready);
    } else if given.among().count() > 0 {
        given.prepare(level, 0, &mut ready)?;
    }
    // Nothing is picked while the rows are read.
    let mut reading = |_: usize, _: usize| watch.look(0, count);
    let squared = all_squared(points, &ready, level, threads, &mut reading)?;
    let first = first.map(|row| Draw { row, squared: f64::INFINITY });
    race(vectors, Start { squared, seen: 1, first, seed }, count, (level, threads), watch)
}

/// The points themselves, and those that are centres.
struct Vectors<'a> {
    points: &'a dyn Points,
    centres: Centres,
    level: Level,
}

impl Field for Vectors<'_> {
    type Ready = Vec<f64>;

    fn among(&self) -> Among<'_> {
        self.points.among()
    }

    fn ready(&self) -> Vec<f64> {
        room::filled(0.0, self.points.width())
    }

    fn cost(&self) -> usize {
        self.points.width()
    }

    fn centres(&self) -> usize {
        self.centres.len()
    }

    fn make_ready(&self, row: usize, ready: &mut Vec<f64>) -> Result<()> {
        self.points.prepare(self.level, row, ready)
    }

    #[inline(always)]
    fn squared<S: Simd>(&self, simd: S, ready: &Vec<f64>, group: usize) -> [f64; GROUP] {
        self.centres.sums_inlined(simd, ready, false, group)
    }

    fn add_centre(&mut self, ready: &Vec<f64>) {
        self.centres.push(ready, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Unwatched;
    use crate::diverse::points::{Among, Chosen, Features};
    use crate::matrix::Matrix;

    fn drawn(values: &[f32], labelled: &[f32], count: usize, seed: u64, threads: usize) -> Result<Vec<Draw>> {
        let chosen = |values| {
            let rows = <[f32]>::len(values) / 2;
            Chosen::new(
                Features::new(Matrix::from_rows(values, rows, 2).unwrap()).unwrap(),
                Among::new(rows, None).unwrap(),
            )
        };
        let settings = (Level::best(), threads);
        kmeans_plus_plus(&chosen(values), &chosen(labelled), count, seed, settings, &mut Unwatched)
            .map(|drawn| drawn.draws)
    }

    #[test]
    fn the_first_row_is_uniform_and_the_second_by_its_distance() {
        let values = [0.0, 0.0, 3.0, 4.0, 6.0, 8.0];
        let mut counts = [[0.0; 3]; 3];
        for seed in 0..30_000 {
            let draws = drawn(&values, &[], 2, seed, 1).unwrap();
            assert_eq!(draws[0].squared, f64::INFINITY);
            counts[draws[0].row][draws[1].row] += 1.0;
        }
        let expected = [[0.0, 0.2, 0.8], [0.5, 0.0, 0.5], [0.8, 0.2, 0.0]].map(|row| row.map(|share: f64| share * 1e4));
        let mut chi_square = 0.0;
        for (counts, expected) in counts.iter().zip(&expected) {
            for (count, expected) in counts.iter().zip(expected).filter(|(_, expected)| **expected > 0.0) {
                chi_square += (count - expected) * (count - expected) / expected;
            }
        }
        // 5 degrees of freedom: exceeded once in 100,000 times.
        assert!(chi_square < 31.0, "{chi_square}");
    }

    #[test]
    fn labelled_rows_are_centres_from_the_start() {
        for seed in 0..20 {
            let draws = drawn(&[0.0, 0.0, 1.0, 0.0, 2.0, 2.0], &[0.0, 0.0, 2.0, 2.0], 3, seed, 2).unwrap();
            assert_eq!(draws, [(1, 1.0), (0, 0.0), (2, 0.0)].map(|(row, squared)| Draw { row, squared }));
        }
        assert!(drawn(&[], &[1.0, 1.0], 0, 0, 1).unwrap().is_empty());
    }

    #[test]
    fn the_first_bad_row_is_named_whichever_is_drawn_first() {
        let values = [0.0, 0.0, 1.0, f32::NAN, 2.0, f32::INFINITY];
        for seed in 0..20 {
            let sentence = drawn(&values, &[], 1, seed, 1).unwrap_err().to_string();
            assert!(sentence.starts_with("row 1 has NaN in column 1"), "{sentence}");
        }
    }
}
