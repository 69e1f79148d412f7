"""How a loop went: what each round asked for, what made each model, how good it is,
and what a point of accuracy cost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shortlist.loop.errors import LoopError
from shortlist.loop.facts.compare import mcnemar
from shortlist.loop.facts.estimate import FEWEST
from shortlist.loop.keeping import BEFORE
from shortlist.loop.progress import estimate_of
from shortlist.loop.store.answers import fold
from shortlist.loop.validated import validated

if TYPE_CHECKING:
    from shortlist.loop.auditing.evidence import Evidence
    from shortlist.loop.facts.compare import Comparison
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.store import Model, Round

POINT = 0.01
"""A point of accuracy."""


@dataclass(frozen=True)
class Step:
    """A model.

    Attributes
    ----------
    model : Model
    given : int
        Labels that people had given when it was trained.
    accuracy : Estimate or None
        On all validation rows that are labelled by now; None below 60 of them.
    over : Comparison or None
        With the model before, on the same rows.
    added : int
        Labels that people gave since the model before.
    """

    model: Model
    given: int
    accuracy: Estimate | None
    over: Comparison | None
    added: int

    @property
    def cost(self) -> str:
        """What a point of accuracy over the model before cost, in labels;
        empty where that isn't known.
        """
        return "" if self.over is None else cost_of(self.added, self.over)


@dataclass(frozen=True)
class RoundLine:
    """A round: its rows by share, and how many of them were answered and skipped by now."""

    round: Round
    shares: dict[str, int]
    rows: int
    answered: int
    skipped: int
    opened: str
    closed: str | None


def steps_of(of: Evidence) -> list[Step]:
    """Return all models, the first one first."""
    steps: list[Step] = []
    for model in of.models:
        before = steps[-1] if steps else None
        known = model.estimate.get(BEFORE)
        given = int(known["labels"]) if known else fold(of.store.events(until=model.position), of.ground.spec).given
        try:
            accuracy = estimate_of(of.store, of.ground, model, of.said)
            over = None if before is None else _compared(of, before.model, model)
        except LoopError:  # its answers were cleared away
            accuracy = over = None
        steps.append(Step(model, given, accuracy, over, given - (before.given if before else 0)))
    return steps


def whole_cost(of: Evidence, steps: list[Step]) -> str:
    """Return in a sentence what a point cost from the first model to the last;
    empty where that isn't known.
    """
    judged = [step for step in steps if step.accuracy is not None]
    if len(judged) < 2:
        return ""
    first, last = judged[0], judged[-1]
    over = _compared(of, first.model, last.model)
    if over is None:
        return ""
    cost = cost_of(last.given - first.given, over)
    way = f"From model {first.model.number} to {last.model.number}"
    return f"{way} a point of accuracy cost {cost} labels, those to validate included." if over.high > 0 else ""


def rounds_of(of: Evidence) -> list[RoundLine]:
    """Return all rounds, the first one first."""
    answered = {row for (row, _), event in of.answers.current.items() if event.kind != "skip"}
    skipped = {row for (row, _), event in of.answers.current.items() if event.kind == "skip"} - answered
    lines = []
    for each in of.rounds:
        shares = Counter(pick.share for pick in of.picks[each.number])
        rows = {pick.row for pick in of.picks[each.number]}
        closed = of.store.states(each.number).get("closed")
        lines.append(
            RoundLine(each, dict(shares), len(rows), len(rows & answered), len(rows & skipped), each.opened, closed)
        )
    return lines


def cost_of(labels: int, over: Comparison) -> str:
    """Return labels for each point of accuracy gained,
    with what the interval of the gain allows.
    """
    if labels <= 0:
        return ""
    if over.high <= 0:
        return "nothing gained"
    least = max(1, round(labels * POINT / over.high))
    if over.low <= 0:
        return f"at least {least:,}"
    return f"{labels * POINT / over.difference:,.0f} ({least:,} to {labels * POINT / over.low:,.0f})"


def _compared(of: Evidence, before: Model, model: Model) -> Comparison | None:
    rows = validated(of.store, of.ground, of.said, before, model)
    if len(rows) < FEWEST:
        return None
    return mcnemar(rows.right(of.store, of.ground, model), rows.right(of.store, of.ground, before), rows.weights)
