"""What must fit together in a spec, and what can never be met."""

import re

import pytest
import spec_values
from spec_values import NUMBERS, VECTORS, changed, mistakes, read

from shortlist.loop.spec import names


def pool(**keys):
    return dict.fromkeys(spec_values.SHORTEST["pool"]) | keys


TOGETHER = {
    "no id": ({"pool": {"id": None}}, r"^\[pool\] id is missing; .*labels come home by id, never by position$"),
    "nothing to read": ({"pool": {"text": None}}, r"^\[pool\] text is missing, and so are features and embeddings"),
    "text and features": ({"pool": {"features": ["a"]}}, r"^\[pool\] features is .* there is text too; accepted is one"),
    "ids of a table": ({"pool": {"ids": "ids.txt"}}, r"^\[pool\] ids is .*, which is for arrays; accepted is id"),
    "an array without ids": ({"pool": pool(path="x.npy")}, r'^\[pool\] ids is missing; needed is as ids = "ids.txt"'),
    "columns of an array": ({"pool": pool(**VECTORS, groups=["a"])}, r"^\[pool\] groups is .*x.npy has no columns"),
    "a kind of file": ({"pool": {"path": "tickets.xlsx"}}, r'^\[pool\] path is "tickets.xlsx"; accepted are files of'),
    "embeddings in a column": ({"pool": {"embeddings": "vec"}}, r'^\[pool\] embeddings is "vec"; accepted are files'),
    "text as a group": ({"pool": {"groups": ["body"]}}, r'^\[pool\] groups has "body", which is what the model reads'),
    "id as a group": ({"pool": {"groups": ["id"]}}, r'^\[pool\] groups has "id", which is the id'),
    "id as text": ({"pool": {"id": "body"}}, r'^\[pool\] id is "body", which is what the model reads'),
    "a group that is shown": ({"pool": {"show": ["language"]}}, r'^\[pool\] show has "language" .*people never see'),
    "a group in an address": ({"pool": {"show": {"x": "u/{language}"}}}, r"^\[pool\] show has \"language\" for 'x'"),
    "a floor for nothing": ({"pool": {"groups": None}, "round": {"floor": 0.5}}, r"^\[round\] floor is 0.5, and .* no groups"),
    "strata of nothing": ({"pool": {"groups": None}, "seed": {"how": "stratified:x"}}, r"^\[seed\] how is .* no groups"),
    "words without text": ({"pool": pool(**NUMBERS), "seed": {"search": {"bug": ["x"]}}}, r"^\[seed\] search has words, and"),
    "a weight without columns": ({"pool": pool(**VECTORS), "round": {"weight": "w"}}, r"^\[round\] weight is .*no columns"),
    "help": ({"help": {"abus": "x"}}, r'^\[help\] has "abus", which is no class; .*; did you mean \'abuse\'\?$'),
    "search": ({"seed": {"search": {"Abuse": ["x"]}}}, r'^\[seed\] search has "Abuse", which is no class; .*\'abuse\'\?$'),
    "rare": ({"round": {"rare": {"classes": ["fraud"], "share": 0.1}}}, r'^\[round\] rare.classes has "fraud", which is no'),
    "rare without share": ({"round": {"rare": {"classes": ["abuse"]}}}, r"^\[round\] rare.share is missing"),
    "shares": ({"round": {"mix": {"explore": 0.6, "validation": 0.5}}}, r"^\[round\] mix and rare .* are 1.1 together"),
    "shares with rare": (
        {"round": {"mix": {"explore": 0.5}, "rare": {"classes": ["abuse"], "share": 0.5}}},
        r"^\[round\] mix and rare .*explore 0.5, validation 0.15, rare 0.5 are 1.15 together; accepted is at most 1$",
    ),
    "validation of nothing": (
        {"validation": {"share": 0}, "round": {"mix": {"validation": 0.1}}}, r"^\[round\] mix.validation is a share of rows"
    ),
    "nothing to begin with": ({"seed": {"rows": 0}}, r"^\[seed\] rows is 0, and there are no \[seed\] labels"),
    "two of one": (
        {"round": {"strategy": "badge", "diverse": {"rule": "k_center", "among": 500}}}, r"^\[round\] diverse picks among"
    ),
    "too few to differ": ({"round": {"diverse": {"rule": "k_center", "among": 50}}}, r"among is 50; accepted is 100 or more"),
    "where without a command": ({"retrain": {"where": "command"}}, r"^\[retrain\] where is .* \[model\] has no command"),
    "an address for nothing": ({"retrain": {"address": "tcp://x"}}, r"^\[retrain\] address is .*with dask or ray$"),
    "command and estimator": ({"model": {"command": ["x"], "estimator": "forest"}}, r"^\[model\] estimator is \"forest\", and"),
    "command and members": ({"model": {"command": ["x"], "members": 5}}, r"^\[model\] members is 5, and there is a command"),
    "members and committee": (
        {"model": {"members": 5, "committee": ["forest", "logistic"]}}, r"^\[model\] members is 5, and there is a committee"
    ),
    "a model of text": (
        {"pool": pool(**NUMBERS), "model": {"estimator": "tfidf-logistic"}},
        r'^\[model\] estimator has "tfidf-logistic", and the pool has no text; accepted are logistic, forest, boosting, and',
    ),
    "a member of text": (
        {"pool": pool(**VECTORS), "model": {"committee": ["forest", "tfidf-logistic"]}}, r"^\[model\] committee has"
    ),
    "suspects of nothing": (
        {"retrain": {"require": "issues_below:0.1"}}, r'^\[retrain\] require is .* needed is \[check\] issues = "builtin"$'
    ),
    "a target without rows": (
        {"stop": {"when": "target_lower:0.9"}, "round": {"mix": {"validation": 0}}}, r"^\[stop\] when is .*no row is for valid"
    ),
    "too few for the target": (
        {"stop": {"when": "target_lower:0.99"}, "validation": {"rows": 200}}, r"^\[validation\] rows is 200.* takes 381 or more"
    ),
    "too few for any": (
        {"stop": {"when": "target_lower:0.5"}, "validation": {"rows": 59}}, r"^\[validation\] rows is 59.* takes 60 or more"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOGETHER)
def test_what_does_not_fit(kind):
    tables, message = TOGETHER[kind]
    said = mistakes(changed(**tables))
    assert len(said) == 1, said
    assert re.search(message, said[0]), said


FITS = {
    "a folder": {"pool": {"path": "tickets"}},
    "a glob": {"pool": {"path": "tickets/*"}},
    "an absolute path": {"pool": {"path": "/data/tickets.PARQUET"}},
    "a folder of arrays": {"pool": pool(path="vectors", ids="ids.txt")},
    "text beside embeddings": {"pool": {"embeddings": "x.npy"}, "seed": {"search": {"bug": ["x"]}}},
    "text though there are embeddings": {"pool": {"embeddings": "x.npy"}, "model": {"estimator": "tfidf-logistic"}},
    "boosting of text": {"model": {"estimator": "boosting"}},
    "shares that are all of it": {"round": {"mix": {"explore": 0.1, "validation": 0.2, "relabel": 0.7}}},
    "labels in place of a seed": {"seed": {"rows": 0, "labels": "old.csv"}},
    "no validation": {"validation": {"share": 0}},
    "one word": {"seed": {"search": {"abuse": "threat"}}},
    "a column in every group": {"seed": {"how": "stratified:language"}, "round": {"floor": 1}},
    "logits": {"model": {"returns": "logits"}, "round": {"strategy": "energy"}},
}


@pytest.mark.parametrize("kind", FITS)
def test_what_fits(kind):
    assert mistakes(changed(**FITS[kind])) == []


def test_without_a_stratum_no_row_of_a_round_is_for_it():
    assert read(validation={"share": 0}).round.validation == 0


@pytest.mark.parametrize("strategy", names.strategies())
def test_every_strategy_of_the_package(strategy):
    several = {"members": 5, "returns": "logits"}
    assert mistakes(changed(round={"strategy": strategy}, model=several)) == []
    said = mistakes(changed(round={"strategy": strategy}))
    if strategy in {"vote_entropy", "consensus_entropy", "max_disagreement", "bald", "variation_ratio", "mean_std"}:
        assert len(said) == 1
        assert "[model] has one model; needed is members = 5, or committee = [...]" in said[0]
        assert mistakes(changed(round={"strategy": strategy}, model={"committee": ["forest", "logistic"]})) == []
    elif strategy == "energy":
        assert len(said) == 1
        assert "which reads logits" in said[0]
    else:
        assert said == []


def test_a_weight_is_not_for_scores_that_come_lowest_first():
    (said,) = mistakes(changed(round={"strategy": "activelab", "weight": "value"}))
    assert said.startswith("[round] weight multiplies scores of which the highest come first")


@pytest.mark.parametrize(
    ("spelt", "name"),
    [("margin_sampling", "margin"), ("uncertainty_sampling", "least_confident"), ("badge_sampling", "badge"),
     ("mix_sampling", "diverse_uncertain"), ("our.rules:pick", "our.rules:pick")],
)  # fmt: skip
def test_strategies_go_by_the_names_of_learners_too(spelt, name):
    assert read(round={"strategy": spelt}).round.strategy == name
