"""Several learners that vote on a pool."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags

from shortlist.learners import querying, training
from shortlist.learners.routing import router
from shortlist.learners.whole import all_or_nothing
from shortlist.rows import as_rows, count, hstack
from shortlist.strategies.answers import Asked, column, probabilities
from shortlist.strategies.classes import check_class_labels, check_class_proba
from shortlist.strategies.disagreement import max_std_sampling, vote_entropy_sampling

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
        return _side_by_side([column(learner.predict(X, **predict_kwargs), asked) for learner, asked in members])

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


class Committee(BaseCommittee):
    """Classifiers that vote; rows they differ on are worth a label.

    Parameters
    ----------
    learner_list : list of ActiveLearner
        The members. Best fitted on rows of every class: a class a member does not know has
        probability 0 for it.
    query_strategy : callable, default=vote_entropy_sampling
        A strategy of `shortlist.strategies.disagreement`, or any other.
    on_transformed : bool, default=False
        Whether strategies that compare rows see them as the members' pipelines transform them, side
        by side.
    random_state : int, RandomState, Generator or None, default=None
        Rules random ties; None is NumPy's global state.

    Attributes
    ----------
    classes_ : ndarray or None
        The classes known to any member, sorted; None before all are fitted.
    n_classes_ : int
        How many these are.

    Raises
    ------
    NotCallableError
        `query_strategy` cannot be called.

    Warns
    -----
    UserWarning
        The members know different classes.

    Examples
    --------
    >>> import shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> y = ["cat", "dog"]
    >>> near = sl.ActiveLearner(LogisticRegression(), X_training=[[0.0], [2.0]], y_training=y)
    >>> far = sl.ActiveLearner(LogisticRegression(), X_training=[[0.0], [8.0]], y_training=y)
    >>> committee = sl.Committee([near, far])
    >>> indices, rows = committee.query([[-5.0], [2.5], [15.0]])
    >>> indices, rows
    (array([1]), [[2.5]])
    >>> committee.teach(rows, ["dog"])
    >>> committee.predict([[2.5]])
    array(['dog'], dtype='<U3')
    """

    classes_: Any = None
    n_classes_ = 0

    def __init__(
        self,
        learner_list: Sequence[Any],
        query_strategy: Callable[..., Any] = vote_entropy_sampling,
        on_transformed: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(learner_list, query_strategy, on_transformed, random_state=random_state)
        self._refresh()

    def predict(self, X: Any, **predict_proba_kwargs: Any) -> Any:
        """Return the class with the highest mean probability; the lowest where several have it.

        Parameters
        ----------
        X : rows
            What the members take.
        **predict_proba_kwargs
            Passed on to the members.

        Returns
        -------
        ndarray, shape (rows,)
            Of `classes_`.
        """
        proba = self.predict_proba(X, **predict_proba_kwargs)
        return np.asarray(self.classes_)[np.argmax(proba, axis=1)]

    def predict_proba(self, X: Any, **predict_proba_kwargs: Any) -> Any:
        """Return the mean of the members' probabilities.

        Parameters
        ----------
        X : rows
            What the members take.
        **predict_proba_kwargs
            Passed on to the members.

        Returns
        -------
        ndarray, shape (rows, classes)
            In the order of `classes_`; 0 of a member for a class it does not know.
        """
        return np.mean(self.vote_proba(X, **predict_proba_kwargs), axis=1)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Return the accuracy of `predict`.

        Parameters
        ----------
        X, y : rows
            One label for each row.
        sample_weight : array-like, shape (rows,), optional
            What each row counts.

        Returns
        -------
        float
            From 0 to 1.
        """
        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)

    def vote_proba(self, X: Any, **predict_proba_kwargs: Any) -> Any:
        """Return each member's probabilities.

        Parameters
        ----------
        X : rows
            What the members take.
        **predict_proba_kwargs
            Passed on to the members.

        Returns
        -------
        ndarray, shape (rows, members, classes)
            In the order of `classes_`; 0 for a class that a member does not know.

        Raises
        ------
        NotFittedError
            A member is not fitted.
        """
        estimators = [learner.estimator for learner in self.learner_list]
        alike = check_class_labels(*estimators)
        X = as_rows(X, "X")
        proba = [probabilities(learner, X, **predict_proba_kwargs) for learner in self.learner_list]
        if not alike:
            pairs = zip(proba, estimators, strict=True)
            proba = [check_class_proba(given, estimator.classes_, self.classes_) for given, estimator in pairs]
        return _side_by_side(proba)

    def _refresh(self) -> None:
        self.__dict__.pop("classes_", None)
        self.__dict__.pop("n_classes_", None)
        try:
            known = [learner.estimator.classes_ for learner in self.learner_list]
        except AttributeError:
            return
        if any(classes is None for classes in known):
            return
        labels = np.concatenate(known, axis=0)
        # By an axis older versions of NumPy take no objects.
        self.classes_ = np.unique(labels, axis=0 if labels.ndim > 1 else None)
        self.n_classes_ = len(self.classes_)
        if self.classes_.ndim == 1:
            self._warn_unknown_classes([set(np.asarray(classes).tolist()) for classes in known])

    def _warn_unknown_classes(self, known: list[set[Any]]) -> None:
        """Say once which classes each member lacks."""
        everything = set().union(*known)
        lacking = {member: sorted(everything - classes, key=str) for member, classes in enumerate(known)}
        told, self._lacking = getattr(self, "_lacking", {}), lacking
        for member, lacks in lacking.items():
            if lacks and told.get(member) != lacks:
                warnings.warn(
                    f"members know different classes: member {member} lacks {lacks}, and its probability for them "
                    "is 0. Fit every member on rows of each class",
                    UserWarning,
                    stacklevel=4,
                )


