"""Source: where rows come from and how they are to be read, where x alone does not say."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from shortlist.options import word

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How something is to be read."""

    dtype: str | None = None
    column: str | Sequence[str] | None = None
    id_column: str | None = None
    key: str | None = None
    shape: tuple[int, int] | tuple[int, int, int] | None = None
    order: str = "C"
    offset: int = 0
    committee: bool = False

    @property
    def bfloat16(self) -> bool:
        """Read uint16 as bfloat16."""
        return self.dtype == "bfloat16"

    def only(self, accepted: tuple[str, ...], what: str) -> None:
        """Refuse an option that means nothing for this kind of source."""
        for given in fields(Reading):
            value = getattr(self, given.name)
            if value != given.default and given.name not in (*accepted, "committee", "dtype"):
                raise ValueError(
                    f"{given.name} is {value!r}, which means nothing for {what}; accepted is to leave it out"
                )
        if self.dtype is not None and word(self.dtype) != "bfloat16" and "dtype" not in accepted:
            raise ValueError(
                f'dtype is {word(self.dtype)!r}; accepted are None (as x says) and "bfloat16" (read uint16 as bfloat16)'
            )


@dataclass(frozen=True)
class Source:
    """Rows, and how they are to be read: pass it wherever a pool is accepted.

    Parameters
    ----------
    x : path, glob, list of paths, table, frame, array
        What `select` accepts.
    column : str or list of str, optional
        For tables: the column of fixed-size lists that holds the rows, or the numeric columns that
        are the classes, in this order. By default the one column of fixed-size lists there is, or
        else all columns.
    id_column : str, optional
        For tables: a column that names the rows. The picks get its values in ``Selection.ids``.
    key : str, optional
        For files that hold several arrays (``.npz``, HDF5, Zarr): which one.
    shape : tuple of int, optional
        For raw binary: (rows, classes), or (members, rows, classes) for a committee; rows may be
        -1, for what is there.
    dtype : str, optional
        For raw binary: float16, float32, float64 or bfloat16, with ``>`` before it for big-endian.
        Elsewhere ``"bfloat16"`` reads uint16 as bfloat16.
    order : {"C", "F"}
        For raw binary: whether rows or columns lie together.
    offset : int
        For raw binary: bytes before the array.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.Source("predictions/*.parquet", column="proba", id_column="url")
    Source('predictions/*.parquet', column='proba', id_column='url')
    >>> sl.Source("probs.f32", shape=(-1, 10), dtype="float32")
    Source('probs.f32', shape=(-1, 10), dtype='float32')
    """

    x: Any
    column: str | Sequence[str] | None = None
    id_column: str | None = None
    key: str | None = None
    shape: tuple[int, int] | tuple[int, int, int] | None = None
    dtype: str | None = None
    order: str = "C"
    offset: int = 0

    def __repr__(self) -> str:
        given = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self)[1:] if getattr(self, f.name) != f.default]
        return f"Source({', '.join([repr(self.x), *given])})"


def reading_of(x: Any, dtype: str | None, committee: bool) -> tuple[Any, Reading]:
    """Split what was passed as a pool into the thing itself and how to read it."""
    if not isinstance(x, Source):
        return x, Reading(dtype=dtype, committee=committee)
    if dtype is not None and x.dtype is not None and dtype != x.dtype:
        raise ValueError(f"dtype is {dtype!r}, and that of the Source {x.dtype!r}; accepted is one of them")
    options = {f.name: getattr(x, f.name) for f in fields(Source)[1:]}
    if isinstance(x.x, Source):
        raise TypeError("x of a Source is a Source; accepted is what it is about")
    return x.x, replace(Reading(**options, committee=committee), dtype=x.dtype or dtype)


def is_path(x: Any) -> bool:
    """Whether x names a file."""
    return isinstance(x, str | os.PathLike)
