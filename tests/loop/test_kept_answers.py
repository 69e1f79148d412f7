"""Loops of which a cluster keeps most answers of its models: their rounds are those of loops that have all of them."""

import dataclasses
from contextlib import contextmanager

import numpy as np
import pytest
from a_project import answer, begin, truth

import shortlist as sl
from shortlist.loop import stop_set
from shortlist.loop.errors import LoopError
from shortlist.loop.kept import again, wanted
from shortlist.loop.kept.wanted import all_because
from shortlist.loop.said import KEPT, SCORE, answered, said_of
from shortlist.loop.training import clusters, local

pytest.importorskip("sklearn")
MIXED = {
    "rounds": 'floor = 0.6\nrare = { classes = ["b"], share = 0.2 }\n',
    "mix": ", relabel = 0.1",
    "when": "growth:4",
    "more": '[check]\nissues = "builtin"\n',
}
CLUSTER = 'where = "dask"\naddress = "127.0.0.1:1"\n'


class InTurn:
    """Three workers of which each works when it is asked to, in this process."""

    workers = 3

    def submit(self, name, function, *given):
        return function(*given)

    def put(self, value):
        return value

    def result(self, handle):
        return handle


@pytest.fixture
def cluster(monkeypatch):
    """Have trainings on a cluster done in this process, in small parts; return what notes each of them."""
    seen = []

    @contextmanager
    def tasks_on(where, address, retries, timeout):
        seen.append(where)
        yield InTurn()

    monkeypatch.setattr(clusters, "tasks_on", tasks_on)
    monkeypatch.setattr(clusters, "BLOCK", 16)
    monkeypatch.setattr(local, "BLOCK", 16)
    monkeypatch.setattr(stop_set, "ROWS", 20)
    return seen


def pair(folder, **parts):
    """Begin two loops that differ in where they train."""
    retrain = parts.pop("retrain", "")
    for name in ("here", "there"):
        (folder / name).mkdir()
    here = begin(folder / "here", retrain=retrain, **parts)
    return here, begin(folder / "there", retrain=retrain + CLUSTER, **parts)


def picks_of(loop, number):
    return [dataclasses.astuple(pick) for pick in loop._store.picks(number)]


def play_both(here, there, rounds, label=truth):
    """Label so many rounds of both, and compare each of them."""
    for _ in range(rounds):
        number = here.next().round
        there.next()
        assert picks_of(there, number) == picks_of(here, number)
        assert there._store.round(number).decided == here._store.round(number).decided
        for loop in (here, there):
            answer(loop, loop.next().ids, label=label)
            loop.run_once()


def kept_rows(loop):
    """Return for each time that a cluster has scored the pool how many answers came back."""
    models = [each.estimate[KEPT]["kept"] for each in loop._store.models()]
    return models, [job.detail[KEPT]["kept"] for job in loop._store.jobs_of(SCORE) if job.ok]


@pytest.mark.parametrize(
    "parts",
    [
        MIXED,
        {**MIXED, "rounds": 'diverse = { rule = "k_center", among = 40 }\n' + MIXED["rounds"]},
        {"rounds": 'strategy = "entropy"\nfloor = 1.0\n', "when": "growth:4"},
        {"rounds": 'diverse = { rule = "badge", among = 30 }\n', "when": "growth:4"},
    ],
    ids=["mixed", "diverse", "floor", "badge"],
)
def test_rounds_are_the_same(tmp_path, cluster, monkeypatch, parts):
    monkeypatch.setattr(wanted, "AHEAD", 1)
    here, there = pair(tmp_path, rows=400, **parts)
    play_both(here, there, 7)
    trained, again_scored = kept_rows(there)
    assert len(trained) == len(here._store.models()) >= 2
    assert again_scored, "no round has reached beyond the rows that were kept"
    assert trained[0] < 400
    assert there.status()["estimate"] == here.status()["estimate"]
    assert there.status()["picked"] == here.status()["picked"]
    assert there.stop().why == here.stop().why
    assert all(there.replay_all(n_threads=1))
    assert there.check().damage == []


