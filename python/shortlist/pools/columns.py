"""Which columns of a table are the rows of a pool: by name, or the one way that fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from shortlist.pools.convert import accepted_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.pools.source import Reading

SHOWN = 5


@dataclass(frozen=True)
class Column:
    """What a table says of one of its columns.

    Attributes
    ----------
    kind : {"list", "ragged", "number", "void", "other"}
        Lists of one length, lists of any length, one number a row, nothing at all (what writers
        make of a column that has no values), or anything else.
    dtype : dtype or None
        Of the numbers.
    width : int
        Length of the lists; 0 where only the data tell.
    text : str
        The type, as the table's package writes it.
    """

    name: str
    kind: Literal["list", "ragged", "number", "void", "other"]
    dtype: np.dtype[Any] | None
    width: int
    text: str


@dataclass(frozen=True)
class Choice:
    """The columns that are the rows.

    Attributes
    ----------
    names : tuple of str
        One column of lists (for a committee, one a member), or one column a class.
    lists : bool
        Whether they are columns of lists.
    classes : int
        Columns of the pool; 0 where only the data tell.
    dtype : dtype
        Of the blocks.
    bfloat16 : bool
        The numbers are uint16 and hold bfloat16.
    members : int
        Members of a committee, or 0.
    void : bool
        The columns have no values that would tell a dtype.
    """

    names: tuple[str, ...]
    lists: bool
    classes: int
    dtype: np.dtype[Any]
    bfloat16: bool
    members: int
    void: bool = False

    @property
    def form(self) -> tuple[int, int, np.dtype[Any], bool]:
        """The form of the pool."""
        return self.members, self.classes, self.dtype, self.bfloat16


def choose(table: Sequence[Column], reading: Reading, name: str) -> Choice:
    """Choose the columns that are the rows.

    Raises
    ------
    ValueError, TypeError
        No column of that name, more than one way to choose, a column that holds no floating-point
        numbers.
    """
    by_name = {column.name: column for column in table}
    if len(by_name) < len(table):
        raise ValueError(f"{name} has two columns of one name; accepted are distinct names")
    if reading.id_column is not None and reading.id_column not in by_name:
        raise ValueError(f"id_column is {reading.id_column!r}, and {name} has no such column; {_there(by_name)}")
    if reading.column is None:
        chosen = _fitting([column for column in table if column.name != reading.id_column], reading, name)
    else:
        wanted = [reading.column] if isinstance(reading.column, str) else list(reading.column)
        for column in wanted:
            if column not in by_name:
                raise ValueError(f"column is {column!r}, and {name} has no such column; {_there(by_name)}")
        if len(set(wanted)) < len(wanted) or not wanted:
            raise ValueError(f"column is {wanted}; accepted are the names of columns, each once")
        chosen = [by_name[column] for column in wanted]
    return _checked(chosen, reading, name)


def _fitting(table: list[Column], reading: Reading, name: str) -> list[Column]:
    lists = [column for column in table if column.kind in ("list", "ragged")]
    if not lists and table and all(column.kind == "void" for column in table):
        lists = table if len(table) == 1 else []
    if len(lists) == 1 or (lists and reading.committee):
        return lists
    if lists:
        raise ValueError(f"{name} has several columns of lists, {_names(lists)}; name one with column=")
    if not table:
        raise ValueError(f"{name} has no columns; at least one is needed")
    return table


def _checked(chosen: list[Column], reading: Reading, name: str) -> Choice:
    lists = [column for column in chosen if column.kind in ("list", "ragged")]
    void = all(column.kind == "void" for column in chosen)
    if void and (len(chosen) == 1 or reading.committee):
        lists = chosen
    for column in chosen:
        if column.dtype is None and column.kind != "void":
            raise TypeError(
                f"column {column.name!r} of {name} has dtype {column.text}, which holds no numbers; accepted are one "
                "column of fixed-size lists, or numeric columns: name them with column=, and with id_column= what names the rows"
            )
    if any(column.kind != "void" and column not in lists for column in chosen) and lists:
        raise ValueError(
            f"column names lists and numbers, {_names(chosen)}; accepted is one column of lists, or numbers"
        )
    if not lists and reading.committee:
        raise ValueError(f"{name} has no column of lists; for a committee one for each member is needed")
    if len(lists) > 1 and not reading.committee:
        raise ValueError(
            f"column names several columns of lists, {_names(lists)}; accepted is one, but for a committee"
        )
    kinds = [accepted_dtype(c.dtype, reading.bfloat16, f"column {c.name!r} of {name}") for c in chosen if c.dtype]
    widths = {column.width for column in lists if column.kind != "void"} or {0}
    if len(widths) > 1:
        raise ValueError(f"{_names(lists)} of {name} have widths {sorted(widths)}; all members must have the same")
    dtype = np.result_type(*(found for found, _ in kinds)) if kinds else np.dtype(np.float64)
    members = len(chosen) if reading.committee else 0
    classes = widths.pop() if lists else len(chosen)
    bfloat16 = bool(kinds) and kinds[0][1]
    return Choice(tuple(c.name for c in chosen), bool(lists), classes, dtype, bfloat16, members, void)


def _names(columns: list[Column]) -> str:
    return " and ".join(repr(column.name) for column in columns[:SHOWN]) + (" and more" if columns[SHOWN:] else "")


def _there(by_name: dict[str, Column]) -> str:
    listed = ", ".join(map(repr, list(by_name)[:SHOWN]))
    return f"there {'is' if len(by_name) == 1 else 'are'} {listed}{', ...' if len(by_name) > SHOWN else ''}"
