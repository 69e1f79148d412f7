"""The plot of a selection: where its scores lie, and where its rows lie among all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.figures import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from shortlist.selection import Selection

PICKED, OTHERS = "#D55E00", "#7a7a7a"  # apart for any colour vision (Okabe and Ito 2008)
SHOWN = 20_000
"""Rows at most that a map shows beside the picks: evenly spaced ones of larger pools."""


def draw(picks: Selection, scores: ArrayLike | None, embeddings: ArrayLike | None) -> Figure:
    """Draw the scores, and with embeddings a map beside them."""
    figure = Shown(figsize=(6.2 if embeddings is None else 11.5, 4.4), layout="constrained")
    axes = figure.subplots(1, 1 if embeddings is None else 2, squeeze=False)[0]
    if scores is None:
        _ranks(axes[0], picks)
    else:
        _histogram(axes[0], picks, _of_the_pool(picks, scores, "scores", 1).astype(np.float64))
    if embeddings is not None:
        _map(axes[1], picks, _of_the_pool(picks, embeddings, "embeddings", 2))
    return figure


def _of_the_pool(picks: Selection, values: ArrayLike, name: str, dimensions: int) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != dimensions or array.dtype.kind not in "fiub":
        wanted = "(rows,)" if dimensions == 1 else "(rows, features)"
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype}; accepted are numbers of shape {wanted}"
        )
    last = int(picks.indices.max()) if len(picks) else -1
    if last >= len(array):
        raise ValueError(
            f"{name} has {len(array)} rows, and row {last} was picked; accepted is one for each row of the pool"
        )
    return array


def _ranks(axes: Any, picks: Selection) -> None:
    axes.plot(
        np.arange(1, len(picks) + 1), picks.scores, color=PICKED, linewidth=1.8, marker="." if len(picks) < 50 else ""
    )
    axes.set(xlabel="rank", ylabel=picks.rule, title=f"Scores of the {len(picks):,} picks")
    axes.grid(alpha=0.25)


def _histogram(axes: Any, picks: Selection, scores: NDArray[np.float64]) -> None:
    scores = scores[np.isfinite(scores)]
    edges = np.histogram_bin_edges(scores, bins=60)
    axes.hist(scores, bins=edges, color=OTHERS, alpha=0.6, label=f"all {len(scores):,} rows")
    axes.hist(picks.scores, bins=edges, color=PICKED, label=f"{len(picks):,} picks")
    if picks.cut is not None:
        axes.axvline(picks.cut, color=PICKED, linewidth=1, linestyle="--", label=f"cut at {picks.cut:.4g}")
    axes.set(xlabel=picks.rule, ylabel="rows", yscale="log", title="Scores")
    axes.legend(framealpha=0.9)


def _map(axes: Any, picks: Selection, embeddings: NDArray[Any]) -> None:
    """Draw the two directions in which the rows shown vary most (Pearson 1901)."""
    shown = embeddings[:: max(1, -(-len(embeddings) // SHOWN))].astype(np.float64)
    middle = shown.mean(axis=0)
    directions = np.linalg.eigh((shown - middle).T @ (shown - middle))[1][:, ::-1][:, :2]
    if directions.shape[1] < 2:  # of one feature
        directions = np.pad(directions, ((0, 0), (0, 1)))
    picked = embeddings[picks.indices].astype(np.float64)
    look = {"s": 4, "color": OTHERS, "alpha": 0.35, "linewidths": 0, "rasterized": True}
    axes.scatter(*((shown - middle) @ directions).T, label=f"{len(shown):,} of {len(embeddings):,} rows", **look)
    axes.scatter(
        *((picked - middle) @ directions).T, s=28, color=PICKED, edgecolors="white", label=f"{len(picks):,} picks"
    )
    axes.set(title="Rows by their two main components", xticks=[], yticks=[])
    axes.legend(framealpha=0.9)
