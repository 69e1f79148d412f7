"""Rules about whether more labels still change what the model says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from shortlist.arguments import whole
from shortlist.stopping.limits import finite, inside
from shortlist.stopping.rule import Round, Rule

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray


def cohen_kappa(first: Any, second: Any) -> float:
    """Return how far two labellings of the same rows agree beyond chance.

    ``(a - e) / (1 - e)`` with a the share of rows on which they agree and e the share to expect of
    two labellings with these frequencies (Cohen 1960); 1 where both give every row the same one
    label.

    Parameters
    ----------
    first, second : array-like, shape (rows,)
        A label for each row: numbers or text.

    Returns
    -------
    float
        From -1 to 1; 0 is what chance would give.

    Raises
    ------
    ValueError
        The two are of different lengths.

    Examples
    --------
    >>> from shortlist import stopping
    >>> stopping.cohen_kappa(["a", "a", "b", "b"], ["a", "a", "b", "a"])
    0.5
    """
    a, b = np.asarray(first), np.asarray(second)
    names, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    in_a, in_b = (np.bincount(part, minlength=len(names)) for part in (codes[: len(a)], codes[len(a) :]))
    expected = float(np.dot(in_a / len(a), in_b / len(b)))
    agreed = float(np.mean(a == b))
    return 1.0 if expected == 1 else (agreed - expected) / (1 - expected)


class _Consecutive(Rule):
    """Compares the predictions of a round with those of the round before."""

    needs = "predictions"

    def reset(self) -> None:
        """Forget what was seen."""
        super().reset()
        self._before: NDArray[Any] | None = None

    def _last(self, seen: Round) -> tuple[NDArray[Any] | None, NDArray[Any]]:
        now, before = self.given(seen), self._before
        if before is not None and len(before) != len(now):
            raise ValueError(f"predictions are of {len(now)} rows; accepted are the same {len(before)} in every round")
        self._before = now.copy()
        return before, now


class StabilisingPredictions(_Consecutive):
    """Stop once successive models agree on a fixed set of rows:
    their mean kappa over a window reaches a threshold.

    Parameters
    ----------
    threshold : float, default=0.99
        The larger, the later it stops.
    window : int, default=3
        Pairs of successive models whose kappas are averaged.

    Raises
    ------
    ValueError, TypeError
        `threshold` is not a finite number, or `window` not a whole number of at least 1.

    Notes
    -----
    Bloodgood and Vijay-Shanker (2009), "A method for stopping active learning based on stabilizing
    predictions and the need for user-adjustable stopping". The rows, the stop set, need no labels;
    the authors take 2,000 at random.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.StabilisingPredictions(window=1)
    >>> rule.update(labels=100, predictions=["a", "b", "a"])
    False
    >>> rule.update(labels=200, predictions=["a", "b", "a"])
    True
    """

    def __init__(self, threshold: float = 0.99, window: int = 3) -> None:
        super().__init__()
        self.threshold = finite(threshold, "threshold")
        self.window = whole(window, "window", least=1)

    def reset(self) -> None:
        """Forget what was seen."""
        super().reset()
        self._kappas: list[float] = []

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Average the last kappas; NaN until the window is full."""
        before, now = self._last(seen)
        if before is not None:
            self._kappas.append(cohen_kappa(before, now))
        if len(self._kappas) < self.window:
            return math.nan, False
        value = float(np.mean(self._kappas[-self.window :]))
        return value, value >= self.threshold

    def describe(self) -> str:
        """Name the threshold and the window."""
        return f"kappa {self.threshold:g} over {self.window}"


class ClassificationChange(_Consecutive):
    """Stop once a round of labels changes the prediction of no row that is still without one.

    Parameters
    ----------
    share : float, default=0
        Share of rows that may change all the same, from 0 to below 1.

    Raises
    ------
    ValueError, TypeError
        `share` is not such a number.

    Notes
    -----
    Zhu, Wang and Hovy (2008), "Multi-criteria-based strategy to stop active learning for data
    annotation".

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.ClassificationChange()
    >>> rule.update(labels=100, predictions=["a", "b", "a"])
    False
    >>> rule.update(labels=200, predictions=["a", "b", "a"])
    True
    """

    def __init__(self, share: float = 0.0) -> None:
        super().__init__()
        self.share = inside(share, "share", least=0, below=1)

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Look at the share of rows that changed; NaN in the first round."""
        before, now = self._last(seen)
        if before is None:
            return math.nan, False
        changed = before != now
        if seen.unlabelled is not None:
            changed = changed[seen.unlabelled]
        value = float(changed.mean()) if len(changed) else 0.0
        return value, value <= self.share

    def describe(self) -> str:
        """Name the rule."""
        return "no prediction changes" if self.share == 0 else f"at most {self.share:.2%} of predictions change"
