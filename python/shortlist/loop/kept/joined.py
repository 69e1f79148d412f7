"""What several workers have brought back, as one."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.kept.answers import floor_of
from shortlist.loop.training.trained import write_npy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.kept.part import Part
    from shortlist.loop.kept.wanted import Best, Wanted
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.selection import Selection


@dataclass(frozen=True, eq=False)
class Kept:
    """What came back.

    Attributes
    ----------
    file : Path
        A ``.npy`` file of float32: what the model says of the rows.
    places : ndarray of int64 or None
        Their places, ascending; None where they are all.
    about : dict
        Plain values: ``rows`` scored, ``ties``, ``cuts``, ``uncertainty`` by column and group, and
        ``all`` with the reason why all answers came back, ``asked`` with how many rows the model
        was asked about, and ``screen`` with the bounds that have left out the others.
    warned : list of str
        What workers were warned of.
    """

    file: Path
    places: NDArray[np.int64] | None
    about: dict[str, Any]
    warned: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What came back, as a line of a log."""
        rows = self.about["rows"]
        if self.places is None:
            return f"the answers for all {rows:,} rows came back, as {self.about['all']}"
        asked = self.about["asked"]
        if asked < rows:
            return (
                f"the model was asked about {asked:,} of {rows:,} rows, as {self.about['screen']} bounds rule the others "
                f"out; {len(self.places):,} answers are kept"
            )
        return f"the answers for {len(self.places):,} of {rows:,} rows came back, with states of the best ones"


def joined(parts: Sequence[Part], wanted: Wanted, pool: LoopPool, rows: int, out: Path) -> Kept:
    """Join the parts of a pool, whatever the cluster has cut it into:
    the result is the same for all ways.

    Parameters
    ----------
    parts : sequence of Part
        In any order.
    wanted : Wanted
        What was to come back.
    pool : LoopPool
        For the names of groups.
    rows : int
        How many rows were to be scored.
    out : Path
        A ``.npy`` file to write the answers to.

    Raises
    ------
    LoopError
        Rows that no part has, or two.
    """
    parts = sorted(parts, key=lambda part: part.start)
    ends = [0, *(part.stop for part in parts)]
    if [part.start for part in parts] != ends[:-1] or ends[-1] != rows:
        raise LoopError(f"workers have scored {ends[-1]:,} rows of {rows:,}; accepted is each row once")
    about: dict[str, Any] = {"rows": rows, "uncertainty": _means(parts, pool), "all": wanted.everything}
    about |= {"asked": sum(part.asked for part in parts), "screen": max(part.screen for part in parts)}
    warned = sorted({line for part in parts for line in part.warned})
    classes = parts[0].answers.shape[1]
    if wanted.everything:
        write_npy(out, (rows, classes), (part.answers for part in parts))
        return Kept(out, None, about, warned)
    cuts: dict[str, dict[str, Any]] = {}
    found = [wanted.named]
    for best in wanted.best:
        state = copy.copy(parts[0].states[best.name])
        for part in parts[1:]:
            state.merge(part.states[best.name])
        picks = state.finish()
        found.append(picks.indices)
        cuts |= _cuts(best, picks, pool)
    places = np.unique(np.concatenate(found))
    kept = [part.answers[np.isin(part.places, places)] for part in parts]
    if sum(map(len, kept)) != len(places):
        raise LoopError(
            f"workers have brought {sum(map(len, kept)):,} answers; accepted are the {len(places):,} wanted"
        )
    write_npy(out, (len(places), classes), kept)
    return Kept(out, places, {**about, "ties": wanted.ties, "cuts": cuts}, warned)


def _cuts(best: Best, picks: Selection, pool: LoopPool) -> dict[str, dict[str, Any]]:
    """Return how far the rows reach, as `Cut` has it:
    where all were kept that there are, nothing was cut off.
    """
    if best.column is None or best.quotas is None:
        last = None if len(picks) < best.k else -1
        return {best.name: _cut(picks, last)}
    codes, labels = pool.group(best.column)
    of = codes[picks.indices]
    found = {}
    for code, quota in best.quotas.items():
        mine = np.flatnonzero(of == code)
        last = None if len(mine) < quota else int(mine[-1])
        found[floor_of(best.column, labels[code])] = _cut(picks, last)
    return found


def _cut(picks: Selection, last: int | None) -> dict[str, Any]:
    if last is None:
        return {"measure": picks.measure}
    return {"measure": picks.measure, "row": int(picks.indices[last]), "score": float(picks.scores[last])}


def _means(parts: Sequence[Part], pool: LoopPool) -> dict[str, dict[str, float]]:
    """Return the mean uncertainty of each group."""
    found: dict[str, dict[str, float]] = {}
    for column in parts[0].uncertainty:
        sums, counts = (np.sum([part.uncertainty[column][which] for part in parts], axis=0) for which in (0, 1))
        names: Mapping[int, str] = dict(enumerate(pool.group(column)[1]))
        found[column] = {names[code]: float(sums[code] / counts[code]) for code in np.flatnonzero(counts).tolist()}
    return found
