"""Loops whose models are asked about few rows: their rounds are those of loops whose models are asked about all."""

import contextlib
import dataclasses

import numpy as np
import pytest

import shortlist as sl
from shortlist.loop import stop_set
from shortlist.loop.errors import LoopError
from shortlist.loop.said import KEPT
from shortlist.loop.training import clusters

pytest.importorskip("sklearn")
ROWS, CLASSES = 6_000, ("a", "b", "c")
SPEC = """
loop = 1
name = "x"
classes = ["a", "b", "c"]
[pool]
path = "pool.npy"
ids = "ids.txt"
[model]
estimator = "{estimator}"
{model}
[seed]
how = "random"
rows = 40
[round]
rows = 20
mix = {{ explore = 0.1, validation = 0.2 }}
{rounds}
[validation]
rows = 200
[handoff]
tool = "csv"
[retrain]
when = "growth:0.2"
{retrain}
[stop]
when = "budget:1000"
"""


def begin(folder, screen, *, estimator="logistic", model="", rounds="", retrain=""):
    folder.mkdir()
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, ROWS)
    X = (0.8 * rng.normal(size=(3, 8))[truth] + rng.normal(size=(ROWS, 8))).astype(np.float32)
    np.save(folder / "pool.npy", X)
    (folder / "ids.txt").write_text("".join(f"{row}\n" for row in range(ROWS)))
    more = model if screen else f"{model}\nscreen = false"
    (folder / "x.toml").write_text(SPEC.format(estimator=estimator, model=more, rounds=rounds, retrain=retrain))
    return sl.Loop.init(folder / "x.toml", folder / "loop"), truth


def play(loop, truth, rounds):
    found = []
    for _ in range(rounds):
        batch = loop.next()
        found.append(([dataclasses.astuple(p) for p in loop._store.picks(batch.round)], loop._store.round(batch.round)))
        loop.ingest({row: CLASSES[truth[int(row)]] for row in batch.ids}, annotator="amy")
        if loop.due():
            loop.train()
    return found


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rounds": 'strategy = "entropy"', "model": "calibrate = false"},
        {"rounds": 'diverse = { rule = "k_center", among = 40 }'},
        {"estimator": "boosting", "rounds": 'strategy = "least_confident"', "model": "calibrate = false"},
    ],
    ids=["margin", "entropy", "diverse", "boosting"],
)
def test_rounds_are_the_same(tmp_path, monkeypatch, how):
    monkeypatch.setattr(stop_set, "ROWS", 100)
    few, truth = begin(tmp_path / "few", True, **how)
    whole, _ = begin(tmp_path / "whole", False, **how)
    for (picks, one), (expected, other) in zip(play(few, truth, 5), play(whole, truth, 5), strict=True):
        assert picks == expected
        assert one.decided == other.decided
    status, all_of_it = few.status(), whole.status()
    assert status["model"]["asked"] < ROWS / 2
    assert all_of_it["model"]["asked"] == ROWS
    assert status["estimate"] == all_of_it["estimate"]
    assert few.stop().why == whole.stop().why
    about = [model.estimate[KEPT] for model in few._store.models()]
    assert len(about) >= 2
    for model, each in zip(few._store.models(), about, strict=True):
        assert f"the model was asked about {each['asked']:,} of 6,000 rows" in model.estimate["log"]
    assert all(few.replay_all(n_threads=1))
    # Rows that no round may reach are asked about when somebody wants to know.
    ids = [str(row) for row in range(0, ROWS, 40)]
    assert few.predict(ids) == whole.predict(ids)
    assert few.check().damage == []


class InTurn:
    """A worker that works when it is asked to, in this process."""

    workers = 1

    def submit(self, name, function, *given):
        return function(*given)

    def result(self, handle):
        return handle

    put = result


def test_workers_of_a_cluster_ask_about_few_rows_too(tmp_path, monkeypatch):
    monkeypatch.setattr(stop_set, "ROWS", 100)
    monkeypatch.setattr(clusters, "tasks_on", lambda *_: contextlib.nullcontext(InTurn()))
    there, truth = begin(tmp_path / "there", True, retrain='where = "dask"\naddress = "127.0.0.1:1"')
    here, _ = begin(tmp_path / "here", True)
    assert [picks for picks, _ in play(there, truth, 3)] == [picks for picks, _ in play(here, truth, 3)]
    assert there.status()["model"] == here.status()["model"]
    assert there.status()["scored"] == here.status()["scored"]
    with pytest.raises(LoopError, match="stayed on the cluster"):
        there.predict([str(row) for row in range(0, ROWS, 40)])


def test_what_needs_all_answers_gets_them(tmp_path):
    loop, truth = begin(tmp_path / "all", True, rounds='strategy = "badge"')
    play(loop, truth, 2)
    model = loop._store.models()[-1]
    why = "[round] strategy badge picks rows that no order of scores foresees"
    assert f"the model was asked about all 6,000 rows, as {why}" in model.estimate["log"]
    assert loop.status()["model"]["asked"] == ROWS
    assert loop.status()["scored"] is None


def test_a_row_without_an_answer_is_named(tmp_path, monkeypatch):
    linear_model = pytest.importorskip("sklearn.linear_model")
    loop, truth = begin(tmp_path / "bad", True)
    batch = loop.next()
    loop.ingest({row: CLASSES[truth[int(row)]] for row in batch.ids}, annotator="amy")
    ask = linear_model.LogisticRegression.predict_proba

    def answers(model, X):
        said = ask(model, X)
        if len(X) > 30:  # no fold
            said[0] = np.nan
        return said

    # The first row of the pool is among those that are asked about before bounds are believed.
    monkeypatch.setattr(linear_model.LogisticRegression, "predict_proba", answers)
    with pytest.raises(LoopError, match="returned NaN for row '0'"):
        loop.train()


def test_a_key_that_came_later_leaves_versions_as_they_were(tmp_path):
    plain, _ = begin(tmp_path / "plain", True)
    said, _ = begin(tmp_path / "said", True, model="screen = true")
    off, _ = begin(tmp_path / "off", False)
    assert plain.spec.version == said.spec.version != off.spec.version
