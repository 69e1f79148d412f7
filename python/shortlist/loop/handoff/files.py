"""Rounds as files that people fill in: CSV for spreadsheets, JSON lines for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.cells import csv_line, harmless
from shortlist.loop.handoff.reading import PARTS, answers_in
from shortlist.loop.store.spelling import label_text, plain_text
from shortlist.tables import visible
from shortlist.writing import json_text, make_folder, place_of, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from shortlist.loop.handoff.protocol import HandedRow

RESERVED = ("id", *PARTS)


class FileHandoff:
    """Rounds in files of a folder ``handoff``: the id, what people see, and empty cells for label and annotator.

    Parameters
    ----------
    folder : path
        The loop's.
    kind : {"csv", "jsonl"}
        What is written.
    out : path, optional
        Where to write instead.
    spreadsheet : bool
        Whether texts that a spreadsheet would take for a formula get an apostrophe in front. Ids and labels never do.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        kind: Literal["csv", "jsonl"] = "csv",
        *,
        out: str | os.PathLike[str] | None = None,
        spreadsheet: bool = False,
    ) -> None:
        self._folder = Path(folder)
        self._kind = kind
        self._out = None if out is None else Path(out)
        self._spreadsheet = spreadsheet

    def push(self, number: int, rows: Sequence[HandedRow]) -> dict[str, Any]:
        """Write a round's file. One that is there with these rows is left alone: somebody may be filling it in.

        Raises
        ------
        LoopError
            The file holds something else, which would be lost.
        """
        path = self._out or make_folder(self._folder / "handoff", "folder") / f"round-{number:04}.{self._kind}"
        if not self._is_there(path, rows):
            write_text(path, self._csv(rows) if self._kind == "csv" else self._jsonl(rows))
        inside = path.absolute().is_relative_to(self._folder.absolute())
        named = path.absolute().relative_to(self._folder.absolute()) if inside else path.absolute()
        return {"file": str(named), "rows": len(rows)}

    def pull(self, state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the answers that were written into a round's file."""
        path = self._folder / str(state["file"])
        if path.is_file():
            yield from answers_in(path)

    def withdraw(self, rows: Sequence[str]) -> None:
        """Do nothing: a file that somebody has can't be taken back."""

    def describe(self) -> str:
        """Return where the files are."""
        return visible(str(self._out or self._folder / "handoff"))

    def _is_there(self, path: Path, rows: Sequence[HandedRow]) -> bool:
        """Return whether a file has these rows already; say so where it has anything that would be lost."""
        if not place_of(path).is_file or not path.exists() or not path.stat().st_size:
            return False
        try:
            there = list(answers_in(path))
        except (ValueError, OSError):
            raise LoopError(f"{visible(str(path))} holds something else; give another name, or remove it") from None
        named = sorted(_one_way(plain_text(record["id"])) or "" for record in there)
        asked = sorted(_one_way(row.id) or "" for row in rows)
        if named == asked:
            return True
        for record in there:
            if label_text(record.get("label")) is not None:
                other = "only some of the rows" if set(named) <= set(asked) else "other rows"
                raise LoopError(
                    f"{visible(str(path))} has answers for {other} (the first in {record['where']}), which would be lost; "
                    "take them in, and give another name or remove it"
                )
        return False

    def _csv(self, rows: Sequence[HandedRow]) -> Iterator[str]:
        columns, names = _columns(rows)
        safe = harmless if self._spreadsheet else lambda value: value
        yield csv_line(["id", *map(safe, names), "label", "annotator"])
        for row in rows:
            yield csv_line([row.id, *(safe(row.shown.get(column)) for column in columns), None, None])

    def _jsonl(self, rows: Sequence[HandedRow]) -> Iterator[str]:
        columns, names = _columns(rows)
        for row in rows:
            shown = {name: row.shown.get(column) for column, name in zip(columns, names, strict=True)}
            yield json_text({"id": row.id, **shown, "label": "", "annotator": ""}) + "\n"


def _columns(rows: Sequence[HandedRow]) -> tuple[list[str], list[str]]:
    """Return the columns that people see, and how they are called in a file, where "label" is what people fill in."""
    columns = list(dict.fromkeys(column for row in rows for column in row.shown))
    taken, names = {name.lower() for name in RESERVED}, list[str]()
    for column in columns:
        name = column.strip()
        while name.lower() in taken or not name:
            name = f"pool.{name}"
        taken.add(name.lower())
        names.append(name)
    return columns, names


def _one_way(row: str | None) -> str | None:
    """Return an id as it reads in any file: line ends of all kinds are one there."""
    return row if row is None else row.replace("\r\n", "\n").replace("\r", "\n")
