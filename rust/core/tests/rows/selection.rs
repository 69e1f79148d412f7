//! Selecting in the same pass as scoring picks what sorting all scores would.

use crate::dtype::{Dtype, Input, measures, scorer, try_score};
use crate::pools::{case, large_pool, peaked_pool, pool};
use crate::quick;
use half::bf16;
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::float::Element;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::order::Candidate;
use shortlist_core::random::{STEP_TIES, hash, uniform};
use shortlist_core::scorer::{Normalize, Scorer};
use shortlist_core::select::{Plan, Rows, Selected, Selector, Ties};

const CHECKED: Input = Input::Probabilities(Normalize::Check);

/// The definition: score all rows, set excluded and invalid ones apart, sort.
fn sorted<E: Dtype>(scorer: &Scorer, plan: &Plan, matrix: &Matrix<'_, E>, mask: Option<&[u8]>) -> Selected {
    let (scores, _) = try_score(scorer, matrix, 1).unwrap();
    let (mut invalid, mut excluded) = (0, 0);
    let mut all = Vec::new();
    for (i, score) in scores.into_iter().enumerate() {
        let (id, score): (u64, f64) = (i as u64, score.into());
        let tie = if plan.ties == Ties::Random { hash(plan.seed, STEP_TIES, id) } else { 0 };
        if mask.is_some_and(|mask| mask[i] != 0) || plan.exclude.binary_search(&id).is_ok() {
            excluded += 1;
        } else if score.is_nan() {
            invalid += 1;
        } else {
            all.push(Candidate { key: plan.order.orient(score), tie, id, score });
        }
    }
    all.sort_by(Candidate::compare);
    let rest = all.split_off(plan.k.min(all.len()));
    let equals_last = |c: &&Candidate| all.last().is_some_and(|last| c.key == last.key);
    Selected {
        rows: matrix.rows() as u64,
        invalid,
        excluded,
        never_drawn: 0,
        ties_picked: all.iter().filter(equals_last).count() as u64,
        ties_left: rest.iter().filter(equals_last).count() as u64,
        candidates: all,
    }
}

/// Up to five shards take blocks of random lengths in random order, on other numbers of threads,
/// and are merged in random order.
fn sharded<E: Dtype>(
    scorer: &Scorer,
    plan: &Plan,
    matrix: &Matrix<'_, E>,
    mask: Option<&[u8]>,
    seed: u64,
) -> (Selected, u64) {
    let rows = matrix.rows();
    let random = |step, i: usize, below: usize| hash(seed, step, i as u64) as usize % below.max(1);
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < rows {
        let end = rows.min(start + 1 + random(90, start, rows / 3 + 10));
        blocks.push(start..end);
        start = end;
    }
    blocks.sort_by_key(|block| hash(seed, 91, block.start as u64));
    let mut shards = vec![Selector::new(plan.clone()).unwrap(); 1 + random(92, 0, 5)];
    let mut scored = 0;
    for block in blocks {
        let at = random(93, block.start, shards.len());
        let about = Rows { exclude: mask.map(|mask| &mask[block.clone()]), ..Rows::from(block.start as u64) };
        let threads = 1 + random(94, block.start, 8);
        let part = matrix.slice(block);
        scored += scorer.select(&part, &mut shards[at], &about, threads, &mut Unwatched).unwrap();
    }
    while shards.len() > 1 {
        let taken = shards.remove(random(95, shards.len(), shards.len()));
        let into = random(96, shards.len(), shards.len());
        shards[into].merge(&taken).unwrap();
    }
    (shards.remove(0).finish().unwrap(), scored)
}

/// Says what of two selections differs first: printing both whole would drown it.
fn assert_same(found: &Selected, expected: &Selected, about: &str) {
    let counts = |s: &Selected| (s.rows, s.invalid, s.excluded, s.candidates.len());
    assert_eq!(counts(found), counts(expected), "rows, invalid, excluded, picked: {about}");
    for (rank, pair) in found.candidates.iter().zip(&expected.candidates).enumerate() {
        assert_eq!(pair.0, pair.1, "rank {rank}: {about}");
    }
    let ties = |s: &Selected| (s.ties_picked, s.ties_left);
    assert_eq!(ties(found), ties(expected), "ties at the cut, picked and left: {about}");
    assert_eq!(found, expected, "{about}");
}

