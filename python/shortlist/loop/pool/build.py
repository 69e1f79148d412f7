"""One pass over a pool, once: ids, hashes, groups and kinds of columns are kept
in files beside the loop.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.ids import LONGEST_ID, alike
from shortlist.loop.pool.buckets import repeats, write_ordered
from shortlist.loop.pool.contents import content_hashes
from shortlist.loop.pool.disk_array import DiskArray
from shortlist.loop.pool.hashing import text_hashes
from shortlist.own_ids import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.pool.contents import View
    from shortlist.loop.pool.tables.table import Table

ALIKE = "alike"
"""The file of hashes of what ids become in spreadsheets."""
MOST_GROUPS = 10_000
"""Distinct values of a column of groups: with more it is no column of groups."""


def build(
    table: Table,
    view: View,
    id_column: str,
    groups: Iterable[str],
    weight: str | None,
    folder: Path,
    progress: Progress | None = None,
) -> None:
    """Write all that is kept of a pool to a folder.

    Raises
    ------
    LoopError
        A row without an id, an id that two rows have, a text that is missing, a weight that is no
        number.
    """
    if not table.rows:
        raise LoopError(f"the pool {table.name} has no rows")
    groups = tuple(dict.fromkeys(groups))
    codes: dict[str, dict[str, int]] = {column: {} for column in groups}
    numeric = dict.fromkeys(view.columns, True)
    wanted = list(dict.fromkeys([id_column, *view.columns, *groups, *([weight] if weight else [])]))
    size = 0
    with _Files(folder) as files:
        for start, block in table.blocks(wanted):
            ids = id_texts(block[id_column], table, start)
            encoded = [text.encode("utf-8", "surrogatepass") for text in ids]
            files.write("ids", b"".join(encoded))
            ends = np.cumsum([len(text) for text in encoded], dtype=np.int64) + size
            size = int(ends[-1]) if len(ends) else size
            files.write("ids.ends", ends)
            own = text_hashes(encoded)
            files.write("hashes", own)
            files.write(ALIKE, _alike_hashes(ids, own))
            files.write("contents", content_hashes(view, block, table, start, numeric))
            for number, column in enumerate(groups):
                files.write(f"group-{number}", _codes(block[column], codes[column], column))
            if weight:
                files.write("weight", _weights(block[weight], weight, table, start))
            if progress is not None:
                progress(start + len(ids), table.rows)
    hashes = DiskArray(folder / "hashes", np.uint64)
    write_ordered(hashes, folder, "hashes")
    with (folder / "later").open("wb") as later, (folder / "firsts").open("wb") as firsts:
        parts = list(repeats(DiskArray(folder / "contents", np.uint64)))
        rows = np.concatenate([part[0] for part in parts])
        order = np.argsort(rows)
        rows[order].tofile(later)
        np.concatenate([part[1] for part in parts])[order].tofile(firsts)
    about = {
        "rows": len(hashes),
        "name": table.name,
        "columns": list(table.columns),
        "view": view.kind,
        "numeric": {column: bool(found) for column, found in numeric.items()},
        "groups": {column: list(codes[column]) for column in groups},
        "weight": weight,
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _alike_hashes(ids: list[str], own: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return hashes of what ids become in spreadsheets."""
    odd = {place: other for place, text in enumerate(ids) if (other := alike(text)) != text}
    if not odd:
        return own
    found = own.copy()
    found[list(odd)] = text_hashes(other.encode("utf-8", "surrogatepass") for other in odd.values())
    return found


def id_texts(values: Any, table: Table, start: int) -> list[str]:
    """Return ids as text: whole numbers as their digits, also where a frame holds them as 7.0."""
    found = []
    for place, value in enumerate(values):
        key = value if isinstance(value, str) else key_of(value)
        if key is None or (isinstance(key, str) and not key.strip()):
            raise LoopError(
                f"{table.where(start + place)} has no id; accepted is an id for each row, by which its label comes home"
            )
        text = str(key)
        if len(text) > LONGEST_ID:
            raise LoopError(
                f"{table.where(start + place)} has an id of {len(text):,} characters; accepted are up to {LONGEST_ID:,}"
            )
        found.append(text)
    return found


def _codes(values: Iterable[Any], codes: dict[str, int], column: str) -> np.ndarray[Any, np.dtype[np.int32]]:
    found = [codes.setdefault(_label(value), len(codes)) for value in values]
    if len(codes) > MOST_GROUPS:
        raise LoopError(
            f"column {column!r} has more than {MOST_GROUPS:,} different values; accepted as groups are columns with fewer"
        )
    return np.array(found, dtype=np.int32)


def _label(value: Any) -> str:
    key = value if isinstance(value, str) else key_of(value)
    return "" if key is None else str(key)


def _weights(values: Iterable[Any], column: str, table: Table, start: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    found = []
    for place, value in enumerate(values):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 <= number < math.inf:
            raise LoopError(
                f"column {column!r}, the weight of rows, has {value!r} at {table.where(start + place)}; accepted are numbers of "
                "at least 0"
            )
        found.append(number)
    return np.array(found, dtype=np.float32)


class _Files:
    """Files of a folder that grow side by side."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Any] = {}

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    def write(self, name: str, what: Any) -> None:
        if name not in self._open:
            self._open[name] = (self._folder / name).open("wb")
        self._open[name].write(what if isinstance(what, bytes) else np.ascontiguousarray(what).data)
