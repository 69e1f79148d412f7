"""Picks as text: lines of CSV and JSON, and what a prompt or a notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.csv_cells import csv_cell, harmless
from shortlist.tables import visible
from shortlist.writing import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shortlist.selection import Selection

SHOWN = 10
"""Rows that a person is shown."""


def csv_lines(picks: Selection, spreadsheet: bool) -> Iterator[str]:
    """Yield the lines of `Selection.to_csv`."""
    named = picks.ids is not None
    yield "rank,index,score,id\n" if named else "rank,index,score\n"
    for rank, (index, score, own) in enumerate(_rows(picks), 1):
        end = f",{csv_cell(harmless(own) if spreadsheet else own)}" if named else ""
        yield f"{rank},{index},{score}{end}\n"


def json_lines(picks: Selection) -> Iterator[str]:
    """Yield the lines of `Selection.to_jsonl`."""
    finite = np.isfinite(picks.scores).tolist()
    for rank, (index, score, own) in enumerate(_rows(picks), 1):
        end = "" if picks.ids is None else f', "id": {json_text(own)}'
        yield f'{{"rank": {rank}, "index": {index}, "score": {score if finite[rank - 1] else "null"}{end}}}\n'


def shown(picks: Selection) -> str:
    """Return the first picks and the report as text."""
    width = max([len(str(i)) for i in picks.indices[:SHOWN]], default=1)
    rows = [f"  {rank:>4}  {index:>{width}}  {score:.6g}" for rank, index, score in _first(picks)]
    more = [f"   ...  {len(picks) - SHOWN:,} more"] if len(picks) > SHOWN else []
    return "\n".join([visible(headline(picks)), *rows, *more, *map(visible, picks.report.lines())])


def _rows(picks: Selection) -> Iterator[tuple[int, str, Any]]:
    ids = [None] * len(picks) if picks.ids is None else picks.ids.tolist()
    # str() of a NumPy scalar is the shortest text that reads back as the same float of that dtype.
    return zip(picks.indices.tolist(), map(str, picks.scores), ids, strict=True)


def _first(picks: Selection) -> Iterator[tuple[int, Any, Any]]:
    return zip(range(1, SHOWN + 1), picks.indices, picks.scores, strict=False)


def headline(picks: Selection) -> str:
    """Say in a line what was picked by what."""
    head = f"Selection of {len(picks):,} by {picks.measure}"
    if picks.report.perturb is not None:
        return f"{head}, drawn by the {picks.report.perturb} rule"
    head += f", {picks.order} first"
    return head if picks.cut is None else f"{head}, cut at {picks.cut:.6g}"
