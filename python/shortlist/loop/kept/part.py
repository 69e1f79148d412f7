"""What a worker brings back of the rows that it has scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.facts.uncertain import UNCERTAINTY, sums_by_group
from shortlist.loop.pool import stratum
from shortlist.npy import NpyFile
from shortlist.scoring import score
from shortlist.selector import Selector

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.kept.wanted import Best, Wanted
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec import Spec

Sums = dict[str, list[list[float]]]
"""By column of groups: the sum of the uncertainty in each group, and how many rows it has."""


@dataclass(frozen=True, eq=False)
class Part:
    """Rows that follow each other, scored.

    Attributes
    ----------
    start, stop : int
        The first row, and the one behind the last.
    states : dict of str to Selector
        The best rows by what they are wanted for.
    places : ndarray of int64
        Places of the rows whose answers are here, ascending.
    answers : ndarray of float32
        What the model says of these.
    uncertainty : dict
        Of all rows; see `Sums`.
    warned : list of str
        What was warned of.
    asked : int
        Rows that the model was asked about.
    screen : str
        The bounds that have left out the others; empty where there are none.
    """

    start: int
    stop: int
    states: dict[str, Selector]
    places: NDArray[np.int64]
    answers: NDArray[np.float32]
    uncertainty: Sums
    warned: list[str]
    asked: int
    screen: str = ""


def part_of(
    wanted: Wanted, spec: Spec, pool: LoopPool, rows: int, file: Path, start: int, warned: list[str], *, logits: bool
) -> Part:
    """Return what is wanted of the answers in a file.

    Parameters
    ----------
    wanted : Wanted
        What is to come back.
    spec, pool : Spec, LoopPool
        The specification, and the whole pool.
    rows : int
        How many rows of the pool are scored, from the first on.
    file : Path
        A ``.npy`` file of float32, (rows from `start` on, classes).
    start : int
        The first of them.
    warned : list of str
        What was warned of while they were scored.
    logits : bool
        Whether the answers are logits.
    """
    answers = NpyFile(file).array
    stop = start + len(answers)
    sums = _sums(spec, pool, file, start, stop, logits)
    if wanted.everything:
        return Part(start, stop, {}, np.arange(start, stop), np.array(answers), sums, warned, stop - start)
    apart = apart_from(spec, pool, rows)
    states = {}
    for best in wanted.best:
        groups = None if best.column is None else pool.group(best.column)[0][start:stop]
        state = state_of(best, wanted.ties, logits)
        states[best.name] = state.update(str(file), first_id=start, exclude=apart[start:stop], groups=groups)
    found = [wanted.named, *(state.finish().indices for state in states.values())]
    places = np.unique(np.concatenate(found))
    places = places[(places >= start) & (places < stop)]
    return Part(start, stop, states, places, np.array(answers[places - start]), sums, warned, stop - start)


def apart_from(spec: Spec, pool: LoopPool, rows: int) -> NDArray[np.bool]:
    """Return which of the first rows are never among the best: those of the stratum,
    and those that are like one before.
    """
    apart = stratum(pool, spec.seed_number, spec.validation.share, spec.validation.rows).mask[:rows].copy()
    apart[pool.first(rows).repeated[0]] = True
    return apart


def state_of(best: Best, ties: int, logits: bool) -> Selector:
    """Return a new state for the best rows of one kind."""
    how: dict[str, Any] = {} if isinstance(best.measure, str) else {"order": best.measure.order}
    if logits and isinstance(best.measure, str):
        how["from_logits"] = True
    quotas = None if best.quotas is None else dict(best.quotas)
    return Selector(best.measure, best.k, ties="random", random_state=ties, strict=False, quotas=quotas, **how)


def _sums(spec: Spec, pool: LoopPool, file: Path, start: int, stop: int, logits: bool) -> Sums:
    if not spec.pool.groups:
        return {}
    values = score(str(file), UNCERTAINTY, from_logits=logits, normalize="check" if logits else "renormalize")
    found = {}
    for column, (codes, names) in pool.groups.items():
        sums, counts = sums_by_group(values, codes[start:stop], len(names))
        found[column] = [sums.tolist(), counts.tolist()]
    return found
