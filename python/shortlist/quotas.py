"""Quotas as a selection takes them: so many rows for each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.arguments import Exclusion, whole
from shortlist.groups import all_of, as_labels, checked_quotas, count, counted, distinct, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from shortlist.groups import Labels


def settled(
    k: int | None, quotas: str | Mapping[Any, int], labels: Labels, free: NDArray[Any] | None
) -> tuple[int, dict[Any, int]]:
    """Return k, and quotas for each label that there is.

    Parameters
    ----------
    k : int or None
        None where the quotas say how many rows to pick.
    quotas : {"proportional", "equal"} or dict of label: rows
    labels : Labels
        All there are.
    free : ndarray of int or None, shape (labels,)
        How many rows of each may be picked; needed where quotas are to be shared by them.
    """
    if isinstance(quotas, str) and free is not None:
        if k is None:
            raise ValueError(f"k is None, and quotas is {quotas!r}; accepted is a whole number, 0 or more")
        return k, share(quotas, whole(k, "k"), labels, free)
    quotas = checked_quotas(quotas)
    unknown = [label for label in quotas if label not in labels]
    if unknown:
        raise ValueError(f"quotas has the label {unknown[0]!r}, which is not in groups")
    return sum(quotas.values()) if k is None else k, quotas


def settled_of(
    k: int | None,
    quotas: str | Mapping[Any, int],
    groups: NDArray[Any],
    exclusion: Exclusion | None,
    n_threads: int,
) -> tuple[int, dict[Any, int]]:
    """Return what `settled` does where the label of each row is at hand, and which rows are not to
    be picked.
    """
    if not isinstance(quotas, str):
        return settled(k, quotas, all_of(checked_quotas(quotas), groups, n_threads), None)
    labels, counts = counted(groups, n_threads)
    if counts is None or exclusion is not None:
        counts = count(labels, groups, exclusion or Exclusion(None, len(groups)))
    return settled(k, quotas, labels, counts)


def coded(quotas: Mapping[Any, int] | str) -> tuple[Labels, list[int]]:
    """Return the labels of a state's quotas, and the quota of each by its code."""
    if isinstance(quotas, str):
        raise ValueError(
            f"quotas is {quotas!r}, which needs the groups of all rows; a Selector accepts a dict of label: rows"
        )
    given = checked_quotas(quotas)
    labels = distinct(as_labels(list(given)))
    # The last code is for rows of all other groups: no quota, but they may fill a shortage.
    return labels, [*(given[label] for label in labels.labels.tolist()), 0]
