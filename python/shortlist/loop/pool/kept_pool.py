"""A pool as it is kept in a folder: read through once, and there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.pool.buckets import repeats
from shortlist.loop.pool.build import ALIKE, build
from shortlist.loop.pool.contents import view_of
from shortlist.loop.pool.disk_array import DiskArray
from shortlist.loop.pool.rows import LoopPool
from shortlist.loop.pool.tables import open_table
from shortlist.loop.pool.tables.opening import files_of
from shortlist.loop.temporary import hold, name_it, remove_unless_held, temporary_folder
from shortlist.writing import write_json

if TYPE_CHECKING:
    from shortlist.arguments import Progress
    from shortlist.loop.pool.tables.table import Table
    from shortlist.loop.spec.model import Spec

FORMAT = 2
"""Version of the files that are kept of a pool; others are made again."""
SIZES = "sizes.json"


def open_pool(
    spec: Spec, *, cache: Path | None = None, frame: Any = None, progress: Progress | None = None
) -> LoopPool:
    """Open the pool of a specification, as `[pool]` says.

    Parameters
    ----------
    spec : Spec
        The specification; relative paths mean its folder.
    cache : Path, optional
        A folder for what is kept of the pool, so that it is read through once and not at every
        start; by default a folder for this process alone.
    frame : frame or dict of columns, optional
        The rows, in place of the file that the specification names.
    progress : callable, optional
        Called with (rows done, rows in all) while a pool is read through.

    Raises
    ------
    LoopError
        What is wrong with the pool, with its first bad row.
    """
    place = Path(tempfile.mkdtemp(prefix="shortlist-pool-")) if cache is None else cache
    own = place if cache is None else None
    place.mkdir(parents=True, exist_ok=True)
    folder = place / f"pool-{_key(spec, frame)}"
    try:
        pool = None
        while pool is None:
            if frame is not None or not _is_whole(folder):
                _make(spec, folder, frame, progress)
            pool = _held(spec, folder, frame)
    except BaseException:
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)
        raise
    if own is not None:
        weakref.finalize(pool, shutil.rmtree, own, ignore_errors=True)
    return pool


def _make(spec: Spec, folder: Path, frame: Any, progress: Progress | None) -> None:
    """Build what is kept of a pool under another name first,
    so that it is there whole or not at all.
    """
    with temporary_folder(folder.parent) as work:
        table = open_table(spec.pool, spec.folder, work, frame)
        view = view_of(spec.pool, table)
        strata = [spec.seed.how.partition(":")[2]] if spec.seed.how.startswith("stratified:") else []
        for key, column in [("[seed] how", c) for c in strata] + [
            ("[round] weight", c) for c in [spec.round.weight] if c
        ]:
            if column not in table.columns:
                raise LoopError(f"{key} names the column {column!r}, and {table.name} has none of that name")
        build(table, view, _id_column(spec, table), [*spec.pool.groups, *strata], spec.round.weight, work, progress)
        pool = _opened(spec, work, frame)
        _refuse_repeats(pool, table)
        _refuse_alike(pool, table)
        _note_sizes(work)
        if frame is not None or not _is_whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
        name_it(work, folder)


def _note_sizes(folder: Path) -> None:
    """Note how long each file is, so that one which a crash of the machine cut off
    is told from a whole one.
    """
    write_json(folder / SIZES, {path.name: path.stat().st_size for path in folder.iterdir()})


def _is_whole(folder: Path) -> bool:
    """Whether all that was made of a pool is there."""
    try:
        sizes: dict[str, int] = json.loads((folder / SIZES).read_bytes())
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def remove_other_pools(pool: LoopPool) -> None:
    """Remove what is kept beside a pool of earlier versions of it,
    unless a process is at work with them.
    """
    for other in pool.folder.parent.glob("pool-*"):
        if other != pool.folder:
            remove_unless_held(other)


def _held(spec: Spec, folder: Path, frame: Any) -> LoopPool | None:
    """Return the pool of a folder, which stays while the pool is in use;
    None where it was removed just now.
    """
    descriptor = hold(folder)
    if descriptor is None:
        return None
    try:
        pool = _opened(spec, folder, frame)
    except BaseException:
        os.close(descriptor)
        raise
    weakref.finalize(pool, os.close, descriptor)
    return pool


def _opened(spec: Spec, folder: Path, frame: Any) -> LoopPool:
    table = open_table(spec.pool, spec.folder, folder, frame)
    embeddings = None
    if spec.pool.embeddings is not None and (spec.model.estimator or "") != "tfidf-logistic":
        from shortlist.loop.pool.tables.vectors import open_matrix

        embeddings = open_matrix(
            files_of(spec.pool.embeddings, spec.folder, "[pool] embeddings")[0], folder, "embeddings"
        )
    return LoopPool(spec, table, view_of(spec.pool, table), embeddings, folder)


def _refuse_repeats(pool: LoopPool, table: Table) -> None:
    """Refuse an id that two rows have, naming both."""
    last: tuple[int, int] | None = None
    for start, piece in pool._sorted.pieces():
        rows = pool._places.read(start, start + len(piece))
        same = np.flatnonzero(piece[1:] == piece[:-1]).tolist()
        pairs = [(int(rows[i]), int(rows[i + 1])) for i in same]
        if last is not None and last[1] == int(piece[0]):
            pairs.insert(0, (last[0], int(rows[0])))
        for one, other in pairs:
            first, second = pool.id_of([one, other])
            if first == second:
                raise LoopError(
                    f"id {first!r} is that of {table.where(one)} and of {table.where(other)}; accepted is each id once"
                )
        last = (int(rows[-1]), int(piece[-1]))


def _refuse_alike(pool: LoopPool, table: Table) -> None:
    """Refuse ids that a spreadsheet takes for the same,
    so that no label comes home to another row.
    """
    path = pool.folder / ALIKE
    for later, firsts in repeats(DiskArray(path, np.uint64)):
        if len(later):
            one, other = pool.id_of([firsts[0], later[0]])
            raise LoopError(
                f"ids {one!r} of {table.where(int(firsts[0]))} and {other!r} of {table.where(int(later[0]))} are one to a "
                "spreadsheet; accepted are ids that stay apart, as with a letter in front"
            )
    path.unlink()


def _id_column(spec: Spec, table: Table) -> str:
    if table.vectors:
        return "id"
    if spec.pool.id is None:
        raise LoopError("[pool] id is missing; accepted is the column by whose values labels come home")
    return str(spec.pool.id)


def _key(spec: Spec, frame: Any) -> str:
    """Return what changes when the pool's files or what is read of them does."""
    pool = spec.pool
    parts: list[Any] = [FORMAT, pool.path, pool.id, pool.ids, pool.text, pool.features, pool.features_except]
    parts += [pool.groups, pool.embeddings, spec.seed.how, spec.round.weight, spec.model.estimator]
    if frame is None:
        paths = [
            *files_of(pool.path, spec.folder),
            *(spec.folder / path for path in (pool.ids, pool.embeddings) if path),
        ]
        for path in paths:
            about = path.stat() if path.exists() else None
            parts.append([str(path.resolve()), about and about.st_size, about and about.st_mtime_ns])
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()
