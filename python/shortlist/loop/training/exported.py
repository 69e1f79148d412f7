"""Labels from before the loop in the export of an annotation tool:
one table of ids and labels, as any other file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from shortlist.labels.formats import FORMATS, format_of
from shortlist.labels.reading import answers_in, label_of
from shortlist.loop.errors import LoopError
from shortlist.loop.store.spelling import Spelling
from shortlist.tables import visible
from shortlist.writing import json_text, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.labels.table import Label
    from shortlist.loop.spec.model import Spec

TABLES = {name for name, found in FORMATS.items() if found.answers_of is None}


def is_export(spec: Spec, path: Path) -> bool:
    """Return whether a file is what a tool exports, or a list in JSON, and no table.

    Raises
    ------
    LoopError
        It is JSON of no format that is known, or damaged.
    """
    if not path.is_file() or path.suffix.lower() not in (".json", ".jsonl", ".ndjson", ".parquet"):
        return False
    try:
        found = format_of(path, _names(spec), None)
    except ValueError as error:
        raise LoopError(f"[seed] labels: {error}") from None
    return path.suffix.lower() == ".json" or found not in [FORMATS[name] for name in TABLES]


def table_of_export(spec: Spec, path: Path, folder: Path) -> Path:
    """Write the labels of an export as JSON lines with the ids, labels and columns of rows;
    return the file.

    Of each person the last answer to a row counts, and of each row the label that most people gave.
    Rows that nobody answered, or of which as many people say one thing as another, are left out.

    Raises
    ------
    LoopError
        There is no label, an answer that can't be read, or a label that is no class; the message
        names the place.
    """
    spelling = Spelling(spec.classes)
    said: dict[str, dict[Any, tuple[Label, str]]] = defaultdict(dict)
    shown: dict[str, dict[str, Any]] = {}
    try:
        for record in answers_in(path, _names(spec)):
            found = label_of(record, spec.classes)
            if found is None:
                continue
            try:
                read = None if found.label is None else spelling.read(found.label)
            except ValueError as error:
                raise LoopError(f"{record['where']}: {error}") from None
            shown[found.id] = record.get("shown") or {}
            before = said[found.id].get(found.annotator)
            if before is None or (found.time or "") >= (before[0].time or ""):
                said[found.id][found.annotator] = (found, (read and read[1]) or "")
    except ValueError as error:
        raise LoopError(f"[seed] labels: {error}") from None
    labels = {row: label for row, answers in said.items() if (label := _most(answers))}
    if not labels:
        raise LoopError(f"[seed] labels is {visible(str(path))}, which holds no label; accepted is one with some")
    own, made = spec.pool.id or "id", folder / "export.jsonl"
    records = ({**_columns(spec, shown[row]), own: row, "label": label} for row, label in labels.items())
    write_text(made, (json_text(record) + "\n" for record in records))
    return made


def _names(spec: Spec) -> list[str]:
    return [name for name in (spec.pool.id, "id") if name]


def _most(answers: dict[Any, tuple[Label, str]]) -> str | None:
    counts = Counter(label for _, label in answers.values() if label).most_common(2)
    return counts[0][0] if len(counts) == 1 or (counts and counts[0][1] > counts[1][1]) else None


def _columns(spec: Spec, shown: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a row; tools that show one text call it ``text``,
    whatever the pool calls it.
    """
    text = spec.pool.text
    return {**shown, text: shown["text"]} if text and text not in shown and "text" in shown else shown
