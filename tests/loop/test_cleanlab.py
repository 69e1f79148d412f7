"""Cleanlab in a loop: its functions give what ours keep, and what was made of several people's labels stays in the log."""

import importlib.util
import json

import numpy as np
import pytest
from played_loop import CLASSES, Played

import shortlist as sl
from shortlist.loop.cleanlab import needed
from shortlist.loop.cleanlab.crowd import Crowd
from shortlist.loop.errors import LoopError

real = pytest.mark.skipif(
    importlib.util.find_spec("cleanlab") is None, reason="needs: pip install 'cleanlab[datalab]>=2.7'"
)


def drawn(seed, rows=300, classes=4, people=4, sharp=2.0):
    """What people gave, one of them at random, and what a fair model says."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=rows)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), truth] += sharp
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = np.full((rows, people), np.nan)
    for who in range(people):
        there = rng.random(rows) < 0.5
        wrong = rng.random(rows) < (0.6 if who == 0 else 0.1)
        given[there, who] = np.where(wrong, rng.integers(classes, size=rows), truth)[there]
    nobody = np.isnan(given).all(axis=1)
    given[nobody, 1] = truth[nobody]
    return given, probs


@real
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_the_same_as_their_functions(seed):
    from cleanlab import multiannotator
    from cleanlab.filter import find_label_issues

    from shortlist.loop.cleanlab.issues import suspects

    given, probs = drawn(seed)
    crowd = Crowd(given, probs)
    theirs = multiannotator.get_label_quality_multiannotator(given, probs, verbose=False)["label_quality"]
    assert crowd.consensus().tolist() == theirs["consensus_label"].tolist()

    fresh = drawn(seed + 100, rows=500)[1]
    old, new = multiannotator.get_active_learning_scores(given, probs, fresh)
    assert crowd.scores().tobytes() == old.tobytes()
    blocks = [crowd.scores_of_new(fresh[start : start + 128]) for start in range(0, 500, 128)]
    assert np.concatenate(blocks).tobytes() == new.tobytes()

    labels = theirs["consensus_label"].to_numpy()
    found = find_label_issues(labels, probs, return_indices_ranked_by="self_confidence", n_jobs=1)
    assert suspects(labels, probs).tolist() == found.tolist()
    assert len(found)


@real
@pytest.mark.filterwarnings("ignore")
def test_activelab_where_nobody_answered_twice():
    from cleanlab.multiannotator import get_active_learning_scores

    given, probs = drawn(7)
    alone = np.full_like(given, np.nan)
    for row, one in enumerate(given):
        who = np.flatnonzero(~np.isnan(one))[0]
        alone[row, who] = one[who]
    old, new = get_active_learning_scores(alone, probs, probs)
    crowd = Crowd(alone, probs)
    assert not crowd.several
    assert crowd.scores().tobytes() == old.tobytes()
    assert crowd.scores_of_new(probs).tobytes() == new.tobytes()


class Asked(Played):
    """A loop that was begun with more in its specification."""

    def __init__(self, folder, **changed):
        super().__init__(folder)
        self.loop.close()
        text = (folder / "tickets.toml").read_text()
        for old, new in changed.values():
            assert old in text
            text = text.replace(old, new)
        (folder / "more.toml").write_text(text)
        self.loop = sl.Loop.init(folder / "more.toml", folder / "more")


@real
@pytest.mark.filterwarnings("ignore")
def test_a_loop_with_crowdlab(tmp_path):
    changed = {
        "a": ("overlap = 0.3", 'overlap = 1.0\nresolve = "crowdlab"'),
        "b": ('issues = "builtin"', 'issues = "cleanlab"'),
    }
    played = Asked(tmp_path, **changed)
    for _ in range(3):
        played.round()
    loop = played.loop
    events = [event for event in loop._store.events() if event.kind == "consensus"]
    assert events
    held = loop._ground.held.mask[loop._ground.pool.index_of([event.row for event in events])]
    assert not held.any()  # a model must not mark its own work
    # What nobody has answered since is as it was agreed on, and otherwise as most say.
    expected = played.labels()
    model = loop._store.models()[-1]
    since = {event.row for event in loop._store.events(model.position) if event.said}
    expected |= {event.row: event.label for event in events if event.row not in since}
    agreed = {event.row for event in events}
    now = loop.labels()
    assert {row: label for row, label in now.items() if row not in since} == {
        row: label for row, label in expected.items() if row not in since and (row in now or row not in agreed)
    }
    right = [loop.labels()[event.row] == played.rows[event.row]["truth"] for event in events if event.row in now]
    assert np.mean(right) > 0.5
    assert model.estimate["suspects"] is not None
    assert all(loop.replay_all())
    assert loop.check().damage == []
    # Looking, and training once more, changes no label that rests on the same answers and model.
    assert loop.labels() == now
    assert not loop.due()


@real
@pytest.mark.filterwarnings("ignore")
def test_the_consensus_of_a_loop_is_theirs(tmp_path):
    """From what people said and what is kept with the model, put together anew, and given to their function."""
    import pandas as pd
    from cleanlab.multiannotator import get_label_quality_multiannotator

    played = Asked(tmp_path, a=("overlap = 0.3", 'overlap = 1.0\nresolve = "crowdlab"'))
    for _ in range(3):
        played.round()
    store, pool = played.loop._store, played.loop._ground.pool
    model = store.models()[-1]
    held = np.load(store.blob(model.estimate["held"]))
    trained = dict(zip(json.loads(store.blob(model.estimate["held_rows"]).read_bytes())[0], held, strict=True))
    whole = played.probabilities()
    # What was said before the model was trained; nobody has answered since.
    table = {
        row: given
        for row, given in played.table().items()
        if not played.loop._ground.held.mask[pool.index_of([row])[0]]
    }
    assert not [event for event in store.events(model.position) if event.said]
    frame = pd.DataFrame.from_dict(table, orient="index").map(CLASSES.index, na_action="ignore").astype(float)
    frame = frame.sort_index()[sorted(frame.columns)]
    said = np.array([trained[row] if row in trained else whole[int(row[2:])] for row in frame.index], dtype=float)
    theirs = get_label_quality_multiannotator(frame, said, verbose=False)["label_quality"]["consensus_label"]
    labels = played.loop.labels()
    several = frame.index[frame.notna().sum(axis=1) > 1]
    assert len(several) > 50
    compared = 0
    for row in several:
        label = CLASSES[theirs[row]]
        if label in table[row].values():
            compared += 1
            assert labels[row] == label
    assert compared > 50


@real
@pytest.mark.filterwarnings("ignore")
def test_a_loop_by_activelab(tmp_path):
    changed = {"a": ("overlap = 0.3", "overlap = 1.0"), "b": ('strategy = "margin"', 'strategy = "activelab"')}
    played = Asked(tmp_path, **changed)
    for _ in range(3):
        played.round()
    loop = played.loop
    last = loop._store.rounds()[-1]
    picks = loop._store.picks(last.number)
    scores = np.load(loop._store.blob(loop._store.models()[last.model - 1].estimate["activelab"]))
    fresh = [pick for pick in picks if pick.share == "strategy"]
    again = [pick for pick in picks if pick.why.startswith("activelab") and pick.share == "relabel"]
    assert fresh
    assert all(pick.score == scores[pick.index] for pick in fresh)
    assert len(again) <= len(fresh) + 1
    assert all(pick.score <= max(each.score for each in fresh) for pick in again)
    open_rows = set(range(600)) - {
        pick.index for each in loop._store.rounds() for pick in loop._store.picks(each.number)
    }
    left = [row for row in open_rows if not loop._ground.held.mask[row]]
    assert max(pick.score for pick in fresh) <= scores[left].min()
    assert all(loop.replay_all())
    assert loop.status()["out"]["rows"] == len([pick for pick in picks if pick.share != "overlap"])
    loop.audit()


@real
@pytest.mark.filterwarnings("ignore")
def test_datalab_in_one_line(tmp_path, capsys):
    pytest.importorskip("datasets", reason="needs: pip install 'cleanlab[datalab]>=2.7'")
    played = Asked(tmp_path, a=('issues = "builtin"', 'issues = "cleanlab"'))
    with pytest.raises(LoopError, match="there is no model yet"):
        played.loop.datalab()
    for _ in range(3):
        played.round()
    lab = played.loop.datalab()
    lab.report()
    assert "label" in capsys.readouterr().out
    issues = lab.get_issues("label")
    ids = list(lab.data["id"])
    assert len(ids) == played.loop._store.models()[-1].labels
    store = played.loop._store
    estimate = store.models()[-1].estimate
    said = np.load(store.blob(estimate["held"])).astype(np.float64)
    labels = [played.loop.labels()[row] for row in ids]
    from cleanlab.datalab.datalab import Datalab

    theirs = Datalab({"label": labels}, label_name="label", verbosity=0)
    columns = said[:, [CLASSES.index(name) for name in theirs.class_names]]
    theirs.find_issues(pred_probs=columns / columns.sum(axis=1, keepdims=True), issue_types={"label": {}})
    assert issues.equals(theirs.get_issues("label"))
    assert issues["is_label_issue"].any()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('issues = "builtin"', 'issues = "cleanlab"', r'\[check\] issues = "cleanlab" needs cleanlab, .* pip install'),
        ("overlap = 0.3", 'resolve = "crowdlab"', r'\[labels\] resolve = "crowdlab" needs cleanlab'),
        ('strategy = "margin"', 'strategy = "activelab"', r'\[round\] strategy = "activelab" needs cleanlab'),
    ],
)
def test_without_cleanlab_it_is_said_before_anything_begins(tmp_path, monkeypatch, old, new, message):
    monkeypatch.setattr(needed, "find_spec", lambda name: None)
    with pytest.raises(LoopError, match=message):
        Asked(tmp_path, a=(old, new))
    assert not (tmp_path / "more").exists()


def test_a_command_has_no_answers_for_it(tmp_path):
    model = '[model]\ncommand = ["python", "train.py", "{job}"]\n[check]'
    with pytest.raises(
        LoopError, match="a model says of rows that it was not trained on, and .* command gives no such"
    ):
        Asked(tmp_path, a=("[check]", model), b=('issues = "builtin"', 'issues = "cleanlab"'))
