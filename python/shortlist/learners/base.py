"""What every learner over one estimator has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from shortlist.learners import querying, training
from shortlist.learners.routing import routed, router
from shortlist.rows import count, hstack
from shortlist.strategies.answers import predict_proba_of
from shortlist.strategies.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.strategies.randomness import RandomState


class BaseLearner(BaseEstimator, ABC):  # type: ignore[misc]
    """A model and the strategy that picks rows for it.

    Parameters
    ----------
    estimator : estimator
        Anything with ``fit`` and ``predict``; most strategies need ``predict_proba``.
    query_strategy : callable
        ``query_strategy(learner, X, n_instances=1, ...)`` gives positions, or a pair of positions
        and metrics.
    on_transformed : bool, default=False
        Whether strategies that compare rows see them as the last step of the estimator's pipeline
        does.
    force_all_finite : bool, default=True
        Whether NaN and infinity in training data are an error.
    random_state : int, RandomState, Generator or None, default=None
        Rules bootstrapping and random ties; None is NumPy's global state.
    **fit_kwargs
        Passed on to the first fit.

    Raises
    ------
    NotCallableError
        `query_strategy` cannot be called.
    ArgumentError
        `force_all_finite` is neither True nor False.

    Examples
    --------
    >>> import shortlist as sl
    >>> issubclass(sl.ActiveLearner, sl.learners.BaseLearner)
    True
    """

    def __init__(
        self,
        estimator: Any,
        query_strategy: Callable[..., Any],
        on_transformed: bool = False,
        force_all_finite: bool = True,
        *,
        random_state: RandomState = None,
        **fit_kwargs: Any,
    ) -> None:
        querying.check_strategy(query_strategy)
        if not isinstance(force_all_finite, bool):
            raise ArgumentError(f"force_all_finite came as {force_all_finite!r}; accepted are True and False")
        self.estimator = estimator
        self.query_strategy = query_strategy
        self.on_transformed = on_transformed
        self.force_all_finite = force_all_finite
        self.random_state = random_state
        self.fit_kwargs = fit_kwargs

    @abstractmethod
    def fit(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> BaseLearner:
        """Forget what was taught and fit on these rows.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        bootstrap : bool, default=False
            Whether to fit on a resample of the rows.
        **fit_kwargs
            Passed on to the estimator.

        Returns
        -------
        self
        """

    @abstractmethod
    def teach(self, X: Any, y: Any, *args: Any, **kwargs: Any) -> None:
        """Teach the model new rows.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        *args, **kwargs
            What the learner makes of them.
        """

    def query(self, X_pool: Any, *query_args: Any, return_metrics: bool = False, **query_kwargs: Any) -> Any:
        """Pick the rows of a pool that are most worth a label.

        Parameters
        ----------
        X_pool : rows
            An array, memory map, list, pandas or Polars frame, sparse matrix, tensor, or dict of
            arrays.
        *query_args, **query_kwargs
            Passed on to the strategy: ``n_instances``, and for those of Shortlist
            ``random_tie_break``, ``random_state``, ``chunk_size``, ``progress`` and ``invalid``.
        return_metrics : bool, default=False
            Whether to return what the strategy says of each pick as well.

        Returns
        -------
        indices : ndarray of int64, shape (n_instances,), or int
            Positions in the pool, most informative first; what the strategy gives.
        rows : rows
            The rows picked, as the kind they came in.
        metrics : ndarray, shape (n_instances,), or None
            Only with `return_metrics`; entropies are in nats.

        Raises
        ------
        PoolTooSmallError
            The pool has fewer rows than `n_instances`.
        IndexError
            The strategy picked a row that is not in the pool.
        ValueError, TypeError, AttributeError
            What the strategy raises.

        Examples
        --------
        >>> import shortlist as sl
        >>> from sklearn.linear_model import LogisticRegression
        >>> model = LogisticRegression()
        >>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
        >>> learner.query([[1.0], [5.0], [9.0]], n_instances=1)
        (array([1]), [[5.0]])
        """
        return querying.query(self, X_pool, return_metrics, query_args, query_kwargs)

    def predict(self, X: Any, **predict_kwargs: Any) -> Any:
        """Return what the estimator predicts.

        Parameters
        ----------
        X : rows
            What the estimator takes.
        **predict_kwargs
            Passed on to the estimator.

        Returns
        -------
        ndarray, shape (rows,) or (rows, outputs)
        """
        return self.estimator.predict(X, **predict_kwargs)

    @property
    def predict_proba(self) -> Callable[..., Any]:
        """The estimator's own ``predict_proba(X, **kwargs)``: class probabilities, in the order of
        `classes_`.

        A property, so that a learner has one only where its estimator has.

        Raises
        ------
        AttributeError
            The estimator has no ``predict_proba``; the message says how to come by one.
        """
        return predict_proba_of(self.estimator)

    def score(self, X: Any, y: Any, **score_kwargs: Any) -> Any:
        """Return the score the estimator gives itself.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        **score_kwargs
            Passed on to the estimator.

        Returns
        -------
        float
            Of scikit-learn's classifiers the accuracy, of its regressors R squared.
        """
        return self.estimator.score(X, y, **routed(self, "score", score_kwargs))

    def transform_without_estimating(self, X: Any) -> Any:
        """Return rows as the last step of the estimator's pipeline sees them.

        Parameters
        ----------
        X : rows
            What the estimator takes.

        Returns
        -------
        rows
            Where the estimator is an ensemble of pipelines those of its members side by side, and
            where there is no pipeline `X`.
        """
        from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
        from sklearn.pipeline import Pipeline

        ensembles = (StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor)
        members = self.estimator.estimators_ if isinstance(self.estimator, ensembles) else [self.estimator]
        steps = [member for member in members if isinstance(member, Pipeline)]
        last = ("passthrough", "passthrough")
        transformed = [type(pipe)(steps=[*pipe.steps[:-1], last]).transform(X) for pipe in steps]
        return hstack(transformed) if transformed else X

    def _fit_on_new(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> BaseLearner:
        training.fit(self.estimator, X, y, routed(self, "fit", fit_kwargs), bootstrap, self.random_state)
        return self

    @property
    def classes_(self) -> Any:
        """Classes the estimator has been fitted on."""
        return self.estimator.classes_

    @property
    def n_features_in_(self) -> Any:
        """How many features the estimator has been fitted on."""
        return self.estimator.n_features_in_

    @property
    def feature_names_in_(self) -> Any:
        """Names of the features the estimator has been fitted on, where they had names."""
        return self.estimator.feature_names_in_

    def get_metadata_routing(self) -> Any:
        """Return what scikit-learn's metadata routing asks: who is given weights and the like.

        With ``sklearn.set_config(enable_metadata_routing=True)`` a fit passes on what the estimator
        asked for by ``set_fit_request``, and `score` by ``set_score_request``.

        Returns
        -------
        MetadataRouter
        """
        return router(self, estimator=self.estimator)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those for the first fit included.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add those of the estimator, as ``estimator__name``.

        Returns
        -------
        dict of str: object
        """
        return {**super().get_params(deep=deep), **self.fit_kwargs}

    def set_params(self, **params: Any) -> BaseLearner:
        """Set parameters.

        Parameters
        ----------
        **params
            By name; those of the estimator as ``estimator__name``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There is no parameter of that name.
        """
        self.fit_kwargs.update({name: params.pop(name) for name in list(params) if name in self.fit_kwargs})
        super().set_params(**params)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        try:
            check_is_fitted(self.estimator)
        except (NotFittedError, TypeError):
            return False
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.estimator, "__sklearn_tags__"):
            inner = get_tags(self.estimator)
            tags.estimator_type = inner.estimator_type
            tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
            tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
            tags.input_tags.allow_nan = inner.input_tags.allow_nan and not self.force_all_finite
        return tags

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        known = getattr(self, "X_training", None)
        parts = [f"estimator={self.estimator!r}", f"query_strategy={querying.name_of(self.query_strategy)}"]
        if known is not None:
            parts.append(f"labelled={count(known)}")
        text = f"{type(self).__name__}({', '.join(parts)})"
        return text if len(text) <= N_CHAR_MAX else f"{text[: N_CHAR_MAX - 4]}...)"
