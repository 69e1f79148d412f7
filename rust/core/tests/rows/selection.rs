//! Selecting in the same pass as scoring picks what sorting all scores would.

use crate::dtype::{Dtype, Input, scorer, try_score};
use shortlist_core::Level;
use shortlist_core::blocks::Unwatched;
use shortlist_core::matrix::Matrix;
use shortlist_core::measure::Measure;
use shortlist_core::order::Candidate;
use shortlist_core::random::{STEP_TIES, hash, uniform};
use shortlist_core::scorer::{Normalize, Scorer};
use shortlist_core::select::{Plan, Rows, Selected, Selector, Ties};

/// The definition: score all rows, set invalid and excluded ones apart, sort.
fn sorted<E: Dtype>(scorer: &Scorer, plan: &Plan, matrix: &Matrix<'_, E>, mask: Option<&[bool]>) -> Selected {
    let (scores, _) = try_score(scorer, matrix, 1).unwrap();
    let (mut invalid, mut excluded) = (0, 0);
    let mut all = Vec::new();
    for (i, score) in scores.into_iter().enumerate() {
        let (id, score): (u64, f64) = (i as u64, score.into());
        let tie = if plan.ties == Ties::Random { hash(plan.seed, STEP_TIES, id) } else { 0 };
        if mask.is_some_and(|mask| mask[i]) || plan.exclude.binary_search(&id).is_ok() {
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

fn check<E: Dtype>(measure: Measure, input: Input, k: usize, values: &[E], classes: usize) -> u64 {
    let matrix = Matrix::from_rows(values, values.len() / classes, classes).unwrap();
    let scorer = scorer(measure, input, Level::best());
    let plan = Plan::new(k, measure.about().order);
    let expected = sorted(&scorer, &plan, &matrix, None);
    let mut selector = Selector::new(plan).unwrap();
    let scored = scorer.select(&matrix, &mut selector, &Rows::from(0), 1, &mut Unwatched).unwrap();
    let found = selector.finish().unwrap();
    let lost = expected.candidates.iter().filter(|c| !found.candidates.contains(c)).count();
    if lost > 0 {
        for c in expected.candidates.iter().filter(|c| !found.candidates.contains(c)).take(3) {
            println!("   lost {c:?}; same id: {:?}", found.candidates.iter().find(|f| f.id == c.id));
        }
    }
    assert_eq!(
        found,
        expected,
        "lost {lost} of {k}, {} {}, {classes} classes, scored {scored}",
        E::NAME,
        expected.candidates[0].score
    );
    scored
}

#[test]
fn nearly_sure() {
    for classes in [2, 3, 100] {
        for least in [1e-4f64, 1e-7] {
            let rows = 200_000 / classes * 2;
            let mut values = Vec::new();
            for row in 0..rows as u64 {
                let u = uniform(hash(1, 2, row));
                let others = least * u;
                let top = (row % classes as u64) as usize;
                values
                    .extend((0..classes).map(|j| if j == top { 1.0 - others } else { others / (classes - 1) as f64 }));
            }
            let single: Vec<f32> = values.iter().map(|&x: &f64| x as f32).collect();
            for measure in [Measure::Entropy, Measure::NormalisedEntropy] {
                for k in [100, 2000] {
                    for e in [0, 1] {
                        let r = std::panic::catch_unwind(|| {
                            if e == 0 {
                                check(measure, Input::Probabilities(Normalize::Check), k, &single, classes)
                            } else {
                                check(measure, Input::Probabilities(Normalize::Check), k, &values, classes)
                            }
                        });
                        let m = r.as_ref().err().and_then(|m| m.downcast_ref::<String>()).map(|s| {
                            s.lines().next().unwrap()[..]
                                .chars()
                                .rev()
                                .take(90)
                                .collect::<String>()
                                .chars()
                                .rev()
                                .collect::<String>()
                        });
                        println!(
                            "C={classes} least={least:e} k={k} {measure:?} {} {:?} {}",
                            ["f32", "f64"][e],
                            m,
                            r.unwrap_or(0)
                        );
                    }
                }
            }
        }
    }
}
