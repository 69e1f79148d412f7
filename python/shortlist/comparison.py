"""The result of compare(): overlaps, rank correlations, class mix, near-duplicates, ties."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.tables import aligned

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
        Spearman's rank correlation of how informative each finds the rows of the pool; NaN where there is no score a row.
    classes : int
        Classes that most likely, or `labels`, give the rows of the pool.
    mix : dict of str: ndarray
        Share of each class among the picks of each strategy; under ``"pool"`` in the pool.
    near_duplicates : dict of str: float
        Share of picks that are nearly the same as a better one.
    duplicates_by : str
        What nearly the same means.
    ties_left : dict of str: int
        Rows with the score of the last pick that were left out: how much of a selection is chance, or row order.
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
        """Return `jaccard` or `rank_correlation` as text, the first line naming the columns."""
        cells = [["-" if math.isnan(v) else f"{v:.2f}" for v in row] for row in values]
        return [["", *self.names], *([name, *row] for name, row in zip(self.names, cells, strict=True))]

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
        """Draw overlap and rank correlation as two squares. Needs matplotlib: the extra `plot`."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11, 5), layout="constrained")
        for axes, values, title in zip(
            figure.subplots(1, 2),
            (self.jaccard, self.rank_correlation),
            ("Overlap of the picks (Jaccard)", "Rank correlation over the pool"),
            strict=True,
        ):
            axes.imshow(values, vmin=0, vmax=1, cmap="cividis")
            axes.set_xticks(range(len(self.names)), self.names, rotation=40, ha="right")
            axes.set_yticks(range(len(self.names)), self.names)
            axes.set_title(title)
            for (i, j), value in np.ndenumerate(values):
                text = "-" if math.isnan(value) else f"{value:.2f}"
                dark = math.isnan(value) or value > 0.6
                axes.text(j, i, text, ha="center", va="center", color="black" if dark else "white", fontsize=9)
        return figure

    def __repr__(self) -> str:
        return "\n".join(
            [
                aligned(self.rows()),
                f"near-duplicates: {self.duplicates_by}",
                "\noverlap of the picks (Jaccard)",
                aligned(self.matrix(self.jaccard)),
                "\nrank correlation over the pool (Spearman)",
                aligned(self.matrix(self.rank_correlation)),
                "",
                *self.findings(),
            ]
        )
