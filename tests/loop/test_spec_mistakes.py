"""Every mistake of a spec is told: its place, the value, what is accepted, and the nearest guess. All of them at once."""

import datetime
import re

import pytest
from spec_values import SHORTEST, changed, mistakes

from shortlist.loop.spec.keys import TABLES

UNKNOWN = {
    "beside the tables": ({"clases": []}, r"^clases is no key; known are loop, name, .*; did you mean 'classes'\?"),
    "a table": ({"retrian": {}}, r"^retrian is no key; .*did you mean 'retrain'\?"),
    "in a table": ({"round": {"stratgy": "margin"}}, r"^\[round\] stratgy is no key; .*did you mean 'strategy'\?"),
    "in a table within": ({"round": {"mix": {"explor": 0}}}, r"^\[round\] mix.explor is no key; .*'explore'\?"),
    "of another table": ({"seed": {"strategy": "margin"}}, r"^\[seed\] strategy is no key; .*did you mean \[round\] strategy\?"),
    "of no table": ({"strategy": "margin"}, r"^strategy is no key; .*did you mean \[round\] strategy\?"),
    "nothing like it": ({"stop": {"zzz": 1}}, r"^\[stop\] zzz is no key; known here is when$"),
    "with blanks": ({"pool": {"my key": 1}}, r'^\[pool\] "my key" is no key'),
    "of a tool": (
        {"handoff": {"tool": "csv", "dataset": 7}},
        r"^\[handoff\] dataset is no key; known here are tool, label_config, url, project, show_model$",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNKNOWN)
def test_unknown_keys(kind):
    tables, message = UNKNOWN[kind]
    (said,) = mistakes(changed(**tables))
    assert re.search(message, said), said


NEEDED = {
    "loop": ("loop", r"^loop is missing; needed is as loop = 1 "),
    "name": ("name", r"^name is missing; needed is as name = "),
    "classes": ("classes", r"^classes is missing; needed is as classes = \["),
    "retrain": ("retrain", r"^\[retrain\] when is missing; needed is as when = \"growth:0.25\""),
    "stop": (
        "stop",
        r"^\[stop\] when is missing; needed is as when = \"budget:3000\" \(the end, named before it starts\)$",
    ),
}


@pytest.mark.parametrize("kind", NEEDED)
def test_what_may_not_be_left_out(kind):
    key, message = NEEDED[kind]
    (said,) = mistakes(changed(**{key: None}))
    assert re.search(message, said), said


def test_a_table_without_its_key_is_as_good_as_none():
    for name in ("retrain", "stop"):
        assert mistakes(changed(**{name: {"when": None}})) == mistakes(changed(**{name: None}))


def test_a_pool_without_anything():
    (said,) = mistakes(changed(pool=None))
    assert said.startswith('[pool] path is missing; needed is as path = "tickets.csv"')


TYPES = {
    "text": [3, True, [], {}, "", "  ", datetime.date(2026, 1, 1)],
    "whole": ["3", 2.0, True, -1, 2**63, [1], float("nan")],
    "number": ["0.5", True, -0.1, float("nan"), float("inf"), [0.5], 10**400],
    "flag": [1, 0, "true", "yes"],
    "list": ["language", 3, {"a": 1}, [3], [""], [[]]],
    "table": ["margin", 3, ["a"]],
}
OF_TYPE = {
    "text": [("name",), ("pool", "path"), ("pool", "id"), ("pool", "text"), ("round", "weight"), ("retrain", "when"),
             ("stop", "when"), ("retrain", "require"), ("seed", "labels")],
    "whole": [("random_state",), ("model", "retries"), ("model", "members"), ("seed", "rows"), ("round", "rows"),
              ("validation", "rows")],
    "number": [("model", "timeout"), ("round", "floor"), ("round", "close"), ("round", "mix", "explore"),
               ("validation", "share"), ("labels", "overlap")],
    "flag": [("model", "calibrate"), ("model", "screen")],
    "list": [("pool", "groups"), ("model", "committee"), ("model", "command")],
    "table": [("pool",), ("model",), ("round",), ("round", "mix"), ("round", "rare"), ("round", "diverse"), ("help",),
              ("seed", "search")],
}  # fmt: skip


WRONG = [(where, value) for kind, places in OF_TYPE.items() for where in places for value in TYPES[kind]]


@pytest.mark.parametrize(("where", "value"), WRONG)
def test_values_of_the_wrong_kind(where, value):
    values = changed()
    part = values
    for name in where[:-1]:
        part = part.setdefault(name, {})
    part[where[-1]] = value
    place = where[0] if len(where) == 1 and where[0] in SHORTEST | {"random_state": 0} else f"[{where[0]}]"
    if where == ("pool",):
        place = "[pool]"
    told = [said for said in mistakes(values) if said.startswith(f"{place} {'.'.join(where[1:])}".strip())]
    assert told
    assert all("; accepted " in said for said in told)
    assert all("\n" not in said and len(said) < 300 for said in told)


CLASSES = {
    "none": ([], r"^classes is \[\]; accepted is a list of names, 2 or more$"),
    "one": (["a"], r'^classes is \["a"\]; accepted is a list of names, 2 or more$'),
    "text": ("a, b", r'^classes is "a, b"; accepted is a list'),
    "twice": (["a", "b", "a"], r'^classes has "a" twice; accepted are names, each once$'),
    "blank": (["a", "b", ""], r'^classes has ""; '),
    "spaces": (["a", "b", " c"], r'^classes has " c"; accepted are names without line ends and spaces around them$'),
    "line end": (["a", "b", "c\nd"], r'^classes has "c\\nd"; '),
    "case": (["Bug", "b", "bug"], r'^classes has "Bug" and "bug"; accepted are names that people can tell apart$'),
    "accents": (["caf\u00e9", "cafe\u0301"], r"^classes has .* and .*; accepted are names that people can tell apart$"),
    "numbers": ([0, "b", "c"], r'^classes has 0; accepted are names in quotes, as "0"$'),
    "the answer that is always there": (
        ["a", "b", "None of these"],
        r'^classes has "None of these"; accepted is to leave',
    ),
    "a table": ({"help": {}}, r"^classes is .*; accepted is a list, .* goes to \[help\]$"),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_classes(kind):
    value, message = CLASSES[kind]
    (said,) = mistakes(changed(classes=value))
    assert re.search(message, said), said


@pytest.mark.parametrize("name", ["a/b", "..", ".", "a\\b", " a", "a.", "a\tb", 'a"b', "x" * 101, "a:b"])
def test_names_that_name_no_folder(name):
    (said,) = mistakes(changed(name=name))
    assert said.startswith("name is ")
    assert "accepted is text that can name a folder" in said


CHOICES = {
    "estimator": ({"model": {"estimator": "forrest"}}, r"accepted are tfidf-logistic, .*; did you mean 'forest'\?$"),
    "committee": ({"model": {"committee": ["forest", "logistik"]}}, r"did you mean 'logistic'\?$"),
    "strategy": ({"round": {"strategy": "margn"}}, r"accepted are least_confident, .*; did you mean 'margin'\?$"),
    "strategy of learners": ({"round": {"strategy": "expected_error_reduction"}}, r"asks a learner"),
    "rule": ({"round": {"diverse": {"rule": "k_centre", "among": 500}}}, r"did you mean 'k_center'\?$"),
    "seed": ({"seed": {"how": "tipiclust"}}, r"accepted are random, k_center, typiclust, and stratified:C.*'typiclust'\?$"),
    "seed with more": ({"seed": {"how": "random:3"}}, r"^\[seed\] how is \"random:3\"; accepted are"),
    "stratified by nothing": ({"seed": {"how": "stratified"}}, r"which names no column; accepted is as stratified:COLUMN$"),
    "stratified by a stranger": ({"seed": {"how": "stratified:langage"}}, r"no column of \[pool\] groups; .*'language'\?$"),
    "resolve": ({"labels": {"resolve": "majorty"}}, r"latest, reviewer, crowdlab; did you mean 'majority'\?$"),
    "skips": ({"labels": {"skips": "never"}}, r"accepted are never again, again; did you mean"),
    "where": ({"retrain": {"where": "Dask"}}, r"did you mean 'dask'\?$"),
    "action": ({"check": {"action": "delete"}}, r"accepted are relabel, hold"),
    "tool": ({"handoff": {"tool": "cvs"}}, r"accepted are page, csv, .*, and package.module:Class; did you mean 'csv'\?$"),
    "project": (
        {"handoff": {"tool": "label-studio", "url": "http://x", "project": True}},
        r"project is true; accepted is the name or the number of a project$",
    ),
    "project without url": (
        {"handoff": {"tool": "label-studio", "project": "x"}},
        r'^\[handoff\] project is "x", which takes a url; accepted are both, or neither$',
    ),
    "url of another tool": (
        {"handoff": {"tool": "csv", "url": "http://x"}},
        r'^\[handoff\] url is "http://x", which takes tool = "label-studio"; accepted are both, or neither$',
    ),
    "returns": ({"model": {"returns": "probs"}}, r"accepted are probabilities, logits; did you mean 'probabilities'\?$"),
    "journal": ({"journal": "WAL"}, r"accepted are wal, delete; did you mean 'wal'\?$"),
    "no path": ({"model": {"estimator": "my model:make"}}, r"package.module:function"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHOICES)
def test_names_of_things(kind):
    tables, message = CHOICES[kind]
    (said,) = mistakes(changed(**tables))
    assert re.search(message, said), said


@pytest.mark.parametrize("version", [0, 2, "1", True, None, 1.5])
def test_other_versions_of_the_format(version):
    values = changed() | {"loop": version}
    (said,) = mistakes(values)
    assert "accepted is 1, the version of the format" in said


SHOWN = {
    "open brace": ("https://x/{id", "accepted is as https"),
    "no name": ("https://x/{}", "accepted are names of columns in braces"),
    "an attribute": ("https://x/{id.__class__}", "accepted are names of columns in braces"),
    "a format": ("https://x/{id:>10}", "accepted are names of columns in braces"),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_templates_that_cannot_be_filled(kind):
    template, message = SHOWN[kind]
    (said,) = mistakes(changed(pool={"show": {"image": template}}))
    assert said.startswith("[pool] show has ")
    assert message in said


def test_all_mistakes_come_at_once_in_the_order_of_the_format():
    values = changed(
        stop=None,
        handoff={"tool": "prodigi"},
        classes=["a", "A", " b", 3],
        pool={"id": 3, "txt": "x"},
        round={"rows": 0},
    )
    said = mistakes(values)
    places = [
        "classes",
        "classes",
        "classes",
        "[pool] id",
        "[pool] txt",
        "[round] rows",
        "[stop] when",
        "[handoff] tool",
    ]
    assert [place for place, line in zip(places, said, strict=True) if not line.startswith(place)] == []


def test_one_mistake_brings_no_others():
    for value in (3, [], ["a", "a"]):
        tables = {"seed": {"search": {"abuse": ["x"]}}, "round": {"rare": {"classes": ["abuse"], "share": 0.1}}}
        assert all(line.startswith("classes") for line in mistakes(changed(classes=value, **tables)))


@pytest.mark.parametrize("table", TABLES)
def test_every_default_passes_its_own_check(table):
    for key in TABLES[table]:
        for value in (key.default, key.example):
            if value is not None:
                key.check(list(value) if isinstance(value, tuple) else value)


ODD = [None, True, 0, -1, 2**70, 10**5000, 0.5, float("nan"), float("inf"), "", "a", "a:b", "stratified:", "{", "{id}", "((", "|",
       "\x00", "\U0001f600", "x.npy", "x" * 9999, [], ["a"], ["{"], [1, [2]], {}, {"a": 1}, {"": ""}, {"except": 3}, {"a": ["x"]},
       datetime.date(2020, 1, 1)]  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_no_value_at_any_place_breaks_the_reading(table):
    for key in [key.name for key in TABLES[table]] + ["other"]:
        for odd in ODD:
            values = changed()
            part = values
            for name in table.split(".") if table else ():
                part = part.setdefault(name, {})
            part[key] = odd
            for said in mistakes(values):
                assert "\n" not in said
                assert len(said) < 500
