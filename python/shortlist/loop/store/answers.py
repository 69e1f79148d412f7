"""What people have said, folded from the log: the current answer of each of them,
and what a row's label is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from shortlist.loop.errors import LoopError
from shortlist.loop.store.events import CONSENSUS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shortlist.loop.spec.model import Spec
    from shortlist.loop.store.events import Event

IMPORT = "import"
"""The source of labels from before the loop."""


@dataclass(frozen=True)
class Answers:
    """What people have said.

    Rows are in the order that `fold` was given, or else in that of their ids, whatever the order of
    the answers.

    Attributes
    ----------
    current : dict of (row, annotator) to Event
        The answer that each person stands by: a label, a reject ("none of these") or a skip.
    labels : dict of row to class
        Rows with a label, as resolved.
    decided : dict of row to Event
        The answer behind each label and each rejected row: the last of those that agree with it.
    rejected : list of str
        Rows that are none of the classes, as resolved.
    disputed : list of str
        Rows whose answers differ, so that nothing is resolved.
    skipped : list of str
        Rows that were skipped by everybody who was asked.
    flagged : dict of row to Event
        Rows with a remark: the last one of each.
    outside : list of str
        Rows with an answer that is no class of the spec; it counts once the class is appended.
    given : int
        Answers: labels and rejects, one for each row, person and round; without skips, imports and
        what was taken back.
    by_annotator : dict of annotator to (dict of row to Event)
        The same as `current`, by person.
    reviews : dict of row to Event
        A reviewer's word on rows.
    """

    current: dict[tuple[str, str], Event] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    decided: dict[str, Event] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    disputed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    flagged: dict[str, Event] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    given: int = 0
    by_annotator: dict[str, dict[str, Event]] = field(default_factory=dict)
    reviews: dict[str, Event] = field(default_factory=dict)

    def of_row(self, row: str) -> dict[str, Event]:
        """Return the current answers to a row, by annotator."""
        return {who: rows[row] for who, rows in sorted(self.by_annotator.items()) if row in rows}

    def by_row(self) -> dict[str, dict[str, str | None]]:
        """Return for each row what each person gave it, None for "none of these";
        without skips and imports.
        """
        table: dict[str, dict[str, str | None]] = {}
        for (row, annotator), event in self.current.items():
            if event.kind in ("label", "reject") and event.source != IMPORT:
                table.setdefault(row, {})[annotator] = event.label
        return table


def fold(events: Iterable[Event], spec: Spec, *, order: Sequence[str] | None = None) -> Answers:
    """Fold events into what holds now.

    A person's current answer to a row is the last one by time, and by place in the log where times
    are equal. An answer without a time of its own, and whatever is taken back, comes behind all
    that the log held of that person and row: there the place in the log decides, so that a clock
    that was put back does no harm.

    Parameters
    ----------
    events : iterable of Event
        In the order of the log.
    spec : Spec
        Its classes, and how it resolves several answers to a row.
    order : sequence of str, optional
        Rows in the order wanted; any others follow in that of their ids.
    """
    resolve, known = _resolver(spec), set(spec.classes)
    by_row: dict[str, Event | list[Event]] = {}
    for event in events:
        row = event.row
        before = by_row.get(row)
        if before is None:
            by_row[row] = event
        elif isinstance(before, list):
            before.append(event)
        else:
            by_row[row] = [before, event]
    answers = Answers()
    given = 0
    for row in _ordered(by_row, order):
        of_row = by_row[row]
        if isinstance(of_row, list):
            given += _enter(row, of_row, answers, resolve, known)
        elif of_row.kind == "label" and of_row.label is not None and of_row.label in known:
            # The most frequent case by far, and so the shortest way through what `_enter` does.
            annotator, label = of_row.annotator, of_row.label
            answers.current[row, annotator] = of_row
            answers.by_annotator.setdefault(annotator, {})[row] = of_row
            answers.decided[row] = of_row
            answers.labels[row] = label
            given += of_row.source != IMPORT
        else:
            given += _enter(row, [of_row], answers, resolve, known)
    return replace(answers, given=given)


Standing: TypeAlias = "tuple[str, int, Event]"
"""An event behind what it is ordered by: its time, as `_history` takes it,
and its place in the log.
"""


def _enter(row: str, events: list[Event], answers: Answers, resolve: Resolver, known: set[str]) -> int:
    """Enter what was said of a row; return how many answers were given."""
    histories: dict[str, list[Standing]] = {}
    reviewing: dict[str, list[Standing]] = {}
    agreed: Event | None = None
    latest = 0
    for event in events:
        if event.kind == CONSENSUS:
            agreed = event
            continue
        if event.kind == "flag":
            last = answers.flagged.get(row, event)
            answers.flagged[row] = max(last, event, key=lambda flag: (flag.time, flag.seq))
            continue
        latest = event.seq
        if event.kind != "review":
            _follow(histories.setdefault(event.annotator, []), event)
        if event.kind == "review" or (event.kind == "retract" and event.annotator in reviewing):
            _follow(reviewing.setdefault(event.annotator, []), event)
    votes, given = list[Standing](), 0
    for annotator in sorted(histories):
        standing, times = _standing(histories[annotator])
        given += times
        if standing is not None:
            votes.append(standing)
            answers.current[row, annotator] = standing[2]
            answers.by_annotator.setdefault(annotator, {})[row] = standing[2]
    reviews = [standing for history in reviewing.values() if (standing := _standing(history)[0]) is not None]
    if reviews:
        answers.reviews[row] = max(reviews)[2]
    if agreed is not None and latest > agreed.payload["position"]:
        agreed = None  # somebody has answered since
    _decide(row, votes, answers, resolve, known, agreed)
    return given


def _follow(history: list[Standing], event: Event) -> None:
    time = event.time
    if history and (time == event.kept or event.kind == "retract"):
        time = max(time, max(history)[0])
    history.append((time, event.seq, event))


def _standing(history: list[Standing]) -> tuple[Standing | None, int]:
    """Return what a person stands by, and in how many rounds a label or reject was given."""
    rounds: dict[object, Standing] = {}
    last = None
    for standing in sorted(history):
        last = standing
        if standing[2].kind == "retract":
            rounds, last = {}, None
        elif standing[2].source != IMPORT:
            rounds[standing[2].payload.get("round")] = standing
    return last, sum(standing[2].kind != "skip" for standing in rounds.values())


def _decide(
    row: str, standings: list[Standing], answers: Answers, resolve: Resolver, known: set[str], agreed: Event | None
) -> None:
    """Enter what a row's label is, or why it has none."""
    votes = [standing for standing in standings if standing[2].kind != "skip"]
    # What people say here outweighs labels from before.
    votes = [standing for standing in votes if standing[2].source != IMPORT] or votes
    inside = [standing for standing in votes if standing[2].label is None or standing[2].label in known]
    if len(inside) < len(votes):
        answers.outside.append(row)
    winner = answers.reviews.get(row)
    if winner is None or (winner.label is not None and winner.label not in known):
        if not inside:
            if standings and not votes:
                answers.skipped.append(row)
            return
        winner = inside[0][2] if len(inside) == 1 else resolve(inside, agreed)
    if winner is None:
        answers.disputed.append(row)
        return
    answers.decided[row] = winner
    if winner.label is None:
        answers.rejected.append(row)
    else:
        answers.labels[row] = winner.label


