"""The trigger flips: a cheap stand-in for the model says how much another training would change."""

import csv
import json

import numpy as np
import pytest
from a_project import answer, begin, truth

import shortlist as sl
from shortlist.loop import flips as measured

pytest.importorskip("sklearn")


def why(loop):
    return loop.status()["retrain"]["why"]


def wrong(row):
    return "b" if truth(row) == "a" else "a"


def test_it_waits_until_answers_change_its_mind(tmp_path):
    loop = begin(tmp_path, when="flips:0.2")
    answer(loop, loop.next().ids)
    assert why(loop) == "flips:0.2 holds: there is no model yet"
    assert loop.run_once()[0].startswith("model 1")
    assert why(loop) == "flips:0.2 is 0.00"
    answer(loop, loop.next().ids)
    found = loop.status()["retrain"]
    assert not found["due"]
    assert 0 <= float(found["why"].removeprefix("flips:0.2 is ")) < 0.2
    loop.run_once()
    # Answers that say the opposite of all before turn many of them round.
    loop.ingest({row: wrong(row) for row in loop._said().labels}, annotator="amy")
    assert loop.due()
    loop.run_once()
    assert len(loop._store.models()) == 2
    assert why(loop) == "flips:0.2 is 0.00"


def test_it_is_what_two_logistic_models_say_of_rows_outside_the_stratum(tmp_path):
    loop = begin(tmp_path, when="flips:0.01")
    answer(loop, loop.next().ids)
    loop.run_once()
    answer(loop, loop.next().ids, label=lambda row: wrong(row) if int(row) % 2 else truth(row))
    ground, last = loop._ground, loop._store.models()[-1]
    now = ground.training(loop._said().labels)
    outside = np.flatnonzero(~ground.held.mask)
    from sklearn.linear_model import LogisticRegression

    def answers(rows, labels):
        X = ground.features.transform(ground.pool.raw(rows))
        model = LogisticRegression(C=10.0, max_iter=200).fit(X, labels)
        return model.predict(ground.features.transform(ground.pool.raw(outside)))

    first = {pick.row for pick in loop._store.picks(1)}
    then = [place for place, own in enumerate(ground.pool.id_of(now.rows)) if own in first]
    before = answers(now.rows[then], [now.labels[place] for place in then])
    expected = float(np.mean(before != answers(now.rows, now.labels)))
    assert measured.flips(loop._store, ground, last, now) == expected > 0


def test_it_is_fitted_again_only_where_labels_that_train_have_changed(tmp_path, monkeypatch):
    loop = begin(tmp_path, when="flips:0.5")
    answer(loop, loop.next().ids)
    loop.run_once()
    batch = loop.next()
    answer(loop, batch.ids[:10])
    fitted = []
    real = measured._answers
    monkeypatch.setattr(measured, "_answers", lambda *given: fitted.append(1) or real(*given))
    said = [why(loop) for _ in range(3)]
    assert said == [why(sl.Loop(loop.folder))] * 3
    loop.ingest([{"id": batch.ids[10], "skip": True, "annotator": "amy"}])
    answer(loop, batch.ids[:10], annotator="bob")
    assert [why(loop), len(fitted)] == [said[0], 2]
    answer(loop, batch.ids[11:])
    why(loop)
    assert len(fitted) == 3  # what it said at the last model is kept
    file = loop.folder / "cache" / measured.FILE
    kept = json.loads(file.read_text())
    file.write_text("half a file {")
    assert why(loop)
    assert json.loads(file.read_text()) == kept


@pytest.mark.parametrize("kind", ["columns", "vectors"])
def test_pools_without_texts(tmp_path, kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)).astype(np.float32)
    if kind == "columns":
        with (tmp_path / "p.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["id", "x", "y", "z"], *([f"r{i}", *map(float, X[i])] for i in range(200))])
        pool = 'path = "p.csv"\nid = "id"\nfeatures = ["x", "y", "z"]'
    else:
        np.save(tmp_path / "p.npy", X)
        (tmp_path / "ids.txt").write_text("".join(f"r{i}\n" for i in range(200)))
        pool = 'path = "p.npy"\nids = "ids.txt"'
    (tmp_path / "x.toml").write_text(
        f'loop = 1\nname = "x"\nclasses = ["a", "b"]\n[pool]\n{pool}\n[seed]\nrows = 20\n[round]\nrows = 20\n'
        '[retrain]\nwhen = "flips:0.5"\n[stop]\nwhen = "budget:500"\n'
    )
    loop = sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")
    for _ in range(2):
        answer(loop, loop.next().ids, label=lambda row: "ab"[int(X[int(row[1:]), 0] > 0)])
        loop.run_once()
    assert loop._store.models()[0].number == 1
    assert 0 <= float(why(loop).removeprefix("flips:0.5 is ")) < 0.5
