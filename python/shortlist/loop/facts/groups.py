"""Whether groups of the pool get their share, and how well they are served."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.facts.intervals import FEW, Share, rows_for_margin, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

PIECE = 1 << 20
"""Rows that are counted at once, so that a pool of millions takes no memory beside its codes."""


@dataclass(frozen=True)
class Group:
    """One line of an audit.

    Attributes
    ----------
    column, name : str
    pool, picked, labelled, skipped : Share
        Share of the rows of the pool that are of this group; of the rows picked; of the rows
        labelled; and the share of this group's rows that people were asked about and skipped.
    p : float or None
        How likely so uneven picking would be if rows were picked in proportion, before and
        (`p_holm`) after Holm's adjustment for the number of groups tested; None for groups of fewer
        than 20 rows.
    p_holm : float or None
    uncertainty : float or None
        Mean over the group's rows of what was given as uncertainty.
    accuracy : Share or None
        On validation rows of the group.
    rows_needed : int or None
        Validation rows that an interval of 5 points to each side takes.
    agreement : float or None
        Krippendorff's alpha on the group's rows, where it was given.
    trend : tuple of float
        The group's share of the picks, round by round; NaN for a round without picks.
    """

    column: str
    name: str
    pool: Share
    picked: Share
    labelled: Share
    skipped: Share
    p: float | None
    p_holm: float | None
    uncertainty: float | None
    accuracy: Share | None
    rows_needed: int | None
    agreement: float | None
    trend: tuple[float, ...]

    @property
    def said(self) -> str:
        """As ``"language=pt: 11.0% of the pool, 5.4% of 315 picked rows (p = 0.001);
        accuracy 0.71 (0.53 to 0.84) on 31"``.
        """
        start = f"{self.column}={self.name}: {self.pool.value:.1%} of the pool"
        if self.p_holm is None:
            return f"{start}; {round(self.pool.value * self.pool.rows):,} rows, too few to say"
        size = "p < 0.001" if self.p_holm < 0.001 else f"p = {self.p_holm:.3f}"
        text = f"{start}, {self.picked.value:.1%} of {self.picked.rows:,} picked rows ({size})"
        if self.accuracy is None or not self.accuracy.rows:
            return text
        if self.accuracy.rows < FEW:
            return f"{text}; accuracy: {self.accuracy.said}"
        a = self.accuracy
        return f"{text}; accuracy {a.value:.2f} ({a.low:.2f} to {a.high:.2f}) on {a.rows:,}"

    @property
    def uneven(self) -> bool:
        """Whether the group is picked more or less often than its share, beyond chance (5%)."""
        return self.p_holm is not None and self.p_holm < 0.05


def audit(
    columns: Mapping[str, tuple[ArrayLike, Sequence[str]]],
    picked: ArrayLike,
    labelled: ArrayLike,
    *,
    skipped: ArrayLike = (),
    asked: ArrayLike | None = None,
    rounds: Sequence[ArrayLike] = (),
    uncertainty: ArrayLike | None = None,
    validated: ArrayLike = (),
    right: ArrayLike = (),
    agreement: Mapping[tuple[str, str], float | None] | None = None,
) -> list[Group]:
    """Return a line for each group of each column: those picked most unevenly first.

    Parameters
    ----------
    columns : mapping of str to (codes, names)
        For each column the number of each pool row's group, -1 for none, and the groups' names.
    picked, labelled, skipped : array-like of int
        Places in the pool, each at most once. For the test, `picked` should be what the strategy
        picked: rows drawn at random belong to every group in proportion.
    asked : array-like of int, optional
        Rows that people were asked about, of which `skipped` are a part; by default those picked.
    rounds : sequence of array-like of int
        Places picked in each round, for the trend.
    uncertainty : array-like of shape (rows,), optional
        Of each row of the pool; NaN is passed over.
    validated, right : array-like of int and of bool
        Validation rows, and whether the model is right on each.
    agreement : mapping of (column, group) to float, optional
        Krippendorff's alpha of each group's rows.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.repeat([0, 1], [900, 100])
    >>> columns = {"language": (codes, ["en", "pt"])}
    >>> lines = audit(columns, picked=np.arange(300), labelled=np.arange(200))
    >>> lines[0].said
    'language=en: 90.0% of the pool, 100.0% of 300 picked rows (p < 0.001)'
    """
    lines = []
    for column, (codes, names) in columns.items():
        lines += _column(
            column, np.asarray(codes), list(names), _places(picked), _places(labelled), _places(skipped),
            _places(picked if asked is None else asked),
            [_places(r) for r in rounds], uncertainty, _places(validated), np.asarray(right, dtype=np.bool), agreement or {},
        )  # fmt: skip
    return sorted(
        _adjusted(lines), key=lambda g: (2.0 if g.p_holm is None else g.p_holm, g.column, -g.pool.value, g.name)
    )


def floor_rows(share: float, floor: float, rows: int) -> int:
    """Return how many of a round's rows a group of this share of the pool gets at least."""
    return math.floor(share * floor * rows + 1e-9)


