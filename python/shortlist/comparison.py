"""The result of compare(): overlaps, rank correlations, class mix, near-duplicates, ties."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.tables import aligned, visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

ALIKE = 0.9
"""Overlap from which two strategies are said to pick nearly the same rows."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Picks of several strategies side by side.

    Attributes
    ----------
    names : tuple of str
        The strategies.
    picks : dict of str: ndarray of int64
        Ids picked by each, the most informative first.
    jaccard : ndarray, shape (strategies, strategies)
        Rows picked by both, divided by rows picked by either.
    rank_correlation : ndarray, shape (strategies, strategies)
        Spearman's rank correlation of how informative each finds the rows of the pool; NaN where
        there is no score a row.
    classes : int
        Classes that most likely, or `labels`, give the rows of the pool.
    mix : dict of str: ndarray
        Share of each class among the picks of each strategy; under ``"pool"`` in the pool.
    near_duplicates : dict of str: float
        Share of picks that are nearly the same as a better one.
    duplicates_by : str
        What nearly the same means.
    ties_left : dict of str: int
        Rows with the score of the last pick that were left out: how much of a selection is chance,
        or row order.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.6, 0.4]])
    >>> found = sl.compare(probs, ["margin", "gini"], k=2)
    >>> found.names, float(found.jaccard[0, 1])
    (('margin', 'gini'), 1.0)
    """

    names: tuple[str, ...]
    picks: dict[str, NDArray[np.int64]]
    jaccard: NDArray[np.float64]
    rank_correlation: NDArray[np.float64]
    classes: int
    mix: dict[str, NDArray[np.float64]]
    near_duplicates: dict[str, float]
    duplicates_by: str
    ties_left: dict[str, int]

    def findings(self) -> list[str]:
        """Return sentences on which strategies pick nearly the same rows."""
        found, seen = [], set[str]()
        for i, name in enumerate(self.names):
            alike = [other for j, other in enumerate(self.names) if j > i and self.jaccard[i, j] >= ALIKE]
            if alike and name not in seen:
                least = min(self.jaccard[i, self.names.index(other)] for other in alike)
                found.append(f"{', '.join([name, *alike])} pick nearly the same rows (overlap {least:.2f} or more)")
                seen.update(alike)
        return found or ["no two of these strategies pick nearly the same rows"]

    def rows(self) -> list[list[str]]:
        """Return one line a strategy as text, the first naming the columns."""
        head = ["strategy", "classes met", "commonest", "class mix off the pool's", "near-duplicates", "ties left"]
        body = []
        for name in self.names:
            mix = self.mix[name]
            off = float(np.abs(mix - self.mix["pool"]).sum() / 2)
            body.append(
                [
                    name,
                    f"{np.count_nonzero(mix)} of {self.classes}",
                    f"{mix.max():.0%}",
                    f"{off:.0%}",
                    f"{self.near_duplicates[name]:.0%}",
                    f"{self.ties_left[name]:,}" if name in self.ties_left else "-",
                ]
            )
        return [head, *body]

    def matrix(self, values: NDArray[np.float64]) -> list[list[str]]:
        """Return `jaccard` or `rank_correlation` as text.

        Parameters
        ----------
        values : ndarray, shape (strategies, strategies)

        Returns
        -------
        list of list of str
            The first line numbers the strategies; those without any value are left out.
        """
        there = self._with_values(values)
        head = ["", *(str(number) for number in range(1, len(there) + 1))]
        rows = [
            [f"{number} {self.names[i]}", *("-" if math.isnan(values[i, j]) else f"{values[i, j]:.2f}" for j in there)]
            for number, i in enumerate(there, 1)
        ]
        return [head, *rows]

    def _with_values(self, values: NDArray[np.float64]) -> list[int]:
        """Return the places of strategies that have any value in a matrix."""
        return [i for i in range(len(self.names)) if not np.isnan(values[i]).all()]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for json.dumps."""
        return {
            "names": list(self.names),
            "picks": {name: ids.tolist() for name, ids in self.picks.items()},
            "jaccard": self.jaccard.tolist(),
            "rank_correlation": [[None if math.isnan(v) else v for v in row] for row in self.rank_correlation.tolist()],
            "mix": {name: values.tolist() for name, values in self.mix.items()},
            "near_duplicates": self.near_duplicates,
            "duplicates_by": self.duplicates_by,
            "ties_left": self.ties_left,
        }

    def plot(self) -> Figure:
        """Draw overlap and, where there are scores, rank correlation as squares.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ModuleNotFoundError
            There is no matplotlib: the extra `plot`.
        """
        from shortlist.figures import Shown

        drawn = [("Overlap of the picks (Jaccard)", self.jaccard, self._with_values(self.jaccard))]
        if ranked := self._with_values(self.rank_correlation):
            drawn.append(("Rank correlation over the pool", self.rank_correlation, ranked))
        widths = [2.2 + 0.52 * max(4, len(there)) for *_, there in drawn]
        figure = Shown(figsize=(sum(widths), max(widths)), layout="constrained")
        places = figure.subplots(1, len(drawn), squeeze=False, width_ratios=widths)[0]
        for axes, (title, values, there) in zip(places, drawn, strict=True):
            names = [self.names[i] for i in there]
            shown = values[np.ix_(there, there)]
            axes.imshow(shown, vmin=0, vmax=1, cmap="cividis")
            axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
            axes.set_yticks(range(len(names)), names)
            axes.set_title(title)
            for (i, j), value in np.ndenumerate(shown):
                text = "-" if math.isnan(value) else f"{value:.2f}"
                dark = math.isnan(value) or value > 0.6
                axes.text(j, i, text, ha="center", va="center", color="black" if dark else "white", fontsize=8)
        return figure

    def __repr__(self) -> str:
        return "\n".join(
            [
                aligned(self.rows()),
                visible(f"near-duplicates: {self.duplicates_by}"),
                "\noverlap of the picks (Jaccard)",
                aligned(self.matrix(self.jaccard)),
                "\nrank correlation over the pool (Spearman)",
                aligned(self.matrix(self.rank_correlation)),
                "",
                *map(visible, self.findings()),
            ]
        )
