"""A loop played with known labels: the loop's own rounds and rules, people who err, and figures that are what they say."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

import shortlist as sl
from shortlist.loop.errors import LoopError
from shortlist.loop.playing.figures import way
from shortlist.loop.playing.people import People
from shortlist.loop.playing.play import Played, Point
from shortlist.loop.playing.variants import RANDOM, WRITTEN
from shortlist.loop.said import said_of
from shortlist.loop.store import times
from shortlist.loop.store.answers import fold

CLASSES = ["red", "green", "blue"]
SPEC = """
loop = 1
name = "dots"
classes = ["red", "green", "blue"]
random_state = 7
[pool]
path = "dots.npy"
ids = "ids.txt"
[seed]
rows = 30
[round]
rows = 40
mix = { explore = 0.1, validation = 0.5 }
[validation]
share = 0.4
[retrain]
when = "growth:0.25"
[labels]
overlap = 0.0
[stop]
when = "target_lower:0.97 | budget:150"
"""


def write_dots(folder):
    """Write a pool of three clouds of points, its labels, and a specification; return the label of each row."""
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=500)
    X = rng.normal(size=(500, 4)).astype(np.float32)
    X[np.arange(500), codes] += 2
    np.save(folder / "dots.npy", X)
    ids = [f"D-{row}" for row in range(500)]
    (folder / "ids.txt").write_text("\n".join(ids) + "\n")
    truth = {own: CLASSES[code] for own, code in zip(ids, codes.tolist(), strict=True)}
    write_truth(folder / "truth.csv", truth)
    spec(folder)
    return truth


@pytest.fixture
def dots(tmp_path):
    return write_dots(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What two repeats find, played once for all who compare with it."""
    folder = tmp_path_factory.mktemp("whole")
    write_dots(folder)
    return simulated(folder).to_dict()


def write_truth(path, truth):
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "label"])
        out.writerows(truth.items())


def spec(folder, *changes):
    """Write a specification with some lines changed; return its path."""
    text = SPEC
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "dots.toml").write_text(text)
    return folder / "dots.toml"


def simulated(folder, labels="truth.csv", repeats=2, n_jobs=1, **how):
    labels = folder / labels if isinstance(labels, str) else labels
    return sl.Loop.simulate(folder / "dots.toml", labels, repeats=repeats, n_jobs=n_jobs, **how)


@pytest.fixture
def batches(monkeypatch):
    """Note the ids of all batches that any loop hands out."""
    found = []
    real = sl.Loop.next

    def noted(self, *args, **kwargs):
        batch = real(self, *args, **kwargs)
        found.append((batch.round, batch.ids) if batch is not None else None)
        return batch

    monkeypatch.setattr(sl.Loop, "next", noted)
    return found


def test_a_played_loop_is_the_loop_played_by_hand(tmp_path, dots, batches):
    played = simulated(tmp_path, repeats=1).of(WRITTEN)[0]
    asked = [batch for batch in batches if batch is not None][: played.last.round]
    batches.clear()
    codes = np.array([CLASSES.index(label) for label in dots.values()])
    points = []
    with sl.Loop.init(tmp_path / "dots.toml", tmp_path / "by-hand") as loop:
        number, right = 0, [None] * 3
        while True:
            labelled = loop.labels()
            model = loop.train()
            if model is not None:
                correct = said_of(loop._store, model, np.arange(500)).argmax(axis=1) == codes
                held = loop._ground.held.mask
                bare = np.array([own not in labelled for own in dots]) & ~held
                right = [correct[held].mean(), correct.mean(), correct[bare].mean()]
            status = loop.status()
            e = status["estimate"] or dict.fromkeys(("value", "low", "high"))
            number_of_models = status["model"]["number"] if status["model"] else 0
            points.append(
                Point(
                    number, status["answers"], status["labelled"], number_of_models, *right,
                    e["value"], e["low"], e["high"], e.get("rows", 0),
                )
            )  # fmt: skip
            batch = loop.next()
            if batch is None:
                break
            number = batch.round
            loop.ingest({own: dots[own] for own in batch.ids}, annotator="amy")
        assert loop.stop().by == tuple(played.stopped_by)
        assert played.stratum == held.sum()
    assert [batch for batch in batches if batch is not None] == asked
    assert played.points == points
    assert played.ended == "stop"
    assert played.stopped_at == played.last.labels
    assert sum(played.shares.values()) == played.last.labels
    assert {"seed", "validation", "explore", "strategy"} <= set(played.shares)