def test_rows_that_are_alike_to_the_model_are_picked_in_the_same_order(tmp_path, cluster, monkeypatch):
    """Of hundreds of rows with the same score those come first that each round's own seed puts first."""
    monkeypatch.setattr(wanted, "AHEAD", 1)
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own_coarse.py").write_text(
            "import numpy as np\n"
            "from sklearn.base import BaseEstimator, ClassifierMixin\n"
            "class Coarse(ClassifierMixin, BaseEstimator):\n"
            "    def fit(self, X, y):\n"
            "        self.classes_ = np.array(['a', 'b'])\n"
            "        return self\n"
            "    def predict_proba(self, X):\n"
            "        p = np.array([len(text) % 3 for text in X]) / 8 + 0.25\n"
            "        return np.stack([p, 1 - p], axis=1)\n"
        )
    more = '[model]\nestimator = "own_coarse:Coarse"\ncalibrate = false\n'
    here = begin(tmp_path / "here", rows=400, when="growth:4", more=more)
    there = begin(tmp_path / "there", rows=400, when="growth:4", more=more, retrain=CLUSTER)
    play_both(here, there, 5)
    assert len({pick.score for pick in there._store.picks(5) if pick.share == "strategy"}) == 1
    assert kept_rows(there)[1]
    assert all(there.replay_all(n_threads=1))


def test_enough_is_kept_for_many_rounds(tmp_path, cluster):
    here, there = pair(tmp_path, rows=2000, when="growth:9", rounds="floor = 0.5\n")
    play_both(here, there, 6)
    assert kept_rows(there)[1] == []
    assert len(cluster) == 1


