"""TF-IDF of a whole pool, kept in files, so that texts are taken apart
once and not for every model.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.pool.disk_array import DiskArray
from shortlist.loop.temporary import name_it, temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool

MOST_ROWS = 2_000_000
"""Rows of pools whose matrix is kept: it takes some 300 bytes of disk a row."""
FILES = {"data": np.dtype(np.float64), "indices": np.dtype(np.int32), "ends": np.dtype(np.int64)}


def matrices(features: Features, pool: LoopPool, size: int) -> Iterator[tuple[int, Any]]:
    """Yield features of all rows in blocks of at most `size`,
    with the place of the first row of each.
    """
    if pool.kind != "text" or pool.rows > MOST_ROWS:
        for start, raw in pool.blocks(size):
            yield start, features.transform(raw)
        return
    digest = hashlib.blake2b(json.dumps(features.state).encode(), digest_size=8).hexdigest()
    folder = pool.folder / f"words-{digest}"
    if folder.exists():
        yield from _read(folder, len(features.state["terms"]), size)
        return
    with temporary_folder(pool.folder) as work:
        end = 0
        with (
            (work / "data").open("wb") as data,
            (work / "indices").open("wb") as indices,
            (work / "ends").open("wb") as ends,
        ):
            for start, raw in pool.blocks(size):
                matrix = features.transform(raw)
                data.write(matrix.data.astype(np.float64, copy=False).data)
                indices.write(matrix.indices.astype(np.int32, copy=False).data)
                ends.write((matrix.indptr[1:].astype(np.int64) + end).data)
                end += matrix.nnz
                yield start, matrix
        name_it(work, folder)


def _read(folder: Path, columns: int, size: int) -> Iterator[tuple[int, Any]]:
    from scipy.sparse import csr_matrix

    data, indices, ends = (DiskArray(folder / name, dtype) for name, dtype in FILES.items())
    last = 0
    for start, piece in ends.pieces(size):
        stop = int(piece[-1])
        pointers = np.concatenate([[last], piece]) - last
        block = data.read(last, stop), indices.read(last, stop), pointers
        yield start, csr_matrix(block, shape=(len(piece), columns))
        last = stop
