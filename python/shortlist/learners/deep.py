"""The learner over a network that trains on from where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.learners import training
from shortlist.learners.base import BaseLearner
from shortlist.learners.whole import all_or_nothing
from shortlist.strategies.uncertainty import uncertainty_sampling

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.strategies.randomness import RandomState


class DeepActiveLearner(BaseLearner):
    """A network, such as skorch's ``NeuralNetClassifier``, that picks the rows it wants next.

    It keeps no training data: each `teach` trains on the rows it is given.

    Parameters
    ----------
    estimator : skorch network
        It is initialised here.
    query_strategy : callable, default=uncertainty_sampling
        See `shortlist.strategies`; those of `shortlist.strategies.dropout` are made for it.
    on_transformed : bool, default=False
        As for `ActiveLearner`.
    random_state : int, RandomState, Generator or None, default=None
        Rules bootstrapping, dropped units and random ties; None is NumPy's global state, and for
        units torch's.
    **fit_kwargs
        Kept with the learner.

    Raises
    ------
    NotCallableError
        `query_strategy` cannot be called.

    Examples
    --------
    >>> import shortlist as sl
    >>> from skorch import NeuralNetClassifier  # doctest: +SKIP
    >>> learner = sl.DeepActiveLearner(NeuralNetClassifier(Network, max_epochs=5))  # doctest: +SKIP
    >>> learner.teach(X, y)  # doctest: +SKIP
    >>> indices, rows = learner.query(X_pool, n_instances=10)  # doctest: +SKIP
    """

    def __init__(
        self,
        estimator: Any,
        query_strategy: Callable[..., Any] = uncertainty_sampling,
        on_transformed: bool = False,
        *,
        random_state: RandomState = None,
        **fit_kwargs: Any,
    ) -> None:
        super().__init__(estimator, query_strategy, on_transformed, random_state=random_state, **fit_kwargs)
        self.estimator.initialize()

    @all_or_nothing
    def fit(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> DeepActiveLearner:
        """Train on these rows from fresh weights; where that fails, the weights are as they were.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        bootstrap : bool, default=False
            Whether to train on a resample of the rows.
        **fit_kwargs
            Passed on to the estimator.

        Returns
        -------
        self
        """
        self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
        return self

    @all_or_nothing
    def teach(self, X: Any, y: Any, warm_start: bool = True, bootstrap: bool = False, **fit_kwargs: Any) -> None:
        """Train on these rows; where that fails, the weights are as they were.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        warm_start : bool, default=True
            Whether to train on from the weights there are; otherwise as `fit` does.
        bootstrap : bool, default=False
            Whether to train on a resample of the rows.
        **fit_kwargs
            Passed on to the estimator.
        """
        if not warm_start:
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
            return
        if bootstrap:
            X, y, fit_kwargs = training.resample(self.estimator, X, y, fit_kwargs, self.random_state)
        self.estimator.partial_fit(X, y, **fit_kwargs)

    @property
    def num_epochs(self) -> int:
        """Epochs of one call of `fit` or `teach`."""
        return int(self.estimator.max_epochs)

    @num_epochs.setter
    def num_epochs(self, value: int) -> None:
        self.estimator.max_epochs = _positive("num_epochs", value)

    @property
    def batch_size(self) -> int:
        """Rows of one forward pass."""
        return int(self.estimator.batch_size)

    @batch_size.setter
    def batch_size(self, value: int) -> None:
        self.estimator.batch_size = _positive("batch_size", value)


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} came as {type(value).__name__}; accepted is an int")
    if value < 1:
        raise ValueError(f"{name} came as {value}; accepted is a positive int")
    return value