def test_labels_that_are_taken_back_open_their_rows(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(wanted, "AHEAD", 1)
    here, there = pair(tmp_path, rows=400, when="growth:9")
    play_both(here, there, 2)
    for loop in (here, there):
        loop.retract("amy", rows=sorted(loop.labels())[:15])
    play_both(here, there, 3)


def test_rows_that_are_appended_to_the_pool(tmp_path, cluster, monkeypatch):
    """They have no answer, and push others out of the stratum, which may be picked then."""
    monkeypatch.setattr(wanted, "AHEAD", 1)
    more = "[validation]\nrows = 40\n"
    here, there = pair(tmp_path, rows=400, when="growth:9", more=more, rounds="floor = 0.6\n")
    play_both(here, there, 2)
    loops = []
    for name in ("here", "there"):
        with (tmp_path / name / "pool.csv").open("a") as file:
            file.writelines(f"{row},crash money n{row},{'en' if row % 3 else 'fr'}\n" for row in range(400, 700))
        loops.append(sl.Loop(tmp_path / name / "loop"))
    before = here._ground.held.mask
    assert (before & ~loops[0]._ground.held.mask[:400]).any()
    play_both(*loops, 4)
    assert kept_rows(loops[1])[1]
    assert all(loops[1].replay_all(n_threads=1))


def test_another_strategy_from_the_next_round_on(tmp_path, cluster, monkeypatch):
    """What is kept was kept for margin; entropy and badge want other rows, and badge all of them."""
    monkeypatch.setattr(wanted, "AHEAD", 1)
    here, there = pair(tmp_path, rows=300, when="growth:9")
    play_both(here, there, 2)
    for strategy in ("entropy", "badge", "margin"):
        for loop in (here, there):
            path = loop.folder / "loop.toml"
            lines = [line for line in path.read_text().splitlines() if not line.startswith("strategy")]
            path.write_text("\n".join(lines).replace("[round]", f'[round]\nstrategy = "{strategy}"'))
        play_both(here, there, 2)
    ways = [job.detail[KEPT]["all"] != "" for job in there._store.jobs_of(SCORE)]
    assert ways == sorted(ways)
    assert not ways[0]
    assert ways[-1]
    assert there.status()["scored"] == {
        "rows": 300,
        "kept": 300,
        "why": "[round] strategy badge picks rows that no order of scores foresees",
    }
    assert all(there.replay_all(n_threads=1))


def loop_without_enough(folder, monkeypatch):
    """Return a loop whose next round needs the pool to be scored again."""
    monkeypatch.setattr(wanted, "AHEAD", 0)
    loop = begin(folder, rows=400, when="growth:9", retrain=CLUSTER)
    for _ in range(2):
        answer(loop, loop.next().ids)
        loop.run_once()
    answer(loop, loop.next().ids)
    return loop


def test_a_pool_that_cant_be_scored_again(tmp_path, cluster, monkeypatch):
    loop = loop_without_enough(tmp_path, monkeypatch)
    number = len(loop._store.rounds())
    monkeypatch.undo()
    pytest.importorskip("distributed")
    with pytest.raises(LoopError, match=rf"round {number + 1} needs more of what model 1 says, as .* where no Dask"):
        loop.next()
    assert len(loop._store.rounds()) == number
    assert loop._store.job(SCORE).ok is False
    # With no cluster any more it is done here.
    path = loop.folder / "loop.toml"
    path.write_text(path.read_text().replace(CLUSTER, ""))
    assert loop.next().round == number + 1
    assert loop.replay(number + 1)


@pytest.mark.parametrize("where", ["put_blob", "finish_job", "add_round"])
def test_a_process_that_ends_while_the_pool_is_scored_again(tmp_path, cluster, monkeypatch, where):
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    whole = loop_without_enough(tmp_path / "one", monkeypatch)
    wanted_ids = whole.next().ids
    loop = loop_without_enough(tmp_path / "other", monkeypatch)

    class Ended(BaseException):
        pass

    def end(*_, **__):
        raise Ended

    with monkeypatch.context() as patched:
        patched.setattr(type(loop._store), where, end)
        with pytest.raises(Ended):
            loop.next()
    for job in loop._store.jobs_of(SCORE):
        if job.ended is None:
            # What ends a process ends its lease; this one lives on.
            loop._store.finish_job(job.token, False, {"error": "its process is gone"})
    later = sl.Loop(loop.folder)
    assert later.next().ids == wanted_ids
    assert all(later.replay_all(n_threads=1))


def test_a_round_that_reaches_further_than_anybody_foresaw_has_all_answers(tmp_path, cluster, monkeypatch):
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    other = loop_without_enough(tmp_path / "other", monkeypatch)
    loop = loop_without_enough(tmp_path / "one", monkeypatch)
    monkeypatch.setattr(again, "wanted_of", lambda *_: wanted.Wanted(named=np.arange(5)))
    assert loop.next().ids == other.next().ids
    brought = [job.detail[KEPT].get("kept") for job in loop._store.jobs_of(SCORE)]
    assert brought[-3:] == [5, 5, None]
    assert "don't reach far enough" in loop.status()["scored"]["why"]
    assert all(loop.replay_all(n_threads=1))


def test_a_model_file_that_was_changed_is_not_loaded(tmp_path, cluster, monkeypatch):
    loop = loop_without_enough(tmp_path, monkeypatch)
    path = loop._store.blob(loop._store.models()[-1].blob)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(LoopError, match="has other bytes than were kept; bring it back from a backup"):
        loop.next()


def test_what_is_asked_of_rows_that_stayed_on_the_cluster(tmp_path, cluster, monkeypatch):
    loop = loop_without_enough(tmp_path, monkeypatch)
    store, model = loop._store, loop._store.models()[-1]
    there = answered(store, model, np.arange(400))
    assert 0 < there.sum() < 400
    assert loop.predict(loop._ground.pool.id_of(np.flatnonzero(there)[:3]))
    gone = loop._ground.pool.id_of(np.flatnonzero(~there)[:1])
    with pytest.raises(LoopError, match=rf"the answer for row '{gone[0]}' \(place 0 of ids\) stayed on the cluster"):
        loop.predict(gone)
    with pytest.raises(LoopError, match="what model 1 says of 400 rows stayed|stayed on the cluster"):
        said_of(store, model, np.arange(400))
    means = {line.name: line.uncertainty for line in loop.audit().groups}
    assert set(means) == {"en", "pt"}


def test_uncertainty_of_groups_is_that_of_all_rows(tmp_path, cluster):
    here, there = pair(tmp_path, rows=2000)
    play_both(here, there, 1)
    for ours, theirs in zip(here.audit().groups, there.audit().groups, strict=True):
        assert theirs.uncertainty == pytest.approx(ours.uncertainty, rel=1e-12)


def test_a_model_that_cant_be_pickled_stays_where_it_was_fitted(tmp_path, cluster, monkeypatch):
    (tmp_path / "own_local.py").write_text(
        "from sklearn.dummy import DummyClassifier\n"
        "def model():\n"
        "    class Local(DummyClassifier):\n"
        "        pass\n"
        "    return Local(strategy='prior')\n"
    )
    loop = begin(tmp_path, more='[model]\nestimator = "own_local:model"\n', retrain=CLUSTER)
    answer(loop, loop.next().ids)
    loop.run_once()
    why = "the model can't be pickled, and so only the worker that fitted it can ask it"
    assert loop.status()["scored"] == {"rows": 200, "kept": 200, "why": why}
    assert loop._store.models()[-1].estimate["log"].endswith(f"the answers for all 200 rows came back, as {why}")


def test_a_last_model_that_picks_no_rows_is_asked_about_none(tmp_path, cluster):
    here, there = pair(tmp_path)
    play_both(here, there, 1)
    before = len(there._store.blob_files())
    for loop in (here, there):
        loop.finish(anyway=True, fold_in=True)
    files = [(loop.folder / "final" / "model.pkl").read_bytes() for loop in (here, there)]
    assert files[0] == files[1]
    assert len(there._store.blob_files()) == before + 1


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({}, ""),
        ({"rounds": 'rare = { classes = ["b"], share = 0.1 }\nfloor = 0.5'}, ""),
        ({"rounds": 'strategy = "badge"'}, "no order of scores foresees"),
        ({"rounds": 'strategy = "random"'}, "no order of scores foresees"),
        ({"rounds": 'strategy = "vote_entropy"', "more": "[model]\nmembers = 3"}, "each model of a committee"),
        ({"rounds": 'strategy = "own:score"'}, "is a function of its own"),
        ({"rounds": 'weight = "cost"'}, "weight changes the order"),
        ({"more": '[model]\ncommand = ["train", "{job}"]'}, "a command of"),
        (
            {"rounds": 'rare = { classes = ["b"], share = 0.1 }', "seed": 'search = { b = ["crash"] }'},
            "are found by .seed. search",
        ),
    ],
)
def test_why_all_answers_come_back(tmp_path, parts, why):
    from a_project import spec_text

    from shortlist.loop.spec import read_spec

    (tmp_path / "x.toml").write_text(spec_text(**parts))
    assert why in all_because(read_spec(tmp_path / "x.toml"), {}).replace("[", ".").replace("]", ".") or not why
    assert bool(all_because(read_spec(tmp_path / "x.toml"), {})) == bool(why)


def test_a_score_that_nobody_waits_for(tmp_path, cluster, monkeypatch):
    """Another process that is at it is named, and nothing is scored twice."""
    loop = loop_without_enough(tmp_path, monkeypatch)
    loop._store.begin_job(SCORE, again.LEASE)
    with pytest.raises(LoopError, match="a job to score is under way since"):
        loop.next()
