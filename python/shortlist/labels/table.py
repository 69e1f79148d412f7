"""Labels as a table that pandas, Polars and pyarrow take as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from shortlist.tables import aligned

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10
"""Rows that a repr shows."""


class Label(NamedTuple):
    """One answer of one person.

    Attributes
    ----------
    id : str
        The row.
    label : str or None
        What it was said to be; None where it was skipped, or said not to be the class that was
        asked for.
    annotator : str or None
        Who said it, where that is known.
    time : str or None
        When, where that is known: ISO 8601 in UTC.
    skipped : bool
        Whether the person passed it over.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.labels.Label("7", "bug", annotator="amy")
    Label(id='7', label='bug', annotator='amy', time=None, skipped=False)
    """

    id: str
    label: str | None
    annotator: str | None = None
    time: str | None = None
    skipped: bool = False


class Labels(Sequence[Label]):
    """Answers in the order of their file: a list of named tuples, and columns by name.

    ``pandas.DataFrame(labels)``, ``polars.DataFrame(labels)`` and
    ``pyarrow.table(labels.to_dict())`` make a frame of it, and `Loop.ingest` takes it. Index it by
    a place, a slice, or the name of a column.

    Parameters
    ----------
    labels : iterable of Label
        The answers.

    Attributes
    ----------
    columns : tuple of str
        id, label, annotator, time, skipped.

    Examples
    --------
    >>> import shortlist as sl
    >>> said = [sl.labels.Label("7", "bug", "amy"), sl.labels.Label("8", None, skipped=True)]
    >>> labels = sl.labels.Labels(said)
    >>> labels["label"], len(labels), labels[0].id
    (['bug', None], 2, '7')
    """

    columns = Label._fields

    def __init__(self, labels: Iterable[Label] = ()) -> None:
        self._labels = list(labels)

    def __len__(self) -> int:
        return len(self._labels)

    @overload
    def __getitem__(self, place: int) -> Label: ...
    @overload
    def __getitem__(self, place: slice) -> Labels: ...
    @overload
    def __getitem__(self, place: str) -> list[Any]: ...
    def __getitem__(self, place: int | slice | str) -> Label | Labels | list[Any]:
        """Return a row, some rows, or a column by its name."""
        if isinstance(place, str):
            if place not in self.columns:
                raise KeyError(f"there is no column {place!r}; the columns are {', '.join(self.columns)}")
            return [getattr(label, place) for label in self._labels]
        return Labels(self._labels[place]) if isinstance(place, slice) else self._labels[place]

    def __eq__(self, other: object) -> bool:
        return self._labels == other._labels if isinstance(other, Labels) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it holds a list

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns by name."""
        return {name: self[name] for name in self.columns}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a dict a row."""
        return [label._asdict() for label in self._labels]

    def to_pandas(self) -> pd.DataFrame:
        """Return a frame of pandas: text and bool, and times as they are.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ModuleNotFoundError
            There is no pandas.
        """
        try:
            import pandas
        except ImportError as error:
            raise ModuleNotFoundError(f"to_pandas needs pandas ({error}); run: pip install pandas") from None
        return pandas.DataFrame(self.to_dict())

    def __repr__(self) -> str:
        head = f"{len(self):,} label{'' if len(self) == 1 else 's'}"
        if not self._labels:
            return head
        rows = [["" if value is None else str(value) for value in label] for label in self._labels[:SHOWN]]
        more = [f"... {len(self) - SHOWN:,} more"] if len(self) > SHOWN else []
        return "\n".join([head, aligned([list(self.columns), *rows]), *more])
