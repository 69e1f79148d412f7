"""The examples of docs/handoff.md are run, with stand-ins for what isn't installed."""

import json
import re
import shlex
import sqlite3
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl

TEXT = (Path(__file__).parents[2] / "docs" / "handoff.md").read_text(encoding="utf-8")
LOOP = """
loop = 1
name = "tickets"
classes = ["bug", "how-to"]
[pool]
path = "tickets.jsonl"
id = "id"
text = "body"
[seed]
rows = 5
[round]
rows = 5
[validation]
share = 0.2
[retrain]
when = "answered:1.0"
[stop]
when = "budget:40"
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def python_with(word):
    (code,) = (code for code in blocks("python") if word in code)
    return code


@pytest.fixture
def files(tmp_path, monkeypatch):
    """What the reader has at hand."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    np.save("probs.npy", rng.dirichlet(np.ones(3), 6000).astype(np.float32))
    np.save("emb.npy", rng.normal(size=(6000, 4)).astype(np.float32))
    Path("rows.csv").write_text("ID,body\n" + "".join(f"{n:05},text {n}\n" for n in range(6000)))
    Path("labelled.txt").write_text("00007\n00008\n")
    Path("answers.csv").write_text("id,label,annotator\n007,bug,amy\n")
    rows = [{"id": f"{n:03}", "body": f"text {n} {'crash' if n % 2 else 'how'}"} for n in range(60)]
    Path("tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_picks_out_and_labels_in(files):
    pytest.importorskip("pandas")
    names = {}
    for word in ("picks.to_prodigy", "labels.to_pandas"):
        exec(compile(python_with(word), "handoff.md", "exec"), names)
    assert len(names["tasks"]) == 100
    assert json.loads(Path("tasks.json").read_text()) == names["tasks"]
    assert names["frame"]["label"].tolist() == ["bug"]


def test_the_commands(files, command):
    lines = "".join(blocks("sh")).splitlines()
    assert len(lines) == 3
    for line in lines:
        command(*shlex.split(line)[1:])
    assert len(json.loads(Path("tasks.json").read_text())) == 100
    assert len(Path("tasks.jsonl").read_text().splitlines()) == 100


def test_the_recipe_streams_a_round_and_takes_answers_in(files, monkeypatch):
    pytest.importorskip("sklearn")
    made = {}
    prodigy = types.ModuleType("prodigy")
    prodigy.recipe = lambda name, **arguments: lambda function: made.setdefault(name, function)
    monkeypatch.setitem(sys.modules, "prodigy", prodigy)
    exec(compile(python_with("prodigy.recipe"), "handoff.md", "exec"), {})
    Path("spec.toml").write_text(LOOP + '[handoff]\ntool = "prodigy"\n')
    sl.Loop.init("spec.toml", "loop").close()
    recipe = made["shortlist"]("tickets-0001", "loop")
    tasks = list(recipe["stream"])
    assert recipe["view_id"] == "choice"
    assert [option["id"] for option in tasks[0]["options"]] == ["bug", "how-to"]
    session = {"answer": "accept", "_session_id": "tickets-0001-amy", "_timestamp": 1795985463}
    recipe["update"]([{**task, **session, "accept": ["bug"]} for task in tasks])
    with sl.Loop("loop") as loop:
        assert loop.labels() == {task["row_id"]: "bug" for task in tasks}
        assert {event.annotator for event in loop._store.events()} == {"amy"}


def test_a_tool_of_ones_own(files, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.delitem(sys.modules, "tables", raising=False)
    Path("tables.py").write_text(python_with("class Table"))
    (handoff,) = (block for block in blocks("toml") if "tables:Table" in block)
    Path("spec.toml").write_text(LOOP + handoff)
    with sl.Loop.init("spec.toml", "loop") as loop:
        batch = loop.next()
        assert batch.handed == "the table of tickets"
        database = sqlite3.connect("labels.db", isolation_level=None)
        asked = database.execute("SELECT id, shown FROM rows ORDER BY rank").fetchall()
        assert [row for row, _ in asked] == batch.ids
        for n, (row, _) in enumerate(asked):
            database.execute("UPDATE rows SET label = ?, who = 'amy' WHERE id = ?", ["bug" if n % 2 else "how-to", row])
        database.close()
        done = loop.run_once()
    assert done[0] == "answers came: 5 new, 0 known"
    assert done[-1] == "round 2 was opened: 5 rows in the table of tickets"
    sys.modules.pop("tables", None)


def test_every_tool_is_in_the_table():
    from shortlist.loop.spec.names import TOOLS

    listed = set(re.findall(r"`([\w-]+)`", "".join(re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE))))
    assert set(TOOLS) <= listed
