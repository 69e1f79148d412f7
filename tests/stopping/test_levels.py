"""Triggers and guards: when they hold, what they say, how many labels are missing."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist.stopping import Facts, state_of


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(0, 10_000), st.integers(1, 400))
def test_growth_is_exact(then, now, percent):
    state = state_of(f"growth:{percent / 100}", Facts(labelled_now=now, labelled_then=then))
    needed = -(-then * (100 + percent) // 100)  # in whole numbers
    assert state.met == (now >= needed)
    assert state.labels_needed == max(0, needed - now)
    shown = float(state.said.split(" is ")[1])
    assert (shown >= percent / 100) == state.met
    assert shown == pytest.approx(now / then - 1, abs=0.0051)


ALL = {"a": 2, "b": 5, "c": 2}


@pytest.mark.parametrize(
    ("text", "facts", "met", "said", "needed"),
    [
        ("growth:0.25", {"labelled_now": 601, "labelled_then": 541}, False, "is 0.11", 76),
        ("growth:0.25", {"labelled_now": 80, "labelled_then": 64}, True, "is 0.25", 0),
        ("growth:0.25", {"labelled_now": 12}, True, "holds: there is no model yet", 0),
        ("growth:0.25", {}, False, "waits for a first label", 1),
        ("growth:0.25", {"labelled_now": 30, "labelled_then": 40}, False, "is -0.25", 20),
        ("changed:50", {"changed": 49}, False, "is 49", 1),
        ("changed:50", {"changed": 50}, True, "is 50", 0),
        ("answered:0.8", {"answered_share": 0.71, "round_rows": 100}, False, "is 0.71", 9),
        ("answered:0.8", {"answered_share": 0.79999, "round_rows": 99_999}, False, "is 0.79999", 1),
        ("answered:0.8", {"answered_share": 0.71}, False, "is 0.71", None),
        ("answered:0.7", {"answered_share": 0.1 * 7, "round_rows": 10}, True, "is 0.70", 0),
        ("answered:1", {}, False, "has no round to go by", None),
        ("days:2", {"days": 1.8, "labelled_then": 5}, False, "in 5 h", None),
        ("days:30", {"days": 1.8, "labelled_then": 5}, False, "in 28 days", None),
        ("days:2", {"days": 1.9999, "labelled_then": 5}, False, "in 1 min", None),
        ("days:2", {"days": 2, "labelled_then": 5}, True, "is 2.0", 0),
        ("days:2", {"labelled_now": 5}, True, "holds: there is no model yet", 0),
        ("days:2", {"labelled_then": 5}, False, "is not known: nobody knows when the model was made", None),
        ("flips:0.03", {"flips": 0.03, "labelled_then": 5}, True, "is 0.03", 0),
        ("flips:0.03", {"flips": 0.0299, "labelled_then": 5}, False, "is 0.030", None),
        ("flips:0.03", {"labelled_then": 5}, False, "is not known yet", None),
        ("flips:0.03", {"labelled_now": 5}, True, "holds: there is no model yet", 0),
        ("corrections:3", {"corrections": 2, "labelled_then": 9}, False, "is 2", None),
        ("corrections:3", {"corrections": 3, "labelled_then": 9}, True, "is 3", 0),
        ("every_class:2", {"class_counts": ALL}, True, "holds for all 3 classes", 0),
        ("every_class:4", {"class_counts": ALL}, False, "holds for 1 of 3 classes (a has 2)", 4),
        ("every_class:1", {"class_counts": {**ALL, "d": 0}}, False, "holds for 3 of 4 classes (d has 0)", 1),
        ("every_class:1", {}, False, "has no classes to go by", None),
        ("agreement:0.6", {"agreement": 0.48, "agreement_rows": 9}, False, "is 0.48 on 9 rows labelled twice", None),
        ("agreement:0.6", {"agreement": 0.6, "agreement_rows": 1}, True, "is 0.60 on 1 row labelled twice", 0),
        ("agreement:0.6", {}, False, "is not known on 0 rows labelled twice", None),
        ("issues_below:0.05", {"issues_share": 0.08}, False, "is 0.08", None),
        ("issues_below:0.05", {"issues_share": 0.05}, False, "is 0.05", None),
        ("issues_below:0.05", {"issues_share": 0.0499}, True, "is 0.0499", 0),
        ("issues_below:0.05", {}, True, "is not known before the first model", 0),
        ("issues_below:0.05", {"labelled_then": 9}, False, "is not known: suspects were not looked for", None),
    ],
)
def test_each(text, facts, met, said, needed):
    state = state_of(text, Facts(**facts))
    if said == "is 0.030":  # never shown as if it were there
        said = "is 0.0299"
    assert (state.met, bool(state), state.said, state.labels_needed) == (met, met, f"{text} {said}", needed)


def test_labels_needed_of_several():
    facts = Facts(labelled_now=100, labelled_then=100, changed=3, days=0.5, class_counts={"a": 0})
    assert state_of("growth:0.25 | changed:10", facts).labels_needed == 7
    assert state_of("growth:0.25 & changed:10", facts).labels_needed == 25
    assert state_of("growth:0.25 | days:2", facts).labels_needed == 25
    assert state_of("growth:0.25 & days:2", facts).labels_needed is None
    assert state_of("days:2", facts).labels_needed is None
    assert state_of("growth:0.25 & (days:2 | every_class:30)", facts).labels_needed == 30
    said = state_of("growth:0.25 & (days:2 | changed:10)", facts).said
    assert said == "growth:0.25 is 0.00 & (days:2 in 36 h | changed:10 is 3)"


def test_an_unknown_condition_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="condition is 'grwoth:1', and 'grwoth' is no rule.*did you mean 'growth'"):
        state_of("grwoth:1", Facts())
    with pytest.raises(TypeError, match="text is a float"):
        state_of(math.nan, Facts())
