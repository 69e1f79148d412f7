"""Rows that a measure puts first among those whose answers were kept:
the same as among all, or a refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.kept.answers import STRATEGY, TooFewKeptError
from shortlist.selector import Selector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from shortlist.loop.kept.answers import Cut, KeptAnswers
    from shortlist.registry import Function
    from shortlist.selection import Selection


def best_of(
    kept: KeptAnswers,
    name: str,
    measure: str | Function,
    k: int,
    closed: NDArray[np.bool],
    ties: int,
    *,
    from_logits: bool = False,
    codes: NDArray[np.int32] | None = None,
    labels: list[str] | None = None,
    quotas: Mapping[int, int] | None = None,
) -> Selection:
    """Return the k best open rows of the pool, or with quotas so many of each group.

    Parameters
    ----------
    kept : KeptAnswers
        What is kept.
    name : str
        What for, see `shortlist.loop.kept.answers`.
    measure : str or callable
        What the rows are ordered by; a callable has an attribute `order`.
    k : int
        How many.
    closed : ndarray of bool, shape (rows of the pool,)
        Rows that may not be picked. All but those that were closed when rows were kept.
    ties : int
        The seed by which rows of the same score are ordered.
    from_logits : bool
        Whether the answers are logits.
    codes, labels, quotas
        The group of each row of the pool, the names of the groups, and how many rows each of them
        gets.

    Raises
    ------
    TooFewKeptError
        A row that was not kept may come before one of these.
    """
    how: dict[str, Any] = {"from_logits": True} if from_logits else {}
    if not isinstance(measure, str):
        how["order"] = measure.order  # type: ignore[attr-defined]
    state = Selector(
        measure, k, ties="random", random_state=ties, strict=False, quotas=dict(quotas) if quotas else None, **how
    )
    groups = None if codes is None else codes[kept.places]
    if len(kept.places):
        state.update(kept.array, ids=kept.places, exclude=closed[kept.places], groups=groups)
    picks = state.finish()
    reach = _Reach(kept, state.measure, state.order, ties)
    if quotas is None or codes is None or labels is None:
        reach.check(picks, k, name)
        return picks
    of = codes[picks.indices]
    strategy = kept.cuts.get(STRATEGY)
    if all(int((of == code).sum()) == quota for code, quota in quotas.items()):
        for code in quotas:
            mine = np.flatnonzero(of == code)
            column = kept.cuts.get(f"{name}={labels[code]}")
            last = int(picks.indices[mine[-1]]), float(picks.scores[mine[-1]])
            if not reach.holds(*last, strategy) and not reach.holds(*last, column):
                raise reach.error(name)
        return picks
    # Groups that are too small leave their places to the best of all: none may be missing there,
    # nor in such a group.
    for code, quota in quotas.items():
        short = int((of == code).sum()) < quota
        if short and not reach.has_all(f"{name}={labels[code]}"):
            raise reach.error(name)
    reach.check(picks, k, STRATEGY)
    return picks


class _Reach:
    """Whether rows lie before a cut in the order of a measure."""

    def __init__(self, kept: KeptAnswers, measure: str, order: str, ties: int) -> None:
        self._kept, self._measure, self._order, self._ties = kept, measure, order, ties

    def check(self, picks: Selection, k: int, name: str) -> None:
        """Raise where picks, best first, may lack a row that was not kept."""
        if self.has_all(name):
            return
        cut = self._kept.cuts.get(name)
        if len(picks) < k or (k and not self.holds(int(picks.indices[-1]), float(picks.scores[-1]), cut)):
            raise self.error(name)

    def has_all(self, name: str) -> bool:
        """Whether no row was left out."""
        cut = self._kept.cuts.get(name)
        return cut is not None and cut.measure == self._measure and cut.row is None

    def holds(self, row: int, score: float, cut: Cut | None) -> bool:
        """Whether a row comes before the last one that was kept, or is that one."""
        if cut is None or cut.measure != self._measure:
            return False
        if cut.row is None:
            return True
        if score != cut.score:
            return score > cut.score if self._order == "highest" else score < cut.score
        # Equal scores were cut in the order of another round's seed, which says nothing of this
        # one.
        return self._ties == self._kept.ties and (row == cut.row or self._before(row, cut.row))

    def _before(self, row: int, other: int) -> bool:
        """Whether of two rows with the same score one comes first."""
        first = Selector(_alike, 1, order="highest", ties="random", random_state=self._ties)
        first.update(np.zeros((2, 1), np.float32), ids=np.array([row, other]))
        return int(first.finish().indices[0]) == row

    def error(self, name: str) -> TooFewKeptError:
        """Return what says that the kept rows don't reach far enough."""
        kept = len(self._kept.places)
        return TooFewKeptError(
            f"the {kept:,} rows of {self._kept.rows:,} whose answers came back don't reach far enough for {name}"
        )


def _alike(block: NDArray[Any]) -> NDArray[Any]:
    return block[:, 0]
