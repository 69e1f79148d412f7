"""Answers that came back from elsewhere: of this job, for this pool,
in the order of the classes, and probabilities.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.tables.vectors import Matrix
from shortlist.loop.training.checking import checked
from shortlist.loop.training.trained import write_npy
from shortlist.npy import NpyFile
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec

BLOCK = 1 << 16
ECHOED = ("token", "fingerprint", "classes")
"""What ``done.json`` may repeat of ``job.json``; where it does it must be the same."""


def read_answers(spec: Spec, pool: LoopPool, folder: Path, job: Mapping[str, Any]) -> Path:
    """Check what a job left in ``out/``, and write it in the order of the pool
    to a file beside it, of which others that do the same at the same time know nothing.

    Rows that were appended to the pool while the job ran may be among its answers.

    Raises
    ------
    LoopError
        Answers of another job or pool, other classes, a row that is missing or twice, numbers that
        are no probabilities.
    """
    done = finished(folder)
    for key in ECHOED:
        if key in done and done[key] != job.get(key):
            raise LoopError(
                f"out/done.json has {key} {done[key]!r}, and job.json {job.get(key)!r}; accepted are the answers of this job"
            )
    path = folder / f"answers-{secrets.token_hex(8)}.npy"
    least = int(job["pool"]["rows"])
    arrays = folder / "out" / "probs.npy"
    tables = folder / "out" / "probs.parquet"
    if arrays.exists():
        file = _array(spec, pool, arrays, least)
        write_npy(path, file.shape, _of_array(spec, pool, file))
    elif tables.exists():
        _of_table(spec, pool, tables, path, least)
    else:
        raise LoopError("the job left neither out/probs.npy nor out/probs.parquet; accepted is one of them")
    return path


def finished(folder: Path) -> dict[str, Any]:
    """Return what ``out/done.json`` says, which may be nothing."""
    path = folder / "out" / "done.json"
    text = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    try:
        said = json.loads(text) if text else {}
    except ValueError:
        raise LoopError("out/done.json is not JSON; accepted is an object, which may be empty") from None
    if not isinstance(said, dict):
        raise LoopError(f"out/done.json is a {type(said).__name__}; accepted is an object, which may be empty")
    return said


def _array(spec: Spec, pool: LoopPool, path: Path, least: int) -> NpyFile:
    try:
        file = NpyFile(path)
    except (ValueError, OSError) as error:
        raise LoopError(f"out/probs.npy cannot be read ({one_line(error)})") from None
    shape = file.shape
    if len(shape) != 2 or shape[1] != len(spec.classes) or not least <= shape[0] <= pool.rows:
        raise LoopError(
            f"out/probs.npy has shape {shape}; accepted is {(least, len(spec.classes))}, a row for each of the pool and a "
            f"column for each of {', '.join(spec.classes)}"
        )
    return file


def _of_array(spec: Spec, pool: LoopPool, file: NpyFile) -> Iterator[NDArray[np.float32]]:
    rows, classes = file.shape
    whole = Matrix(file.path, file.dtype, (rows, classes), file.offset) if not file.fortran else None
    for start in range(0, rows, BLOCK):
        block = file.array[start : start + BLOCK] if whole is None else whole.read(start, min(start + BLOCK, rows))
        yield _checked(spec, pool, block, np.arange(start, start + len(block)))


def _of_table(spec: Spec, pool: LoopPool, path: Path, out: Path, least: int) -> None:
    """Bring rows that are known by their ids into the order of the pool."""
    with need("pyarrow.parquet", "arrow", "out/probs.parquet").ParquetFile(path) as file:
        names = file.schema_arrow.names
        lacking = [name for name in ("row_id", *spec.classes) if name not in names]
        if lacking:
            raise LoopError(
                f"out/probs.parquet has no column {lacking[0]!r}; accepted are row_id and a column for each class"
            )
        odd = sorted(set(names) - {"row_id", *spec.classes})
        if odd:
            raise LoopError(f"out/probs.parquet has the column {odd[0]!r}, which is no class of this loop")
        shape = (max(least, min(pool.rows, int(file.metadata.num_rows))), len(spec.classes))
        write_npy(
            out, shape, (np.full((min(BLOCK, shape[0] - s), shape[1]), np.nan) for s in range(0, shape[0], BLOCK))
        )
        found = np.lib.format.open_memmap(out, mode="r+")
        seen = np.zeros(pool.rows, dtype=np.bool)
        for batch in file.iter_batches(BLOCK):
            ids = list(map(str, batch.column("row_id").to_pylist()))
            rows = pool.index_of(ids)
            if (rows < 0).any():
                raise LoopError(
                    f"out/probs.parquet has row {ids[int((rows < 0).argmax())]!r}, which is not in the pool"
                )
            twice = seen[rows]
            twice[np.setdiff1d(np.arange(len(rows)), np.unique(rows, return_index=True)[1])] = True
            if twice.any():
                raise LoopError(f"out/probs.parquet has row {ids[int(twice.argmax())]!r} twice")
            seen[rows] = True
            block = np.stack([batch.column(name).to_numpy(zero_copy_only=False) for name in spec.classes], axis=1)
            # A row behind the last is one that lacks another before it, which is said below.
            inside = rows < shape[0]
            found[rows[inside]] = _checked(spec, pool, block, rows)[inside]
        found.flush()
    wanted = seen[: shape[0]]
    if not wanted.all():
        missing = pool.id_of(np.array([int(np.argmin(wanted))]))[0]
        raise LoopError(
            f"out/probs.parquet lacks {int((~wanted).sum()):,} of {shape[0]:,} rows, the first {missing!r}; accepted are all"
        )


def _checked(spec: Spec, pool: LoopPool, block: Any, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return checked(
        block,
        len(rows),
        spec.classes,
        lambda row: pool.id_of(rows[row : row + 1])[0],
        logits=spec.model.returns == "logits",
    )
