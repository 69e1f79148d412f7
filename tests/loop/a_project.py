"""A small loop over texts for tests: its pool, its specification in parts, and people who label it."""

import csv

import numpy as np

import shortlist as sl

WORDS = {"a": ["pay", "bill", "money", "invoice"], "b": ["crash", "error", "screen", "freeze"]}


def truth(row):
    return "a" if int(row) % 3 else "b"


def write_pool(path, rows=200, start=0):
    """Write a pool, or more rows behind those that are there."""
    rng = np.random.default_rng(start)
    with path.open("a" if start else "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        if not start:
            out.writerow(["id", "body", "lang"])
        for row in range(start, start + rows):
            words = [*rng.choice(WORDS["a"] + WORDS["b"], 2), *rng.choice(WORDS[truth(row)], 3), f"n{row}"]
            out.writerow([row, " ".join(words), "pt" if row % 10 == 0 else "en"])


def spec_text(*, pool='path = "pool.csv"', rounds="", seed="", mix="", when="growth:0.25", stop="budget:1000", more=""):
    return f"""
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
{pool}
id = "id"
text = "body"
groups = ["lang"]
[seed]
how = "random"
rows = 20
{seed}
[round]
rows = 20
mix = {{ explore = 0.1, validation = 0.2{mix} }}
{rounds}
[handoff]
tool = "csv"
[stop]
when = "{stop}"
{more}
[retrain]
when = "{when}"
"""


def begin(folder, *, rows=200, retrain="", **parts):
    """Begin a loop in a folder; `retrain` is more lines of that table."""
    write_pool(folder / "pool.csv", rows)
    (folder / "x.toml").write_text(spec_text(**parts) + retrain)
    return sl.Loop.init(folder / "x.toml", folder / "loop")


def answer(loop, rows, annotator="amy", label=truth):
    return loop.ingest([{"id": row, "label": label(row), "annotator": annotator} for row in rows])


def play(loop, rounds=1):
    """Label so many rounds; do what is due behind each, which opens the next one."""
    loop.next()
    for _ in range(rounds):
        answer(loop, loop.next().ids)
        loop.run_once()
