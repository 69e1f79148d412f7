//! Any rows, options, layout, threads, level and shards: the picks are those of scoring each row
//! alone and sorting all.

use super::choices::{Choices, Of};
use half::{bf16, f16};
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::compiled::Compiled;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::order::Candidate;
use shortlist_core::random::{STEP_TIES, hash};
use shortlist_core::scorer::{Invalid, Normalize, Scorer};
use shortlist_core::select::{Plan, Rows, Selector, Ties};
use std::sync::Arc;

/// See the module.
pub fn attack(data: &[u8]) {
    let mut choices = Choices(data);
    match choices.byte() % 4 {
        0 => compare::<f16>(&mut choices),
        1 => compare::<bf16>(&mut choices),
        2 => compare::<f32>(&mut choices),
        _ => compare::<f64>(&mut choices),
    }
}

fn compare<E: Compiled + Of>(choices: &mut Choices<'_>)
where
    E::Compute: Default,
{
    let classes = 1 + choices.below(70);
    let rows = choices.below(400);
    let logits = choices.flag();
    let kinds: Vec<Measure> =
        Measure::ALL.iter().copied().filter(|measure| logits || measure.about().takes_probabilities()).collect();
    let measure = choices.of(&kinds);
    let normalize = if logits { Normalize::Check } else { choices.of(&Normalize::ALL) };
    let temperature = if logits { choices.of(&[0.5, 1.0, 3.0]) } else { 1.0 };
    let levels: Vec<Level> = Level::ALL.into_iter().filter(|level| level.supported()).collect();
    let scorer =
        |level| Scorer::new(measure, logits, temperature, normalize, Invalid::Skip, level).expect("accepted options");
    let (level, threads, k) = (choices.of(&levels), 1 + choices.below(4), choices.below(rows + 2));
    let ties = choices.of(&Ties::ALL);
    let seed = u64::from(choices.byte());
    let exclude: Arc<Vec<u64>> = Arc::new((0..choices.below(8) as u64).map(|id| 3 * id).collect());
    let plan = Plan { ties, seed, exclude, ..Plan::new(k, measure.about().order) };
    let mask: Vec<u8> = (0..rows as u64).map(|row| u8::from(hash(seed, 1, row).is_multiple_of(5))).collect();
    let mask = choices.flag().then_some(&mask[..]);
    let by_columns = choices.flag();

    // A few rows from the bytes, then those again and again, so that ties and repeats abound.
    let own = 1 + choices.below(12).min(rows);
    let mut values: Vec<E> = Vec::with_capacity(rows * classes);
    for row in 0..own.min(rows) {
        let mut of_row: Vec<f64> = (0..classes).map(|_| choices.value()).collect();
        let sum: f64 = of_row.iter().sum();
        if !logits && normalize == Normalize::Check && sum.is_finite() && sum > 0.0 && row % 7 != 6 {
            of_row.iter_mut().for_each(|value| *value /= sum);
        }
        values.extend(of_row.into_iter().map(E::of));
    }
    while !values.is_empty() && values.len() < rows * classes {
        values.extend_from_within(..classes.min(rows * classes - values.len()) * own.min(1 + rows / 8).max(1));
        values.truncate(rows * classes);
    }
    let turned: Vec<E> =
        (0..classes).flat_map(|c| values.iter().skip(c).step_by(classes).copied().collect::<Vec<_>>()).collect();
    let matrix = if by_columns {
        Matrix::from_columns(&turned, rows, classes)
    } else {
        Matrix::from_rows(&values, rows, classes)
    }
    .expect("as many as announced");

    let mut all: Vec<Candidate> = Vec::new();
    let (mut invalid, mut excluded) = (0, 0);
    for (row, alone) in values.chunks_exact(classes).enumerate() {
        let mut score = [E::Compute::default()];
        let alone = Matrix::from_rows(alone, 1, classes).expect("one row");
        scorer(Level::Portable).score(&alone, &mut score, 0, 1, &mut Unwatched).expect("invalid rows are skipped");
        let (id, score): (u64, f64) = (row as u64, score[0].into());
        let tie = if ties == Ties::Random { hash(seed, STEP_TIES, id) } else { 0 };
        if mask.is_some_and(|mask| mask[row] != 0) || plan.exclude.contains(&id) {
            excluded += 1;
        } else if score.is_nan() {
            invalid += 1;
        } else {
            all.push(Candidate { key: plan.order.orient(score), tie, id, score });
        }
    }
    all.sort_by(Candidate::compare);
    all.truncate(k);

    // Shards see the rows in pieces, out of order, and one of them is saved in between.
    let cut = choices.below(rows + 1);
    let mut shards = [Selector::new(plan.clone()).expect("a plan"), Selector::new(plan).expect("a plan")];
    for (at, part) in [(1, cut..rows), (0, 0..cut)] {
        if part.is_empty() {
            continue;
        }
        let about = Rows { exclude: mask.map(|mask| &mask[part.clone()]), ..Rows::from(part.start as u64) };
        let state = &mut shards[at];
        scorer(level).select(&matrix.slice(part), state, &about, threads, &mut Unwatched).expect("nothing is wrong");
    }
    let [first, second] = shards;
    let mut merged = Selector::from_bytes(&first.to_bytes()).expect("a state that was just saved");
    merged.merge(&second).expect("states of one plan, and of other rows");
    let found = merged.finish().expect("no id came twice");
    assert_eq!((found.invalid, found.excluded, found.rows), (invalid, excluded, rows as u64));
    assert_eq!(found.candidates, all);
}
