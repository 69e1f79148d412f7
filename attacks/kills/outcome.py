"""What a loop has come to, as plain values that are the same however often it was killed on the way."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING, Any

from shortlist.loop.loop import Loop
from shortlist.loop.store import Store

if TYPE_CHECKING:
    from pathlib import Path

UNFINISHED = ("making-*", ".*.partial")


def outcome(folder: Path) -> dict[str, Any]:
    """Return labels, answers, rounds, picks, models and files of a loop that is sound."""
    if not (folder / "loop.db").exists():
        return {}
    with contextlib.closing(sqlite3.connect(folder / "loop.db")) as connection:
        wrong = connection.execute("PRAGMA integrity_check").fetchall()
        wrong += connection.execute("PRAGMA foreign_key_check").fetchall()
        if wrong != [("ok",)]:
            raise AssertionError(f"the database is damaged: {wrong[:3]}")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return {}
    with Store.open(folder) as store:
        damaged = store.damaged_blobs()
        if damaged:
            raise AssertionError(f"blobs are damaged: {damaged}")
        rounds = store.rounds()
        about = {
            "events": sorted(
                [*event[:3], "" if event.time == event.kept else event.time, *event[4:7], json.dumps(event.payload)]
                for event in store.events()
            ),
            "rounds": [[r.number, r.state, r.spec, r.pool, r.position, r.model, r.why, r.decided] for r in rounds],
            "picks": [list(vars(pick).values()) for r in rounds for pick in store.picks(r.number)],
            "handed": [sorted({h["file"] for h in store.handoffs(r.number)}) for r in rounds],
            "models": [
                [m.number, m.round, m.position, m.labels, m.why, m.seed, m.blob, m.probabilities, dict(m.estimate)]
                for m in store.models()
            ],
            "specs": [spec.version for spec in store.specs()],
            "pools": [version.hash for version in store.pool_versions],
        }
    with Loop(folder) as loop:
        about["labels"] = loop.labels()
    about["events"] = [_without_key(event) for event in about["events"]]
    look = folder / "cache" / "look.json"
    about["look"] = {**json.loads(look.read_text()), "loop": ""} if look.exists() else {}
    about["files"] = {path.name: path.read_text() for path in sorted((folder / "handoff").glob("*"))}
    return about


def _without_key(event: list[Any]) -> list[Any]:
    """Return an event without a key that was drawn by chance."""
    return event if event[3] else [*event[:6], "", event[7]]


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Return in which parts two outcomes differ."""
    return [
        f"{name}: {str(found.get(name))[:300]} instead of {str(wanted.get(name))[:300]}"
        for name in sorted({*found, *wanted})
        if found.get(name) != wanted.get(name)
    ]


def unfinished(folder: Path) -> list[str]:
    """Return files and folders that a process left behind and that nothing will ever remove, end or use."""
    found = {path for name in UNFINISHED for path in folder.rglob(name)}
    return sorted(str(path.relative_to(folder)) for path in found if not _has_lock(path))


def _has_lock(path: Path) -> bool:
    """Whether the next process that makes such a folder removes it."""
    return path.suffix == ".lock" or path.with_name(path.name + ".lock").exists()
