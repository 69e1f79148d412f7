"""The tutorial of docs/loop.md is played, with a script in place of the people who label."""

import csv
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

TEXT = (Path(__file__).parents[2] / "docs" / "loop.md").read_text()
WORDS = {"billing": ["pay", "bill", "money"], "bug": ["crash", "error", "freeze"]}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def fill_in(path, truth):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows({**row, "label": truth[row["id"]], "annotator": "amy"} for row in rows)


def write_labels(path, truth):
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "label"])
        out.writerows(truth.items())


def test_the_tutorial(command):
    rng = np.random.default_rng(0)
    truth = {f"T-{row}": "bug" if row % 3 else "billing" for row in range(600)}
    with Path("tickets.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "body"])
        out.writerows([row, " ".join(rng.choice(WORDS[label], 4)) + f" {row}"] for row, label in truth.items())
    said = {}
    for line in "".join(blocks("sh")).splitlines():
        words = shlex.split(line)
        assert words[:2] == ["shortlist", "loop"]
        if words[2] == "init" and words[3] == "loop.toml":
            spec = Path("loop.toml")
            spec.write_text(spec.read_text().replace("classes = []", 'classes = ["billing", "bug"]'))
        if words[2] == "ingest":
            fill_in(Path(words[3]), truth)
        if words[2] == "simulate":
            write_labels(Path("truth.csv"), truth)
            words += ["--repeats", "2"]
        said[words[2]] = command(*words[1:]).stdout
    assert "model 1 was trained" in said["run"]
    assert "round 2 was opened" in said["run"]
    assert "2 repeats of tickets: 600 rows; 3 people, wrong about 0.05 of the rows" in said["simulate"]
    with Path("labels.csv").open(newline="") as file:
        labels = {row["id"]: row["label"] for row in csv.DictReader(file)}
    assert labels
    assert labels == {row: truth[row] for row in labels}
    for code in blocks("python"):
        exec(compile(code, "loop.md", "exec"), {})


def test_the_commands_are_those_that_exist():
    from shortlist.cli.loop import loop_command

    named = set(re.findall(r"^\| `(\w+)", TEXT, re.MULTILINE))
    assert named == set(loop_command.modules)