def uneven_picking(pool_rows: int, group_rows: int, picked: int, of_group: int) -> float:
    """Return how likely a share of the picks so far from the group's share of the pool is:
    twice the smaller tail.

    Picks in proportion follow the hypergeometric distribution.
    """
    from scipy.stats import hypergeom

    below = hypergeom.cdf(of_group, pool_rows, group_rows, picked)
    above = hypergeom.sf(of_group - 1, pool_rows, group_rows, picked)
    return float(min(1.0, 2 * min(below, above)))


def _column(
    column: str,
    codes: NDArray[Any],
    names: list[str],
    picked: NDArray[np.int64],
    labelled: NDArray[np.int64],
    skipped: NDArray[np.int64],
    asked: NDArray[np.int64],
    rounds: list[NDArray[np.int64]],
    uncertainty: ArrayLike | None,
    validated: NDArray[np.int64],
    right: NDArray[np.bool],
    agreement: Mapping[tuple[str, str], float | None],
) -> list[Group]:
    if len(validated) != len(right):
        raise ValueError(f"validated has {len(validated)} rows and right {len(right)}; accepted is one each")

    def count(places: NDArray[np.int64] | None) -> NDArray[np.int64]:
        found = codes if places is None else codes[places]
        total = np.zeros(len(names) + 1, np.int64)
        for start in range(0, len(found), PIECE):
            # One more for the rows without a group, which come first.
            total += np.bincount(found[start : start + PIECE] + 1, minlength=len(names) + 1)
        return total[1:]

    in_pool, in_picked, in_labelled, in_skipped, in_asked = (count(p) for p in (None, picked, labelled, skipped, asked))
    by_round = [count(r) for r in rounds]
    tried, correct = count(validated), count(validated[right])
    means = None if uncertainty is None else _means(np.asarray(uncertainty, np.float64), codes, len(names))
    lines = []
    for i, name in enumerate(names):
        few = in_pool[i] < FEW or not len(picked)
        accuracy = _share(correct[i], tried[i]) if len(validated) else None
        lines.append(
            Group(
                column, name,
                _share(in_pool[i], len(codes)),
                _share(in_picked[i], len(picked)),
                _share(in_labelled[i], len(labelled)),
                _share(min(in_skipped[i], in_asked[i]), in_asked[i]),
                None if few else uneven_picking(len(codes), int(in_pool[i]), len(picked), int(in_picked[i])),
                None,
                None if means is None or math.isnan(means[i]) else float(means[i]),
                accuracy,
                # Before anything is known, as many as the widest interval takes.
                rows_for_margin(accuracy.value if accuracy and accuracy.rows >= FEW else 0.5) if accuracy else None,
                agreement.get((column, name)),
                tuple(float(c[i] / len(r)) if len(r) else math.nan for c, r in zip(by_round, rounds, strict=True)),
            )
        )  # fmt: skip
    return lines


def _adjusted(lines: list[Group]) -> list[Group]:
    """Set Holm's p over all that were tested."""
    from dataclasses import replace

    from shortlist.simulation.statistics import holm

    adjusted = iter(holm([line.p for line in lines if line.p is not None]))
    return [line if line.p is None else replace(line, p_holm=next(adjusted)) for line in lines]


def _means(values: NDArray[np.float64], codes: NDArray[Any], groups: int) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    sums = np.bincount(codes[known] + 1, weights=values[known], minlength=groups + 1)[1:]
    counts = np.bincount(codes[known] + 1, minlength=groups + 1)[1:]
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(groups, math.nan), where=counts > 0)
    return means


def _share(k: Any, n: Any) -> Share:
    return Share(float(k / n) if n else math.nan, *wilson(int(k), int(n)), int(n))


def _places(values: ArrayLike) -> NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64).reshape(-1)
