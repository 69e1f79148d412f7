"""A loop that is open: what every call on it goes by."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.auditing.evidence import Evidence
from shortlist.loop.ground import CACHE, Ground
from shortlist.loop.progress import due
from shortlist.loop.rounds import out_of
from shortlist.loop.store import Store
from shortlist.loop.store.summary import Summary, summary

if TYPE_CHECKING:
    import os
    from types import TracebackType
    from typing import Self

    from shortlist.arguments import Progress
    from shortlist.loop.progress import Due
    from shortlist.loop.spec import Spec

SPEC = "loop.toml"


class OpenLoop:
    """A loop's folder with its database open; see `Loop` for the parameters."""

    def __init__(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        pool: Any = None,
        progress: Progress | None = None,
        copied: bool = False,
    ) -> None:
        place = Path(folder)
        self.folder = place.parent if place.name == SPEC else place
        self._store = Store.open(self.folder, copied=copied)
        self._progress = progress
        self._frame = pool

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database. Nothing is lost without."""
        self._store.close()

    @property
    def spec(self) -> Spec:
        """The specification in force."""
        return self._ground.spec

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self._store.spec, self.folder / CACHE, self._store, self._progress, self._frame)

    def _said(self) -> Summary:
        return summary(self._store, self.spec)

    def _evidence(self) -> Evidence:
        return Evidence(self._store, self._ground, self._said())

    def _due(self, said: Summary) -> Due:
        rounds = self._store.rounds()
        out = out_of(self._store, rounds[-1].number if rounds else 0)
        return due(self._store, self._ground, said, out)
