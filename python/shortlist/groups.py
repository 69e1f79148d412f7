"""Groups of rows: any labels as the codes the core works with,
and quotas in proportion to their counts.
"""

from __future__ import annotations

import contextlib
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.arguments import whole
from shortlist.own_ids import is_missing, one_column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Exclusion

BLOCK = 1 << 18
"""Rows whose codes exist at once."""
FIRST = 1 << 16
"""Rows that are looked at for labels before all are."""
TEXT = ("string", "large_string", "string_view")
"""Arrow's names for text."""
TABLE = 1 << 20
"""Widest range of whole numbers that a lookup table serves."""


class Labels:
    """The distinct labels of groups in a fixed order: a label's place is its code."""

    _known: _core.Labels | None = None  # made when needed, and no part of a pickled state
    _known_as: np.dtype[Any] | None = None

    def __init__(self, labels: NDArray[Any]) -> None:
        self.labels = labels
        self._table: NDArray[np.uint32] | None = None
        self._codes: dict[Any, int] | None = None
        if labels.dtype.kind in "iub" and len(labels) and int(labels[-1]) - int(labels[0]) < TABLE:
            self._first = int(labels[0])
            self._table = np.full(int(labels[-1]) - self._first + 1, len(labels), dtype=np.uint32)
            self._table[labels.astype(np.int64) - self._first] = np.arange(len(labels))
        elif labels.dtype.kind == "O":
            self._codes = {label: code for code, label in enumerate(labels.tolist())}

    def __len__(self) -> int:
        return len(self.labels)

    def __contains__(self, label: object) -> bool:
        return bool(np.any(self.labels == label))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_known", "_known_as")}

    def for_core(self, groups: NDArray[Any]) -> tuple[NDArray[np.uint8], _core.Labels] | None:
        """Return labels for the core to look up where it needs them; None for codes instead."""
        if not by_bytes(groups):
            return None
        if self._known is None or self._known_as != groups.dtype:
            labels = self._alike(groups.dtype)
            if labels is None:
                return None
            self._known, self._known_as = _core.Labels(as_bytes(labels)), groups.dtype
        return as_bytes(groups), self._known

    def _alike(self, dtype: np.dtype[Any]) -> NDArray[Any] | None:
        """Return the labels as another dtype has them; None where it cannot hold them."""
        if self.labels.dtype == dtype:
            return self.labels
        same_kind = self.labels.dtype.kind == dtype.kind or {self.labels.dtype.kind, dtype.kind} == {"i", "u"}
        if not same_kind or not len(self):
            return None
        labels = self.labels.astype(dtype)
        return labels if np.array_equal(labels, self.labels) else None

    def codes(self, groups: NDArray[Any]) -> NDArray[np.uint32]:
        """Return the codes of labels; ``len(self)`` for labels that are not among these."""
        unknown = len(self)
        if self._codes is not None or groups.dtype.kind == "O":
            codes = self._codes if self._codes is not None else {v: i for i, v in enumerate(self.labels.tolist())}
            return np.fromiter(map(codes.get, groups.tolist(), repeat(unknown)), np.uint32, len(groups))
        if self._table is not None and groups.dtype.kind in "iub":
            place = groups.astype(np.int64) - self._first
            inside = (place >= 0) & (place < len(self._table))
            return np.where(inside, self._table[np.where(inside, place, 0)], np.uint32(unknown))
        place = np.searchsorted(self.labels, groups)
        found = np.minimum(place, unknown - 1)
        return np.where(self.labels[found] == groups, found, unknown).astype(np.uint32)


class LabelsToMeet(Labels):
    """Labels of which the core finds out as it meets rows that may be picked."""

    def __init__(self, groups: NDArray[Any]) -> None:
        super().__init__(np.empty(0, groups.dtype))
        self._known, self._known_as = _core.Labels.unknown(groups.dtype.itemsize), groups.dtype


def numbered(groups: Any) -> Any:
    """Return text or categories that pandas, Polars or Arrow hold as whole numbers, the same
    where these are; anything else, and what has missing values, as it is.
    """
    package = type(groups).__module__.partition(".")[0]
    if package == "pandas" and str(getattr(groups, "dtype", "")) in ("str", "string", "category"):
        codes: NDArray[Any] = groups.factorize()[0]
        return codes if len(codes) and int(codes.min()) >= 0 else groups
    if package == "polars" and str(getattr(groups, "dtype", "")) == "String" and not groups.null_count():
        import polars as pl

        return groups.cast(pl.Categorical).to_physical().to_numpy()
    if package == "pyarrow" and str(getattr(groups, "type", "")) in TEXT and not groups.null_count:
        whole = groups.combine_chunks() if hasattr(groups, "combine_chunks") else groups
        return whole.dictionary_encode().indices.to_numpy()
    return groups


def as_labels(groups: ArrayLike, rows: int | None = None, name: str = "groups") -> NDArray[Any]:
    """Return group labels as an array of one dimension, one for each row."""
    array = np.asarray(one_column(groups, name))
    if (
        array.dtype.kind in "US"
        and isinstance(groups, list | tuple)
        and not all(isinstance(g, str | bytes) for g in groups)
    ):
        # NumPy would write 1 and "1" alike.
        array = np.empty(len(groups), dtype=object)
        array[:] = groups
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; accepted is one label for each row")
    if rows is not None and len(array) != rows:
        raise ValueError(f"{name} has {len(array):,} labels, and the pool has {rows:,} rows; they must be equal")
    refuse_missing(groups, array, name)
    return array


