"""What committees of classifiers and of regressors share: teaching, querying and asking all
members.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags

from shortlist.learners import querying, training
from shortlist.learners.routing import router
from shortlist.learners.whole import all_or_nothing
from shortlist.rows import as_rows, count, hstack
from shortlist.strategies.answers import Asked, column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shortlist.strategies.randomness import RandomState


class BaseCommittee(BaseEstimator, ABC):  # type: ignore[misc]
    """Several learners and the strategy that picks rows for all of them.

    Parameters
    ----------
    learner_list : list of learners
        The members.
    query_strategy : callable
        ``query_strategy(committee, X, n_instances=1, ...)`` gives positions, or a pair of positions
        and metrics.
    on_transformed : bool, default=False
        Whether strategies that compare rows see them as the members' pipelines transform them, side
        by side.
    random_state : int, RandomState, Generator or None, default=None
        Rules random ties; None is NumPy's global state.

    Raises
    ------
    NotCallableError
        `query_strategy` cannot be called.

    Examples
    --------
    >>> import shortlist as sl
    >>> issubclass(sl.Committee, sl.learners.BaseCommittee)
    True
    """

    X_training = None

    def __init__(
        self,
        learner_list: Sequence[Any],
        query_strategy: Callable[..., Any],
        on_transformed: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        querying.check_strategy(query_strategy)
        self.learner_list = learner_list
        self.query_strategy = query_strategy
        self.on_transformed = on_transformed
        self.random_state = random_state

    def __iter__(self) -> Iterator[Any]:
        return iter(self.learner_list)

    def __len__(self) -> int:
        return len(self.learner_list)

    @all_or_nothing
    def fit(self, X: Any, y: Any, **fit_kwargs: Any) -> BaseCommittee:
        """Make every member forget what it was taught and fit on these rows.

        Where one member fails, all are as they were; so it is with `teach`, `add` and `rebag`.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        **fit_kwargs
            Passed on to each member's ``fit``. With ``bootstrap=True`` each is fitted on a resample
            of its own.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Rows and labels do not agree, or an estimator refuses them.
        """
        for learner in self.learner_list:
            learner.fit(X, y, **fit_kwargs)
        self._refresh()
        return self

    @all_or_nothing
    def teach(self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any) -> None:
        """Teach every member these rows; see `ActiveLearner.teach`.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        bootstrap : bool, default=False
            Whether to fit each member on a resample of its own.
        only_new : bool, default=False
            Whether to fit on these rows alone and not to keep them.
        **fit_kwargs
            Passed on to each estimator's ``fit``.

        Raises
        ------
        ValueError
            Rows and labels do not agree, or an estimator refuses them.
        """
        known = training.known_classes(self)
        if only_new:
            X, y = as_rows(X, "X"), as_rows(y, "y")
            training.check_counts(X, y)
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
        else:
            self._add_training_data(X, y)
            if any(map(training.about_to_forget, self.learner_list)):
                training.warn_trained_elsewhere(count(X))
            self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)
        self._refresh()
        training.warn_new_classes(known, y)

    @all_or_nothing
    def add(self, X: Any, y: Any) -> None:
        """Add labelled rows to what every member knows; `teach` and `rebag` fit on them too.

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
    def rebag(self, **fit_kwargs: Any) -> None:
        """Fit every member on a resample of the rows it was taught.

        Parameters
        ----------
        **fit_kwargs
            Passed on to each estimator's ``fit``.

        Raises
        ------
        ValueError
            A member was taught nothing, or an estimator refuses the rows.
        """
        if any(map(training.about_to_forget, self.learner_list)):
            training.warn_trained_elsewhere(count(self.learner_list[0].X_training))
        self._fit_to_known(bootstrap=True, **fit_kwargs)
        self._refresh()

    def query(self, X_pool: Any, return_metrics: bool = False, *query_args: Any, **query_kwargs: Any) -> Any:
        """Pick the rows of a pool that are most worth a label; see `ActiveLearner.query`.

        Parameters
        ----------
        X_pool : rows
            An array, memory map, list, pandas or Polars frame, sparse matrix, tensor, or dict of
            arrays.
        return_metrics : bool, default=False
            Whether to return what the strategy says of each pick as well.
        *query_args, **query_kwargs
            Passed on to the strategy.

        Returns
        -------
        indices, rows, metrics
            As `ActiveLearner.query` gives them, metrics only with `return_metrics`.
        """
        return querying.query(self, X_pool, return_metrics, query_args, query_kwargs)

    def transform_without_estimating(self, X: Any) -> Any:
        """Return rows as the members' pipelines transform them, side by side.

        Parameters
        ----------
        X : rows
            What the members take.

        Returns
        -------
        rows
        """
        return hstack([learner.transform_without_estimating(X) for learner in self.learner_list])

    @abstractmethod
    def predict(self, X: Any, **predict_kwargs: Any) -> Any:
        """Return what the committee as a whole predicts.

        Parameters
        ----------
        X : rows
            What the members take.
        **predict_kwargs
            Passed on to the members.

        Returns
        -------
        ndarray, shape (rows,)
        """

    def vote(self, X: Any, **predict_kwargs: Any) -> Any:
        """Return what each member predicts.

        Parameters
        ----------
        X : rows
            What the members take.
        **predict_kwargs
            Passed on to the members.

        Returns
        -------
        ndarray, shape (rows, members) or (rows, members, targets)
        """
        members = [(learner, Asked(learner, "predict", None)) for learner in self.learner_list]
        return side_by_side([column(learner.predict(X, **predict_kwargs), asked) for learner, asked in members])

    def get_metadata_routing(self) -> Any:
        """Return what scikit-learn's metadata routing asks: each member is given what its estimator
        asked for; see `BaseLearner.get_metadata_routing`.

        Returns
        -------
        MetadataRouter
        """
        members = {f"learner_{number}": learner for number, learner in enumerate(self.learner_list)}
        return router(self, ("fit",), **members)

    def _add_training_data(self, X: Any, y: Any) -> None:
        for learner in self.learner_list:
            learner._add_training_data(X, y)

    def _fit_to_known(self, bootstrap: bool = False, **fit_kwargs: Any) -> None:
        for learner in self.learner_list:
            learner._fit_to_known(bootstrap=bootstrap, **fit_kwargs)

    def _fit_on_new(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> None:
        for learner in self.learner_list:
            learner._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)

    def _refresh(self) -> None:
        """Bring up to date what is known of the members; called after each fit."""

    @property
    def n_features_in_(self) -> Any:
        """How many features the members have been fitted on."""
        return self._of_members("n_features_in_")

    @property
    def feature_names_in_(self) -> Any:
        """Names of the features the members have been fitted on, where they had names."""
        return self._of_members("feature_names_in_")

    def _of_members(self, name: str) -> Any:
        if not len(self.learner_list):
            raise AttributeError(f"a committee without members has no {name}")
        return getattr(self.learner_list[0], name)

    def __sklearn_is_fitted__(self) -> bool:
        return len(self.learner_list) > 0 and all(map(training.is_fitted, self.learner_list))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        members = [get_tags(learner) for learner in self.learner_list if hasattr(learner, "__sklearn_tags__")]
        if members:
            tags.estimator_type = members[0].estimator_type
            tags.classifier_tags, tags.regressor_tags = members[0].classifier_tags, members[0].regressor_tags
            tags.target_tags = members[0].target_tags
            tags.input_tags.sparse = all(member.input_tags.sparse for member in members)
            tags.input_tags.allow_nan = all(member.input_tags.allow_nan for member in members)
        return tags

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        members = ", ".join(repr(learner) for learner in self.learner_list)
        text = f"{type(self).__name__}([{members}], query_strategy={querying.name_of(self.query_strategy)})"
        return text if len(text) <= N_CHAR_MAX else f"{text[: N_CHAR_MAX - 4]}...)"


def side_by_side(answers: list[Any]) -> Any:
    """Stack the members' answers along a second axis."""
    shapes = [np.shape(answer) for answer in answers]
    if len(set(shapes)) > 1:
        raise ValueError(
            f"members gave answers of different shapes: {shapes}; fit them on the same features and classes"
        )
    return np.stack(answers, axis=1)
