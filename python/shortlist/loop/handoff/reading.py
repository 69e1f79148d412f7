"""Files of answers, CSV, JSON lines and Parquet, as people and tools write them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.csv_file import CsvFile, text_lines
from shortlist.loop.errors import LoopError
from shortlist.tables import visible

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

JSONL = (".jsonl", ".ndjson")
PARTS = ("label", "annotator", "time", "skip")
"""What an answer has beside its id. Any other column is of the row itself."""
ROUND = re.compile(r"round-(\d+)")


def answers_in(
    path: str | os.PathLike[str], id_names: Sequence[str] = ("id",), encoding: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the answers of a file, each with the place where it stands.

    Parameters
    ----------
    path : path
        A CSV file (``id,label[,annotator,time,skip]``, in any order, among other columns), or JSON lines or Parquet with the
        same names.
        A name like that of a round's file, as ``round-0007.csv``, tells the round.
    id_names : sequence of str
        What the id may be called; the first that is there counts.
    encoding : str, optional
        Of a file of text.

    Raises
    ------
    LoopError, ValueError, OSError
        It can't be read; the message names the line.
    """
    file = Path(path)
    kind = file.suffix.lower()
    reader = READERS.get(kind)
    if reader is None:
        raise LoopError(f"{_shown(file)} is no file of answers; accepted are {', '.join(READERS)}")
    found = ROUND.match(file.stem)
    common = {"source": file.name} | ({"round": int(found[1])} if found else {})
    for number, record in reader(file, id_names, encoding):
        yield {**record, **common, "where": f"{'row' if reader is _parquet else 'line'} {number:,} of {file.name}"}


def _csv(path: Path, id_names: Sequence[str], encoding: str | None) -> Iterator[tuple[int, dict[str, Any]]]:
    file = CsvFile(path, id_names, encoding)
    own = file.column(*id_names)
    places = {name: file.column(name) for name in PARTS}
    if own is None or places["label"] is None:
        if not file.head:
            return
        missing = id_names[0] if own is None else "label"
        raise LoopError(
            f"{_shown(path)} has no column {missing!r} (its columns are {visible(', '.join(file.head))}); accepted is a heading "
            "with id and label, and perhaps annotator, time and skip"
        )
    places = {"id": own, **places}
    others = [(n, name) for n, name in enumerate(file.head) if n not in places.values()]
    parts = [(name, place) for name, place in places.items() if place is not None]
    for line, row in file.rows():
        record: dict[str, Any] = {name: row[place] for name, place in parts}
        record["shown"] = {name: row[n] for n, name in others}
        yield line, record


def _jsonl(path: Path, id_names: Sequence[str], encoding: str | None) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text_lines(path, encoding), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LoopError(f"{_shown(path)} is not JSON in line {number:,} ({error})") from None
        if not isinstance(record, dict):
            raise LoopError(f"{_shown(path)} has no object in line {number:,}; accepted is one object a line")
        yield number, _parts(record, path, f"line {number:,}", id_names)


def _parquet(path: Path, id_names: Sequence[str], _: str | None) -> Iterator[tuple[int, dict[str, Any]]]:
    from shortlist.loop.handoff.parquet import rows_of

    for number, record in rows_of(path):
        yield number, _parts(record, path, f"row {number:,}", id_names)


def _parts(record: dict[str, Any], path: Path, where: str, id_names: Sequence[str]) -> dict[str, Any]:
    """Return the parts of an answer, whatever the case of their names, and what else came along."""
    lower = {name.lower(): name for name in record}
    own = next((name if name in record else lower[name.lower()] for name in id_names if name.lower() in lower), None)
    if own is None or ("label" not in lower and "skip" not in lower):
        missing = id_names[0] if own is None else "label"
        raise LoopError(
            f"{_shown(path)} has no {missing!r} in {where} (it has {visible(', '.join(record))}); accepted are id "
            "and label, and perhaps annotator, time and skip"
        )
    named = {part: record[lower[part]] for part in PARTS if part in lower}
    used = {own, *(lower[part] for part in named)}
    return {"id": record[own], **named, "shown": {name: value for name, value in record.items() if name not in used}}


def _shown(path: Path) -> str:
    return visible(str(path))


READERS = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), _csv),
    **dict.fromkeys(JSONL, _jsonl),
    ".parquet": _parquet,
}
"""What reads a file, by the ending of its name."""
