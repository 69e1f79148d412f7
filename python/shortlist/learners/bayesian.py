"""The learner that looks for the highest value of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.learners import training
from shortlist.learners.active import ActiveLearner
from shortlist.learners.whole import all_or_nothing
from shortlist.rows import count, take
from shortlist.strategies.acquisition import max_EI

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.strategies.randomness import RandomState


class BayesianOptimizer(ActiveLearner):
    """A regressor that picks where to measure next, and remembers the highest value measured.

    Parameters
    ----------
    estimator : regressor
        Its ``predict`` takes ``return_std=True``, as that of ``GaussianProcessRegressor`` does.
    query_strategy : callable, default=max_EI
        `max_EI`, `max_PI`, `max_UCB`, or any other strategy.
    X_training, y_training : rows, default=None
        What was measured, one value for each row. When given, the estimator is fitted at once.
    bootstrap_init, on_transformed, force_all_finite, random_state, **fit_kwargs
        As for `ActiveLearner`.

    Attributes
    ----------
    X_max : row or None
        Where the highest value was measured.
    y_max : float
        The highest value measured; minus infinity before the first.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> import shortlist as sl
    >>> X = np.linspace(0, 10, 101).reshape(-1, 1)
    >>> y = np.sin(X).ravel()
    >>> model, known = GaussianProcessRegressor(), [0, 50]
    >>> optimizer = sl.BayesianOptimizer(model, X_training=X[known], y_training=y[known])
    >>> for _ in range(4):
    ...     indices, rows = optimizer.query(X)
    ...     optimizer.teach(rows, y[indices])
    >>> bool(optimizer.y_max > 0.9)
    True
    """

    def __init__(
        self,
        estimator: Any,
        query_strategy: Callable[..., Any] = max_EI,
        X_training: Any = None,
        y_training: Any = None,
        bootstrap_init: bool = False,
        on_transformed: bool = False,
        *,
        force_all_finite: bool = True,
        random_state: RandomState = None,
        **fit_kwargs: Any,
    ) -> None:
        super().__init__(
            estimator,
            query_strategy,
            X_training,
            y_training,
            bootstrap_init,
            on_transformed,
            force_all_finite=force_all_finite,
            random_state=random_state,
            **fit_kwargs,
        )
        self._start()

    @all_or_nothing
    def fit(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> BayesianOptimizer:
        """Forget what was measured and fit on these rows.

        Parameters
        ----------
        X, y : rows
            One value for each row.
        bootstrap : bool, default=False
            Whether to fit on a resample of the rows.
        **fit_kwargs
            Passed on to the estimator.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Rows and values do not agree, or a row has several values.
        """
        self.X_training, self.y_training = training.given(X, y, self.force_all_finite)
        self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)
        self._start()
        return self

    @all_or_nothing
    def teach(self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any) -> None:
        """Add measurements and fit on all of them.

        Parameters
        ----------
        X, y : rows
            One value for each row.
        bootstrap : bool, default=False
            Whether to fit on a resample of the rows.
        only_new : bool, default=False
            Whether to fit on these rows alone; they are kept all the same.
        **fit_kwargs
            Passed on to the estimator.

        Raises
        ------
        ValueError
            Rows and values do not agree, or a row has several values.
        """
        X, y = training.given(X, y, self.force_all_finite, self.X_training)
        self._add_training_data(X, y)
        if only_new:
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
        else:
            if training.about_to_forget(self):
                training.warn_trained_elsewhere(count(self.X_training))
            self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)
        self._set_max(X, y)

    def get_max(self) -> tuple[Any, Any]:
        """Return where the highest value was measured, and that value.

        Returns
        -------
        X_max : row or None
            None before the first measurement.
        y_max : float
            Minus infinity before the first measurement.
        """
        return self.X_max, self.y_max

    def _start(self) -> None:
        self.X_max: Any = None
        self.y_max: Any = -np.inf
        if self.y_training is not None:
            self._set_max(self.X_training, self.y_training)

    def _set_max(self, X: Any, y: Any) -> None:
        values = np.asarray(y, dtype=np.float64)
        if values.size != len(values):
            raise ValueError(f"y has shape {values.shape}; accepted is one value for each row")
        values = np.where(np.isnan(values), -np.inf, values).reshape(-1)
        if len(values) and values.max() > self.y_max:
            highest = int(np.argmax(values))
            self.X_max, self.y_max = take(X, highest), values[highest]
