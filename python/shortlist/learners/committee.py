"""Several learners that vote on a pool: classifiers, or regressors."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score

from shortlist.learners.base_committee import BaseCommittee, side_by_side
from shortlist.rows import as_rows
from shortlist.strategies.answers import probabilities
from shortlist.strategies.classes import check_class_labels, check_class_proba
from shortlist.strategies.disagreement import max_std_sampling, vote_entropy_sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shortlist.strategies.randomness import RandomState


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
        return side_by_side(proba)

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