def test_the_number_of_processes_changes_nothing(tmp_path, dots):
    how = {"annotators": 3, "error": 0.1}
    one = simulated(tmp_path, repeats=2, **how).to_dict()
    assert simulated(tmp_path, repeats=2, n_jobs=2, **how).to_dict() == one
    assert len({run["points"][-1]["held_out"] for run in one["runs"]}) > 1
    text = repr(simulated(tmp_path, repeats=1, **how))
    assert "3 people, wrong about 0.1 of the rows" in text
    assert "warning: people are wrong about 0.1 of the rows" in text


def test_nothing_is_left_behind(tmp_path, dots, whole):
    before = sorted(tmp_path.iterdir())
    assert simulated(tmp_path, labels=dots).to_dict() == whole
    assert sorted(tmp_path.iterdir()) == before
    assert times.PLAYED.get() is None
    found = simulated(tmp_path, repeats=1, out=tmp_path / "out")
    found.save(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "results.json", "runs.jsonl"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert found.conclusion() in page.replace("&#x27;", "'")
    assert "What would this loop cost?" in page


def test_the_figures_are_those_of_the_runs(tmp_path, dots):
    found = simulated(tmp_path, repeats=3)
    kept = json.loads(json.dumps(found.to_dict()))
    mine, other = ([run for run in kept["runs"] if run["strategy"] == name] for name in (WRITTEN, RANDOM))
    for runs, name in ((mine, WRITTEN), (other, RANDOM)):
        figures = kept["figures"][name]
        ends = [run["points"][-1] for run in runs]
        assert figures["labels"][0] == pytest.approx(np.mean([end["labels"] for end in ends]))
        assert figures["held_out"][0] == pytest.approx(np.mean([end["held_out"] for end in ends]))
        judged = [end for end in ends if end["estimate"] is not None]
        assert figures["estimates"] == len(judged) == 3
        assert figures["bias"][0] == pytest.approx(np.mean([end["estimate"] - end["held_out"] for end in judged]))
        assert figures["covered"] == sum(end["low"] <= end["held_out"] <= end["high"] for end in judged)
        opened = [end["rows"] / run["stratum"] for end, run in zip(ends, runs, strict=True)]
        assert figures["opened"] == pytest.approx(np.mean(opened))
    for one, two in zip(mine, other, strict=True):
        assert two["ended"] == "other"
        assert one["points"][-1]["labels"] == two["points"][-1]["labels"]
        assert one["shares"]["validation"] == two["shares"]["validation"]
        assert one["stratum"] == two["stratum"]
        assert set(two["shares"]) <= {"seed", "validation", "explore", "strategy"}
    at_end, on_the_way, _ = kept["against_random"]
    ends = [a["points"][-1]["held_out"] - b["points"][-1]["held_out"] for a, b in zip(mine, other, strict=True)]
    assert at_end["difference"][0] == pytest.approx(np.mean(ends))
    pairs = zip(found.of(WRITTEN), found.of(RANDOM), strict=True)
    assert on_the_way["difference"][0] == pytest.approx(np.mean([way(a) - way(b) for a, b in pairs]))
    text = repr(found)
    for part in ("2 people", "wrong about"):
        assert part not in text
    for part in ("accuracy at the end", "interval holds the truth", "warning: 3 repeats: too few for a claim"):
        assert part in text


def test_the_mean_on_the_way():
    def run(*points):
        made = [
            Point(n, labels, labels, 1, score, None, None, None, None, None, 0)
            for n, (labels, score) in enumerate(points)
        ]
        return Played("x", 0, made, "stop", None, [], {}, 0, 10, {})

    found = run((0, None), (10, 0.5), (20, 0.5), (40, 0.9))
    assert way(found) == pytest.approx((10 * 0.5 + 20 * 0.7) / 30)
    assert way(found, 30) == pytest.approx((0.7 + 0.9) / 2)
    assert way(found, 40) == way(found, 99) == 0.9
    assert way(run((0, None), (10, None))) is None


def test_people_take_turns_and_err(tmp_path, dots, monkeypatch):
    truth = np.array([0, 1, 2, -1] * 1000)
    people = People(truth, tuple(CLASSES), 3, 0.1, seed=1)
    said = {(p, row): people.said(p, f"r{row}", int(truth[row])) for p in range(3) for row in range(4000)}
    right = ["red", "green", "blue", "none of these"] * 1000
    for person in range(3):
        wrong = [row for row in range(4000) if said[person, row] != right[row]]
        assert 0.08 < len(wrong) / 4000 < 0.12
        assert {said[person, row] for row in wrong} == set(CLASSES)
    # They don't err together.
    both = sum(said[0, row] != right[row] and said[1, row] != right[row] for row in range(4000))
    assert both < 80
    spec(tmp_path, ("overlap = 0.0", "overlap = 0.25"))
    seen = []
    real = sl.Loop.close

    def noted(loop):
        seen.append(fold(loop._store.events(), loop.spec))
        real(loop)

    monkeypatch.setattr(sl.Loop, "close", noted)
    found = simulated(tmp_path, annotators=3, error=0.05, repeats=1)
    played, answers = found.of(WRITTEN)[0], seen[0]
    assert set(answers.by_annotator) == {"person-1", "person-2", "person-3"}
    twice = [row for row in {row for row, _ in answers.current} if len(answers.of_row(row)) > 1]
    assert len(twice) == played.second == played.shares["overlap"] > 0
    assert all(len(answers.of_row(row)) == 2 for row in twice)
    assert played.last.labels == len(answers.current) == answers.given
    alone = simulated(tmp_path, annotators=1, repeats=1).of(WRITTEN)[0]
    assert alone.second == 0


def test_where_it_ends(tmp_path, dots):
    spec(tmp_path, ('"target_lower:0.97 | budget:150"', '"budget:5000"'))
    found = simulated(tmp_path, repeats=1)
    played = found.of(WRITTEN)[0]
    assert (played.ended, played.stopped_at, played.stopped_by) == ("pool", None, [])
    assert played.last.labels == 500
    assert any("was not met in 1 of 1 repeats" in text for text in found.cautions())
    assert any("the estimate comes from 100% of the held-out rows" in text for text in found.cautions())
    cut = simulated(tmp_path, repeats=1, budget=100).of(WRITTEN)[0]
    assert (cut.ended, cut.last.labels) == ("budget", 110)
    assert cut.points == played.points[: len(cut.points)]


def test_no_model_at_all(tmp_path, dots):
    spec(tmp_path, ('"target_lower:0.97 | budget:150"', '"budget:60"'), ('"growth:0.25"', '"changed:400"'))
    found = simulated(tmp_path, repeats=1)
    assert found.of(WRITTEN)[0].last.labels == 70
    assert found.conclusion() == "No model was trained in 70 labels: see when one is due ([retrain])."
    assert found.difference_rows() == []
    assert found.conclusion() in repr(found)
    found.save(tmp_path / "out")


def test_days_pass_only_where_they_are_said_to(tmp_path, dots):
    spec(tmp_path, ('"growth:0.25"', '"days:1"'))
    found = simulated(tmp_path, repeats=1)
    assert found.of(WRITTEN)[0].last.model == 1
    assert any("days in days:1 never come" in text for text in found.cautions())
    found = simulated(tmp_path, repeats=1, rows_a_day=40)
    played = found.of(WRITTEN)[0]
    assert played.last.model == played.last.round == 4
    assert simulated(tmp_path, repeats=1, rows_a_day=20.5).of(WRITTEN)[0].last.model == 4
    assert simulated(tmp_path, repeats=1, rows_a_day=70).of(WRITTEN)[0].last.model == 2
    assert not any("never come" in text for text in found.cautions())


def test_a_simulation_goes_on(tmp_path, dots, whole):
    simulated(tmp_path, repeats=1, out=tmp_path / "out")
    journal = tmp_path / "out" / "runs.jsonl"
    # As a process leaves it that is killed: half a line, and the folders of what it was playing.
    journal.write_text(journal.read_text() + '{"strategy": "this sp')
    (tmp_path / "out" / "playing-x").mkdir()
    before = journal.read_text().splitlines()[:3]
    assert simulated(tmp_path, repeats=2, out=tmp_path / "out").to_dict() == whole
    assert journal.read_text().splitlines()[:3] == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["runs.jsonl"]
    with pytest.raises(
        ValueError, match=r"runs.jsonl is of another simulation: its error is 0.0, here it is 0.1; give"
    ):
        simulated(tmp_path, error=0.1, out=tmp_path / "out")


def test_a_kill_costs_only_what_was_in_the_air(tmp_path, dots, whole, command):
    words = ["dots.toml", "--labels", "truth.csv", "--repeats", 2, "--jobs", 1, "--out", "out"]
    with (tmp_path / "said.txt").open("wb") as said:
        first = subprocess.Popen(
            [sys.executable, "-m", "shortlist", "loop", "simulate", *map(str, words)],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip
    journal = tmp_path / "out" / "runs.jsonl"
    ends = time.monotonic() + 120
    while not (journal.exists() and journal.read_text().count("\n") > 2) and time.monotonic() < ends:
        assert first.poll() in (None, 0), (tmp_path / "said.txt").read_text()
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    kept = journal.read_text().splitlines()[:3]
    done = command("loop", "simulate", *words, "--json", "all.json")
    assert journal.read_text().splitlines()[:3] == kept
    assert json.loads((tmp_path / "all.json").read_text()) == whole
    for part in (
        "2 repeats of dots: 500 rows; 1 person",
        "accuracy at the end",
        "written to out/report.html",
        "all.json",
    ):
        assert part in done.stdout
    assert not list(Path(tmp_path / "out").glob("playing-*"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda truth: truth.pop("D-17"),
            "labels have none for 1 of the 500 rows of the pool, the first being row 'D-17'",
        ),
        (lambda truth: truth.update({"D-3": ""}), "labels have none for 1 of the 500 rows"),
        (lambda truth: truth.update({"D-3": "skip"}), "labels have none for 1 of the 500 rows"),
        (lambda truth: truth.update({"D-3": "gren"}), "line 5 of truth.csv: label 'gren' is no class of this loop"),
        (lambda truth: truth.update(dict.fromkeys(truth, "red")), "labels have one class in all rows"),
    ],
)
def test_labels_that_are_not_enough(tmp_path, dots, change, message):
    change(dots)
    write_truth(tmp_path / "truth.csv", dots)
    with pytest.raises(LoopError, match=message):
        simulated(tmp_path)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"repeats": 0}, "repeats is 0"),
        ({"annotators": 0}, "annotators is 0"),
        ({"error": 1.0}, "error is 1.0; accepted is a share from 0 to below 1"),
        ({"error": -0.1}, "error is -0.1"),
        ({"rows_a_day": 0}, "rows_a_day is 0; accepted is above 0"),
        ({"budget": 0}, "budget is 0"),
        ({"labels": 7}, "labels are a int; accepted are a path and a mapping"),
        ({"labels": {"D-1": "red", 1.5: "red"}}, "labels have none for 499 of the 500 rows of the pool"),
    ],
)
def test_arguments_that_are_none(tmp_path, dots, how, message):
    with pytest.raises((ValueError, TypeError), match=message):
        simulated(tmp_path, **how)


