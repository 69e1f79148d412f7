"""A labelling project to be killed: its pool, its specification, and what people answer."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("billing", "bug", "how-to")
WORDS = {
    "billing": ["pay", "bill", "money", "invoice"],
    "bug": ["crash", "error", "screen", "freeze"],
    "how-to": ["where", "how", "find", "menu"],
}
ROUNDS = 5
SPEC = """
loop = 1
name = "kills"
journal = "wal"
classes = ["billing", "bug", "how-to"]
[pool]
path = "tickets.csv"
id = "ticket"
text = "body"
groups = ["language"]
[model]
members = 2
[seed]
rows = 24
labels = "before.csv"
[round]
rows = 20
strategy = "margin"
diverse = { rule = "k_center", among = 60 }
mix = { explore = 0.1, validation = 0.2, relabel = 0.05 }
floor = 0.3
[validation]
share = 0.2
[labels]
overlap = 0.2
[check]
issues = "builtin"
[retrain]
when = "growth:0.1"
require = "every_class:2"
[handoff]
tool = "csv"
[stop]
when = "budget:10000"
"""


def truth(row: str) -> str:
    """Return the class of a row."""
    return CLASSES[int(row.removeprefix("T-")) * 7 % 3]


def write_pool(folder: Path, rows: int = 400, start: int = 0) -> None:
    """Write the pool, or append rows to it."""
    mixed = random.Random(start)
    with (folder / "tickets.csv").open("a" if start else "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        if not start:
            out.writerow(["ticket", "body", "language"])
        for number in range(start, start + rows):
            row = f"T-{number}"
            every = [word for words in WORDS.values() for word in words]
            words = mixed.choices(every, k=3) + mixed.choices(WORDS[truth(row)], k=3)
            out.writerow([row, " ".join([*words, f"n{number}"]), "pt" if number % 10 == 0 else "en"])


def write_project(folder: Path, journal: str) -> None:
    """Write all that a loop begins with; its database keeps its journal as the spec says."""
    folder.mkdir(parents=True)
    write_pool(folder)
    (folder / "loop.toml").write_text(SPEC.replace('"wal"', f'"{journal}"'))
    rows = [f"T-{number}" for number in range(0, 400, 40)]
    lines = [f"{row},{truth(row)},x,en\n" for row in rows]
    (folder / "before.csv").write_text("".join(["ticket,label,body,language\n", *lines, "old,bug,an error,en\n"]))


def answers(path: Path, annotator: str, part: slice, number: int, out: Path, label: str = "label") -> Path:
    """Write what somebody answers to a part of a round's file: now and then something else than the truth."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row["id"] for row in csv.DictReader(file)][part]
    out.parent.mkdir(exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["id", label, "annotator", "time"])
        for place, row in enumerate(rows):
            wrong = random.Random(f"{row} {annotator}").random() < 0.1
            said = CLASSES[(CLASSES.index(truth(row)) + wrong) % 3]
            lines.writerow([row, said, annotator, f"2026-01-{number:02}T10:{place:02}:00Z"])
    return out
