//! What a selection refuses, word for word.

use std::sync::Arc;

use crate::float::Float;
use crate::order::Order;
use crate::select::plan::MAX_GROUPS;
use crate::select::{Groups, Perturb, Plan, Rows, Selector, Ties};

fn plain() -> Plan {
    Plan::new(10, Order::Highest)
}

fn refused(plan: Plan) -> String {
    Selector::new(plan).unwrap_err().to_string()
}

fn update<T: Float>(plan: Plan, scores: &[T], rows: &Rows<'_>) -> String {
    let mut state = Selector::new(plan).unwrap();
    let before = state.to_bytes();
    let sentence = state.update(scores, rows).unwrap_err().to_string();
    assert_eq!(state.to_bytes(), before, "an update that fails changes nothing");
    sentence
}

#[test]
fn plans() {
    assert_eq!(refused(Plan { coldness: 0.0, ..plain() }), "coldness is 0; accepted is a finite number above 0");
    assert_eq!(refused(Plan { coldness: f64::NAN, ..plain() }), "coldness is NaN; accepted is a finite number above 0");
    assert_eq!(
        refused(Plan { coldness: f64::INFINITY, ..plain() }),
        "coldness is inf; accepted is a finite number above 0"
    );
    assert_eq!(
        refused(Plan { power_slack: -1.0, ..plain() }),
        "power_slack is -1; accepted is a finite number of at least 0"
    );
    assert_eq!(
        refused(Plan { perturb: Some(Perturb::Power), order: Order::Lowest, ..plain() }),
        "perturb is \"power\", which works with measures whose highest scores are picked, and with margin; here the lowest scores \
         are picked"
    );
    assert_eq!(refused(Plan { per_group: Some(0), ..plain() }), "per_group is 0; accepted is at least 1");
    assert_eq!(
        refused(Plan { per_group: Some(1), quotas: Some(vec![1]), ..plain() }),
        "per_group and quotas were both given; only one of them is accepted"
    );
    assert_eq!(
        refused(Plan { quotas: Some(vec![8, 3]), ..plain() }),
        "quotas add up to 11; they must not exceed k, which is 10"
    );
    assert_eq!(
        refused(Plan { quotas: Some(vec![0; MAX_GROUPS + 1]), ..plain() }),
        "quotas has 16777217 groups; at most 16777216 are accepted"
    );
    assert_eq!(
        refused(Plan { exclude: Arc::new(vec![1, 7, 5]), ..plain() }),
        "exclude has 5 after 7; its ids must be ascending and unique"
    );
}

#[test]
fn rows() {
    let power = Plan { perturb: Some(Perturb::Power), ..plain() };
    let at_8 = Rows::from(8);
    assert_eq!(
        update(power.clone(), &[1.0, -0.5], &at_8),
        "row 9 has score -0.5; perturb is \"power\", which accepts scores of at least 0"
    );
    assert_eq!(
        update(power.clone(), &[1.0, f32::INFINITY], &at_8),
        "row 9 has score inf; perturb is \"power\", which accepts finite scores"
    );
    let slack = Plan { power_slack: 0.5, ..power.clone() };
    Selector::new(slack.clone()).unwrap().update(&[-0.5], &at_8).unwrap();
    assert_eq!(
        update(slack, &[-0.75], &at_8),
        "row 8 has score -0.75; perturb is \"power\", which accepts scores of at least 0"
    );
    let margin = Plan { order: Order::Lowest, power_complement: true, ..power };
    assert_eq!(
        update(margin, &[1.5], &at_8),
        "row 8 has score 1.5; perturb is \"power\", which accepts scores of at most 1"
    );
    let barred = Rows { exclude: Some(&[1]), ..at_8 };
    Selector::new(Plan { perturb: Some(Perturb::Power), ..plain() }).unwrap().update(&[-1.0], &barred).unwrap();
}

