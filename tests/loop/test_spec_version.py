"""The version of a spec is that of what it says, however it is written; and what may not change after round 1."""

import random
import tomllib
from pathlib import Path

import pytest
import spec_values
from spec_values import NUMBERS, VECTORS, changed, read

from shortlist.loop.spec import forbidden_changes, full_text, spec_of


def of_text(text):
    return spec_of(tomllib.loads(text), text=text, folder=Path("/elsewhere"))


def pool(**keys):
    return dict.fromkeys(spec_values.SHORTEST["pool"]) | keys


SPECS = {
    "shortest": {},
    "help and unicode": {"help": {"bug": 'says "it\'s broken"\n\\ \x7f\t', "abuse": "Drohung 脅迫 🙂"}, "name": "Tickets, 2026"},
    "numbers": {"pool": pool(**NUMBERS | {"features": {"except": ["a b", "c"]}})},
    "vectors": {"pool": pool(**VECTORS, show={"image of it": "https://x/{id}.jpg"}), "model": {"command": ["a b", '"', "{job}"]}},
    "everything in a round": {
        "round": {"diverse": {"rule": "herding", "among": 300}, "rare": {"classes": ["abuse", "bug"], "share": 1 / 3},
                  "mix": {"explore": 1e-7, "relabel": 0.2}, "floor": 1, "close": 0.9, "weight": "w"},
        "seed": {"search": {"abuse": ["kill you", "threat"], "bug": "bröken"}, "labels": "old.csv"},
    },
    "a committee elsewhere": {"model": {"committee": ["forest", "our.models:make"], "timeout": 60, "retries": 0},
                              "retrain": {"where": "dask", "address": "tcp://x:1", "require": "every_class:2"}},
    "a tool of one's own": {"handoff": {"tool": "our.page:Page", "a key": {"deep": [1, 2.5, "x", True]}, "n": 3}},
    "no validation": {"validation": {"share": 0}},
}  # fmt: skip


@pytest.mark.parametrize("kind", SPECS)
def test_every_default_written_out_is_the_same_version(kind):
    spec = read(**SPECS[kind])
    again = of_text(full_text(spec))
    assert again.version == spec.version
    assert full_text(again) == full_text(spec)


def test_the_whole_text_explains_every_key():
    lines = [line for line in full_text(read()).splitlines() if line and not line.strip("# ").startswith("[")]
    assert all(line.count("  # ") == 1 for line in lines)
    for key in ("random_state", "# timeout", "# require", "close", "overlap", "# rule", "# share"):
        assert sum(line.startswith(f"{key} =") for line in lines) >= 1


def shuffled(values, chance):
    items = list(values.items())
    chance.shuffle(items)
    return {key: shuffled(part, chance) if isinstance(part, dict) else part for key, part in items}


@pytest.mark.parametrize("kind", SPECS)
def test_order_does_not_change_the_version(kind):
    values = changed(**SPECS[kind])
    for seed in range(3):
        mixed = shuffled(values, random.Random(seed))
        assert spec_of(mixed, text="", folder=Path()).version == read(**SPECS[kind]).version


def test_comments_folders_and_spelling_do_not_change_the_version():
    head = 'loop=1\nname="t"\nclasses=["a","b"]\n[pool]\npath="x.csv"\nid="i"\ntext="b"\n'
    text = head + '[stop]\nwhen="budget:5"\n[retrain]\nwhen="%s"\n'
    same = [
        text % "growth:0.25 | days:2",
        "# hello\n" + text % "growth:0.25|days:2",
        text % " growth : 0.25  |  days:2 ",
        text % "growth:0.25 | days:2"
        + "[validation]\nshare = 0.150\nrows = 2_000\n[round]\nfloor = 0\nclose = 1\nmix = {}\n",
        text % "growth:0.25 | days:2"
        + '[round]\nstrategy = "margin_sampling"\n[model]\nestimator = "tfidf-logistic"\n',
    ]
    assert len({of_text(one).version for one in same}) == 1
    assert of_text(same[0]).retrain.when == "growth:0.25 | days:2"


DIFFERENT = [
    {"name": "other"},
    {"classes": ["bug", "billing", "abuse"]},
    {"random_state": 1},
    {"help": {"bug": "x"}},
    {"pool": {"path": "other.csv"}},
    {"pool": {"groups": []}},
    {"model": {"estimator": "logistic"}},
    {"seed": {"search": {"bug": ["x"]}}},
    {"round": {"mix": {"explore": 0.2}}},
    {"stop": {"when": "budget:501"}},
    {"handoff": {"tool": "our:Page", "x": 1}},
]


def test_what_a_spec_says_is_its_version():
    versions = [read(**tables).version for tables in [{}, *DIFFERENT]]
    assert len(set(versions)) == len(versions)
    assert all(len(version) == 64 for version in versions)


FORBIDDEN = {
    "a class less": ({"classes": ["billing", "bug"]}, r'classes lacks "abuse", which rows may be labelled with; after round 1'),
    "another order": ({"classes": ["bug", "billing", "abuse"]}, r'classes has "bug" where "billing" was; after round 1'),
    "a class in between": ({"classes": ["billing", "new", "bug", "abuse"]}, r'classes has "new" where "bug" was'),
    "the id": ({"pool": {"id": "other"}}, r'\[pool\] id was "id" and is "other", and labels are known by it; it can\'t change'),
    "the stratum": ({"validation": {"share": 0.2}}, r"\[validation\] share was 0.15 and is 0.2, and "),
    "its rows": ({"validation": {"rows": 100}}, r"\[validation\] rows was 2000 and is 100, and "),
    "the seed": ({"random_state": 1}, r"random_state was 0 and is 1, and every draw is made of it"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_what_may_not_change(kind):
    tables, message = FORBIDDEN[kind]
    said = forbidden_changes(read(), read(**tables))
    assert len(said) == 1
    with pytest.raises(ValueError, match=message):
        raise ValueError(said[0])


@pytest.mark.parametrize(
    "tables",
    [{}, {"classes": ["billing", "bug", "abuse", "new"]}, {"round": {"strategy": "entropy"}}, {"stop": {"when": "budget:9"}},
     {"pool": {"path": "moved.csv"}}, {"seed": {"search": {"bug": ["x"]}}}, {"help": {"bug": "x"}}],
)  # fmt: skip
def test_what_may_change(tables):
    assert forbidden_changes(read(), read(**tables)) == []


def test_all_forbidden_changes_come_at_once():
    new = read(classes=["a", "b"], random_state=3, validation={"share": 0.3, "rows": 9}, pool={"id": "x"})
    assert len(forbidden_changes(read(), new)) == 5
