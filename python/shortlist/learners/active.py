"""The learner of pool-based active learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.learners import training
from shortlist.learners.base import BaseLearner
from shortlist.learners.whole import all_or_nothing
from shortlist.rows import as_rows, count
from shortlist.strategies.uncertainty import uncertainty_sampling

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.strategies.randomness import RandomState


class ActiveLearner(BaseLearner):
    """A model that is taught a few rows at a time, and picks the rows it wants next.

    Parameters
    ----------
    estimator : estimator
        Anything with ``fit`` and ``predict``; most strategies need ``predict_proba``.
    query_strategy : callable, default=uncertainty_sampling
        ``query_strategy(learner, X, n_instances=1, ...)`` gives positions, or a pair of positions
        and metrics; those of `shortlist.strategies` are listed in docs/api.md.
    X_training, y_training : rows, default=None
        The seed set, one label for each row: arrays, memory maps, sparse matrices, frames, lists,
        tensors or dicts of arrays. When given, the estimator is fitted at once.
    bootstrap_init : bool, default=False
        Whether that first fit is on a resample of the seed set, for a committee made by bagging.
    on_transformed : bool, default=False
        Whether strategies that compare rows see them as the last step of the estimator's pipeline
        does.
    force_all_finite : bool, default=True
        Whether NaN and infinity in training data are an error.
    random_state : int, RandomState, Generator or None, default=None
        Rules bootstrapping and random ties; None is NumPy's global state.
    **fit_kwargs
        Passed on to the first fit.

    Attributes
    ----------
    X_training, y_training : rows or None
        Everything taught so far.

    Raises
    ------
    NotCallableError
        `query_strategy` cannot be called.
    ArgumentError
        `force_all_finite` is neither True nor False.
    ValueError
        Rows and labels of the seed set do not agree, or the estimator refuses them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> import shortlist as sl
    >>> X, y = load_iris(return_X_y=True)
    >>> seed = [0, 50, 100]
    >>> model = LogisticRegression(max_iter=500)
    >>> learner = sl.ActiveLearner(model, sl.margin_sampling, X[seed], y[seed])
    >>> indices, rows = learner.query(X, n_instances=5)
    >>> learner.teach(rows, y[indices])
    >>> len(learner.X_training)
    8
    """

    _fitted_to_known = False

    def __init__(
        self,
        estimator: Any,
        query_strategy: Callable[..., Any] = uncertainty_sampling,
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
            estimator, query_strategy, on_transformed, force_all_finite, random_state=random_state, **fit_kwargs
        )
        self.bootstrap_init = bootstrap_init
        self.X_training = X_training
        self.y_training = y_training
        if X_training is not None:
            self._fit_to_seed()

    @all_or_nothing
    def fit(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> ActiveLearner:
        """Forget what was taught and fit on these rows.

        Where the fit fails, or is interrupted, nothing is forgotten and the learner is as it was.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        bootstrap : bool, default=False
            Whether to fit on a resample of the rows.
        **fit_kwargs
            Passed on to the estimator's ``fit``; see `teach`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Rows and labels do not agree, or the estimator refuses them.
        """
        self.X_training, self.y_training = training.given(X, y, self.force_all_finite)
        return self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)

    @all_or_nothing
    def teach(self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any) -> None:
        """Add labelled rows to what is known and fit on all of it.

        Where the fit fails, or is interrupted, nothing is kept and the learner is as it was.

        Parameters
        ----------
        X, y : rows
            One label for each row. A single row may come as it was cut from its pool, with its
            label alone.
        bootstrap : bool, default=False
            Whether to fit on a resample of the rows. A classifier gets a row of every class.
        only_new : bool, default=False
            Whether to fit on these rows alone and not to keep them, for an estimator whose ``fit``
            goes on from where it was.
        **fit_kwargs
            Passed on to the estimator's ``fit``. With `bootstrap` what has one entry for each row
            of the fit, such as ``sample_weight``, moves with the rows.

        Raises
        ------
        ValueError
            Rows and labels do not agree with each other or with what is known, or the estimator
            refuses them.

        Warns
        -----
        UserWarning
            The model forgets rows or classes it knew, or meets a label it did not.
        """
        known = training.known_classes(self.estimator)
        if only_new:
            X, y = training.given(X, y, self.force_all_finite, self.X_training)
            if training.about_to_forget(self, only_new):
                training.warn_trained_elsewhere(count(X))
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
            training.warn_forgotten_classes(known, training.known_classes(self.estimator))
        else:
            self._add_training_data(X, y)
            if training.about_to_forget(self):
                training.warn_trained_elsewhere(count(self.X_training))
            self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)
        training.warn_new_classes(known, y)

    @all_or_nothing
    def add(self, X: Any, y: Any) -> None:
        """Add labelled rows to what is known without fitting; the next `teach` fits on them too.

        Parameters
        ----------
        X, y : rows
            One label for each row.

        Raises
        ------
        ValueError
            Rows and labels do not agree.
        """
        self._add_training_data(X, y)

    @all_or_nothing
    def _fit_to_seed(self) -> None:
        self.X_training = as_rows(self.X_training, "X_training")
        self.y_training = as_rows(self.y_training, "y_training")
        training.check_counts(self.X_training, self.y_training)
        self._fit_to_known(bootstrap=self.bootstrap_init, **self.fit_kwargs)

    def _add_training_data(self, X: Any, y: Any) -> None:
        X, y = training.given(X, y, self.force_all_finite, self.X_training)
        rows, labels = training.extend(self.X_training, X, "X"), training.extend(self.y_training, y, "y")
        self.X_training, self.y_training = rows, labels

    def _fit_to_known(self, bootstrap: bool = False, **fit_kwargs: Any) -> ActiveLearner:
        if self.X_training is None:
            raise ValueError("no rows are known to fit on; give X_training and y_training, or call teach or fit")
        self._fit_on_new(self.X_training, self.y_training, bootstrap=bootstrap, **fit_kwargs)
        self._fitted_to_known = True
        return self
