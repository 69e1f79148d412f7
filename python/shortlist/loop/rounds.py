"""Rounds of a loop: how far the last one is, and the next one once that is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import quote

from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.files import FileHandoff
from shortlist.loop.handoff.protocol import HandedRow
from shortlist.loop.learning import answers_file
from shortlist.loop.page.address import place_of_page
from shortlist.loop.planning import plan
from shortlist.loop.store import Round
from shortlist.loop.store.answers import fold
from shortlist.writing import make_folder

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.ground import Ground
    from shortlist.loop.store import Pick, Store
    from shortlist.loop.store.summary import Summary

ASKED_AGAIN = ("relabel", "overlap")
"""Shares of a round whose rows were asked before. They never hold a round open."""
PAGE = "page"
"""The tool that needs no hand-over: the page reads rounds where they are kept."""


@dataclass(frozen=True)
class Batch:
    """Rows that people are asked for now.

    Attributes
    ----------
    round : int
    ids : list of str
    rows : list of dict
        What people see of each.
    why : list of str
        Why each was picked.
    handed : str
        Where people find them.
    """

    round: int
    ids: list[str]
    rows: list[dict[str, Any]]
    why: list[str]
    handed: str = ""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Out:
    """How far a round has come: its rows, and how many of them were answered and skipped.

    `share` is the part of the rows that can hold it open which are answered or skipped; None before the first round.
    """

    rows: int = 0
    answered: int = 0
    skipped: int = 0
    share: float | None = None

    @property
    def open(self) -> int:
        """Rows that nobody has answered or skipped."""
        return self.rows - self.answered - self.skipped


def out_of(store: Store, number: int) -> Out:
    """Return how far a round has come; 0 stands for the time before the first."""
    if not number:
        return Out()
    picks = [pick for pick in store.picks(number) if pick.share != "overlap"]
    current = fold(store.events_of(pick.row for pick in picks), store.spec).current
    states: dict[str, str] = {}
    again: dict[str, str] = {}
    for (row, _), event in current.items():
        state = "skipped" if event.kind == "skip" else "answered"
        for found in (states, again) if event.payload.get("round") == number else (states,):
            if found.get(row) != "answered":
                found[row] = state
    of_picks = [(again if pick.share in ASKED_AGAIN else states).get(pick.row, "open") for pick in picks]
    holding = [state for pick, state in zip(picks, of_picks, strict=True) if pick.share not in ASKED_AGAIN]
    done = sum(state != "open" for state in holding)
    share = done / len(holding) if holding else 1.0
    return Out(len(picks), of_picks.count("answered"), of_picks.count("skipped"), share)


def settle(store: Store) -> Round | None:
    """Return the last round, closed where enough of it is answered."""
    rounds = store.rounds()
    if not rounds:
        return None
    last = rounds[-1]
    share = out_of(store, last.number).share
    close = store.spec_of_version(last.spec).round.close
    if last.state != "closed" and share is not None and share >= close - 1e-9:
        store.set_state(last.number, "closed")
        return store.round(last.number)
    return last


def open_next(store: Store, ground: Ground, said: Summary, why: str) -> Round | None:
    """Plan the next round and keep it; None where no row is left to ask for."""
    spec, rounds, models = ground.spec, store.rounds(), store.models()
    number = len(rounds) + 1
    model = models[-1] if models else None
    kept = {} if model is None else model.estimate
    asked_again = {p.row for r in rounds if model and r.model == model.number for p in store.picks(r.number)}
    suspects = [row for row in (*said.disputed, *(kept.get("suspects") or ())) if row not in asked_again]
    made = plan(
        spec,
        ground.pool,
        ground.held,
        answers=said.labels,
        taken=taken(said, spec.labels.skips),
        features=ground.features,
        probabilities=answers_file(store, model.probabilities) if model and model.probabilities else None,
        members=answers_file(store, kept["members"]) if kept.get("members") else None,
        suspects=suspects,
        round_number=number,
        seed=spec.seed_number,
        carry=rounds[-1].decided.get("carry") if rounds else None,
    )
    if not any(pick.share not in ASKED_AGAIN for pick in made.picks):
        return None
    planned = Round(
        number=number,
        state="picked",
        spec=spec.version,
        pool=ground.version(),
        position=said.position,
        model=None if model is None else model.number,
        seed=spec.seed_number,
        why=why,
        decided=made.decided,
    )
    try:
        store.add_round(planned, made.picks)
    except LoopError:
        # Another process was faster: its round is the one that counts.
        if len(store.rounds()) < number:
            raise
    return store.round(number)


def taken(said: Summary, skips: str) -> set[str]:
    """Return rows without a label that are not to be asked for again."""
    return {*said.rejected, *said.disputed, *(said.skipped if skips == "never again" else ())}


def hand_over(store: Store, ground: Ground, number: int, out: Path | None, spreadsheet: bool) -> Batch:
    """Hand a round to people and return it: the same rows, in the same order, however often."""
    picks = [pick for pick in store.picks(number) if pick.share != "overlap"]
    batch, handed = _push(store, ground, picks, number, out, spreadsheet)
    if store.round(number).state in ("planned", "picked"):
        store.add_handoff(number, "done", handed)
        store.set_state(number, "handed")
    return batch


def hand_again(store: Store, ground: Ground, annotator: str, out: Path | None, spreadsheet: bool) -> Batch | None:
    """Hand somebody the rows that two people are to label and another one has answered; None where all are done.

    They are those of one round at a time, the same until that person has answered them all.
    """
    by_round: dict[int, list[Pick]] = {}
    for pick in store.picks_of("overlap"):
        by_round.setdefault(pick.round, []).append(pick)
    for number, picks in by_round.items():
        current = fold(store.events_of(pick.row for pick in picks), ground.spec).current
        others = {row for (row, who), event in current.items() if who != annotator and event.kind != "skip"}
        asked = [pick for pick in picks if pick.row in others]
        if any((pick.row, annotator) not in current for pick in asked):
            if out is None and ground.spec.handoff.tool == PAGE:
                return _push(store, ground, asked, number, None, spreadsheet)[0]
            name = quote(annotator, safe=" ")
            place = out or store.folder / "handoff" / f"round-{number:04}-{name}.{ground.spec.handoff.tool}"
            make_folder(place.parent, "out")
            return _push(store, ground, asked, number, place, spreadsheet)[0]
    return None


def _push(
    store: Store, ground: Ground, picks: list[Pick], number: int, out: Path | None, spreadsheet: bool
) -> tuple[Batch, dict[str, Any]]:
    shown = ground.pool.show([pick.index for pick in picks])
    kind = ground.spec.handoff.tool
    ids, why = [pick.row for pick in picks], [pick.why for pick in picks]
    if kind == PAGE and out is None:
        return Batch(number, ids, shown, why, place_of_page(store)), {"page": True, "rows": len(picks)}
    kind = "csv" if kind == PAGE else kind
    if out is not None and out.suffix.lower() in (".csv", ".jsonl"):
        kind = out.suffix.lower()[1:]
    files = FileHandoff(store.folder, cast('Literal["csv", "jsonl"]', kind), out=out, spreadsheet=spreadsheet)
    handed = files.push(number, [HandedRow(pick.row, row) for pick, row in zip(picks, shown, strict=True)])
    return Batch(number, ids, shown, why, str(handed["file"])), handed
