"""The tables of loop.db. What is appended can't be changed: triggers abort it, whoever asks."""

from __future__ import annotations

APPLICATION = 0x53684C70
"""What tells loop.db from other SQLite files: "ShLp"."""
FORMAT = 1
"""Goes up with every change that an older program can't read."""

TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE specs (
    number INTEGER PRIMARY KEY, version TEXT NOT NULL, text TEXT NOT NULL, folder TEXT NOT NULL, time TEXT NOT NULL
);
CREATE TABLE pools (
    number INTEGER PRIMARY KEY, hash TEXT NOT NULL, fingerprint TEXT NOT NULL, time TEXT NOT NULL
);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, row TEXT NOT NULL, annotator TEXT NOT NULL, time TEXT NOT NULL,
    label TEXT, source TEXT NOT NULL, key TEXT NOT NULL UNIQUE, payload TEXT NOT NULL, kept TEXT NOT NULL
);
CREATE INDEX events_by_row ON events (row);
CREATE TABLE rounds (
    number INTEGER PRIMARY KEY, spec TEXT NOT NULL, pool TEXT NOT NULL, position INTEGER NOT NULL, model INTEGER,
    seed INTEGER NOT NULL, opened TEXT NOT NULL, why TEXT NOT NULL, decided TEXT NOT NULL
);
CREATE TABLE states (
    seq INTEGER PRIMARY KEY, round INTEGER NOT NULL REFERENCES rounds, state TEXT NOT NULL, time TEXT NOT NULL,
    UNIQUE (round, state)
);
CREATE TABLE picks (
    round INTEGER NOT NULL REFERENCES rounds, rank INTEGER NOT NULL, row TEXT NOT NULL, place INTEGER NOT NULL,
    share TEXT NOT NULL, why TEXT NOT NULL, propensity REAL, score REAL, PRIMARY KEY (round, rank)
);
CREATE INDEX picks_by_row ON picks (row);
CREATE TABLE handoffs (
    seq INTEGER PRIMARY KEY, round INTEGER NOT NULL REFERENCES rounds, phase TEXT NOT NULL, detail TEXT NOT NULL,
    time TEXT NOT NULL
);
CREATE TABLE models (
    number INTEGER PRIMARY KEY, round INTEGER NOT NULL, position INTEGER NOT NULL, labels INTEGER NOT NULL,
    time TEXT NOT NULL, why TEXT NOT NULL, seed INTEGER NOT NULL, blob TEXT, probabilities TEXT, seconds REAL NOT NULL,
    estimate TEXT NOT NULL
);
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, begun TEXT NOT NULL, until TEXT NOT NULL,
    process TEXT NOT NULL, ended TEXT, ok INTEGER, used INTEGER, detail TEXT NOT NULL
);
"""

APPENDED = {
    **dict.fromkeys(("specs", "pools", "events", "rounds", "handoffs", "models"), ("rowid",)),
    "states": ("round", "state"),
    "picks": ("round", "rank"),
}
"""Tables whose rows stay as they are for good, and what tells their rows apart."""


def statements() -> list[str]:
    """Return what makes an empty database one of this format; it is run in one transaction."""
    made = [statement for statement in TABLES.split(";") if statement.strip()]
    # A key that is known: the event is left out, be it given by INSERT OR REPLACE or not.
    made.append(_trigger("events", "known", f"INSERT ON events WHEN {_there('events', ('key',))}", "IGNORE"))
    for table, key in APPENDED.items():
        refused = f"ABORT, '{table} are only ever appended to'"
        made += [_trigger(table, verb, f"{verb} ON {table}", refused) for verb in ("UPDATE", "DELETE")]
        # INSERT OR REPLACE deletes without asking the trigger above.
        made.append(_trigger(table, "replace", f"INSERT ON {table} WHEN {_there(table, key)}", refused))
    return [*made, f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {FORMAT}"]


def _trigger(table: str, name: str, before: str, what: str) -> str:
    return f"CREATE TRIGGER {table}_{name} BEFORE {before} BEGIN SELECT RAISE({what}); END"


def _there(table: str, key: tuple[str, ...]) -> str:
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
