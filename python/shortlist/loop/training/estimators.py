"""Models by name, or by the path of a function that makes one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.training.by_path import function_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.pool.contents import Raw
    from shortlist.loop.pool.features import Features

MOST_SEED = 2**31 - 1


def _tfidf_logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=1000, random_state=seed)


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000, random_state=seed)


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, random_state=seed)


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(min_samples_leaf=5, random_state=seed)


NAMED: dict[str, Callable[[int], Any]] = {
    "tfidf-logistic": _tfidf_logistic,
    "logistic": _logistic,
    "forest": _forest,
    "boosting": _boosting,
}
"""THE list of models by name."""


def default_for(kind: str) -> str:
    """Return the model of a pool that the specification names none for."""
    return "tfidf-logistic" if kind == "text" else "logistic"


def estimator_of(name: str, seed: int, folder: Path) -> Any:
    """Return a new estimator with a seed, where it takes one.

    Raises
    ------
    LoopError
        An unknown name, or a path that leads to nothing that fits and predicts probabilities.
    """
    seed %= MOST_SEED
    if name in NAMED:
        return NAMED[name](seed)
    if ":" not in name:
        near = difflib.get_close_matches(name, NAMED, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise LoopError(
            f"[model] estimator is {name!r}; accepted are {', '.join(NAMED)} and package.module:function{hint}"
        )
    found = function_of(name, "[model] estimator", folder)()
    if not hasattr(found, "fit") or not hasattr(found, "predict_proba"):
        raise LoopError(
            f"[model] estimator is {name!r}, which returns a {type(found).__name__} without fit and predict_proba; accepted is a "
            "scikit-learn classifier"
        )
    unset = {
        key: seed
        for key, value in found.get_params(deep=True).items()
        if value is None and (key == "random_state" or key.endswith("__random_state"))
    }
    return found.set_params(**unset) if unset else found


def part_of(raw: Raw, rows: NDArray[np.int64]) -> Raw:
    """Return some of raw rows."""
    if isinstance(raw, list):
        return [raw[row] for row in rows.tolist()]
    if isinstance(raw, dict):
        return {name: values[rows] for name, values in raw.items()}
    return raw[rows]


class Block:
    """Rows to fit to or to ask about: as they are, and as features."""

    def __init__(self, features: Features, raw: Raw | None = None, matrix: Any = None) -> None:
        self._features = features
        self._raw = raw
        self._matrix = matrix

    @property
    def rows(self) -> int:
        """How many rows there are."""
        if self._matrix is not None:
            return int(self._matrix.shape[0])
        return len(next(iter(self._raw.values()))) if isinstance(self._raw, dict) else len(self._raw)  # type: ignore[arg-type]

    def part(self, rows: NDArray[np.int64]) -> Block:
        """Return some of the rows."""
        raw = None if self._raw is None else part_of(self._raw, rows)
        return Block(self._features, raw, None if self._matrix is None else self._matrix[rows])

    def input(self, name: str) -> Any:
        """Return the rows as an estimator takes them: features for those by name,
        as they are for the user's own.
        """
        if name not in NAMED:
            return _as_they_are(self._raw)
        if self._matrix is None:
            # Once for all members of a committee.
            self._matrix = self._features.transform(self._raw)  # type: ignore[arg-type]
        sparse = hasattr(self._matrix, "toarray")
        return self._features.projected(self._matrix) if name == "boosting" and sparse else self._matrix


def _as_they_are(raw: Any) -> Any:
    if isinstance(raw, list):
        found = np.empty(len(raw), dtype=object)
        found[:] = raw
        return found
    return _frame(raw) if isinstance(raw, dict) else raw


def _frame(columns: dict[str, Any]) -> Any:
    """Return columns as a frame of pandas, or as an array where there is none."""
    try:
        import pandas
    except ImportError:
        return np.stack(list(columns.values()), axis=1)
    return pandas.DataFrame(columns)
