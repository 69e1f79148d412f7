"""Conditions as they are written: what they mean, and what a user who gets one wrong reads."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist import stopping

LEAVES = st.sampled_from([True, False])
TREES = st.recursive(
    LEAVES, lambda inner: st.tuples(st.sampled_from("&|"), st.lists(inner, min_size=2, max_size=4)), max_leaves=12
)


def write(tree, inside=None):
    """As a person would: parentheses only where they are needed."""
    if isinstance(tree, bool):
        return "changed:1" if tree else "changed:9"
    sign, parts = tree
    text = f" {sign} ".join(write(part, sign) for part in parts)
    return f"({text})" if inside is not None and inside != sign and sign == "|" else text


def holds(tree):
    return tree if isinstance(tree, bool) else (all if tree[0] == "&" else any)(map(holds, tree[1]))


@settings(deadline=None)
@given(TREES)
def test_a_condition_means_what_it_says(tree):
    assert stopping.state_of(write(tree), stopping.Facts(changed=5)).met == holds(tree)
    rule = stopping.rule_of(write(tree).replace("changed", "budget"))
    assert rule.update(5) == holds(tree)


@settings(deadline=None)
@given(TREES)
def test_what_is_said_reads_back(tree):
    state = stopping.state_of(write(tree), stopping.Facts(changed=5))
    again = stopping.state_of(state.said.replace(" is 5", ""), stopping.Facts(changed=5))
    assert again == state


@pytest.mark.parametrize(
    "blanks",
    ["budget:5&(kappa|patience:2)", " budget : 5 & ( kappa | patience:2 ) ", "((budget:5) & (kappa | patience:2))"],
)
def test_blanks_and_needless_parentheses(blanks):
    assert stopping.rule_of(blanks).describe() == "budget 5 and (kappa 0.99 over 3 or patience 2)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "stop is '', and a rule is missing in it"),
        ("kappa |", "a rule is missing after '|'"),
        ("& kappa", "a rule is missing at its start"),
        ("kappa || budget:3", "a rule is missing after '|'"),
        ("kappa & ()", "a rule is missing after '('"),
        ("(kappa", "a '(' is never closed"),
        ("kappa)", "')' closes nothing"),
        ("kappa (budget:3)", "'(' follows 'kappa' with no & or | between them"),
        ("(kappa) budget:3", "'budget:3' follows ')' with no & or | between them"),
        ("kappa patience:3", "'kappa patience:3' has a blank in it; accepted are rules joined by & or |"),
        ("kappa and patience:3", "has a blank in it"),
        ("target:0.9:1:2", "'target:0.9:1:2' has too many values; accepted is target:score:rounds"),
        ("target:high", "'target:high' cannot be read: 'high' is no number"),
        ("target:", "'target:' cannot be read: '' is no number"),
        ("target_lower", "'target_lower' lacks its accuracy; accepted is as target_lower:0.9"),
        ("target_lowr:0.9", "did you mean 'target_lower'?"),
        ("growth:0.25", "'growth' belongs to [retrain] when; known here are budget, target"),
        ("(" * 60 + "kappa" + ")" * 60, "more than 50 parentheses in one another"),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(ValueError) as caught:
        stopping.rule_of(text)
    assert message in str(caught.value)
    with pytest.raises(ValueError) as caught:
        stopping.check(text, "stop")
    assert message.replace("stop is ''", '[stop] when is ""') in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (
            "trigger",
            "grwoth:0.25",
            """[retrain] when is "grwoth:0.25", and 'grwoth' is no rule; known are growth, changed, answered, days, flips, """
            "corrections; did you mean 'growth'?",
        ),
        ("trigger", "growth", "'growth' lacks its share; accepted is as growth:0.25"),
        ("trigger", "growth:0", "'growth:0' cannot be read: share is 0; accepted is above 0"),
        ("trigger", "changed:2.5", "rows is 2.5, a float; accepted is a whole number, 1 or more"),
        ("trigger", "answered:80", "share is 80; accepted is above 0 and at most 1"),
        ("trigger", "days:nan", "days is nan; accepted is a finite number"),
        ("trigger", "flips:1.5", "share is 1.5; accepted is above 0 and at most 1"),
        ("trigger", "corrections:0", "rows is 0; accepted is a whole number, 1 or more"),
        ("trigger", "every_class:2", "'every_class' belongs to [retrain] require; known here are growth"),
        ("trigger", "budget:500", "'budget' belongs to [stop] when"),
        ("guard", "every_clas:2", "[retrain] require is \"every_clas:2\", and 'every_clas' is no rule"),
        ("guard", "agreement:2", "alpha is 2; accepted is above 0 and at most 1"),
        ("guard", "issues_below:0", "share is 0; accepted is above 0 and at most 1"),
    ],
)
def test_mistakes_in_triggers_and_guards(kind, text, message):
    for whole in (text, f"({text})"):
        with pytest.raises(ValueError) as caught:
            stopping.check(whole, kind)
        assert message.replace(f'"{text}"', f'"{whole}"') in str(caught.value)


def test_check_takes_what_is_right_and_says_where_it_looked():
    stopping.check("growth:0.25 | days:2 & (answered:1 | flips:0.03)", "trigger")
    stopping.check("every_class:2 & agreement:0.6 & issues_below:0.1", "guard")
    stopping.check("target_lower:0.90 & patience:3 | budget:3000", "stop")
    with pytest.raises(ValueError, match='^require of the demo is "x"'):
        stopping.check("x", "guard", "require of the demo")
    with pytest.raises(TypeError, match=r"\[stop\] when is 5, a int; accepted is a text, as 'budget:500'"):
        stopping.check(5, "stop")
    with pytest.raises(ValueError, match="kind is 'x'; accepted are stop, trigger, guard"):
        stopping.check("x", "x")


def test_alternatives_and_names():
    rule = stopping.rule_of("target:0.9 & (patience:3 | kappa) | budget:500 | patience:4")
    assert [part.name for part in rule.alternatives] == [
        "target:0.9 & (patience:3 | kappa)",
        "budget:500",
        "patience:4",
    ]
    assert [part.name for part in stopping.rule_of("kappa").alternatives] == ["kappa"]
    assert (stopping.Budget(3) | stopping.Patience(2)).name == "budget 3 | patience 2"