#[test]
fn groups() {
    let scores = [0.5, 0.25];
    let grouped = Rows { groups: Some(Groups::Codes(&[0, 2])), ..Rows::default() };
    let capped = Plan { per_group: Some(1), ..plain() };
    assert_eq!(update(capped.clone(), &scores, &Rows::default()), "groups is missing; per_group and quotas need it");
    assert_eq!(update(plain(), &scores, &grouped), "groups was given without per_group or quotas");
    let two = Plan { quotas: Some(vec![1, 2]), ..plain() };
    assert_eq!(update(two, &scores, &grouped), "groups has the code 2; codes below 2 are accepted");
    let far = Rows { groups: Some(Groups::Codes(&[0, u32::MAX])), ..Rows::default() };
    assert_eq!(update(capped, &scores, &far), "groups has the code 4294967295; codes below 16777216 are accepted");
}

#[test]
fn ids() {
    let mut state = Selector::new(plain()).unwrap();
    state.update(&[0.5; 200], &Rows::from(100)).unwrap();
    let sentence = |state: &Selector, rows: &Rows<'_>, len| state.check(rows, len).unwrap_err().to_string();
    assert_eq!(sentence(&state, &Rows::from(50), 60), "ids 100..110 were already seen");
    assert_eq!(sentence(&state, &Rows::from(299), 60), "id 299 was already seen");
    assert_eq!(sentence(&state, &Rows { ids: Some(&[7, 120]), ..Rows::default() }, 2), "id 120 was already seen");
    state.check(&Rows::from(0), 100).unwrap();
    state.check(&Rows::from(300), 100).unwrap();

    let mut other = Selector::new(plain()).unwrap();
    other.update(&[0.5; 10], &Rows::from(295)).unwrap();
    let refused = state.merge(&other).unwrap_err().to_string();
    assert_eq!(refused, "these Selectors cannot be merged: ids 295..300 were seen by both");

    let rows = Rows { ids: Some(&[900, 4]), ..Rows::default() };
    let (mut one, mut two) = (Selector::new(plain()).unwrap(), Selector::new(plain()).unwrap());
    one.update(&[1.0, 2.0], &rows).unwrap();
    two.update(&[3.0, 1.0], &Rows { ids: Some(&[4, 8]), ..rows }).unwrap();
    assert_eq!(one.merge(&two).unwrap_err().to_string(), "id 4 was given to two rows");
    one.update(&[9.0, 9.0], &rows).unwrap();
    assert_eq!(one.finish().unwrap_err().to_string(), "id 4 was given to two rows");
}

#[test]
fn merging_other_plans() {
    let exclude = Arc::new(vec![3]);
    let random = Plan { ties: Ties::Random, ..plain() };
    let soft = Plan { perturb: Some(Perturb::Softmax), ..plain() };
    let pairs = [
        (plain(), Plan::new(20, Order::Lowest), "k is 10 in one and 20 in the other"),
        (plain(), Plan::new(10, Order::Lowest), "order is \"highest\" in one and \"lowest\" in the other"),
        (plain(), random.clone(), "ties is \"first\" in one and \"random\" in the other"),
        (random.clone(), Plan { seed: 4, ..random }, "seed is 0 in one and 4 in the other"),
        (plain(), soft.clone(), "perturb is \"None\" in one and \"softmax\" in the other"),
        (soft.clone(), Plan { coldness: 2.0, ..soft }, "coldness is 1.0 in one and 2.0 in the other"),
        (plain(), Plan { per_group: Some(2), ..plain() }, "per_group is None in one and Some(2) in the other"),
        (plain(), Plan { quotas: Some(vec![1]), ..plain() }, "quotas are not the same in both"),
        (plain(), Plan { exclude, ..plain() }, "exclude is not the same in both"),
    ];
    for (one, other, difference) in pairs {
        let refused = Selector::new(one).unwrap().merge(&Selector::new(other).unwrap()).unwrap_err().to_string();
        assert_eq!(refused, format!("these Selectors cannot be merged: {difference}"));
    }
    let unused = Plan { seed: 9, coldness: 3.0, ..plain() };
    Selector::new(plain()).unwrap().merge(&Selector::new(unused).unwrap()).unwrap();
}

#[test]
fn rows_without_scores_need_uniform() {
    let refused = Selector::new(plain()).unwrap().absorb_count(3, &Rows::default()).unwrap_err();
    assert_eq!(refused.to_string(), "rows without scores are accepted for uniform picks only, which need no scores");
}