class CommitteeRegressor(BaseCommittee):
    """Regressors whose spread is the uncertainty.

    Parameters
    ----------
    learner_list : list of ActiveLearner
        The members.
    query_strategy : callable, default=max_std_sampling
        Any strategy that asks for ``predict(X, return_std=True)``.
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
    >>> from sklearn.linear_model import LinearRegression
    >>> flat = sl.ActiveLearner(LinearRegression(), X_training=[[0], [1]], y_training=[0.0, 1.0])
    >>> steep = sl.ActiveLearner(LinearRegression(), X_training=[[0], [1]], y_training=[0.0, 3.0])
    >>> committee = sl.CommitteeRegressor([flat, steep])
    >>> committee.query([[1.0], [2.0], [5.0]])
    (array([2]), [[5.0]])
    """

    def __init__(
        self,
        learner_list: Sequence[Any],
        query_strategy: Callable[..., Any] = max_std_sampling,
        on_transformed: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(learner_list, query_strategy, on_transformed, random_state=random_state)

    def predict(self, X: Any, return_std: bool = False, **predict_kwargs: Any) -> Any:
        """Return the mean of the members' predictions, and on demand their standard deviation.

        Parameters
        ----------
        X : rows
            What the members take.
        return_std : bool, default=False
            Whether to return the standard deviation over the members as well.
        **predict_kwargs
            Passed on to the members.

        Returns
        -------
        mean : ndarray, shape (rows,) or (rows, targets)
        std : ndarray, as `mean`
            Only with `return_std`.
        """
        vote = self.vote(X, **predict_kwargs)
        return (np.mean(vote, axis=1), np.std(vote, axis=1)) if return_std else np.mean(vote, axis=1)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Return the coefficient of determination of `predict`.

        Parameters
        ----------
        X, y : rows
            One value for each row.
        sample_weight : array-like, shape (rows,), optional
            What each row counts.

        Returns
        -------
        float
            R squared, at most 1.
        """
        return r2_score(y, self.predict(X), sample_weight=sample_weight)


def _side_by_side(answers: list[Any]) -> Any:
    """Stack the members' answers along a second axis."""
    shapes = [np.shape(answer) for answer in answers]
    if len(set(shapes)) > 1:
        raise ValueError(
            f"members gave answers of different shapes: {shapes}; fit them on the same features and classes"
        )
    return np.stack(answers, axis=1)
