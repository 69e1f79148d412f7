"""Whether a loop is as it should be: its folder, its pool, its rounds,
and the labels that people gave.
"""

from __future__ import annotations

import filecmp
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shortlist.loop.edited import edited_spec
from shortlist.loop.errors import LoopError
from shortlist.loop.pool import changed, changed_beside, open_pool
from shortlist.loop.pool.tables.frames import check_frame
from shortlist.loop.store.integrity import blob_damage, blobs_referred_to, database_damage
from shortlist.loop.store.summary import summary
from shortlist.loop.temporary import temporary_folder
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shortlist.arguments import Progress
    from shortlist.loop.replay import Replayer
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store

FIRST = 5
"""Rows that are named of many."""


@dataclass(frozen=True)
class Check:
    """What was looked at: truthy where nothing is damaged.

    Attributes
    ----------
    damage : list of str
        What is damaged, and what to do about it.
    notes : list of str
        What is worth knowing and no damage.
    suspects : list of str or None
        Rows whose label may be wrong by the last model's word, the most suspect first; None where
        nothing looks for them.
    disputed : list of str or None
        Rows whose answers differ; None where the answers can't be read.
    """

    damage: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    suspects: list[str] | None = None
    disputed: list[str] | None = None

    def __bool__(self) -> bool:
        return not self.damage

    def lines(self) -> list[str]:
        """Return sentences for a person: what is damaged first."""
        lines = [f"damaged: {each}" for each in self.damage] or ["nothing is damaged"]
        lines += self.notes
        if self.disputed is None:
            return lines
        if self.suspects is None:
            lines.append(
                'suspects   nobody looks for wrong labels; write issues = "builtin" in [check] to have it done'
            )
        else:
            lines.append(f"suspects   {_some(self.suspects, 'that may have a wrong label')}")
        lines.append(f"disputed   {_some(self.disputed, 'whose answers differ')}")
        return lines

    def values(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {
            "ok": bool(self),
            "damage": self.damage,
            "notes": self.notes,
            "suspects": None if self.suspects is None else _counted(self.suspects),
            "disputed": None if self.disputed is None else _counted(self.disputed),
        }


def _some(rows: list[str], what: str) -> str:
    if not rows:
        return f"no row {what}"
    more = ", ..." if len(rows) > FIRST else ""
    return f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'} {what}: {', '.join(rows[:FIRST])}{more}"


def _counted(rows: list[str]) -> dict[str, Any]:
    return {"rows": len(rows), "first": rows[:FIRST]}


def check(
    store: Store,
    spec_file: Path,
    cache: Path,
    replayer: Replayer | None = None,
    progress: Progress | None = None,
    frame: Any = None,
) -> Check:
    """Look at all of a loop, reading its pool through.

    Parameters
    ----------
    store : Store
        The loop's.
    spec_file : Path
        Its ``loop.toml``.
    cache : Path
        A folder for what can be made again.
    replayer : Replayer, optional
        Replays every round too.
    progress : callable, optional
        Called with (done, in all) for each part.
    frame : frame, optional
        The rows of the pool, where the specification names no file.
    """
    damage, notes = list[str](), list[str]()

    def part(look: Callable[[], Iterator[str] | list[str]], into: list[str]) -> None:
        # One part that can't be looked at must not hide the others.
        try:
            into.extend(look())
        except (LoopError, OSError) as error:
            damage.extend(str(error).splitlines())

    part(lambda: database_damage(store), damage)
    part(lambda: blob_damage(blobs_referred_to(store), store.folder, progress), damage)
    part(lambda: _spec(store, spec_file, notes), damage)
    part(lambda: _pool(store, store.spec, cache, notes, progress, frame), damage)
    if replayer is not None:
        part(lambda: _rounds(replayer, notes), damage)
    suspects = disputed = None
    try:
        suspects, disputed = _labels(store)
    except LoopError as error:
        damage.append(str(error))
    return Check(list(dict.fromkeys(damage)), notes, suspects, disputed)


def _spec(store: Store, path: Path, notes: list[str]) -> Iterator[str]:
    if not path.is_file():
        yield (
            f"{visible(str(path))} is missing; the loop goes on by the last version of it, which is kept; bring it back from a "
            "backup to edit it"
        )
        return
    try:
        edited = edited_spec(store, path, files=True)
    except LoopError as error:
        for line in str(error).splitlines():
            yield f"{visible(str(path))} was edited, and the next round can't be opened by it: {line}"
        return
    if edited is not None:
        notes.append(f"{visible(str(path))} was edited, and holds from the next round on")


def _pool(
    store: Store, spec: Spec, cache: Path, notes: list[str], progress: Progress | None, frame: Any
) -> Iterator[str]:
    check_frame(spec, frame)
    with temporary_folder(cache) as place:
        pool = open_pool(spec, cache=place, frame=frame, progress=progress)
        for version in store.pool_versions:
            wrong = changed(version.fingerprint, pool)
            if wrong:
                yield wrong[0]
                return
            for name in changed_beside(version.fingerprint, pool):
                yield (
                    f"{name} has other values than when the loop met these rows ({version.time[:10]}); restore them, or rounds "
                    "that went by them can't be planned again"
                )
        kept = cache / pool.folder.name
        if kept.is_dir():
            files = [path.name for path in pool.folder.iterdir() if path.is_file()]
            _, other, missing = filecmp.cmpfiles(pool.folder, kept, files, shallow=False)
            if other or missing:
                yield f"{visible(str(kept))} is not what the pool holds any more; remove that folder, and it is made again"
    count = len(blobs_referred_to(store))
    notes.append(f"looked at loop.db, {count:,} files of blobs, and {pool.rows:,} rows of the pool")


def _rounds(replayer: Replayer, notes: list[str]) -> Iterator[str]:
    found = replayer.replay_all()
    for each in found:
        if not each:
            yield (
                f"{each}; if nothing else is damaged, a group or weight in the pool, a function of yours or a library is another "
                "than it was then"
            )
    missing = [each for each in found if each and each.missing]
    notes.extend(map(str, missing))
    same = sum(map(bool, found)) - len(missing)
    if same:
        notes.append(f"{same:,} of {len(found):,} rounds have the same picks when they are planned again, bit for bit")


def _labels(store: Store) -> tuple[list[str] | None, list[str]]:
    """Return rows whose label may be wrong, and rows whose answers differ."""
    said, models = summary(store, store.spec), store.models()
    suspects = models[-1].estimate.get("suspects") if models else None
    return None if suspects is None else [row for row in suspects if row in said.labels], said.disputed
