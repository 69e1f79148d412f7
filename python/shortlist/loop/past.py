"""The pool and the specification as they were when a round was planned, whatever has come since."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.ground import FEATURES, Ground
from shortlist.loop.pool import LoopPool, changed, open_pool
from shortlist.loop.pool.features import Features
from shortlist.loop.pool.tables.frames import check_frame

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.arguments import Progress
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store
    from shortlist.loop.store.versions import PoolVersion


class PastGround(Ground):
    """What a loop stood on: only the rows that the pool had then,
    and the features that were fitted to them.

    Parameters
    ----------
    spec : Spec
        The specification then.
    cache : Path
        A folder for what can be made again.
    store : Store
        The loop's.
    version : PoolVersion
        The pool then.
    progress : callable, optional
        Called with (rows done, rows in all) while the pool is read through for the first time.
    frame : frame, optional
        The rows, in place of the file that the specification names.
    """

    def __init__(
        self,
        spec: Spec,
        cache: Path,
        store: Store,
        version: PoolVersion,
        progress: Progress | None = None,
        frame: Any = None,
    ) -> None:
        super().__init__(spec, cache, store, progress, frame)
        self._version = version

    @cached_property
    def pool(self) -> LoopPool:
        """The pool, without the rows that were appended since.

        Raises
        ------
        LoopError
            Rows of then are missing or changed.
        """
        check_frame(self.spec, self._frame)
        now = open_pool(self.spec, cache=self.cache, frame=self._frame, progress=self._progress)
        wrong = changed(self._version.fingerprint, now)
        if wrong:
            raise LoopError(wrong[0])
        # A column of numbers may have got other values with new rows.
        columns = self._state.get("columns", ())
        return now.first(
            int(self._version.fingerprint["rows"]), {each["name"]: each["words"] is None for each in columns}
        )

    @cached_property
    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self._store.blob(self._version.fingerprint[FEATURES]).read_bytes())
        return state

    def _settled(self) -> tuple[str, Features]:
        return self._version.hash, Features(self._state, self.pool, self.spec.seed_number)
