"""Which kind of table a path stands for."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.pool.tables import arrow_files, lines
from shortlist.loop.pool.tables.frames import FrameTable
from shortlist.pools.paths import KINDS

if TYPE_CHECKING:
    from shortlist.loop.pool.tables.table import Table
    from shortlist.loop.spec.model import PoolSpec

ACCEPTED = (*lines.SUFFIXES, *arrow_files.SUFFIXES, *(kind for kind in KINDS if kind not in arrow_files.SUFFIXES))


def open_table(spec: PoolSpec, folder: Path, cache: Path, frame: Any = None, path: str | None = None) -> Table:
    """See a pool as a table; `folder` is what relative paths mean,
    `cache` holds the copies that some kinds need.

    `path` is that of another file with columns of the same names.

    Raises
    ------
    LoopError
        No such file, a kind that is not accepted, or no ids for rows that are vectors.
    """
    if frame is not None:
        return FrameTable(frame)
    files = files_of(path, folder, "[seed] labels") if path else files_of(spec.path, folder)
    path = path or spec.path
    suffix = files[0].suffix.lower()
    if suffix in lines.SUFFIXES:
        if not (cache / "lines.json").exists():
            names = [spec.id, spec.text, *(spec.features or ()), *spec.groups]
            lines.copy_lines(files, [name for name in names if name], cache)
        return lines.LinesTable(cache, path)
    if suffix in arrow_files.SUFFIXES:
        return arrow_files.ArrowFilesTable(files, path)
    from shortlist.loop.pool.tables.vectors import VectorTable, open_matrix

    if spec.ids is None:
        raise LoopError(
            f"{spec.path} holds numbers without names; name a file with one id a line in [pool] ids, as labels come home by id"
        )
    if len(files) > 1:
        raise LoopError(f"{spec.path} stands for {len(files)} files of numbers; accepted is one")
    ids = folder / spec.ids
    if not ids.is_file():
        raise LoopError(f"[pool] ids is {spec.ids!r}, and there is no file {ids}")
    return VectorTable(open_matrix(files[0], cache), ids, spec.path)


def files_of(path: str, folder: Path, key: str = "[pool] path") -> list[Path]:
    """Return the files that a path, a folder or a glob stands for, by name, all of one kind;
    `key` is what names it.
    """
    full = folder / path
    if full.is_dir() and full.suffix.lower() != ".zarr":
        found = sorted(p for p in full.rglob("*") if p.is_file() and p.suffix.lower() in ACCEPTED)
    elif full.exists():
        found = [full]
    elif glob.has_magic(path):
        found = sorted(Path(name) for name in glob.glob(str(full), recursive=True))  # noqa: PTH207 - may be absolute
    else:
        raise LoopError(f"{key} is {path!r}, and there is no file {full}; bring it back, or mend the path")
    if not found:
        raise LoopError(f"{key} is {path!r}, which stands for no file (looked in {folder})")
    kinds = sorted({p.suffix.lower() for p in found})
    if len(kinds) > 1:
        raise LoopError(f"{key} is {path!r}, which stands for {' and '.join(kinds)} files; accepted is one kind")
    if kinds[0] not in ACCEPTED:
        raise LoopError(f"{key} is {path!r}, of a kind that is not read; accepted are {', '.join(ACCEPTED)}")
    return found
