"""Any measure of Shortlist as a query strategy of small-text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from small_text.query_strategies.base import ClassificationType, constraints
from small_text.query_strategies.strategies import QueryStrategy

from shortlist.selecting import select

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@constraints(classification_type=ClassificationType.SINGLE_LABEL.value)
class ShortlistSampling(QueryStrategy):  # type: ignore[misc]
    """Pick texts by a measure of Shortlist. The model is asked about unlabelled texts only.

    Parameters
    ----------
    measure : str or callable, default="margin"
        What `select` takes: a measure of a row, or "random".
    random_state : int or None, default=None
        Rules random ties and random picks.
    **options
        Passed on to `select`, as ``ties="random"``.

    Attributes
    ----------
    scores_ : ndarray of shape (n,)
        The scores of the last picks, in their order.

    Examples
    --------
    >>> from small_text import PoolBasedActiveLearner
    >>> from shortlist.adapters.small_text import ShortlistSampling
    >>> strategy = ShortlistSampling("entropy")
    >>> PoolBasedActiveLearner(factory, strategy, texts).query()  # doctest: +SKIP
    """

    def __init__(
        self, measure: str | Callable[..., Any] = "margin", random_state: int | None = None, **options: Any
    ) -> None:
        self.measure = measure
        self.random_state = random_state
        self.options = options
        self.scores_: NDArray[Any] | None = None

    def query(
        self, clf: Any, dataset: Any, indices_unlabeled: Any, indices_labeled: Any, y: Any, n: int = 10
    ) -> NDArray[Any]:
        """Pick texts.

        Parameters
        ----------
        clf : Classifier
            Has ``predict_proba``.
        dataset : Dataset
            All texts.
        indices_unlabeled, indices_labeled : array of int
            Which of them have no label yet, and which have.
        y : array
            The labels of these.
        n : int, default=10
            How many to pick.

        Returns
        -------
        ndarray of shape (n,)
            Positions in `dataset`, the most informative first.
        """
        del indices_labeled, y
        self._validate_query_input(indices_unlabeled, n)
        unlabelled = np.asarray(indices_unlabeled)
        said = clf.predict_proba(dataset[unlabelled])
        picks = select(said, self.measure, n, random_state=self.random_state, **self.options)
        self.scores_ = picks.scores
        found: NDArray[Any] = unlabelled[picks.indices]
        return found

    def __str__(self) -> str:
        return f"ShortlistSampling({self.measure!r})"