fn select_in_every_way<E: Dtype>(input: Input, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let classes = [1, 2, 3, 7, 10, 49, 60][seed as usize % 7];
        let rows = [1, 31, 700, 5000][seed as usize / 2 % 4];
        let mut values = match seed % 3 {
            0 => large_pool::<E>(input, rows, classes, seed),
            1 => pool::<E>(input, rows.min(1000), classes, seed),
            _ => pool::<E>(input, 2, classes, seed).repeat(rows.div_ceil(2)),
        };
        let rows = values.len() / classes;
        if seed % 4 == 1 {
            (0..rows).step_by(13).for_each(|row| values[row * classes + row % classes] = E::of(f64::NAN));
        }
        let mask: Vec<u8> = (0..rows as u64).map(|row| u8::from(hash(seed, 97, row).is_multiple_of(9)) * 255).collect();
        let mask = (seed % 5 == 2).then_some(&mask[..]);
        let count = if seed % 3 == 1 { 50 } else { 0 };
        let exclude = std::sync::Arc::new((0..count).map(|i| i * i).collect());
        let matrix = Matrix::from_rows(&values, rows, classes).unwrap();
        for measure in measures(input) {
            let scorer = scorer(measure, input, Level::best());
            for k in [0, 1, 10, 400, rows] {
                let ties = [Ties::First, Ties::Random][k % 2];
                let order = measure.about().order;
                let plan = Plan { ties, seed, exclude: std::sync::Arc::clone(&exclude), ..Plan::new(k, order) };
                let about =
                    format!("{}, {rows} rows, k {k}, {ties:?}, seed {seed}", case::<E>(measure, input, classes));
                let expected = sorted(&scorer, &plan, &matrix, mask);
                assert_same(&sharded(&scorer, &plan, &matrix, mask, seed).0, &expected, &about);
            }
        }
    }
}

#[test]
fn picks_are_those_of_sorting_however_the_pool_is_cut() {
    let seeds = if quick() { 4 } else { 30 };
    select_in_every_way::<f32>(CHECKED, 0..seeds);
    select_in_every_way::<f64>(CHECKED, 100..100 + seeds);
    // Few different scores: many ties.
    select_in_every_way::<bf16>(CHECKED, 200..200 + seeds);
    select_in_every_way::<f32>(Input::Probabilities(Normalize::Renormalize), 300..300 + seeds);
    select_in_every_way::<f32>(Input::Logits(1.0), 400..400 + seeds / 2);
}

/// Picks entropies with the help of the bound and compares with sorting; returns the share of rows
/// that needed logarithms.
fn screened<E: Dtype>(measure: Measure, input: Input, values: &[E], classes: usize, k: usize) -> f64 {
    let rows = values.len() / classes;
    let matrix = Matrix::from_rows(values, rows, classes).unwrap();
    let scorer = scorer(measure, input, Level::best());
    let plan = Plan::new(k, measure.about().order);
    let expected = sorted(&scorer, &plan, &matrix, None);
    let mut shares = Vec::new();
    for threads in [1, 2, 3, 8] {
        let mut selector = Selector::new(plan.clone()).unwrap();
        let scored = scorer.select(&matrix, &mut selector, &Rows::from(0), threads, &mut Unwatched).unwrap();
        let about =
            format!("{}, {rows} rows, k {k}, {threads} threads, {scored} scored", case::<E>(measure, input, classes));
        assert_same(&selector.finish().unwrap(), &expected, &about);
        shares.push(scored as f64 / rows as f64);
    }
    let (found, _) = sharded(&scorer, &plan, &matrix, None, k as u64);
    assert_same(&found, &expected, &format!("{}, k {k}, in shards", case::<E>(measure, input, classes)));
    shares.into_iter().fold(0.0, f64::max)
}

#[test]
fn the_bound_on_entropies_spares_logarithms_and_loses_no_row() {
    let least = if quick() { 20_000 } else { 200_000 };
    for (rows, classes) in [(2 * least, 2), (least, 3), (least, 10), (least / 8, 100)] {
        let narrow = peaked_pool::<f32>(rows, classes, 12);
        let wide = peaked_pool::<f64>(rows, classes, 13);
        for measure in [Measure::Entropy, Measure::NormalisedEntropy] {
            for k in [1, 100, 3000] {
                let shares =
                    [screened(measure, CHECKED, &narrow, classes, k), screened(measure, CHECKED, &wide, classes, k)];
                println!("{measure:?}, {classes} classes, k {k}: {shares:?} of the rows needed logarithms");
                // Each thread fills its own list before it knows of a threshold.
                if k <= 100 && !quick() && rows >= 200_000 {
                    assert!(shares.iter().all(|&share| share < 0.9), "{classes} classes, k {k}: {shares:?}");
                }
            }
        }
    }
    let peaked = peaked_pool::<f32>(least, 10, 12);
    for measure in [Measure::Gini, Measure::Margin] {
        assert_eq!(screened(measure, CHECKED, &peaked, 10, 100), 1.0);
    }
}

