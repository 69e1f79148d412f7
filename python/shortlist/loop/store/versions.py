"""Versions of the spec and of the pool, in the order in which the loop met them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.store.times import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shortlist.loop.spec.model import Spec
    from shortlist.loop.store.database import Database


@dataclass(frozen=True)
class PoolVersion:
    """A pool as it was from some time on, by its fingerprint."""

    hash: str
    fingerprint: Mapping[str, Any]
    time: str


class Versions:
    """The part of a store that holds specs and pools."""

    _database: Database

    @property
    def spec(self) -> Spec:
        """The spec as it is now."""
        return self._spec_where("ORDER BY number DESC LIMIT 1")[0]

    def specs(self) -> list[Spec]:
        """Return all versions of the spec, the first one first."""
        return self._spec_where("ORDER BY number")

    def spec_of_version(self, version: str) -> Spec:
        """Return the spec that a round was planned by."""
        return self._spec_where("WHERE version = ? ORDER BY number DESC LIMIT 1", version)[0]

    def add_spec(self, spec: Spec) -> bool:
        """Go on with another spec; return False where it is the one in force."""
        with self._database.transaction() as connection:
            if self._database.value("SELECT version FROM specs ORDER BY number DESC LIMIT 1") == spec.version:
                return False
            connection.execute(
                "INSERT INTO specs (version, text, folder, time) VALUES (?, ?, ?, ?)",
                (spec.version, spec.text, str(spec.folder), now()),
            )
            return True

    @property
    def pool_versions(self) -> list[PoolVersion]:
        """All versions of the pool, the first one first."""
        rows = self._database.read("SELECT hash, fingerprint, time FROM pools ORDER BY number")
        return [PoolVersion(name, json.loads(fingerprint), time) for name, fingerprint, time in rows]

    def add_pool(self, fingerprint: Mapping[str, Any]) -> str:
        """Keep the fingerprint of the pool as it is now;
        return its hash, by which rounds name it.
        """
        text = json.dumps(fingerprint, sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(text.encode()).hexdigest()
        with self._database.transaction() as connection:
            if self._database.value("SELECT hash FROM pools ORDER BY number DESC LIMIT 1") != name:
                connection.execute("INSERT INTO pools (hash, fingerprint, time) VALUES (?, ?, ?)", (name, text, now()))
        return name

    def _spec_where(self, condition: str, *values: str) -> list[Spec]:
        rows = self._database.read(f"{SPECS} {condition}", values)
        return [spec_from(text, Path(folder), version) for version, text, folder in rows]


SPECS = "SELECT version, text, folder FROM specs"


def spec_from(text: str, folder: Path, version: str) -> Spec:
    """Return a spec as it was kept. Its version stays, even where defaults have changed since."""
    from shortlist.loop.spec.reading import spec_of

    return replace(spec_of(tomllib.loads(text), text=text, folder=folder), version=version)
