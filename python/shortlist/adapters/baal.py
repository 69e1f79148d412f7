"""Any measure of Shortlist as a heuristic of Baal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from baal.active.heuristics import AbstractHeuristic
from baal.utils.array_utils import to_prob

from shortlist.registry import find_measure
from shortlist.scoring import score

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class ShortlistHeuristic(AbstractHeuristic):  # type: ignore[misc]
    """Rank rows by a measure of Shortlist; of equal rows the first comes first.

    Parameters
    ----------
    measure : str, default="bald"
        A measure of a committee, whose members are Baal's iterations, or of a row, which gets
        their mean.
    reduction : str or callable, default="none"
        Baal's: how the scores of all places in an image become one.
    n_threads : int, optional
        At most so many threads.

    Examples
    --------
    >>> import numpy as np
    >>> from shortlist.adapters.baal import ShortlistHeuristic
    >>> agreed, differing = [[0.9, 0.9], [0.1, 0.1]], [[0.9, 0.1], [0.1, 0.9]]
    >>> said = np.array([agreed, differing])  # rows, classes, iterations
    >>> ShortlistHeuristic("bald")(said).tolist()
    [1, 0]
    """

    def __init__(
        self,
        measure: str = "bald",
        reduction: str | Callable[..., Any] = "none",
        n_threads: int | None = None,
    ) -> None:
        found = find_measure(measure)
        super().__init__(reverse=found.order == "highest", reduction=reduction)
        self.measure = found.name
        self.committee = found.kind == "committee"
        self.n_threads = n_threads

    def compute_score(self, predictions: Any, target_predictions: Any = None) -> NDArray[Any]:
        """Score predictions.

        Parameters
        ----------
        predictions : array of shape (rows, classes, ..., iterations)
            Probabilities, or logits, which Baal turns into them.
        target_predictions : optional
            Not looked at.

        Returns
        -------
        ndarray of shape (rows, ...)

        Raises
        ------
        ValueError
            Predictions of several models, or without iterations for a measure of a committee.
        """
        del target_predictions
        if isinstance(predictions, list | tuple):
            if len(predictions) != 1:
                raise ValueError(f"predictions are of {len(predictions)} models; accepted is one array")
            predictions = predictions[0]
        said = np.asarray(predictions)
        if self.committee:
            if said.ndim < 3:
                raise ValueError(
                    f"predictions have shape {said.shape}; accepted for {self.measure} is (rows, classes, ..., iterations)"
                )
            said = np.moveaxis(to_prob(said), (-1, 1), (0, -1))
            members = np.ascontiguousarray(said).reshape(len(said), -1, said.shape[-1])
            return score(members, self.measure, n_threads=self.n_threads).reshape(said.shape[1:-1])
        # As in Baal the mean comes first, of logits too.
        said = np.moveaxis(to_prob(said.mean(axis=-1) if said.ndim >= 3 else said), 1, -1)
        rows = np.ascontiguousarray(said).reshape(-1, said.shape[-1])
        return score(rows, self.measure, normalize="renormalize", n_threads=self.n_threads).reshape(said.shape[:-1])

    def reorder_indices(self, scores: Any) -> NDArray[Any]:
        """Order rows by their scores.

        Parameters
        ----------
        scores : array of shape (rows,), or list of these
            One score for each row.

        Returns
        -------
        ndarray of shape (rows,)
            Positions, the most uncertain first.

        Raises
        ------
        ValueError
            Rows have several scores.
        """
        found = np.concatenate(scores) if isinstance(scores, list | tuple) else np.asarray(scores)
        if found.ndim > 1:
            raise ValueError(
                f"rows have scores of shape {found.shape[1:]}; accepted is one for each row: name a reduction, as 'mean'"
            )
        return np.argsort(-found if self.reversed else found, kind="stable")
