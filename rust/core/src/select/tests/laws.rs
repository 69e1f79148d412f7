//! Sampling by frequencies, against the closed forms of the laws.

use crate::order::Order;
use crate::select::{Perturb, Plan, Rows, Selector};
use crate::simd::Level;

const DRAWS: u64 = 60_000;

/// How often each ordered pair of rows comes first and second, over many seeds.
fn pairs(plan: &Plan, scores: &[f64]) -> Vec<Vec<f64>> {
    let mut counts = vec![vec![0.0; scores.len()]; scores.len()];
    for seed in 0..DRAWS {
        let mut state = Selector::new(Plan { seed, k: 2, ..plan.clone() }).unwrap();
        state.absorb(scores, &Rows::from(1000), Level::best()).unwrap();
        let picks = state.finish().unwrap().candidates;
        counts[(picks[0].id - 1000) as usize][(picks[1].id - 1000) as usize] += 1.0;
    }
    counts
}

/// Drawing without replacement in proportion to the weights: first i, then j among the others.
fn assert_law(counts: &[Vec<f64>], weights: &[f64]) {
    let total: f64 = weights.iter().sum();
    let (mut chi_square, mut cells) = (0.0, 0);
    for (i, row) in counts.iter().enumerate() {
        for (j, &count) in row.iter().enumerate() {
            let probability = weights[i] / total * weights[j] / (total - weights[i]);
            let expected = DRAWS as f64 * if i == j { 0.0 } else { probability };
            if expected == 0.0 {
                assert_eq!(count, 0.0, "{i} {j}");
            } else {
                chi_square += (count - expected).powi(2) / expected;
                cells += 1;
            }
        }
    }
    let freedom = f64::from(cells - 1);
    assert!((chi_square - freedom).abs() < 4.0 * (2.0 * freedom).sqrt(), "chi-square {chi_square} with {freedom}");
}

#[test]
fn uniform_draws_all_rows_alike() {
    let plan = Plan { perturb: Some(Perturb::Uniform), ..Plan::new(2, Order::Highest) };
    assert_law(&pairs(&plan, &[0.1, 5.0, -2.0, 0.0, 1e9]), &[1.0; 5]);
}

#[test]
fn power_of_one_draws_in_proportion_to_the_weights() {
    let plan = Plan { perturb: Some(Perturb::Power), ..Plan::new(2, Order::Highest) };
    let weights = [4.0, 1.0, 0.0, 2.5, 0.5];
    assert_law(&pairs(&plan, &weights), &weights);
}

#[test]
fn power_draws_in_proportion_to_powers() {
    let plan = Plan { perturb: Some(Perturb::Power), coldness: 2.0, ..Plan::new(2, Order::Highest) };
    assert_law(&pairs(&plan, &[0.9, 0.3, 0.6, 0.5]), &[0.81, 0.09, 0.36, 0.25]);
}

#[test]
fn power_takes_one_less_a_margin() {
    let plan = Plan { perturb: Some(Perturb::Power), power_complement: true, ..Plan::new(2, Order::Lowest) };
    assert_law(&pairs(&plan, &[0.75, 0.5, 0.0, 1.0]), &[0.25, 0.5, 1.0, 0.0]);
}

#[test]
fn softmax_draws_in_proportion_to_exponentials() {
    let scores: [f64; 4] = [1.0, 0.5, 0.0, f64::NEG_INFINITY];
    let plan = Plan { perturb: Some(Perturb::Softmax), coldness: 3.0, ..Plan::new(2, Order::Highest) };
    assert_law(&pairs(&plan, &scores), &scores.map(|score| (3.0 * score).exp()));
    let plan = Plan { perturb: Some(Perturb::Softmax), ..Plan::new(2, Order::Lowest) };
    let scores = [1.0, 0.5, 0.0, 2.0];
    assert_law(&pairs(&plan, &scores), &scores.map(|score: f64| (-score).exp()));
}

#[test]
fn random_ties_are_fair_and_do_not_reorder_scores() {
    let plan = Plan { ties: crate::select::Ties::Random, ..Plan::new(2, Order::Highest) };
    let counts = pairs(&plan, &[0.5, 0.5, 0.9, 0.5, 0.1]);
    assert_eq!(counts[2].iter().sum::<f64>(), DRAWS as f64);
    let third = DRAWS as f64 / 3.0;
    for j in [0, 1, 3] {
        assert!((counts[2][j] - third).abs() < 5.0 * third.sqrt(), "{counts:?}");
    }
}

#[test]
fn the_inclusion_of_far_rows_is_fair() {
    let plan = Plan { perturb: Some(Perturb::Uniform), ..Plan::new(1000, Order::Highest) };
    let mut quarters = [0.0; 4];
    for seed in 0..100 {
        let mut state = Selector::new(Plan { seed, ..plan.clone() }).unwrap();
        state.absorb_count(20_000, &Rows::from(7)).unwrap();
        let picks = state.finish().unwrap().candidates;
        assert_eq!(picks.len(), 1000);
        picks.iter().for_each(|pick| quarters[((pick.id - 7) / 5000) as usize] += 1.0);
    }
    // Hypergeometric: variance 25,000 x 3/4 x (1 - 1/20).
    assert!(quarters.iter().all(|&count: &f64| (count - 25_000.0).abs() < 4.0 * 134.0), "{quarters:?}");
}
