"""Ids that rows have of their own, compared by value:
7, 7.0 and "7" name the same row of a pool of whole numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

PLAIN = re.compile(r"0|-?[1-9][0-9]{0,18}")
"""A whole number as Python writes it."""
WHOLE = re.compile(r"\s*[+-]?0*[0-9]{1,18}(\.0*)?\s*")
"""A whole number as others write it: 007, +7, 7.0."""


@dataclass(frozen=True)
class Positions:
    """Rows by their places in the pool, counted from 0,
    where the pool names its rows by an id column.

    Parameters
    ----------
    values : array of int
        Places, each once.

    Examples
    --------
    >>> import pyarrow as pa, shortlist as sl
    >>> table = pa.table({"id": [12, 11, 10], "cat": [0.5, 0.4, 0.9], "dog": [0.5, 0.6, 0.1]})
    >>> pool = sl.Source(table, column=["cat", "dog"], id_column="id")
    >>> sl.select(pool, "margin", k=1, exclude=[12]).ids
    array([11])
    >>> sl.select(pool, "margin", k=1, exclude=sl.Positions([1])).ids
    array([12])
    """

    values: Any


class Picked:
    """Rows that were picked, as in a `Selection`: their places, and their own ids if any."""

    indices: NDArray[np.int64]
    ids: NDArray[Any] | None


class OwnIds:
    """Some ids, to be looked for among those that rows have.

    Parameters
    ----------
    values : array, list, set, Series, Selection
        Numbers, text, or anything else by what `str` makes of it; repeats count once.
    name : str
        The argument's name in error messages.
    """

    def __init__(self, values: Any, name: str) -> None:
        plain = _column(values, name)
        if isinstance(plain, np.ndarray):
            self._numbers, self._texts = np.unique(plain), set[str]()
        else:
            self._numbers, self._texts = _sorted_out(plain, name)
        self._met = np.zeros(len(self._numbers), dtype=np.bool)
        self._met_texts: set[str] = set()

    def __len__(self) -> int:
        return len(self._numbers) + len(self._texts)

    @property
    def missing(self) -> int:
        """How many of the ids no row had so far."""
        numbers = [number for text in self._met_texts if (number := plain_number(text)) is not None]
        met = self._met | np.isin(self._numbers, np.array(numbers, dtype=np.int64))
        return int(np.count_nonzero(~met)) + len(self._texts - self._met_texts)

    def whole_numbers(self) -> NDArray[np.int64]:
        """Return those of the ids that are whole numbers, ascending."""
        return np.union1d(self._numbers, np.array(list(self._spelt), dtype=np.int64))

    def among(self, own: NDArray[Any]) -> NDArray[np.bool]:
        """Return which of some rows, given by their own ids, have one of these."""
        if own.dtype.kind in "iu" and (own.dtype != np.uint64 or not len(own) or int(own.max()) < 2**63):
            return self._among_numbers(own.astype(np.int64, copy=False))
        return np.fromiter(map(self._has, own.tolist()), np.bool, len(own))

    def positions(self, blocks: Iterable[NDArray[Any]]) -> NDArray[np.int64]:
        """Return the places of the rows that have one of these,
        of all rows given block by block.
        """
        found, done = [np.empty(0, np.int64)], 0
        for own in blocks:
            found.append(np.flatnonzero(self.among(own)) + done)
            done += len(own)
        return np.concatenate(found)

    def merge(self, others: Iterable[OwnIds]) -> None:
        """Take over which ids rows elsewhere had, of copies of this."""
        for other in others:
            self._met |= other._met
            self._met_texts |= other._met_texts

    @cached_property
    def _spelt(self) -> dict[int, list[str]]:
        """Texts that are whole numbers in another spelling, by their value."""
        found: dict[int, list[str]] = {}
        for text in self._texts:
            if WHOLE.fullmatch(text):
                found.setdefault(int(text.partition(".")[0]), []).append(text)
        return found

    @cached_property
    def _as_text(self) -> set[str]:
        return self._texts | set(map(str, self._numbers.tolist()))

    def _among_numbers(self, own: NDArray[np.int64]) -> NDArray[np.bool]:
        found = np.zeros(len(own), dtype=np.bool)
        if len(self._numbers):
            places = np.minimum(np.searchsorted(self._numbers, own), len(self._numbers) - 1)
            found |= self._numbers[places] == own
            self._met[places[found]] = True
        if self._spelt:
            spelt = np.isin(own, np.array(list(self._spelt), dtype=np.int64))
            for number in np.unique(own[spelt]).tolist():
                self._met_texts.update(self._spelt[number])
            found |= spelt
        return found

    def _has(self, own: Any) -> bool:
        key = own if isinstance(own, str) else key_of(own)
        if isinstance(key, int):
            return bool(self._among_numbers(np.array([key], dtype=np.int64))[0])
        if key not in self._as_text:
            return False
        self._met_texts.add(key)
        return True


def key_of(value: Any) -> int | str | None:
    """Return an id as what it is compared by: a whole number, or text;
    None for a value that is missing.
    """
    if isinstance(value, np.generic):
        value = str(value) if value.dtype.kind in "mM" else value.item()
    if is_missing(value):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else str(value)
    return str(value)


def plain_number(text: str) -> int | None:
    """Return the whole number that a text writes as Python does; None where it is anything else."""
    if not PLAIN.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT, or what pandas calls NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    return isinstance(value, float | np.floating | np.datetime64 | np.timedelta64) and bool(value != value)


def as_mask(values: Any, name: str) -> NDArray[np.bool] | None:
    """Return a mask over rows as an array; None for anything else."""
    if isinstance(values, Picked | Positions | set | frozenset) or hasattr(values, "columns"):
        return None
    array = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if array.dtype.kind == "O" and array.ndim == 1 and len(array) and isinstance(array[0], bool | np.bool):
        # pandas has masks with missing values.
        bad = next((i for i, value in enumerate(array.tolist()) if not isinstance(value, bool | np.bool)), None)
        if bad is not None:
            raise ValueError(f"{name} is a mask with {array[bad]!r} at row {bad}; accepted are True and False")
        array = array.astype(np.bool)
    if array.dtype != np.bool or not array.size:
        # Nothing at all is no mask either: it names no row.
        return None
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; accepted are ids or a boolean mask, of one dimension")
    if isinstance(array, np.ma.MaskedArray):
        hidden = np.flatnonzero(np.ma.getmaskarray(array))
        if len(hidden):
            raise ValueError(f"{name} is a mask with nothing at row {hidden[0]}; accepted are True and False")
        array = array.data
    return np.ascontiguousarray(array)


def one_column(values: Any, name: str) -> Any:
    """Return the one column of a frame, and anything else as it is."""
    if not hasattr(values, "columns") or not hasattr(values, "shape"):
        return values
    if 0 in values.shape:
        return []
    if values.shape[1] != 1:
        raise ValueError(f"{name} is a table of {values.shape[1]} columns; accepted is one column of it")
    return values[next(iter(values.columns))] if hasattr(values, "__getitem__") else values


def _column(values: Any, name: str) -> NDArray[np.int64] | list[Any]:
    """Return ids as whole numbers where all are, else as a list."""
    values = one_column(values, name)
    if isinstance(values, str | bytes):
        raise TypeError(f"{name} is {values!r}; accepted are ids: an array, a list, a set, a column of a table")
    if isinstance(values, Picked):
        values = values.indices if values.ids is None else values.ids
    if isinstance(values, set | frozenset) or type(values).__name__ in ("dict_keys", "dict_values"):
        values = list(values)
    if hasattr(values, "to_pylist"):
        values = values.to_pylist()
    if isinstance(values, list | tuple) and not (values and isinstance(values[0], int)):
        return list(values)
    array = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; accepted are ids or a boolean mask, of one dimension")
    whole = array.dtype.kind == "i" or (array.dtype.kind == "u" and (not len(array) or int(array.max()) < 2**63))
    if whole and not isinstance(array, np.ma.MaskedArray):
        return array.astype(np.int64)
    # Not by way of the array: NumPy would write 7 and "7" alike, and round large numbers that lie
    # beside others.
    return list(values) if isinstance(values, list | tuple) else list(array.tolist())


def _sorted_out(values: list[Any], name: str) -> tuple[NDArray[np.int64], set[str]]:
    numbers: set[int] = set()
    texts: set[str] = set()
    for place, value in enumerate(values):
        if isinstance(value, list | tuple | dict | np.ndarray):
            raise TypeError(f"{name} has a {type(value).__name__} at place {place}; accepted are numbers and text")
        key = key_of(value)
        if key is None or key == "":
            came = "an empty text" if key == "" else value
            raise ValueError(
                f"{name} has {came} at place {place}; accepted is an id at each place (leave such rows out)"
            )
        if isinstance(key, int):
            numbers.add(key)
        elif (number := plain_number(key)) is not None:
            numbers.add(number)
        else:
            texts.add(key)
    return np.array(sorted(numbers), dtype=np.int64), texts