def test_two_labels_for_a_row(tmp_path, dots):
    with (tmp_path / "truth.csv").open("a") as file:
        file.write(f"D-0,{dots['D-0']}\nZ-1,red\nD-1,{'red' if dots['D-1'] != 'red' else 'blue'}\n")
    with pytest.raises(ValueError, match="line 504 of truth.csv: row 'D-1' has another label before"):
        simulated(tmp_path)


def test_mistakes_take_a_line_each(tmp_path, dots, command):
    words = ["loop", "simulate", "dots.toml"]
    done = command(*words, "--labels", "no.csv", code=1)
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("shortlist: error: ")
    assert "no.csv" in done.stderr
    spec(tmp_path, ("rows = 40", "rows = -1"))
    done = command(*words, "--labels", "truth.csv", code=1)
    assert "[round] rows is -1" in done.stderr
    command(*words, code=2)
    assert not (tmp_path / "dots").exists()


def test_nobody_is_asked_for_a_third_label(tmp_path, dots):
    spec(tmp_path, ("overlap = 0.0", "overlap = 0.2"))
    with sl.Loop.init(tmp_path / "dots.toml", tmp_path / "loop") as loop:
        batch = loop.next()
        loop.ingest({own: dots[own] for own in batch.ids}, annotator="amy")
        again = loop.next(annotator="raj")
        assert len(again) == 6
        first, *rest = again.ids
        loop.ingest({own: dots[own] for own in rest}, annotator="raj")
        assert loop.next(annotator="raj").ids == again.ids
        assert loop.next(annotator="eve").ids == [first]
        loop.ingest({first: dots[first]}, annotator="eve")
        assert loop.next(annotator="raj") is None
        assert loop.next(annotator="eve") is None
        assert loop.next(annotator="amy") is None


def test_labels_from_before_that_are_too_few_for_a_model(tmp_path, dots):
    write_truth(tmp_path / "old.csv", dict(list(dots.items())[:20]))
    spec(tmp_path, ("[seed]\nrows = 30", '[seed]\nrows = 0\nlabels = "old.csv"'), ('"growth:0.25"', '"changed:30"'))
    played = simulated(tmp_path, repeats=1).of(WRITTEN)[0]
    assert [point.labels for point in played.points[:3]] == [0, 40, 80]
    assert [point.model for point in played.points[:3]] == [0, 1, 1]
