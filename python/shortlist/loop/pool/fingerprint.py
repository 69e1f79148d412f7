"""What tells a pool from another: whether its rows are those that a round was planned on,
or which are not.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shortlist.loop.pool.disk_array import DiskArray
    from shortlist.loop.pool.rows import LoopPool

BESIDE = "beside"
"""In a fingerprint: by what it is, a hash of each column of groups and of weights.
Loops that began before have none.
"""
BLOCKS = 64
PIECE = 1 << 18


def fingerprint_of(
    columns: Sequence[str], rows: int, ids: DiskArray, contents: DiskArray, beside: Mapping[str, str]
) -> dict[str, Any]:
    """Return schema, rows, size of what was hashed, a hash of all ids,
    and a hash of each of 64 blocks of rows.

    `beside` are hashes of columns that no model sees.
    """
    return {
        "schema": list(columns),
        "rows": rows,
        "size": rows * (ids.dtype.itemsize + contents.dtype.itemsize),
        "ids": _hashed(0, rows, ids),
        "blocks": _blocks(rows, ids, contents),
        BESIDE: dict(beside),
    }


def appended(old: Mapping[str, Any], pool: LoopPool) -> int:
    """Return how many rows a pool has beyond those that it had."""
    return max(0, pool.rows - int(old["rows"]))


def column_hash(array: DiskArray, rows: int, labels: Sequence[str]) -> str:
    """Return a hash of the first rows of a column, whose values may be numbers of labels."""
    digest = hashlib.blake2b(json.dumps(list(labels)).encode(), digest_size=16)
    for start in range(0, rows, PIECE):
        digest.update(array.read(start, min(rows, start + PIECE)).tobytes())
    return digest.hexdigest()


def changed_beside(old: Mapping[str, Any], pool: LoopPool) -> list[str]:
    """Return which columns that no model sees have other values than those of a fingerprint,
    rows for rows.
    """
    rows = min(int(old["rows"]), pool.rows)
    now = pool.first(rows).beside
    return [name for name, then in (old.get(BESIDE) or {}).items() if now.get(name, then) != then]


def changed(old: Mapping[str, Any], pool: LoopPool) -> list[str]:
    """Return what is wrong with a pool, beside rows that were appended:
    which rows are not those of the fingerprint.
    """
    rows = int(old["rows"])
    missing = sorted(set(old["schema"]) - set(pool.columns))
    found = [f"the pool has no column {missing[0]!r} any more; restore it, or start a new loop"] if missing else []
    if pool.rows < rows:
        found.append(
            f"the pool has {pool.rows:,} rows, and had {rows:,}; restore those that are missing, or start a new loop"
        )
    bounds = _bounds(rows)
    for number, (low, high) in enumerate(itertools.pairwise(bounds)):
        if low == high:
            continue
        if high > pool.rows or old["blocks"][number] != _hashed(low, high, pool.hashes, pool.contents):
            last = min(high, pool.rows)
            where = f", from {pool.where(low)} on," if low < pool.rows else ""
            found.append(
                f"rows {low:,} to {high - 1:,}{where} are not those that the loop began with; restore them, or start a new loop"
                if low < last
                else f"rows {low:,} to {high - 1:,} are missing; restore them, or start a new loop"
            )
            break
    return found


def _blocks(rows: int, *arrays: DiskArray) -> list[str]:
    bounds = _bounds(rows)
    return [_hashed(low, high, *arrays) for low, high in itertools.pairwise(bounds)]


def _bounds(rows: int) -> list[int]:
    return [rows * block // BLOCKS for block in range(BLOCKS + 1)]


def _hashed(low: int, high: int, *arrays: DiskArray) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        for start in range(low, high, PIECE):
            digest.update(array.read(start, min(high, start + PIECE)).astype("<u8").tobytes())
    return digest.hexdigest()


def fingerprint_hash(fingerprint: Mapping[str, Any]) -> str:
    """Return one word for a fingerprint."""
    text = "\x1f".join([*fingerprint["schema"], str(fingerprint["rows"]), fingerprint["ids"], *fingerprint["blocks"]])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
