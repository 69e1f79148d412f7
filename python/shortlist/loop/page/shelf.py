"""The rows of the pool as people see them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shortlist.loop.page.reading import Reader
from shortlist.loop.page.showing import fields_of, picture_of, shown_of
from shortlist.loop.said import answered, said_of

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.loop import Loop
    from shortlist.loop.page.showing import Kind
    from shortlist.loop.store import Pick

KEPT = 200
"""Rows that are kept as they were shown."""
KEPT_CHARACTERS = 100_000
"""A longer row is read again whenever somebody sees it."""


class Shown(NamedTuple):
    """A row as people see it: values and their kinds by name, and what the model says of it."""

    show: dict[str, Any]
    kinds: dict[str, Kind]
    model: dict[str, float] | None


class Shelf(Reader):
    """Rows to show.

    Parameters
    ----------
    folder : Path
        The loop's.
    models : bool
        Whether to say what the model thinks of a row.
    """

    def __init__(self, folder: Path, *, models: bool = False) -> None:
        super().__init__(folder)
        self._models = models
        self._kept: OrderedDict[str, Shown] = OrderedDict()

    async def show(self, pick: Pick, number: int) -> Shown:
        """Return a row as people see it, where `number` is the round that is out."""
        return await self._in_thread(lambda: self._show(pick, number))

    async def picture(self, pick: Pick, name: str, number: int) -> Path | None:
        """Return the file of a picture; None where there is none."""

        def find() -> Path | None:
            loop = self._opened(number)
            field = fields_of(loop.spec).get(name)
            if field is None:
                return None
            row = loop._ground.pool.show([pick.index])[0]
            return picture_of(row.get(name), loop.spec, field)

        return await self._in_thread(find)

    def _renewed(self) -> None:
        self._kept.clear()

    def _show(self, pick: Pick, number: int) -> Shown:
        loop = self._opened(number)
        kept = self._kept.get(pick.row)
        if kept is not None:
            return kept
        row = loop._ground.pool.show([pick.index])[0]
        values, kinds = shown_of(row, fields_of(loop.spec))
        shown = Shown(values, kinds, self._said(loop, pick) if self._models else None)
        if sum(len(value) for value in values.values() if isinstance(value, str)) < KEPT_CHARACTERS:
            self._kept[pick.row] = shown
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return shown

    def _said(self, loop: Loop, pick: Pick) -> dict[str, float] | None:
        models = loop._store.models()
        row = np.array([pick.index])
        if not models or not models[-1].probabilities or not answered(loop._store, models[-1], row).all():
            return None
        said = said_of(loop._store, models[-1], row)[0].astype(np.float64)
        if loop.spec.model.returns == "logits":
            said = np.exp(said - said.max())
            said /= said.sum()
        return {name: round(float(part), 4) for name, part in zip(loop.spec.classes, said, strict=False)}
