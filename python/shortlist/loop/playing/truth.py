"""The known labels that a loop is played with: one for each row of the pool."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.labels.reading import answers_in
from shortlist.labels.values import plain_text
from shortlist.loop.errors import LoopError
from shortlist.loop.store.spelling import Spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.pool import LoopPool
    from shortlist.loop.spec import Spec

NONE = -1
"""Stands for "none of these"."""


def truth_of(labels: Any, spec: Spec, pool: LoopPool, encoding: str | None = None) -> NDArray[np.int32]:
    """Return for each row of the pool the place of its class, -1 for "none of these".

    Parameters
    ----------
    labels : path, or mapping of id to label
        A file of answers as ``ingest`` reads them. Rows that are not in the pool do no harm.
    spec : Spec
        Its classes.
    pool : LoopPool
        Its rows; each must have a label.
    encoding : str, optional
        Of a file of text.

    Raises
    ------
    LoopError
        Labels that can't be read, two for one row, or a row without one; the first is named.
    """
    spelling, places = Spelling(spec.classes), {name: place for place, name in enumerate(spec.classes)}
    known: dict[str, int] = {}
    for row, label, where in _records(labels, spec, encoding):
        try:
            said = spelling.read(label)
        except ValueError as error:
            raise LoopError(f"{where}: {error}") from None
        if said is None or said[0] == "skip":
            continue
        code = NONE if said[1] is None else places[said[1]]
        if known.setdefault(row, code) != code:
            raise LoopError(f"{where}: row {row!r} has another label before; accepted is one label for each row")
    codes = np.empty(pool.rows, dtype=np.int32)
    missing = list[int]()
    for start in range(0, pool.rows, _BLOCK):
        for place, row in enumerate(pool.ids(start, start + _BLOCK), start):
            found = known.get(row)
            if found is None:
                missing.append(place)
            else:
                codes[place] = found
    if missing:
        raise LoopError(
            f"labels have none for {len(missing):,} of the {pool.rows:,} rows of the pool, the first being row "
            f"{pool.id_of(missing[:1])[0]!r}; accepted is a label for each row, so that whatever is asked can be answered"
        )
    if not (codes >= 0).any() or len(np.unique(codes[codes >= 0])) < 2:
        raise LoopError("labels have one class in all rows of the pool; accepted are two or more")
    return codes


_BLOCK = 1 << 14


def _records(labels: Any, spec: Spec, encoding: str | None) -> Iterator[tuple[str, Any, str]]:
    if isinstance(labels, str | os.PathLike):
        names: Sequence[str] = ("id", spec.pool.id) if spec.pool.id else ("id",)
        items: Iterable[tuple[Any, Any, str]] = (
            (record.get("id"), record.get("label"), str(record["where"]))
            for record in answers_in(labels, names, encoding)
        )
    elif isinstance(labels, Mapping):
        items = ((row, label, f"row {row!r}") for row, label in labels.items())
    else:
        raise LoopError(f"labels are a {type(labels).__name__}; accepted are a path and a mapping of id to label")
    for own, label, where in items:
        row = plain_text(own)
        if row is None:
            raise LoopError(f"{where}: its id is {own!r}; accepted are text and whole numbers")
        yield row, label, where
