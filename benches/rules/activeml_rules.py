"""scikit-activeml: `CoreSet`, `Badge`, `TypiClust` and `MaxHerding`, their validation included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import Badge, CoreSet, MaxHerding, TypiClust

from shortlist.benchmarking.rules import CELLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rules import Work


class Answers(SkactivemlClassifier):  # type: ignore[misc, unused-ignore]
    """A model that says what it was told to."""

    def __init__(self, probs: Any = None, classes: Any = None) -> None:
        super().__init__(classes=classes)
        self.probs = probs

    def fit(self, X: Any, y: Any) -> Answers:
        """Nothing to learn."""
        self._validate_data(X, y)
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return what it was told, whatever the rows."""
        return self.probs


class ScikitActiveMLRules:
    """The package's strategies on pool and labelled rows in one array, as it wants them."""

    name = "scikit-activeml"

    def k_center(self, work: Work) -> Callable[[], Any]:
        """`CoreSet`."""
        return self._with_labels(work, CoreSet(random_state=0))

    def typiclust(self, work: Work) -> Callable[[], Any]:
        """`TypiClust`."""
        return self._with_labels(work, TypiClust(random_state=0))

    def badge(self, work: Work) -> Callable[[], Any] | None:
        """`Badge`, with a model that has its answers ready."""
        if work.probs.size * work.X.shape[1] > CELLS:
            return None
        rows, classes = work.probs.shape
        labels = np.full(rows, np.nan)
        model = Answers(work.probs, list(range(classes))).fit(work.X[:classes], np.arange(classes))
        return lambda: Badge(random_state=0).query(work.X, labels, model, fit_clf=False, batch_size=work.k)

    def herding(self, work: Work) -> Callable[[], Any]:
        """`MaxHerding` with the same kernel."""
        labels = np.full(len(work.X), np.nan)
        kernel = {"gamma": 0.5 / work.scale**2}
        X = work.X.astype(np.float64)
        asked = MaxHerding(normalize_samples=False, metric="rbf", metric_dict=kernel, random_state=0)
        return lambda: asked.query(X, labels, batch_size=work.k)

    def _with_labels(self, work: Work, asked: Any) -> Callable[[], Any]:
        X = np.vstack([work.labelled, work.X])
        labels = np.full(len(X), np.nan)
        labels[: len(work.labelled)] = 0
        return lambda: np.asarray(asked.query(X, labels, batch_size=work.k)) - len(work.labelled)