/// Where all rows are nearly sure, what is compared with the bound is as small as roundings of the
/// sum are, or as what the sum is off by.
#[test]
fn the_bound_loses_no_row_where_all_are_nearly_sure() {
    fn nearly_sure<E: Dtype>(rows: usize, classes: usize, others: f64, off: f64) -> Vec<E> {
        let row = |row: u64| {
            let others = others * uniform(hash(14, 98, row));
            let top = row as usize % classes;
            let each = others / (classes - 1) as f64;
            let sum = 1.0 + off * (2.0 * uniform(hash(14, 99, row)) - 1.0);
            (0..classes).map(move |j| E::of(sum * if j == top { 1.0 - others } else { each }))
        };
        (0..rows as u64).flat_map(row).collect()
    }
    let all = if quick() { 40_000 } else { 200_000 };
    for classes in [2, 3, 10, 100] {
        for others in [1e-2, 1e-5, 1e-7, 1e-10, 1e-14] {
            for off in [0.0, 0.8] {
                let narrow = nearly_sure::<f32>(all / classes, classes, others, off * f32::SUM_TOLERANCE);
                let wide = nearly_sure::<f64>(all / classes, classes, others, off * f64::SUM_TOLERANCE);
                for measure in [Measure::Entropy, Measure::NormalisedEntropy] {
                    for k in [100, 2000] {
                        screened(measure, CHECKED, &narrow, classes, k);
                        screened(measure, CHECKED, &wide, classes, k);
                    }
                    screened(measure, Input::Probabilities(Normalize::Renormalize), &narrow, classes, 100);
                }
            }
        }
    }
}

/// Rows so near to uniform that only their moments tell them apart; sums that are off by nearly
/// what is allowed; and many rows that are equal.
#[test]
fn the_bounds_lose_no_row_near_uniform() {
    fn near_uniform<E: Dtype>(rows: usize, classes: usize, spread: f64, off: f64) -> Vec<E> {
        let row = |row: u64| {
            let random = |j: usize| uniform(hash(row / 2, 97, j as u64));
            // Skewed either way, for the third moments differ.
            let weight =
                |j: usize| 1.0 + spread * if row.is_multiple_of(3) { random(j) } else { -random(j) * random(j) };
            let sum: f64 = (0..classes).map(weight).sum();
            let sum = sum / (1.0 + off * (2.0 * uniform(hash(row, 96, 0)) - 1.0));
            (0..classes).map(weight).map(|weight| E::of(weight / sum)).collect::<Vec<E>>()
        };
        (0..rows as u64).flat_map(row).collect()
    }
    let all = if quick() { 200_000 } else { 2_000_000 };
    for classes in [2, 3, 17, 48, 49, 100, 300] {
        let rows = all / classes;
        for spread in [1e-4, 1e-2, 0.3, 1.0] {
            for off in [0.0, 0.99] {
                let narrow = near_uniform::<f32>(rows, classes, spread, off * f32::SUM_TOLERANCE);
                let wide = near_uniform::<f64>(rows, classes, spread, off * f64::SUM_TOLERANCE);
                let measure = if off == 0.0 { Measure::Entropy } else { Measure::NormalisedEntropy };
                let shares =
                    [screened(measure, CHECKED, &narrow, classes, 100), screened(measure, CHECKED, &wide, classes, 20)];
                println!("{classes} classes, spread {spread}, off {off}: {shares:?} of the rows needed logarithms");
                if !quick() && classes >= 48 && spread == 0.3 {
                    assert!(shares[1] < 0.5, "{classes} classes, off {off}: {shares:?}");
                }
            }
        }
    }
}

/// Whatever rules rows of logits out before their exponentials are taken.
#[test]
fn no_row_of_logits_is_lost() {
    let all = if quick() { 100_000 } else { 1_000_000 };
    for classes in [1, 2, 3, 10, 60, 200, 700] {
        for input in [Input::Logits(1.0), Input::Logits(3.0)] {
            let narrow = large_pool::<f32>(input, all / classes, classes, 16);
            let wide = large_pool::<f64>(input, all / classes / 2, classes, 17);
            for measure in measures(input) {
                let share = screened(measure, input, &narrow, classes, 100);
                println!("{measure:?}, {classes} classes: {share} of the rows needed exponentials of all classes");
                screened(measure, input, &wide, classes, 1500);
            }
            if classes > 48 {
                let half = large_pool::<bf16>(input, all / classes / 4, classes, 18);
                for measure in [Measure::LeastConfident, Measure::Margin, Measure::Entropy] {
                    screened(measure, input, &half, classes, 20);
                }
            }
        }
    }
}

/// Bad rows are marked by the bound's first look as well.
#[test]
fn invalid_rows_are_counted_where_the_bound_is_used() {
    let (rows, classes) = if quick() { (20_000, 10) } else { (100_000, 10) };
    let mut values = peaked_pool::<f32>(rows, classes, 15);
    for row in (0..rows).step_by(977) {
        values[row * classes + row % classes] = [f32::NAN, f32::INFINITY, -1.0, 2.0][row % 4];
    }
    screened(Measure::Entropy, CHECKED, &values, classes, 100);
    let matrix = Matrix::from_rows(&values, rows, classes).unwrap();
    let mut selector = Selector::new(Plan::new(100, Measure::Entropy.about().order)).unwrap();
    let scorer = scorer(Measure::Entropy, CHECKED, Level::best());
    scorer.select(&matrix, &mut selector, &Rows::from(0), 2, &mut Unwatched).unwrap();
    assert_eq!(selector.finish().unwrap().invalid, rows.div_ceil(977) as u64);
}
