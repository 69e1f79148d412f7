"""How good a model is, from rows that were chosen at random and never trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.facts.compare import multiplicities
from shortlist.loop.facts.intervals import Share, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

FEWEST = 60
"""Rows below which there is no estimate."""


@dataclass(frozen=True)
class Estimate:
    """The accuracy of a model with its 95% interval (Wilson's).

    Attributes
    ----------
    value, low, high : float
    rows : int
        Validation rows that were labelled, each set of exact duplicates once.
    per_class : mapping of str to Share
        Of the rows that people gave this class, the share that the model gave it too.
    precision : mapping of str to Share
        Of the rows that the model gave this class, the share that people gave it too.
    per_group : mapping of str to mapping of str to Share
        Accuracy by column of groups, and by group.
    classes : tuple of str
    confusion : tuple of tuple of float
        For each class that people gave (down) how many rows the model gave which (across);
        duplicates count.
    rejected : int
        Rows of which people said "none of these"; the model is wrong on each.
    """

    value: float
    low: float
    high: float
    rows: int
    per_class: Mapping[str, Share]
    precision: Mapping[str, Share]
    per_group: Mapping[str, Mapping[str, Share]]
    classes: tuple[str, ...]
    confusion: tuple[tuple[float, ...], ...]
    rejected: int = 0

    @property
    def said(self) -> str:
        """As ``"0.871 (0.827 to 0.905) on 286 validation rows"``."""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}) on {self.rows:,} validation rows"


def estimate(
    truth: Sequence[str | None],
    predicted: Sequence[str],
    weights: ArrayLike | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    classes: Sequence[str] | None = None,
) -> Estimate | None:
    """Estimate a model's accuracy, or return None below 60 rows.

    Parameters
    ----------
    truth, predicted : sequence of str
        What people and the model say of each row; None in `truth` where people said "none of
        these".
    weights : array-like, optional
        How many rows of the pool each stands for, as exact duplicates are asked once. The interval
        is then that of the effective number of rows (Kish 1965).
    groups : mapping of str to sequence of str, optional
        For each column of groups the group of each row.
    classes : sequence of str, optional
        All classes, in their order; by default those that occur, sorted.

    Examples
    --------
    >>> found = estimate(["a"] * 50 + ["b"] * 50, ["a"] * 45 + ["b"] * 55)
    >>> found.said
    '0.950 (0.888 to 0.978) on 100 validation rows'
    >>> found.per_class["a"].said
    '0.900 (0.786 to 0.957) on 50'
    """
    rows = len(truth)
    if len(predicted) != rows:
        raise ValueError(f"predicted has {len(predicted)} rows and truth {rows}; accepted are the same rows")
    w = multiplicities(weights, rows)
    names = tuple(sorted({*(t for t in truth if t is not None), *predicted}) if classes is None else classes)
    of_truth, of_model = _codes(truth, names, "truth"), _codes(predicted, names, "predicted")
    if (of_model < 0).any():
        raise ValueError(f"predicted of row {int(np.argmax(of_model < 0))} is None; accepted are {', '.join(names)}")
    for column, values in (groups or {}).items():
        if len(values) != rows:
            raise ValueError(
                f"groups has {len(values)} rows for {column!r}; accepted are {rows}, one for each of truth"
            )
    if rows < FEWEST:
        return None
    right = of_truth == of_model
    confusion = np.zeros((len(names), len(names)))
    given = of_truth >= 0
    np.add.at(confusion, (of_truth[given], of_model[given]), w[given])
    overall = _share(right, w)
    return Estimate(
        overall.value,
        overall.low,
        overall.high,
        rows,
        {name: _share(right[of_truth == i], w[of_truth == i]) for i, name in enumerate(names)},
        {name: _share(right[of_model == i], w[of_model == i]) for i, name in enumerate(names)},
        {column: _by_group(right, w, values) for column, values in (groups or {}).items()},
        names,
        tuple(tuple(map(float, row)) for row in confusion),
        int(rows - given.sum()),
    )


def _share(right: Any, weights: Any) -> Share:
    n = len(right)
    if not n:
        return Share(math.nan, 0.0, 1.0, 0)
    total, correct = float(weights.sum()), float(weights[right].sum())
    # So that rows that weigh the same count as one each, to the last bit.
    scale = total / float((weights * weights).sum())
    return Share(correct / total, *wilson(correct * scale, total * scale), n)


def _by_group(right: Any, weights: Any, values: Sequence[str]) -> dict[str, Share]:
    groups = np.asarray([str(value) for value in values], dtype=object)
    return {name: _share(right[groups == name], weights[groups == name]) for name in sorted(set(groups.tolist()))}


def _codes(labels: Sequence[str | None], names: tuple[str, ...], name: str) -> Any:
    codes = {label: code for code, label in enumerate(names)}
    found = np.fromiter((-1 if label is None else codes.get(label, -2) for label in labels), np.int64, len(labels))
    if (found == -2).any():
        row = int(np.argmax(found == -2))
        raise ValueError(f"{name} of row {row} is {labels[row]!r}; accepted are {', '.join(names)}")
    return found
