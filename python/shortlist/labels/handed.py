"""Rows that go to people, and the columns that they see, under names that tools leave free."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from shortlist.labels.records import ROW_ID
from shortlist.labels.values import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

IMAGE = re.compile(r"data:image/.*|(https?:/)?/[^\s?#]+\.(png|jpe?g|gif|webp|bmp|svg|tiff?)([?#]\S*)?", re.IGNORECASE)
"""What is shown as a picture."""


class Guess(NamedTuple):
    """What a model says of a row: its name, a class, and how probable it holds that."""

    model: str
    label: str
    probability: float


class HandedRow(NamedTuple):
    """A row that people are asked for.

    Attributes
    ----------
    id : str
        What it is called.
    shown : mapping
        What they see of it, by column.
    score : float or None
        What the strategy gave it.
    why : str
        Why it was picked.
    people : int
        How many people are to label it.
    guess : Guess or None
        What the model says of it, where people are to see that.
    """

    id: str
    shown: Mapping[str, Any]
    score: float | None = None
    why: str = ""
    people: int = 1
    guess: Guess | None = None


class Sent(NamedTuple):
    """What goes with all rows of a batch.

    Attributes
    ----------
    classes : tuple of str
        What people may answer; none where that is not known.
    text : str or None
        The column of text; None for the only one, or for all of them in one text.
    told : mapping
        What comes back with each answer: the round and the loop.
    name : str
        What the batch is called.
    ranked : bool
        Whether tables have the rank and the score of each row too.
    spreadsheet : bool
        Whether texts that a spreadsheet would take for a formula get an apostrophe in front. Ids
        never do.
    """

    classes: tuple[str, ...] = ()
    text: str | None = None
    told: Mapping[str, Any] = {}
    name: str = ""
    ranked: bool = False
    spreadsheet: bool = False


def columns_of(rows: Iterable[HandedRow]) -> list[str]:
    """Return the columns that people see, in order."""
    return list(dict.fromkeys(column for row in rows for column in row.shown))


def names_of(columns: Sequence[str], taken: Iterable[str], before: str = "pool.") -> list[str]:
    """Return what columns are called where some names, in any case, are taken.

    Examples
    --------
    >>> names_of(["body", "Label"], ["label"])
    ['body', 'pool.Label']
    """
    used, names = {name.lower() for name in taken}, list[str]()
    for column in columns:
        name = column.strip()
        while name.lower() in used or not name:
            name = f"{before}{name}"
        used.add(name.lower())
        names.append(name)
    return names


def told_of(rows: Iterable[HandedRow], sent: Sent) -> Iterator[tuple[HandedRow, dict[str, Any]]]:
    """Yield rows, and what their tool is told beside their columns:
    id, rank and score, and what all have in common.
    """
    for rank, row in enumerate(rows, 1):
        score = {} if row.score is None else {"score": row.score}
        yield row, {ROW_ID: row.id, "rank": rank, **score, **sent.told}


def text_of_row(row: HandedRow, text: str | None) -> str:
    """Return what people read of a row where a tool shows one text:
    a column, or all with their names.
    """
    if text is not None and text in row.shown:
        return plain_text(row.shown[text]) or ""
    if len(row.shown) == 1:
        return plain_text(next(iter(row.shown.values()))) or ""
    return "\n".join(f"{name}: {plain_text(value) or ''}" for name, value in row.shown.items())


def others_of(row: HandedRow, text: str | None) -> dict[str, Any]:
    """Return the columns that `text_of_row` does not show."""
    if text is not None and text in row.shown:
        return {name: value for name, value in row.shown.items() if name != text}
    return {} if len(row.shown) == 1 else dict(row.shown)


def is_image(value: Any) -> bool:
    """Return whether a value is the address of a picture."""
    return isinstance(value, str) and IMAGE.fullmatch(value) is not None
