"""Labels that were there before the loop: of rows of the pool,
or of others that bring what a model sees of them.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.pool.build import id_texts
from shortlist.loop.pool.tables import open_table
from shortlist.loop.store.spelling import Spelling
from shortlist.loop.training.exported import is_export, table_of_export

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.loop.pool.contents import Raw
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.pool.tables import Table
    from shortlist.loop.spec.model import Spec

LABEL = "label"


@dataclass(frozen=True, eq=False)
class Extra:
    """Labelled rows that are not in the pool, to train on beside those that are.

    Attributes
    ----------
    ids, labels : list of str
        Their names and their labels.
    raw : list of str, array, or dict of arrays
        What a model sees of them, of the pool's kind.
    """

    ids: list[str]
    labels: list[str]
    raw: Raw


@dataclass(frozen=True, eq=False)
class Imported:
    """What a file of labels holds.

    Attributes
    ----------
    known : dict of str: str
        Labels of rows of the pool, by id.
    extra : Extra or None
        The other rows, where the file has the columns that a model sees.
    lost : list of str
        The other rows, where it has not: nothing can be trained on them.
    """

    known: dict[str, str]
    extra: Extra | None
    lost: list[str]


def read_labels(spec: Spec, pool: LoopPool, path: str) -> Imported:
    """Read a file of labels: a table, or the export of an annotation tool.

    A table (CSV, JSON Lines, Parquet or Arrow) has the pool's column of ids, or ``id``, and
    ``label``. An export is read as `shortlist.labels.read` does; of several people the most decide.

    Raises
    ------
    LoopError
        A column that is missing, a label that is no class, an id that two rows of a table have.
    """
    with tempfile.TemporaryDirectory(prefix="shortlist-labels-") as folder:
        file = spec.folder / path
        where = str(table_of_export(spec, file, Path(folder))) if is_export(spec, file) else path
        table = open_table(spec.pool, spec.folder, Path(folder), path=where)
        own = next((name for name in (spec.pool.id, "id") if name in table.columns), None)
        if own is None or LABEL not in table.columns:
            lacking = LABEL if own is not None else spec.pool.id or "id"
            raise LoopError(f"{path} has no column {lacking!r}; accepted is a file of ids and labels")
        ids: list[str] = []
        labels: list[str] = []
        rows: list[int] = []
        spelling = Spelling(spec.classes)
        for start, block in table.blocks([own, LABEL]):
            names = id_texts(block[own], table, start)
            for row, (name, value) in enumerate(zip(names, block[LABEL], strict=True), start):
                label = _label(value, spelling, table, row)
                if label is not None:
                    ids.append(name)
                    labels.append(label)
                    rows.append(row)
        if len(set(ids)) < len(ids):
            seen: set[str] = set()
            twice = next(own for own in ids if own in seen or seen.add(own))  # type: ignore[func-returns-value]
            raise LoopError(f"{path} has the id {twice!r} twice; accepted is each id once")
        places = pool.index_of(ids)
        known = {ids[row]: labels[row] for row in np.flatnonzero(places >= 0).tolist()}
        others = np.flatnonzero(places < 0)
        lost = [ids[row] for row in others.tolist()]
        if not len(others) or not pool.can_read(table):
            return Imported(known, None, lost)
        raw = pool.raw_of(table, np.array(rows, dtype=np.int64)[others])
        return Imported(known, Extra(lost, [labels[row] for row in others.tolist()], raw), [])


def joined(raw: Raw, more: Raw) -> Raw:
    """Return rows and more rows of the same kind."""
    if isinstance(raw, list) and isinstance(more, list):
        return [*raw, *more]
    if isinstance(raw, dict) and isinstance(more, dict):
        return {name: np.concatenate([values, more[name]]) for name, values in raw.items()}
    first: NDArray[Any] = np.asarray(raw)
    return np.concatenate([first, np.asarray(more, dtype=first.dtype)])


def _label(value: Any, spelling: Spelling, table: Table, row: int) -> str | None:
    """Return a label as the specification spells it;
    None where there is none, or none of the classes.
    """
    try:
        said = spelling.read(value)
    except ValueError as error:
        raise LoopError(f"{table.where(row)}: {error}") from None
    return None if said is None else said[1]
