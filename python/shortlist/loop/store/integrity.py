"""Whether a store is as it was written: its database, and the files that the database refers to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shortlist.loop.store import schema
from shortlist.loop.store.blobs import NAME, hash_of
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shortlist.arguments import Progress
    from shortlist.loop.store.store import Store

HASH = re.compile(r"[0-9a-f]{64}")
TRIGGER = re.compile(r"CREATE TRIGGER (\w+)")
FEATURES = "features"
BACKUP = "go on with a backup"


def database_damage(store: Store) -> list[str]:
    """Return what is wrong with the database."""
    database, place = store._database, visible(str(store._database.path))
    found = []
    said = [str(row[0]) for row in database.read("PRAGMA integrity_check(3)")]
    if said != ["ok"]:
        found.append(f"{place} is damaged ({'; '.join(' '.join(line.split()) for line in said)}); {BACKUP}")
    orphans = [str(row[0]) for row in database.read("PRAGMA foreign_key_check")]
    found += [
        f"{place} has {orphans.count(table):,} entries of {table} whose round is missing; {BACKUP}"
        for table in dict.fromkeys(orphans)
    ]
    for table, column in (("events", "seq"), ("rounds", "number"), ("models", "number")):
        count, last = database.read(f"SELECT count(*), max({column}) FROM {table}")[0]  # noqa: S608 - names of ours
        if last is not None and count != last:
            found.append(f"{place} lacks {last - count:,} of its {last:,} {table}; {BACKUP}")
    there = {row[0] for row in database.read("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    needed = [match[1] for statement in schema.statements() if (match := TRIGGER.match(statement))]
    gone = [name for name in needed if name not in there]
    if gone:
        found.append(
            f"{place} lacks what keeps its entries from being changed ({', '.join(gone)}), so that some may have been; {BACKUP}"
        )
    return found


def blobs_referred_to(store: Store) -> dict[str, str]:
    """Return the hashes of the blobs that a loop refers to, with what each of them is."""
    found: dict[str, str] = {}
    for job in store.jobs():
        for part in ("blob", "probabilities", "members"):
            found[str(job.detail.get(part))] = f"what job {job.number} brought"
        found[str((job.detail.get("kept") or {}).get("places"))] = f"which rows job {job.number} scored"
    for version in store.pool_versions:
        found[str(version.fingerprint.get(FEATURES))] = f"the features of the pool of {version.time}"
    for model in store.models():
        found[str(model.blob)] = f"the file of model {model.number}"
        found[str(model.probabilities)] = f"the answers of model {model.number}"
        found[str((model.estimate.get("kept") or {}).get("places"))] = f"the rows that model {model.number} answers for"
        found[str(model.estimate.get("members"))] = f"the answers of the members of model {model.number}"
        for part in ("held", "held_rows"):
            found[str(model.estimate.get(part))] = f"what model {model.number} says of rows that it wasn't trained on"
        found[str(model.estimate.get("activelab"))] = f"the scores of model {model.number}"
    return {name: what for name, what in found.items() if HASH.fullmatch(name)}


def blob_damage(named: Mapping[str, str], folder: Path, progress: Progress | None = None) -> list[str]:
    """Return which blobs, with what each of them is,
    a loop's folder lacks or has with other bytes than were kept.
    """
    found = []
    for number, (name, what) in enumerate(named.items(), 1):
        path = folder / NAME / name
        if not path.is_file():
            found.append(f"{visible(str(path))} is missing, {what}; bring it back from a backup")
        elif hash_of(path) != name:
            found.append(f"{visible(str(path))} has other bytes than were kept, {what}; bring it back from a backup")
        if progress is not None:
            progress(number, len(named))
    return found
