"""The conditions of a spec are checked by the grammar of `shortlist.stopping`, and called by their places."""

import pytest
from spec_values import changed, mistakes

WRONG = {
    "trigger": ({"retrain": {"when": "grwoth:0.25"}}, '[retrain] when is "grwoth:0.25", ', "did you mean 'growth'?"),
    "guard": ({"retrain": {"require": "every_clas:2"}}, '[retrain] require is "every_clas:2", ', "'every_class'"),
    "stop": ({"stop": {"when": "budgt:500"}}, '[stop] when is "budgt:500", ', "did you mean 'budget'?"),
    "in another place": ({"stop": {"when": "growth:0.25"}}, '[stop] when is "growth:0.25", ', "[retrain] when"),
    "half a rule": ({"stop": {"when": "budget:5 |"}}, '[stop] when is "budget:5 |', ""),
}


@pytest.mark.parametrize("kind", WRONG)
def test_conditions_that_cannot_be_read(kind):
    tables, start, part = WRONG[kind]
    (said,) = mistakes(changed(**tables))
    assert said.startswith(start)
    assert part in said


def test_all_of_them_at_once():
    values = changed(retrain={"when": "a:1", "require": "b:1"}, stop={"when": "c:1"})
    assert [said.partition(" is ")[0] for said in mistakes(values)] == [
        "[retrain] when",
        "[retrain] require",
        "[stop] when",
    ]


@pytest.mark.parametrize(
    "tables",
    [
        {"retrain": {"when": "growth:0.25 | days:2", "require": "every_class:2 & agreement:0.6"}},
        {"retrain": {"when": "flips:0.03 | (corrections:5 & answered:0.5)"}},
        {"stop": {"when": "target_lower:0.90 & patience:3 | budget:3000"}},
        {"stop": {"when": "recall:0.95:0.05 | budget:2000"}},
    ],
)
def test_conditions_of_the_design(tables):
    assert mistakes(changed(**tables)) == []
