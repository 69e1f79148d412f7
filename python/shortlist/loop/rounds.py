"""Rounds of a loop: how far the last one is, and the next one once that is closed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from shortlist.labels.handed import Guess
from shortlist.loop.cleanlab.needed import ACTIVELAB
from shortlist.loop.cleanlab.training import AGAIN
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.choosing import PAGE, ending, handoff_of, is_file
from shortlist.loop.handoff.protocol import HandedRow
from shortlist.loop.handoff.pulling import withdraw
from shortlist.loop.held import unconfirmed
from shortlist.loop.kept.answers import TooFewKeptError
from shortlist.loop.out_of_fold import probabilities_of
from shortlist.loop.page.address import place_of_page
from shortlist.loop.said import answered, answers_file, answers_then, said_of
from shortlist.loop.store import Round
from shortlist.loop.store.answers import fold
from shortlist.loop.temporary import temporary_folder
from shortlist.writing import make_folder

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.arguments import Progress
    from shortlist.loop.ground import Ground
    from shortlist.loop.planning import Plan
    from shortlist.loop.store import Model, Pick, Store
    from shortlist.loop.store.summary import Summary

ASKED_AGAIN = ("relabel", "overlap")
"""Shares of a round whose rows were asked before. They never hold a round open."""
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

    `share` is the part of the rows that can hold it open which are answered or skipped; None before
    the first round. `by` is how many of its rows each person has answered, whoever answered most
    first.
    """

    rows: int = 0
    answered: int = 0
    skipped: int = 0
    share: float | None = None
    by: dict[str, int] = field(default_factory=dict)

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
    by: Counter[str] = Counter()
    twice = {pick.row for pick in picks if pick.share in ASKED_AGAIN}
    again_later = store.spec.labels.skips == "again"
    for (row, annotator), event in current.items():
        if event.kind == "skip" and again_later and event.payload.get("round") != number:
            continue  # the row has come back since, and waits for an answer
        state = "skipped" if event.kind == "skip" else "answered"
        if state == "answered" and (row not in twice or event.payload.get("round") == number):
            by[annotator] += 1
        for found in (states, again) if event.payload.get("round") == number else (states,):
            if found.get(row) != "answered":
                found[row] = state
    of_picks = [(again if pick.share in ASKED_AGAIN else states).get(pick.row, "open") for pick in picks]
    holding = [state for pick, state in zip(picks, of_picks, strict=True) if pick.share not in ASKED_AGAIN]
    done = sum(state != "open" for state in holding)
    share = done / len(holding) if holding else 1.0
    people = dict(sorted(by.items(), key=lambda each: (-each[1], each[0])))
    return Out(len(picks), of_picks.count("answered"), of_picks.count("skipped"), share, people)


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


