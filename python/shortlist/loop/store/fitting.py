"""Whether answers belong to a loop: to rows that it asked for, by the ids that they have,
with the texts that they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from shortlist.loop.ids import alike
from shortlist.loop.store.events import some_of
from shortlist.loop.store.incoming import Answer, Refused, Why
from shortlist.loop.store.spelling import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shortlist.loop.store.store import Store

LONGEST_CELL = 32_000
"""Spreadsheets cut longer texts."""


class Rows(Protocol):
    """What is asked of a pool."""

    def index_of(self, ids: Sequence[str]) -> Any:
        """Return the places of rows by their ids, -1 for what isn't there."""

    def show(self, indices: Any) -> list[dict[str, Any]]:
        """Return what people see of rows."""


def rounds_of(store: Store, answers: Sequence[Answer]) -> dict[str, list[int]]:
    """Return the rounds in which rows were picked, in order:
    all rows ever picked, where some of the answers' were not.
    """
    rows = dict.fromkeys(answer.row for answer in answers)
    found = _by_row(some_of(store._database, "SELECT row, round FROM picks WHERE row", rows))
    return found if len(found) == len(rows) else _by_row(store._database.read("SELECT row, round FROM picks"))


def _by_row(picks: Iterable[tuple[Any, ...]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, number in sorted(picks):
        if number not in found.setdefault(row, []):
            found[row].append(number)
    return found


def as_written(answers: list[Answer], rounds: Mapping[str, Any], pool: Rows | None) -> list[Answer]:
    """Return answers by the ids that rows have: 7 may be row 7.0 or 007,
    where no row is called 7.
    """
    strange = {answer.row for answer in answers if answer.row not in rounds}
    if not strange:
        return answers
    meant: dict[str, str | None] = {}
    for row in rounds:
        way = _one_way(row)
        meant[way] = None if way in meant else row
    found = {row: own for row in strange if (own := meant.get(_one_way(row))) is not None}
    there = _there(pool, found)
    return [
        answer._replace(row=found[answer.row]) if answer.row in found and answer.row not in there else answer
        for answer in answers
    ]


def _one_way(row: str) -> str:
    """Return what ids have in common that spreadsheets and readers of text don't tell apart."""
    return alike(row.replace("\r\n", "\n").replace("\r", "\n"))


def _there(pool: Rows | None, rows: Iterable[str]) -> set[str]:
    """Return which rows the pool has; none where there is no pool to ask."""
    listed = list(rows)
    if pool is None or not listed:
        return set()
    return {row for row, index in zip(listed, pool.index_of(listed), strict=True) if index >= 0}


def of_this_loop(
    answers: Sequence[Answer],
    rounds: Mapping[str, list[int]],
    allowed: frozenset[str],
    pool: Rows | None,
    refused: dict[int, Refused],
    store: Store,
) -> Iterator[Answer]:
    """Yield the answers that can be taken; the others are refused."""
    there = _there(pool, {answer.row for answer in answers if answer.row not in rounds})
    changed = set() if pool is None else _changed(answers, rounds, pool, store.spec.pool.text)
    for number, answer in enumerate(answers):
        why: Why | None = None
        if answer.row not in rounds:
            if pool is None or answer.row in there:
                why, reason = "unpicked", f"row {quoted(answer.row)} was never picked in this loop"
            else:
                why, reason = "unknown", f"row {quoted(answer.row)} is not in the pool"
        elif number in changed:
            why, reason = "text", f"the text of row {quoted(answer.row)} is no longer the one in the pool"
        if why is None:
            yield answer
        elif why in allowed:
            yield answer._replace(allowed=(*answer.allowed, why))
        else:
            refused[answer.number] = Refused(answer.where, answer.row, reason, why)


def _changed(answers: Sequence[Answer], rounds: Mapping[str, Any], pool: Rows, column: str | None) -> set[int]:
    """Return which answers came with a text that isn't that of their row."""
    if not column:
        return set()
    numbers = [n for n, answer in enumerate(answers) if answer.row in rounds and column in answer.shown]
    rows = list(dict.fromkeys(answers[n].row for n in numbers))
    shown = dict(zip(rows, pool.show(pool.index_of(rows)), strict=True)) if rows else {}
    return {
        n for n in numbers if not _same_text(answers[n].shown[column], shown[answers[n].row].get(column))
    }  # fmt: skip


def _same_text(given: Any, own: Any) -> bool:
    if not isinstance(given, str) or not isinstance(own, str) or given == own:
        return True
    left, right = " ".join(given.split()), " ".join(own.split())
    # An apostrophe may stand in front of what a spreadsheet would take for a formula.
    return right in (left, left.removeprefix("'")) or (len(given) >= LONGEST_CELL and right.startswith(left))