def codes_for_core(
    groups: NDArray[Any], labels: Labels | None
) -> NDArray[np.uint32] | tuple[NDArray[np.uint8], _core.Labels]:
    """Return labels of a block as the core takes them: codes, which without `labels` the groups are
    themselves, or bytes to look up.
    """
    if labels is not None:
        return labels.for_core(groups) or labels.codes(groups)
    if groups.dtype.kind not in "iub" or (len(groups) and not 0 <= int(groups.min()) <= int(groups.max()) < 2**24):
        raise ValueError(
            f"groups has labels of dtype {groups.dtype}; with per_group a Selector accepts whole numbers from 0 to "
            "2**24 - 1, which mean the same in every state (select() accepts any labels)"
        )
    return groups.astype(np.uint32)


def refuse_missing(given: Any, array: NDArray[Any], name: str) -> None:
    """Refuse labels of which one is NaN, NA, masked or, but in groups, None,
    naming the first such row.

    A group may be called None: rows that belong to none of the others.
    """
    if np.ma.is_masked(given):
        row = int(np.argmax(np.ma.getmaskarray(given)))
        raise ValueError(f"{name} is masked at row {row}; accepted is a label for each row")
    if array.dtype.kind in "fcmM":
        missing = array != array  # NaN and NaT are not equal to themselves
        row = int(np.argmax(missing)) if missing.any() else -1
    else:
        labels = array.tolist() if array.dtype.kind == "O" else []
        none = name == "groups"
        row = next((row for row, label in enumerate(labels) if is_missing(label) and not (none and label is None)), -1)
    if row >= 0:
        came = "NaN" if array.dtype.kind in "fc" else array[row]
        raise ValueError(f"{name} has {came} at row {row}; accepted is a label for each row")


def by_bytes(groups: NDArray[Any]) -> bool:
    """Whether labels lie as bytes that are the same where the labels are."""
    return groups.dtype.kind in "iuUS" and groups.dtype.itemsize > 0 and len(groups) > 0 and groups.flags.c_contiguous


def as_bytes(groups: NDArray[Any]) -> NDArray[np.uint8]:
    """Return each label as the bytes it is made of."""
    return groups.view(np.uint8).reshape(len(groups), groups.dtype.itemsize)


def distinct(groups: NDArray[Any]) -> Labels:
    """Return the distinct labels in ascending order,
    or in order of appearance where they cannot be compared.
    """
    return counted(groups)[0]


def counted(groups: NDArray[Any], n_threads: int | None = 1) -> tuple[Labels, NDArray[np.int64] | None]:
    """Return the distinct labels as `distinct` does, and how many rows have each,
    where that comes with it.
    """
    if by_bytes(groups):
        firsts, counts = _core.Labels.met(as_bytes(groups), n_threads)
        labels, order = np.unique(groups[firsts], return_index=True)
        return Labels(labels), counts[order].astype(np.int64)
    return Labels(_in_order(groups)), None


def all_of(wanted: Mapping[Any, int], groups: NDArray[Any], n_threads: int) -> Labels:
    """Return the labels there are, or so many of them that all wanted ones are among them."""
    some = counted(groups[:FIRST])[0]
    return some if all(label in some for label in wanted) else counted(groups, n_threads)[0]


def _in_order(groups: NDArray[Any]) -> NDArray[Any]:
    if groups.dtype.kind == "O":
        labels = list(dict.fromkeys(groups.tolist()))
        with contextlib.suppress(TypeError):
            labels.sort()
        found = np.empty(len(labels), dtype=object)
        found[:] = labels
        return found
    parts = [np.unique(groups[start : start + BLOCK]) for start in range(0, len(groups), BLOCK)]
    return np.unique(np.concatenate(parts)) if parts else groups


def count(labels: Labels, groups: NDArray[Any], exclusion: Exclusion) -> NDArray[np.int64]:
    """Count the rows of each group that may be picked."""
    counts = np.zeros(len(labels) + 1, dtype=np.int64)
    for start in range(0, len(groups), BLOCK):
        part = groups[start : start + BLOCK]
        counts += np.bincount(labels.codes(part)[exclusion.keeps(start, len(part))], minlength=len(counts))
    return counts[:-1]


def apportion(k: int, weights: list[int]) -> list[int]:
    """Share k in proportion to whole weights by largest remainders,
    the first of equal remainders first.
    """
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    shares = [k * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(k * weights[i] % total))
    for i in by_remainder[: k - sum(shares)]:
        shares[i] += 1
    return shares


def share(quotas: str, k: int, labels: Labels, counts: NDArray[np.int64]) -> dict[Any, int]:
    """Share k among the groups that have rows: in proportion to these, or equally."""
    if quotas not in ("proportional", "equal"):
        raise ValueError(f'quotas is {quotas!r}; accepted are "proportional", "equal", and a dict of label: rows')
    weights = counts if quotas == "proportional" else (counts > 0).astype(np.int64)
    k = min(k, int(counts.sum()))
    return dict(zip(labels.labels.tolist(), apportion(k, weights.tolist()), strict=True))


def checked_quotas(quotas: Any) -> dict[Any, int]:
    """Return quotas by label, each a whole number."""
    if not hasattr(quotas, "items"):
        raise TypeError(
            f'quotas is a {type(quotas).__name__}; accepted are "proportional", "equal", and a dict of label: rows'
        )
    if not quotas:
        raise ValueError("quotas is empty; accepted is a dict of label: rows with at least one group")
    return {label: whole(value, f"quotas[{label!r}]") for label, value in quotas.items()}


def both_or_neither(groups: object, grouped: bool) -> None:
    """Refuse groups without a limit on each, and the other way round."""
    if grouped != (groups is not None):
        needed = "are needed with per_group and quotas" if grouped else "were given without per_group or quotas"
        raise ValueError(f"groups {needed}; accepted are both or neither")
