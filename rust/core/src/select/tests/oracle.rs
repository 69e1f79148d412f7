//! Random pools, cut into blocks, threads and shards at random, against a full sort.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::order::{Candidate, Order};
use crate::random::{STEP_PERTURB, STEP_TIES, gumbel_of, hash, ln, uniform};
use crate::select::shared::SharedCut;
use crate::select::{Groups, Perturb, Plan, Rows, Selected, Selector, Ties};
use crate::simd::Level;

/// A pool with everything a row can have.
struct Pool {
    scores: Vec<f32>,
    mask: Vec<u8>,
    codes: Vec<u32>,
}

/// `shape` gives random, all equal, ascending or descending scores; few `levels` give many ties.
fn pool(seed: u64, n: u64, levels: u64, shape: u64) -> Pool {
    let score = |i: u64| {
        let level = match shape {
            0 => hash(seed, 50, i) % levels,
            1 => 0,
            2 => i * levels / n.max(1),
            _ => levels - i * levels / n.max(1),
        };
        let zero = if i.is_multiple_of(2) { 0.0 } else { -0.0 };
        let invalid = seed.is_multiple_of(3) && hash(seed, 51, i).is_multiple_of(40);
        if invalid {
            f32::NAN
        } else if level == 0 {
            zero
        } else {
            level as f32 / levels as f32
        }
    };
    Pool {
        scores: (0..n).map(score).collect(),
        // Truth values as bytes: any but 0 is true.
        mask: (0..n)
            .map(|i| if hash(seed, 52, i).is_multiple_of(20) { 1 + (hash(seed, 53, i) % 255) as u8 } else { 0 })
            .collect(),
        codes: (0..n).map(|i| (hash(seed, 53, i) % 16).min(hash(seed, 54, i) % 7) as u32).collect(),
    }
}

/// The definition, word for word: sort all rows that may be picked, then walk down.
fn oracle(plan: &Plan, pool: &Pool, masked: bool) -> Selected {
    let barred = |i: usize| (masked && pool.mask[i] != 0) || plan.exclude.contains(&(i as u64));
    let (mut invalid, mut never_drawn) = (0, 0);
    let mut all: Vec<(Candidate, usize)> = Vec::new();
    for (i, &score) in pool.scores.iter().enumerate().filter(|&(i, _)| !barred(i)) {
        let (id, score) = (i as u64, f64::from(score));
        if score.is_nan() {
            invalid += 1;
            continue;
        }
        let natural = plan.order.orient(score);
        let noise = gumbel_of(hash(plan.seed, STEP_PERTURB, id)) / plan.coldness;
        let key = match plan.perturb {
            None => natural,
            Some(Perturb::Uniform) => uniform(hash(plan.seed, STEP_PERTURB, id)),
            Some(Perturb::Softmax) => natural + noise,
            Some(Perturb::Power) => ln(if plan.power_complement { 1.0 - score } else { score }) + noise,
        };
        let tie = if plan.ties == Ties::Random { hash(plan.seed, STEP_TIES, id) } else { 0 };
        match key == f64::NEG_INFINITY {
            true => never_drawn += 1,
            false => all.push((Candidate { key, tie, id, score }, pool.codes[i] as usize)),
        }
    }
    all.sort_by(|a, b| a.0.compare(&b.0));

    let cap = |code: usize| match &plan.quotas {
        Some(quotas) => quotas[code],
        None => plan.per_group.unwrap_or(usize::MAX),
    };
    let mut taken: HashMap<usize, usize> = HashMap::new();
    let (inside, outside): (Vec<_>, Vec<_>) = all.into_iter().partition(|&(_, code)| {
        let count = taken.entry(code).or_default();
        *count += 1;
        !plan.grouped() || *count <= cap(code)
    });
    let (mut picks, mut rest) = (inside, outside.clone());
    let mut everyone = !plan.grouped();
    if plan.quotas.is_some() {
        let fills = rest.drain(..(plan.k - picks.len()).min(rest.len())).collect::<Vec<_>>();
        picks.extend(&fills);
        picks.sort_by(|a, b| a.0.compare(&b.0));
        everyone = fills.last().is_some_and(|fill| fill.0.key == picks.last().unwrap().0.key);
    }
    let late = picks.split_off(plan.k.min(picks.len()));
    let last = picks.last().map(|pick| pick.0.key);
    let ties = |row: &&(Candidate, usize)| Some(row.0.key) == last;
    // A row outside its group's share ties with the last pick if what beat it there ties too.
    let tied_groups: HashSet<usize> = picks.iter().chain(&late).filter(ties).map(|pick| pick.1).collect();
    let beaten_by_a_tie = |row: &&(Candidate, usize)| everyone || tied_groups.contains(&row.1);
    let ties_left = late.iter().filter(ties).count() + rest.iter().filter(ties).filter(beaten_by_a_tie).count();
    Selected {
        ties_picked: picks.iter().filter(ties).count() as u64,
        ties_left: ties_left as u64,
        candidates: picks.into_iter().map(|pick| pick.0).collect(),
        rows: pool.scores.len() as u64,
        invalid,
        excluded: (0..pool.scores.len()).filter(|&i| barred(i)).count() as u64,
        never_drawn,
    }
}

