"""A whole loop through the command, labelled by a script in place of people: the first round a new process at each step."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("click")
pytest.importorskip("sklearn")

WORDS = {"billing": ["pay", "bill", "money", "invoice"], "bug": ["crash", "error", "screen", "freeze"]}
SPEC = """
loop = 1
name = "tickets"
classes = ["billing", "bug"]
[pool]
path = "tickets.csv"
id = "ticket"
text = "body"
[seed]
rows = 40
[round]
rows = 40
strategy = "margin"
mix = { explore = 0.1, validation = 0.5 }
[validation]
share = 0.3
[retrain]
when = "growth:0.25"
require = "every_class:2"
[stop]
when = "target_lower:0.99 & patience:2 | budget:120"
[handoff]
tool = "csv"
"""


@pytest.fixture
def truth(tmp_path):
    """Write the pool and the spec; return the class of each row."""
    rng = np.random.default_rng(0)
    found = {}
    with (tmp_path / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["ticket", "body"])
        for row in range(600):
            label = "billing" if row % 3 else "bug"
            words = [*rng.choice(WORDS["billing"] + WORDS["bug"], 2), *rng.choice(WORDS[label], 3), f"number {row}"]
            found[f"T-{row}"] = label
            out.writerow([f"T-{row}", " ".join(words)])
    (tmp_path / "tickets.toml").write_text(SPEC)
    return found


@pytest.fixture
def run(command):
    """Call the command; with `process`, in one of its own, which finds what the last one left on disk alone."""

    def call(*words, code=0, process=False):
        if not process:
            return command("loop", *words, code=code)
        apart = [sys.executable, "-m", "shortlist", "loop", *map(str, words)]
        done = subprocess.run(apart, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    return call


def rows_in(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def label(path, truth, annotator="amy"):
    """Fill in a round's file as a person does."""
    rows = rows_in(path)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows({**row, "label": truth[row["id"]], "annotator": annotator} for row in rows)


def status(run, **how):
    return json.loads(run("status", "--json", "--dir", "tickets", **how).stdout)


def check_shape(found):
    # Scripts rely on these; more may follow.
    assert list(found)[:9] == [
        "name", "round", "out", "answers", "labelled", "model", "retrain", "stop", "estimate"
    ]  # fmt: skip
    assert list(found["out"]) == ["rows", "answered", "skipped", "open"]
    assert list(found["retrain"]) == ["due", "why", "labels_needed"]
    assert list(found["stop"]) == ["met", "why"]
    assert found["model"] is None or list(found["model"]) == ["number", "labels", "asked"]
    assert found["estimate"] is None or list(found["estimate"]) == ["value", "low", "high", "rows"]


def test_a_loop_from_the_first_round_to_its_end(run, tmp_path, truth):
    run("init", "tickets.toml", process=True)
    assert (tmp_path / "tickets" / "loop.toml").read_text() == SPEC
    found = status(run, process=True)
    check_shape(found)
    assert (found["round"], found["answers"], found["model"], found["estimate"]) == (0, 0, None, None)
    asked = []
    for number in range(1, 4):
        first = number == 1
        run("next", "--dir", "tickets", process=first)
        file = tmp_path / "tickets" / "handoff" / f"round-{number:04}.csv"
        before = file.read_bytes()
        rows = rows_in(file)
        assert list(rows[0]) == ["id", "body", "label", "annotator"]
        assert {row["label"] + row["annotator"] for row in rows} == {""}
        asked += [row["id"] for row in rows]
        run("next", "--dir", "tickets")
        assert file.read_bytes() == before
        found = status(run)
        assert found["out"] == {"rows": 40, "answered": 0, "skipped": 0, "open": 40}
        run("run", "--once", "--dir", "tickets", code=3)
        label(file, truth)
        run("ingest", file, "--dir", "tickets", process=first)
        run("ingest", file, "--dir", "tickets", code=3)
        found = status(run)
        check_shape(found)
        assert found["round"] == number
        assert found["answers"] == found["labelled"] == 40 * number
        assert found["out"] == {"rows": 40, "answered": 40, "skipped": 0, "open": 0}
        ended = number == 3
        run("run", "--once", "--dir", "tickets", code=4 if ended else 0, process=first)
        found = status(run)
        check_shape(found)
        assert found["model"]["number"] >= 1
        assert found["stop"]["met"] == ended
    assert len(set(asked)) == 120
    assert "budget:120 is 120" in found["stop"]["why"]
    assert found["estimate"]["rows"] == 60
    assert found["estimate"]["low"] < found["estimate"]["value"] <= found["estimate"]["high"]
    run("next", "--dir", "tickets", code=4)
    run("labels", "--out", "labels.csv", "--dir", "tickets")
    labels = rows_in(tmp_path / "labels.csv")
    assert list(labels[0]) == ["id", "label", "annotator", "time"]
    assert {row["id"]: row["label"] for row in labels} == {row: truth[row] for row in asked}
    run("next", "--anyway", "--dir", "tickets")
    assert status(run)["round"] == 4
    replayed = json.loads(run("replay", "--all", "--threads", "3", "--json", "--dir", "tickets").stdout)
    assert [(found["round"], found["compared"], found["same"]) for found in replayed["rounds"]] == [
        (number, 40, True) for number in range(1, 5)
    ]
