"""Labels for the world: CSV, JSON lines, Parquet,
and a folder that Hugging Face's datasets load.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.csv_cells import csv_line
from shortlist.labels.parquet import file_of, write_folder
from shortlist.loop.errors import LoopError
from shortlist.tables import visible
from shortlist.writing import json_text, write_bytes, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from shortlist.loop.store.answers import Answers
    from shortlist.loop.store.store import Store

JSONL = (".jsonl", ".ndjson")
COLUMNS = ("id", "label", "annotator", "time")


def labels_out(
    store: Store,
    answers: Answers,
    path: str | os.PathLike[str],
    *,
    shown: Mapping[str, Mapping[str, Any]] | None = None,
) -> int:
    """Write ``id, label, annotator, time``, one row for each row with a label, as resolved;
    return how many.

    Annotator and time are those of the last answer that agrees with the label. Ids and labels are
    written as they are.

    Parameters
    ----------
    store : Store
        The loop's.
    answers : Answers
        What holds.
    path : path
        ``.csv``; ``.jsonl``; ``.parquet``, which also has ``label_code``, the place of the label
        among the classes; or a folder (a name without an ending), in which Hugging Face's
        ``datasets.load_dataset`` finds the split ``train``, where ``label`` is a ClassLabel and
        ``label_text`` its name.
    shown : mapping of id to mapping, optional
        Columns to add to the folder, as the text of each row.
    """
    target = Path(path)
    kind = target.suffix.lower()
    rows = [
        (row, label, answers.decided[row].annotator, answers.decided[row].time) for row, label in answers.labels.items()
    ]
    if kind == ".csv":
        write_text(target, map(csv_line, [COLUMNS, *rows]))
    elif kind in JSONL:
        write_text(target, (json_text(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows))
    elif kind == ".parquet":
        columns: dict[str, list[Any]] = dict(zip(COLUMNS, _turned(rows), strict=True))
        coded = {**columns, "label_code": columns["label"]}
        write_bytes(target, [file_of(coded, "label_code", store.spec.classes)])
    elif not kind or target.is_dir():
        ids, labels, annotators, times = _turned(rows)
        # A column of the pool keeps its name, unless it is called like one of ours.
        names = {column for row in ids for column in (shown or {}).get(row, {})}.difference((*COLUMNS, "label_text"))
        more = {name: [_text((shown or {}).get(row, {}).get(name)) for row in ids] for name in sorted(names)}
        table: dict[str, list[Any]] = {
            "id": ids,
            **more,
            "label": labels,
            "label_text": labels,
            "annotator": annotators,
            "time": times,
        }
        about = f"{len(rows):,} rows with labels, made with Shortlist. `label_text` has the name of each label."
        write_folder(target, table, store.spec.classes, about)
    else:
        raise LoopError(
            f"{visible(str(target))} is no kind of file for labels; accepted are .csv, .jsonl, .parquet, and a folder without an "
            "ending"
        )
    return len(rows)


def _turned(rows: list[tuple[str, str, str, str]]) -> list[list[str]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