/// Cuts the pool into up to seven shards of blocks, each shared by up to three threads and some of
/// them drafts first, and merges the shards at random.
fn selected(plan: &Plan, pool: &Pool, masked: bool, seed: u64) -> Selector {
    let n = pool.scores.len();
    let empty = Selector::new(plan.clone()).unwrap();
    let mut shards = vec![empty.clone(); 1 + (hash(seed, 60, 0) % 7) as usize];
    let stride = 90 + n / 20;
    let mut start = 0;
    let mut blocks = Vec::new();
    while start < n {
        let end = n.min(start + 1 + (hash(seed, 61, start as u64) % (50 + n as u64 / 7)) as usize);
        blocks.push(start..end);
        start = end;
    }
    blocks.sort_by_key(|block| hash(seed, 62, block.start as u64));
    for block in blocks {
        let ids: Vec<i64> = block.clone().map(|i| i as i64).collect();
        let rows = Rows {
            first_id: block.start as u64,
            ids: (hash(seed, 63, block.start as u64).is_multiple_of(4)).then_some(&ids[..]),
            exclude: masked.then_some(&pool.mask[block.clone()]),
            groups: plan.grouped().then_some(Groups::Codes(&pool.codes[block.clone()])),
        };
        let scores = &pool.scores[block.clone()];
        let at = hash(seed, 64, block.start as u64) as usize % shards.len();
        let shard = &mut shards[at];
        shard.check(&rows, scores.len()).unwrap();
        let mut draft = shard.draft();
        if hash(seed, 68, block.start as u64).is_multiple_of(4) {
            draft = draft.draft();
        }
        if hash(seed, 68, block.start as u64) % 4 == 1 {
            draft = draft.draft_of_checked();
        }
        let drafted = hash(seed, 69, block.start as u64).is_multiple_of(2);
        let state = if drafted { &mut draft } else { &mut *shard };
        state.check(&rows, scores.len()).unwrap();
        let shared = state.shared_among(0);
        let mut threads = [state.fork(&shared), state.fork(&shared), state.fork(&shared)];
        for part in (0..scores.len()).step_by(stride) {
            let end = scores.len().min(part + stride);
            let thread = hash(seed, 65, (block.start + part) as u64) as usize % 3;
            threads[thread].absorb(&scores[part..end], &rows.slice(part, end), Level::best()).unwrap();
        }
        threads.into_iter().for_each(|thread| state.join(thread));
        state.record(&rows, scores.len());
        if drafted {
            shard.commit(&draft).unwrap();
        }
    }
    while shards.len() > 1 {
        let taken = shards.remove(hash(seed, 66, shards.len() as u64) as usize % shards.len());
        let into = hash(seed, 67, shards.len() as u64) as usize % shards.len();
        shards[into].merge(&taken).unwrap();
    }
    shards.remove(0)
}

fn plans(seed: u64) -> Vec<Plan> {
    let k = [0, 1, 5, 40, 300, 5000][seed as usize % 6];
    let order = [Order::Highest, Order::Lowest][seed as usize / 2 % 2];
    let ties = [Ties::First, Ties::Random][seed as usize / 3 % 2];
    let exclude: Arc<Vec<u64>> = Arc::new((0..(seed % 5) * 30).map(|i| i * i).collect());
    let base = Plan { ties, seed, exclude, coldness: 0.5 + (seed % 4) as f64, ..Plan::new(k, order) };
    let power_complement = order == Order::Lowest;
    vec![
        base.clone(),
        Plan { perturb: Some(Perturb::Softmax), ..base.clone() },
        Plan { perturb: Some(Perturb::Power), power_complement, ..base.clone() },
        Plan { perturb: Some(Perturb::Uniform), ..base.clone() },
        Plan { per_group: Some(1 + seed as usize % 9), ..base.clone() },
        Plan { per_group: Some(3), k: usize::MAX, ..base.clone() },
        Plan { quotas: Some(vec![k / 4, 0, k / 3, k / 9, 0, k / 8, k / 9]), ..base.clone() },
        Plan { quotas: Some(vec![k / 7; 7]), perturb: Some(Perturb::Softmax), ..base },
    ]
}

