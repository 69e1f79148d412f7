//! Work that is done whole or not at all: drafts, and what can be given up.

use crate::blocks::Unwatched;
use crate::error::Error;
use crate::order::Order;
use crate::select::{Groups, Perturb, Plan, Rows, Selector};

#[test]
fn millions_of_picks_can_be_given_up() {
    let mut stop = |_: usize, _: usize| Err(Error::Interrupted);
    let count = (1 << 20) + 1;
    for plan in [Plan::new(count, Order::Highest), Plan { per_group: Some(count), ..Plan::new(count, Order::Highest) }]
    {
        let mut state = Selector::new(plan).unwrap();
        let codes = vec![0; count];
        let groups = state.plan().grouped().then_some(Groups::Codes(&codes));
        state.update(&vec![0.5f32; count], &Rows { groups, ..Rows::default() }).unwrap();
        assert_eq!(state.to_bytes_watched(&mut stop), Err(Error::Interrupted));
        assert_eq!(state.into_selected(&mut stop), Err(Error::Interrupted));
    }
    let mut state = Selector::new(Plan { perturb: Some(Perturb::Uniform), ..Plan::new(3, Order::Highest) }).unwrap();
    let before = state.to_bytes();
    // More rows than could ever be counted.
    assert_eq!(state.update_count(1 << 60, &Rows::default(), &mut stop), Err(Error::Interrupted));
    assert_eq!(state.to_bytes(), before);
    state.update_count(1 << 20, &Rows::default(), &mut Unwatched).unwrap();
    let mut at_once = Selector::new(state.plan().clone()).unwrap();
    at_once.absorb_count(1 << 20, &Rows::default()).unwrap();
    assert_eq!(state.finish(), at_once.finish());
}

#[test]
fn a_draft_knows_what_its_state_has_seen() {
    let scores: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let mut state = Selector::new(Plan::new(5, Order::Highest)).unwrap();
    state.update(&scores, &Rows::from(0)).unwrap();
    for mut draft in [state.draft(), state.draft().draft()] {
        let refused = draft.update(&scores[..3], &Rows::from(998)).unwrap_err();
        assert_eq!(refused.to_string(), "ids 998..1000 were already seen");
        assert_eq!(draft.floor(), state.floor());
    }
    let (mut one, mut other) = (state.draft(), state.draft());
    one.update(&scores, &Rows::from(5000)).unwrap();
    other.update(&scores, &Rows::from(5999)).unwrap();
    state.commit(&one).unwrap();
    let before = state.to_bytes();
    assert_eq!(state.commit(&other).unwrap_err().to_string(), "id 5999 was already seen");
    let stranger = Selector::new(Plan::new(6, Order::Highest)).unwrap();
    assert!(state.commit(&stranger).unwrap_err().to_string().starts_with("this is no draft of that Selector: k is"));
    assert_eq!(state.to_bytes(), before);
}
