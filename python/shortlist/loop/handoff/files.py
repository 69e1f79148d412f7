"""Rounds as files: tables that people fill in, or what an annotation tool imports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.labels import label_studio
from shortlist.labels.formats import FORMATS, write_rows
from shortlist.labels.handed import Sent
from shortlist.labels.parquet import write_folder
from shortlist.labels.reading import answers_in
from shortlist.labels.tables_out import table_of
from shortlist.labels.values import plain_text, text_or_none
from shortlist.loop.errors import LoopError
from shortlist.tables import visible
from shortlist.writing import make_folder, place_of, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from shortlist.labels.handed import HandedRow

CONFIG = "[handoff] label_config"
DATASETS = "datasets"
"""A folder that Hugging Face's datasets load; a format of its own only where rows go out."""


class FileHandoff:
    """Rounds in files of a folder ``handoff``.

    Parameters
    ----------
    folder : path
        The loop's.
    kind : str
        What is written: the name of a format, or "datasets" for a folder.
    out : path, optional
        Where to write instead.
    sent : Sent, optional
        What goes with the rows: the classes, the column of text, and the loop, which comes back
        with each answer.
    spreadsheet : bool
        Whether texts that a spreadsheet would take for a formula get an apostrophe in front. Ids
        and labels never do.
    label_config : path, optional
        A labelling interface of Label Studio, which is checked; by default one is written beside
        the round.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        kind: str = "csv",
        *,
        out: str | os.PathLike[str] | None = None,
        sent: Sent | None = None,
        spreadsheet: bool = False,
        label_config: str | os.PathLike[str] | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._kind = kind
        self._out = None if out is None else Path(out)
        self._sent = (sent or Sent())._replace(spreadsheet=spreadsheet)
        self._label_config = label_config

    def push(self, number: int, rows: Sequence[HandedRow]) -> dict[str, Any]:
        """Write a round's file. One that is there with these rows is left alone:
        somebody may be filling it in.

        Raises
        ------
        LoopError
            The file holds something else, which would be lost.
        """
        path = (
            self._out or make_folder(self._folder / "handoff", "folder") / f"round-{number:04}{ending_of(self._kind)}"
        )
        if not self._is_there(path, rows):
            self._write(path, number, rows)
        inside = path.absolute().is_relative_to(self._folder.absolute())
        named = path.absolute().relative_to(self._folder.absolute()) if inside else path.absolute()
        return {"file": str(named), "rows": len(rows)}

    def _write(self, path: Path, number: int, rows: Sequence[HandedRow]) -> None:
        told = {**self._sent.told, "round": number}
        sent = self._sent._replace(told=told, name=f"{self._sent.name}-{number:04}" if self._sent.name else "")
        if self._kind == DATASETS:
            about = f"{len(rows):,} rows to label, from Shortlist. Fill in `label`, and `annotator` where several people label."
            write_folder(path, table_of(rows, sent), sent.classes, about)
        else:
            if self._kind == "label-studio":
                self._interface(path, rows, sent)
            write_rows(path, self._kind, rows, sent)

    def _interface(self, path: Path, rows: Sequence[HandedRow], sent: Sent) -> None:
        """Check the user's labelling interface, or write one beside a file."""
        # With what reads XML.
        from shortlist.labels.label_config import check_config, config_for, config_text

        if self._label_config is None:
            if place_of(path).is_file:
                write_text(path.with_suffix(".xml"), [config_for(rows, sent.classes), "\n"])
            return
        columns: dict[str, Any] = next(label_studio.tasks(rows[:1], sent), {"data": {}})["data"]
        try:
            check_config(config_text(Path(self._label_config)), columns, sent.classes, CONFIG)
        except (ValueError, OSError) as error:
            raise LoopError(str(error)) from None

    def pull(self, state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the answers that were written into a round's file."""
        if "file" not in state:
            return  # the round went to another tool
        path = self._folder / str(state["file"])
        if path.exists():
            yield from answers_in(path, format=self._format)

    def withdraw(self, rows: Sequence[str]) -> None:
        """Do nothing: a file that somebody has can't be taken back."""

    def describe(self) -> str:
        """Return where the files are."""
        return visible(str(self._out or self._folder / "handoff"))

    @property
    def _format(self) -> str:
        return "parquet" if self._kind == DATASETS else self._kind

    def _is_there(self, path: Path, rows: Sequence[HandedRow]) -> bool:
        """Return whether a file has these rows already;
        say so where it has anything that would be lost.
        """
        if self._kind == DATASETS:
            there_is = path.is_dir() and any(path.iterdir())
        else:
            there_is = place_of(path).is_file and path.exists() and bool(path.stat().st_size)
        if not there_is:
            return False
        try:
            there = list(answers_in(path, format=self._format))
        except (ValueError, OSError):
            raise LoopError(f"{visible(str(path))} holds something else; give another name, or remove it") from None
        named = sorted(_one_way(plain_text(record["id"])) or "" for record in there)
        asked = sorted(_one_way(row.id) or "" for row in rows)
        if named == asked:
            return True
        for record in there:
            if text_or_none(record.get("label")) is not None:
                other = "only some of the rows" if set(named) <= set(asked) else "other rows"
                raise LoopError(
                    f"{visible(str(path))} has answers for {other} (the first in {record['where']}), which would be lost; "
                    "take them in, and give another name or remove it"
                )
        return False


def ending_of(kind: str) -> str:
    """Return how the name of a round's file ends."""
    return "" if kind == DATASETS else FORMATS[kind].ending


def _one_way(row: str | None) -> str | None:
    """Return an id as it reads in any file: line ends of all kinds are one there."""
    return row if row is None else row.replace("\r\n", "\n").replace("\r", "\n")
