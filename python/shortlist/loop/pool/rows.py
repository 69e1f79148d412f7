"""The pool of a loop: rows by id and by place, what a model sees of them, what people are shown;
all in flat memory.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import tempfile
import weakref
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.pool.buckets import repeats
from shortlist.loop.pool.build import ALIKE, build
from shortlist.loop.pool.contents import Raw, View, view_of
from shortlist.loop.pool.disk_array import DiskArray, runs
from shortlist.loop.pool.fingerprint import column_hash, fingerprint_of
from shortlist.loop.pool.hashing import text_hashes, uniform
from shortlist.loop.pool.tables import open_table
from shortlist.loop.pool.tables.opening import files_of
from shortlist.loop.pool.tables.table import BLOCK
from shortlist.loop.temporary import hold, name_it, remove_unless_held, temporary_folder
from shortlist.writing import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.pool.tables.table import Table
    from shortlist.loop.pool.tables.vectors import Matrix
    from shortlist.loop.spec.model import Spec

FORMAT = 2
"""Version of the files that are kept of a pool; others are made again."""
SIZES = "sizes.json"


class LoopPool:
    """Rows, each known by its id as text and by its place.

    Attributes
    ----------
    rows : int
        How many there are.
    kind : {"text", "vector", "columns"}
        What a model sees of a row.
    columns : tuple of str
        What there is to show of a row.
    numeric : dict of str: bool
        Whether a column that the model sees holds numbers alone.
    hashes : DiskArray
        64 bits of each id's hash: what random numbers are made of.
    folder : Path
        Where what is kept of the pool lies.
    fingerprint : dict
        What tells this pool from another, or from itself after a change.
    """

    def __init__(self, spec: Spec, table: Table, view: View, embeddings: Matrix | None, folder: Path) -> None:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        self._spec, self._table, self._view, self.folder = spec, table, view, folder
        self.embeddings = embeddings
        self._whole: LoopPool | None = None
        self.rows: int = about["rows"]
        self.columns = table.columns
        self.numeric: dict[str, bool] = about["numeric"]
        self.kind = view.kind if embeddings is None else "vector"
        self.hashes = DiskArray(folder / "hashes", np.uint64)
        self.contents = DiskArray(folder / "contents", np.uint64)
        self._groups: dict[str, list[str]] = about["groups"]
        self._ends = DiskArray(folder / "ids.ends", np.int64)
        self._sorted = DiskArray(folder / "hashes.sorted", np.uint64)
        self._places = DiskArray(folder / "hashes.rows", np.int64)
        if embeddings is not None and len(embeddings) != self.rows:
            raise LoopError(
                f"{embeddings.path} has {len(embeddings):,} rows, and {table.name} {self.rows:,}; they must be equal"
            )

    def first(self, rows: int, numeric: Mapping[str, bool] | None = None) -> LoopPool:
        """Return the pool as it was when it had no more than its first rows,
        and these columns held numbers alone.
        """
        found = copy.copy(self)
        for made in ("fingerprint", "repeated"):
            found.__dict__.pop(made, None)
        found.rows = rows
        found.hashes, found.contents = self.hashes.first(rows), self.contents.first(rows)
        found.numeric = {**self.numeric, **(numeric or {})}
        found._whole = self  # whose folder may be gone with it
        return found

    @cached_property
    def fingerprint(self) -> Mapping[str, Any]:
        """See above."""
        if self.rows < len(self._ends):
            return fingerprint_of(self.columns, self.rows, self.hashes, self.contents, self.beside)
        kept = self.folder / "fingerprint.json"
        if not kept.exists():
            write_json(kept, fingerprint_of(self.columns, self.rows, self.hashes, self.contents, self.beside))
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found

    def ids(self, start: int, stop: int) -> list[str]:
        """Return the ids of the rows from `start` to before `stop`."""
        return self.id_of(np.arange(start, min(stop, self.rows)))

    def id_of(self, rows: Sequence[int] | NDArray[np.int64]) -> list[str]:
        """Return the ids of some rows, in the order of these."""
        rows = np.asarray(rows, dtype=np.int64)
        found = [""] * len(rows)
        order = np.argsort(rows, kind="stable")
        ascending = rows[order]
        with self._ends.opened() as ends, (self.folder / "ids").open("rb", buffering=0) as texts:
            for first, last in runs(ascending):
                own = _ids_near(ascending[first:last], ends, texts)
                for place, text in zip(order[first:last].tolist(), own, strict=True):
                    found[place] = text
        return found

    def index_of(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the places of rows; -1 for ids that no row has."""
        found = np.full(len(ids), -1, dtype=np.int64)
        hashes = text_hashes(text.encode("utf-8", "surrogatepass") for text in ids)
        wanted = np.argsort(hashes, kind="stable")
        ascending = hashes[wanted]
        for start, piece in self._sorted.pieces():
            low = int(np.searchsorted(ascending, piece[0]))
            high = int(np.searchsorted(ascending, piece[-1], side="right"))
            mine = wanted[low:high]
            if len(mine):
                spots = np.searchsorted(piece, hashes[mine])
                there = piece[spots] == hashes[mine]
                found[mine[there]] = self._places.take(spots[there] + start)
        known = np.flatnonzero(found >= 0)
        for place, text in zip(known.tolist(), self.id_of(found[known]), strict=True):
            if text != ids[place]:
                found[place] = self._among_equals(hashes[place], ids[place])
        found[found >= self.rows] = -1
        return found

    def numbers(self, seed: int, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """Return a number in [0, 1) for each row, by the seed and the row's id alone."""
        return uniform(self.hashes.read(start, self.rows if stop is None else stop), seed)

    def numbers_of(self, seed: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the same for some rows."""
        return uniform(self.hashes.take(rows), seed)

    @cached_property
    def repeated(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows whose content an earlier row has, ascending, and the first row with that content."""
        later = np.fromfile(self.folder / "later", np.int64)
        count = int(np.searchsorted(later, self.rows))
        return later[:count], np.fromfile(self.folder / "firsts", np.int64, count)

    @property
    def twins(self) -> NDArray[np.int64]:
        """For each row the first with the same content, which may be itself."""
        found = np.arange(self.rows)
        later, firsts = self.repeated
        found[later] = firsts
        return found

    def first_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for some rows the first with the same content."""
        later, firsts = self.repeated
        if not len(later):
            return rows
        spots = np.minimum(np.searchsorted(later, rows), len(later) - 1)
        return np.where(later[spots] == rows, firsts[spots], rows)

    @property
    def groups(self) -> dict[str, tuple[NDArray[np.int32], list[str]]]:
        """Of each column of groups the code of each row, and the labels by code."""
        return {column: self.group(column) for column in self._spec.pool.groups}

    def group(self, column: str) -> tuple[NDArray[np.int32], list[str]]:
        """Return the codes and labels of one column of groups,
        or of the column that the seed is stratified by.
        """
        number = list(self._groups).index(column)
        codes = np.fromfile(self.folder / f"group-{number}", np.int32, self.rows)
        # Codes are given in the order of the rows: those of rows to come are the last.
        return codes, self._groups[column][: int(codes.max()) + 1]

    @property
    def beside(self) -> dict[str, str]:
        """A hash of each column of groups, of the one that the seed is stratified by,
        and of the weights, by what it is.
        """
        found = {}
        for number, (column, labels) in enumerate(self._groups.items()):
            codes = DiskArray(self.folder / f"group-{number}", np.int32).first(self.rows)
            last = max((int(piece.max()) for _, piece in codes.pieces()), default=-1)
            found[f"the column of groups {column!r}"] = column_hash(codes, self.rows, labels[: last + 1])
        if self._spec.round.weight:
            found[f"the column of weights {self._spec.round.weight!r}"] = column_hash(self.weight(), self.rows, ())
        return found

    def weight(self) -> DiskArray:
        """Return the weights of rows that the specification names a column for."""
        return DiskArray(self.folder / "weight", np.float32).first(self.rows)

    def show(self, rows: Sequence[int] | NDArray[np.int64]) -> list[dict[str, Any]]:
        """Return what people are shown of some rows: columns, and addresses made of these."""
        rows = np.asarray(rows, dtype=np.int64)
        wanted = dict(self._spec.pool.show) or self._shown()
        columns = [column for column in self.columns if any(_uses(what, column) for what in wanted.values())]
        values = self._table.take([c for c in columns if c != "id" or "id" in self._table_columns()], rows)
        found = []
        for place, own in enumerate(self.id_of(rows)):
            row = {"id": own, **{column: values[column][place] for column in values}}
            found.append({name: _filled(what, row) for name, what in wanted.items()})
        return found

    def where(self, row: int) -> str:
        """Say where a row is found: its line and file, or its place."""
        return self._table.where(row)

    def raw(self, rows: Sequence[int] | NDArray[np.int64]) -> Raw:
        """Return what a model sees of some rows, in the order of these."""
        rows = np.asarray(rows, dtype=np.int64)
        if self.embeddings is not None:
            return self.embeddings.take(rows)
        return self._view.raw(self._table.take(self._view.columns, rows), self.numeric)

    def can_read(self, table: Table) -> bool:
        """Whether another table has the columns that a model sees."""
        return self.embeddings is None and set(self._view.columns) <= set(table.columns)

    def raw_of(self, table: Table, rows: NDArray[np.int64]) -> Raw:
        """Return what a model sees of some rows of another table, read as this one is."""
        return self._view.raw(table.take(self._view.columns, rows), self.numeric)

    def blocks(self, size: int = BLOCK, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, Raw]]:
        """Yield what a model sees of all rows, in blocks of at most `size`,
        with the place of the first of each.

        With `begin` and `end` these are the blocks that begin from the one to before the other.
        They are cut as all are, so that parts which follow each other have each block once.
        """
        end = self.rows if end is None else end
        if self.embeddings is not None:
            for start in range(-(-begin // size) * size, min(end, self.rows), size):
                yield start, self.embeddings.read(start, min(start + size, self.rows))
            return
        for start, block in self._blocks_of(self._view.columns):
            if start >= end:
                return
            rows = len(next(iter(block.values())))
            for low in range(0, rows, size):
                if begin <= start + low < end:
                    part = {column: values[low : low + size] for column, values in block.items()}
                    yield start + low, self._view.raw(part, self.numeric)

    def texts(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the texts of all rows in blocks."""
        text = self._spec.pool.text
        if text is None:
            raise LoopError(
                "[seed] search looks for words, and the pool has no column of texts; name one in [pool] text"
            )
        view = View("text", (text,))
        for start, block in self._blocks_of([text]):
            yield start, view.raw(block, {})  # type: ignore[misc]

    def _blocks_of(self, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for start, block in self._table.blocks(columns):
            rows = len(next(iter(block.values())))
            if start + rows > self.rows:
                block = {column: values[: self.rows - start] for column, values in block.items()}
            if start < self.rows:
                yield start, block

    def _shown(self) -> dict[str, str]:
        spec = self._spec.pool
        if spec.text:
            return {spec.text: spec.text}
        return {column: column for column in self._view.columns if column in self.columns}

    def _table_columns(self) -> tuple[str, ...]:
        return () if self._table.vectors else self._table.columns

    def _among_equals(self, value: np.uint64, text: str) -> int:
        """Look through all ids of one hash, of which there are two once in a very long while."""
        for start, piece in self._sorted.pieces():
            low, high = np.searchsorted(piece, value), np.searchsorted(piece, value, side="right")
            for row in self._places.read(start + int(low), start + int(high)).tolist():
                if self.ids(row, row + 1) == [text]:
                    return int(row)
        return -1


def _ids_near(rows: NDArray[np.int64], ends: Callable[[int, int], NDArray[Any]], texts: IO[bytes]) -> list[str]:
    """Return the ids of ascending rows, of which all between the first and the last are read."""
    low, high = int(rows[0]), int(rows[-1]) + 1
    bounds = ends(max(0, low - 1), high)
    if not low:
        bounds = np.concatenate([[0], bounds])
    texts.seek(int(bounds[0]))
    text = texts.read(int(bounds[-1] - bounds[0]))
    bounds = bounds - bounds[0]
    spots = zip(bounds[rows - low].tolist(), bounds[rows - low + 1].tolist(), strict=True)
    return [text[begin:end].decode("utf-8", "surrogatepass") for begin, end in spots]


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


def _uses(what: str, column: str) -> bool:
    return what == column or f"{{{column}}}" in what


def _filled(what: str, row: Mapping[str, Any]) -> Any:
    """Return a cell, or an address with cells of the row in it."""
    if what in row:
        value = row[what]
        return value.item() if isinstance(value, np.generic) else value
    for column, value in row.items():
        what = what.replace(f"{{{column}}}", quote(str(value), safe="/"))
    return what