def open_next(store: Store, ground: Ground, said: Summary, why: str, progress: Progress | None = None) -> Round | None:
    """Plan the next round and keep it; None where no row is left to ask for."""
    spec, models = ground.spec, store.models()
    number = len(store.rounds()) + 1
    model = models[-1] if models else None
    made = _reached(store, ground, said, number, model, progress)
    if not any(pick.share not in ASKED_AGAIN for pick in made.picks):
        return None
    opened = Round(
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
        store.add_round(opened, made.picks)
    except LoopError:
        # Another process was faster: its round is the one that counts.
        if len(store.rounds()) < number:
            raise
    return store.round(number)


def _reached(
    store: Store, ground: Ground, said: Summary, number: int, model: Model | None, progress: Progress | None
) -> Plan:
    """Plan a round, for which the pool is scored again where it reaches further than
    the answers that were kept.
    """
    for everything in (False, False, True):
        try:
            return planned(store, ground, said, number, model, progress=progress)
        except TooFewKeptError as error:
            if model is None:
                raise
            from shortlist.loop.kept.again import score_again

            score_again(store, ground, said, model, number, error, everything=everything)
    return planned(store, ground, said, number, model, progress=progress)


def planned(
    store: Store,
    ground: Ground,
    said: Summary,
    number: int,
    model: Model | None,
    *,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Plan a round from what was known when it was opened, now or later:
    the picks are the same bit for bit.

    Parameters
    ----------
    store : Store
        The loop's: of its rounds only those before this one count.
    ground : Ground
        The pool and the specification then.
    said : Summary
        What all rows had come to.
    number : int
        The number of the round.
    model : Model or None
        The last model then.
    n_threads : int, optional
        At most so many threads.
    progress : callable, optional
        Called with (rows done, rows in all) while the model's answers are gone through.
    """
    from shortlist.loop.planning import plan

    spec = ground.spec
    before = [each for each in store.rounds() if each.number < number]
    kept = {} if model is None else model.estimate
    asked_again = {p.row for r in before if model and r.model == model.number for p in store.picks(r.number)}
    doubted = (
        unconfirmed(store, said.position, model.number if model else 0)
        if spec.check.action == "hold"
        else kept.get("suspects") or ()
    )
    suspects = [row for row in dict.fromkeys((*said.disputed, *doubted)) if row not in asked_again]
    with temporary_folder(ground.cache) as place:
        return plan(
            spec,
            ground.pool,
            ground.held,
            answers=said.labels,
            taken=taken(said, spec.labels.skips),
            features=ground.features,
            probabilities=answers_then(store, model, number, place) if model else None,
            members=answers_file(store, kept["members"], place) if kept.get("members") else None,
            activelab=store.blob(kept[ACTIVELAB]) if kept.get(ACTIVELAB) else None,
            again=[(row, score) for row, score in kept.get(AGAIN, ()) if row not in asked_again],
            suspects=suspects,
            round_number=number,
            seed=spec.seed_number,
            carry=before[-1].decided.get("carry") if before else None,
            n_threads=n_threads,
            progress=progress,
        )


def taken(said: Summary, skips: str) -> set[str]:
    """Return rows without a label that are not to be asked for again."""
    return {*said.rejected, *said.disputed, *(said.skipped if skips == "never again" else ())}


def hand_over(store: Store, ground: Ground, number: int, out: Path | None, spreadsheet: bool) -> Batch:
    """Hand a round to people and return it: the same rows, in the same order, however often."""
    picks = [pick for pick in store.picks(number) if pick.share != "overlap"]
    new = store.round(number).state in ("planned", "picked")
    if new and not is_file(ground.spec):
        store.add_handoff(number, "intent", {"tool": ground.spec.handoff.tool})
        withdraw(store, ground, number - 1)
    batch, handed = _push(store, ground, picks, number, out, spreadsheet)
    if new:
        store.add_handoff(number, "done", handed)
        store.set_state(number, "handed")
    elif out is None and not any(handed.keys() <= step.keys() for step in store.handoffs(number)):
        # It went to a file at first: answers come from where it is now.
        store.add_handoff(number, "done", handed)
    return batch


def hand_again(store: Store, ground: Ground, annotator: str, out: Path | None, spreadsheet: bool) -> Batch | None:
    """Hand somebody the rows that two people are to label and another one has answered;
    None where all are done.

    They are those of one round at a time, the same until that person has answered them all. Who has
    a row's second label has it for good: nobody is asked for a third one.
    """
    if ground.spec.handoff.live is not None and out is None:
        raise LoopError(
            "Label Studio itself asks two people for the rows of [labels] overlap; there is nothing to hand over"
        )
    by_round: dict[int, list[Pick]] = {}
    for pick in store.picks_of("overlap"):
        by_round.setdefault(pick.round, []).append(pick)
    for number, picks in by_round.items():
        current = fold(store.events_of(pick.row for pick in picks), ground.spec).current
        by_row: dict[str, set[str]] = {}
        for (row, who), event in current.items():
            if event.kind != "skip":
                by_row.setdefault(row, set()).add(who)
        others = {
            row for row, people in by_row.items() if people - {annotator} and (annotator in people or len(people) < 2)
        }
        asked = [pick for pick in picks if pick.row in others]
        if any((pick.row, annotator) not in current for pick in asked):
            if out is None and ground.spec.handoff.tool == PAGE:
                return _push(store, ground, asked, number, None, spreadsheet)[0]
            name = quote(annotator, safe=" ")
            place = out or store.folder / "handoff" / f"round-{number:04}-{name}{ending(ground.spec)}"
            make_folder(place.parent, "out")
            return _push(store, ground, asked, number, place, spreadsheet)[0]
    return None


def _push(
    store: Store, ground: Ground, picks: list[Pick], number: int, out: Path | None, spreadsheet: bool
) -> tuple[Batch, dict[str, Any]]:
    shown = ground.pool.show([pick.index for pick in picks])
    ids, why = [pick.row for pick in picks], [pick.why for pick in picks]
    if ground.spec.handoff.tool == PAGE and out is None:
        return Batch(number, ids, shown, why, place_of_page(store)), {"page": True, "rows": len(picks)}
    tool = handoff_of(ground.spec, store, out=out, spreadsheet=spreadsheet)
    again = {pick.row for pick in store.picks(number) if pick.share == "overlap"}
    guesses = _guesses(store, ground, picks, number) if ground.spec.handoff.show_model else [None] * len(picks)
    rows = [
        HandedRow(pick.row, row, pick.score, pick.why, 1 + (pick.row in again), guess)
        for pick, row, guess in zip(picks, shown, guesses, strict=True)
    ]
    handed = tool.push(number, rows)
    return Batch(number, ids, shown, why, str(handed.get("file") or tool.describe())), handed


def _guesses(store: Store, ground: Ground, picks: list[Pick], number: int) -> list[Guess | None]:
    """Return what the model that a round was planned with says of its rows;
    nothing before the first model.
    """
    model = store.round(number).model
    if model is None:
        return [None] * len(picks)
    made = store.models()[model - 1]
    rows = np.array([pick.index for pick in picks], dtype=np.int64)
    known = np.flatnonzero(answered(store, made, rows))
    said = probabilities_of(said_of(store, made, rows[known]), ground.spec.model.returns)
    found = list[Guess | None]([None] * len(picks))
    for place, answers in zip(known.tolist(), said, strict=True):
        best = int(answers.argmax())
        found[place] = Guess(f"model {model}", ground.spec.classes[best], float(answers[best]))
    return found
