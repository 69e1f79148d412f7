"""Any strategy of Shortlist as a query strategy of scikit-activeml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_equal_missing_label, check_type, is_labeled
from sklearn.base import clone

from shortlist.learners import ActiveLearner
from shortlist.strategies.uncertainty import uncertainty_sampling

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class ShortlistSampling(SingleAnnotatorPoolQueryStrategy):  # type: ignore[misc]
    """Pick candidates with a strategy of Shortlist.

    Parameters
    ----------
    query_strategy : callable, default=uncertainty_sampling
        See `shortlist.strategies`. It meets the classifier as an `ActiveLearner` that was taught
        the labelled rows, so that `uncertainty_batch_sampling` and `mix` work as well.
    missing_label : scalar, default=MISSING_LABEL
        What stands for a missing label in `y`.
    random_state : int, RandomState or None, default=None
        Rules random ties and random strategies.

    Examples
    --------
    >>> import numpy as np
    >>> import shortlist as sl
    >>> from shortlist.adapters.skactiveml import ShortlistSampling
    >>> from skactiveml.classifier import SklearnClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[0.0], [1.0], [2.5], [3.0]])
    >>> y = np.array([0.0, np.nan, np.nan, 1.0])
    >>> clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
    >>> ShortlistSampling(sl.margin_sampling).query(X, y, clf).tolist()
    [1]
    """

    def __init__(
        self,
        query_strategy: Callable[..., Any] = uncertainty_sampling,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.query_strategy = query_strategy

    def query(
        self,
        X: Any,
        y: Any,
        clf: Any,
        fit_clf: bool = True,
        sample_weight: Any = None,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Any:
        """Pick candidates.

        Parameters
        ----------
        X : array-like of shape (rows, features)
            Labelled and unlabelled rows.
        y : array-like of shape (rows,)
            Their labels, `missing_label` where there is none.
        clf : SkactivemlClassifier
            Has ``predict_proba``.
        fit_clf : bool, default=True
            Whether to fit a clone of it on `X` and `y` first.
        sample_weight : array-like of shape (rows,), default=None
            For that fit.
        candidates : None, array of int, or array-like of shape (candidates, features), default=None
            Which rows may be picked: the unlabelled ones, those at these positions of `X`, or
            these.
        batch_size : int, default=1
            How many to pick.
        return_utilities : bool, default=False
            Whether to return the utility of each row at each pick as well; of shape (batch_size,
            rows).

        Returns
        -------
        query_indices : ndarray of shape (batch_size,)
            Positions in `X`, or in `candidates` where these are rows.
        utilities : ndarray
            Only with `return_utilities`; higher is better, NaN for what cannot be picked.
        """
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        check_type(clf, "clf", SkactivemlClassifier)
        check_equal_missing_label(clf.missing_label, self.missing_label_)
        check_type(fit_clf, "fit_clf", bool)
        rows, mapping = self._transform_candidates(candidates, X, y)
        if fit_clf:
            clf = clone(clf).fit(X, y) if sample_weight is None else clone(clf).fit(X, y, sample_weight)
        learner = ActiveLearner(clf, self.query_strategy, random_state=self.random_state_)
        labelled = is_labeled(y, missing_label=self.missing_label_)
        learner.X_training, learner.y_training = X[labelled], y[labelled]
        wanted = len(rows) if return_utilities else batch_size
        ranking, _, scores = learner.query(rows, n_instances=wanted, return_metrics=True)
        positions = ranking if mapping is None else mapping[ranking]
        if not return_utilities:
            return positions
        total = len(rows) if mapping is None else len(X)
        return positions[:batch_size], _utilities(positions, scores, total, batch_size)


def _utilities(positions: NDArray[Any], scores: NDArray[Any], rows: int, picks: int) -> NDArray[np.float64]:
    """Lay out a ranking as one line of utilities for each pick."""
    ascending = scores[0] < scores[-1]
    line = np.full(rows, np.nan)
    line[positions] = -scores if ascending else scores
    utilities = np.tile(line, (picks, 1))
    for pick in range(picks):
        utilities[pick + 1 :, positions[pick]] = np.nan
    return utilities