Resolver: TypeAlias = "Callable[[list[Standing], Event | None], Event | None]"
"""Decides by several votes, and the consensus made of just these when a model was trained."""


def _latest(votes: list[Standing], agreed: Event | None) -> Event | None:  # noqa: ARG001
    return max(votes)[2]


def _majority(votes: list[Standing], agreed: Event | None) -> Event | None:  # noqa: ARG001
    (first, most), *others = Counter(vote[2].label for vote in votes).most_common(2)
    if others and others[0][1] == most:
        return None
    return max(vote for vote in votes if vote[2].label == first)[2]


def _reviewer(votes: list[Standing], agreed: Event | None) -> Event | None:  # noqa: ARG001
    """Return what all agree on; where they differ, a review is awaited."""
    return max(votes)[2] if len({vote[2].label for vote in votes}) == 1 else None


def _crowdlab(votes: list[Standing], agreed: Event | None) -> Event | None:
    """Return the consensus, where one of them gave it; what most say until there is one."""
    alike = [vote for vote in votes if agreed is not None and vote[2].label == agreed.label]
    return max(alike)[2] if alike else _majority(votes, agreed)


RESOLVERS: dict[str, Resolver] = {
    "majority": _majority,
    "latest": _latest,
    "reviewer": _reviewer,
    "crowdlab": _crowdlab,
}


def _resolver(spec: Spec) -> Resolver:
    try:
        return RESOLVERS[spec.labels.resolve]
    except KeyError:
        known = ", ".join(RESOLVERS)
        raise LoopError(f"[labels] resolve is {spec.labels.resolve!r}; accepted here are {known}") from None


def _ordered(rows: Iterable[str], order: Sequence[str] | None) -> list[str]:
    if order is None:
        return sorted(rows)
    there = set(rows)
    first = [row for row in dict.fromkeys(order) if row in there]
    return first + sorted(there.difference(first))
