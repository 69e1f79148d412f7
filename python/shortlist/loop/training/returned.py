"""Answers that came back from elsewhere: of this job, for this pool, in the order of the classes, and probabilities."""

from __future__ import annotations

import json
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
    """Check what a job left in ``out/``, and write it in the order of the pool to ``answers.npy``.

    Raises
    ------
    LoopError
        Answers of another job or pool, other classes, a row that is missing or twice, numbers that are no probabilities.
    """
    done = finished(folder)
    for key in ECHOED:
        if key in done and done[key] != job.get(key):
            raise LoopError(
                f"out/done.json has {key} {done[key]!r}, and job.json {job.get(key)!r}; accepted are the answers of this job"
            )
    path = folder / "answers.npy"
    shape = (pool.rows, len(spec.classes))
    arrays = folder / "out" / "probs.npy"
    tables = folder / "out" / "probs.parquet"
    if arrays.exists():
        write_npy(path, shape, _of_array(spec, pool, arrays))
    elif tables.exists():
        _of_table(spec, pool, tables, path)
    else:
        raise LoopError("the job left neither out/probs.npy nor out/probs.parquet; accepted is one of them")
    return path


def finished(folder: Path) -> dict[str, Any]:
    """Return what ``out/done.json`` says, which may be nothing."""
    text = (folder / "out" / "done.json").read_text(encoding="utf-8").strip()
    try:
        said = json.loads(text) if text else {}
    except ValueError:
        raise LoopError("out/done.json is not JSON; accepted is an object, which may be empty") from None
    if not isinstance(said, dict):
        raise LoopError(f"out/done.json is a {type(said).__name__}; accepted is an object, which may be empty")
    return said


def _of_array(spec: Spec, pool: LoopPool, path: Path) -> Iterator[NDArray[np.float32]]:
    try:
        file = NpyFile(path)
    except (ValueError, OSError) as error:
        raise LoopError(f"out/probs.npy cannot be read ({one_line(error)})") from None
    expected = (pool.rows, len(spec.classes))
    if file.shape != expected:
        raise LoopError(
            f"out/probs.npy has shape {file.shape}; accepted is {expected}, a row for each of the pool and a column for each of "
            f"{', '.join(spec.classes)}"
        )
    whole = Matrix(path, file.dtype, expected, file.offset) if not file.fortran else None
    for start in range(0, pool.rows, BLOCK):
        block = file.array[start : start + BLOCK] if whole is None else whole.read(start, start + BLOCK)
        yield _checked(spec, pool, block, np.arange(start, start + len(block)))


def _of_table(spec: Spec, pool: LoopPool, path: Path, out: Path) -> None:
    """Bring rows that are known by their ids into the order of the pool."""
    shape = (pool.rows, len(spec.classes))
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
            found[rows] = _checked(spec, pool, block, rows)
        found.flush()
    if not seen.all():
        missing = pool.id_of(np.array([int(np.argmin(seen))]))[0]
        raise LoopError(
            f"out/probs.parquet lacks {int((~seen).sum()):,} of {pool.rows:,} rows, the first {missing!r}; accepted are all"
        )


def _checked(spec: Spec, pool: LoopPool, block: Any, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return checked(
        block,
        len(rows),
        spec.classes,
        lambda row: pool.id_of(rows[row : row + 1])[0],
        logits=spec.model.returns == "logits",
    )