#[test]
fn equals_sorting_whatever_the_blocks_threads_and_shards() {
    for seed in 0..96 {
        let levels = [1, 2, 9, 100_000][seed as usize % 4];
        let pool = pool(seed, [0, 1, 31, 700, 40_000][seed as usize % 5], levels, seed / 4 % 4);
        for plan in plans(seed) {
            let masked = seed % 2 == 0;
            let expected = oracle(&plan, &pool, masked);
            let states = [selected(&plan, &pool, masked, seed), selected(&plan, &pool, masked, seed + 1000)];
            for state in &states {
                assert_eq!(state.finish().unwrap(), expected, "{plan:?}");
            }
        }
    }
}

/// Long blocks in order reach the code for chunks of nothing but ties, which short shuffled ones
/// seldom do.
#[test]
fn ties_are_counted_exactly_in_long_pools() {
    for shape in 0..4 {
        for (levels, exclude) in [(1, 0), (3, 500), (3, 0)] {
            let pool = pool(1, 40_000, levels, shape);
            for order in [Order::Highest, Order::Lowest] {
                let exclude: Arc<Vec<u64>> = Arc::new((0..exclude).map(|i| i * 70).collect());
                let plan = Plan { exclude, ..Plan::new(100, order) };
                for masked in [false, true] {
                    let expected = oracle(&plan, &pool, masked);
                    let exclude = masked.then_some(&pool.mask[..]);
                    let mut whole = Selector::new(plan.clone()).unwrap();
                    whole.update(&pool.scores, &Rows { exclude, ..Rows::default() }).unwrap();
                    assert_eq!(whole.finish().unwrap(), expected);
                    let wide: Vec<f64> = pool.scores.iter().map(|&score| f64::from(score)).collect();
                    let mut doubles = Selector::new(plan.clone()).unwrap();
                    doubles.update(&wide, &Rows { exclude, ..Rows::default() }).unwrap();
                    assert_eq!(doubles.to_bytes(), whole.to_bytes());
                }
            }
        }
    }
}

/// A threshold from double-precision scores need not exist in single precision.
#[test]
fn blocks_of_both_precisions_mix() {
    let wide: Vec<f64> = (0..9000).map(|i| (hash(3, 0, i) % 1000) as f64 / 999.0).collect();
    let narrow: Vec<f32> = wide.iter().map(|&score| score as f32).collect();
    for order in [Order::Highest, Order::Lowest] {
        let mut state = Selector::new(Plan::new(50, order)).unwrap();
        state.update(&wide, &Rows::from(0)).unwrap();
        state.update(&narrow, &Rows::from(9000)).unwrap();
        let all = wide.iter().copied().chain(narrow.iter().map(|&score| f64::from(score)));
        let row = |(id, score)| Candidate { key: order.orient(score), tie: 0, id: id as u64, score };
        let mut sorted: Vec<Candidate> = all.enumerate().map(row).collect();
        sorted.sort_by(Candidate::compare);
        let result = state.finish().unwrap();
        assert_eq!(result.candidates, sorted[..50]);
        let ties = sorted.iter().filter(|c| c.key == sorted[49].key).count() as u64;
        assert_eq!(result.ties_picked + result.ties_left, ties);
    }
}

#[test]
fn a_threshold_only_filters() {
    let pool = pool(4, 3000, 5, 0);
    let plan = Plan::new(20, Order::Highest);
    let expected = oracle(&plan, &pool, false);
    for key in [f64::NEG_INFINITY, 0.2, expected.candidates[19].key] {
        let shared = SharedCut::among(0);
        shared.raise(key);
        let mut state = Selector::new(plan.clone()).unwrap().fork(&Arc::new(shared));
        state.absorb(&pool.scores, &Rows::default(), Level::best()).unwrap();
        assert_eq!(state.finish().unwrap(), expected);
    }
}

/// What a caller that can bound scores may do with the threshold.
#[test]
fn rows_worse_than_the_threshold_need_no_score() {
    let pool = pool(5, 30_000, 500, 0);
    for order in [Order::Highest, Order::Lowest] {
        let plan = Plan::new(64, order);
        let expected = oracle(&plan, &pool, false);
        let mut state = Selector::new(plan).unwrap();
        assert_eq!(state.cut::<f64>(), order.orient(f64::NEG_INFINITY));
        let mut unscored = 0;
        for start in (0..30_000).step_by(500) {
            let threshold = order.orient(state.cut::<f64>());
            let bounded = |score: &f32| match order.orient(f64::from(*score)) < threshold {
                true => order.orient(f64::NEG_INFINITY) as f32,
                false => *score,
            };
            let scores: Vec<f32> = pool.scores[start..start + 500].iter().map(bounded).collect();
            unscored += scores.iter().filter(|score| score.is_infinite()).count();
            state.absorb(&scores, &Rows::from(start as u64), Level::best()).unwrap();
        }
        assert!(unscored > 20_000);
        assert_eq!(state.finish().unwrap(), expected);
        assert!(order.orient(state.cut::<f64>()) <= expected.candidates[63].key);
    }
}
