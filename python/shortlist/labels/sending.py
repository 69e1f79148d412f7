"""Picks into the formats of annotation tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.labels import argilla, doccano, label_studio, prodigy
from shortlist.labels.formats import write_rows
from shortlist.labels.handed import HandedRow, Sent
from shortlist.labels.label_config import check_config, config_text
from shortlist.labels.picked import rows_of
from shortlist.writing import plain

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import IO

    from shortlist.selection import Selection

    Target = str | os.PathLike[str] | IO[str]


def write_picks(
    picks: Selection,
    target: Target,
    name: str,
    data: Any,
    *,
    id_column: str | None = None,
    classes: Sequence[str] | None = None,
    text: str | None = None,
    label_config: str | os.PathLike[str] | None = None,
    spreadsheet: bool = False,
) -> None:
    """Write picks in a format by its name; without `data` people see nothing but the ids."""
    rows = rows_of(picks, data, id_column) if data is not None else _bare(picks)
    sent = Sent(_classes(classes), _column(text, rows), ranked=True, spreadsheet=spreadsheet)
    if name == "label-studio":
        _check(label_config, rows, classes)
    write_rows(target, name, rows, sent)


def label_studio_tasks(
    picks: Selection,
    data: Any,
    label_config: str | os.PathLike[str] | None,
    classes: Sequence[str] | None,
    id_column: str | None,
    out: Target | None,
) -> list[dict[str, Any]]:
    """Return tasks for Label Studio, and write them where that is asked for."""
    rows, sent = rows_of(picks, data, id_column), Sent(_classes(classes))
    _check(label_config, rows, classes)
    return _written(list(label_studio.tasks(rows, sent)), out, "label-studio", rows, sent)


def prodigy_tasks(
    picks: Selection,
    data: Any,
    classes: Sequence[str] | None,
    text: str | None,
    dataset: str,
    id_column: str | None,
    out: Target | None,
) -> list[dict[str, Any]]:
    """Return tasks for Prodigy, and write them where that is asked for."""
    rows = rows_of(picks, data, id_column)
    sent = Sent(_classes(classes), _column(text, rows), name=dataset)
    return _written(list(prodigy.tasks(rows, sent)), out, "prodigy", rows, sent)


def argilla_records(picks: Selection, data: Any, id_column: str | None, out: Target | None) -> list[dict[str, Any]]:
    """Return records for Argilla, and write them where that is asked for."""
    rows, sent = rows_of(picks, data, id_column), Sent()
    return _written(list(argilla.records(rows, sent)), out, "argilla", rows, sent)


def doccano_examples(
    picks: Selection, data: Any, text: str | None, id_column: str | None, out: Target | None
) -> list[dict[str, Any]]:
    """Return examples for doccano, and write them where that is asked for."""
    rows = rows_of(picks, data, id_column)
    sent = Sent(text=_column(text, rows))
    return _written(list(doccano.examples(rows, sent)), out, "doccano", rows, sent)


def _written(
    made: list[dict[str, Any]], out: Target | None, name: str, rows: list[HandedRow], sent: Sent
) -> list[dict[str, Any]]:
    if out is not None:
        write_rows(out, name, rows, sent)
    return [plain(record) for record in made]


def _check(
    label_config: str | os.PathLike[str] | None, rows: Sequence[HandedRow], classes: Sequence[str] | None
) -> None:
    if label_config is not None:
        columns = list(next(label_studio.tasks(rows, Sent()), {"data": {}})["data"]) if rows else None
        check_config(config_text(label_config), columns, classes, "label_config")


def _classes(classes: Sequence[str] | None) -> tuple[str, ...]:
    if isinstance(classes, str):
        raise TypeError(f"classes is {classes!r}; accepted is a list of names")
    return tuple(classes or ())


def _column(text: str | None, rows: Sequence[HandedRow]) -> str | None:
    """Return the column of text, where it is there."""
    if text is not None and rows and text not in rows[0].shown:
        raise ValueError(f"text is {text!r}, and data has no such column; it has {', '.join(rows[0].shown)}")
    return text


def _bare(picks: Selection) -> list[HandedRow]:
    """Return picks as rows of which nothing is known but their ids."""
    ids = picks.indices if picks.ids is None else picks.ids
    return [HandedRow(str(own), {}) for own in ids.tolist()]
