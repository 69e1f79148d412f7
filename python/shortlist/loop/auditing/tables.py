"""An audit for a person: what to look at, and a table for each question."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shortlist.loop.auditing.people import name_of
from shortlist.loop.facts.intervals import FEW
from shortlist.tables import aligned, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shortlist.loop.auditing.audit import Audit
    from shortlist.loop.auditing.people import Dispute
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.facts.groups import Group
    from shortlist.loop.facts.intervals import Share

SHOWN = 10
"""Rows and regions that are named; ``--json`` has all of them."""
MOST_GROUPS = 40
ROUNDS = 5
"""Rounds whose share of a group is written out."""
UNGROUPED = "(empty)"
ENOUGH = 50
"""Labels after which a class that nobody gave is something to look at."""


@dataclass(frozen=True)
class Section:
    """A question: its answer in sentences, and perhaps a table whose first row is the heading."""

    title: str
    lines: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Look:
    """Something to look at: a sentence, the part of a report that shows it,
    and a command that does.
    """

    text: str
    part: str
    command: str = ""

    @property
    def said(self) -> str:
        """The sentence with the command."""
        return f"{self.text}: {self.command}" if self.command else self.text


def look_at(audit: Audit) -> list[Look]:
    """Return what somebody should look at, what is most urgent first."""
    uneven = [line for line in audit.groups if line.uneven]
    urgent = [
        line for line in uneven if line.picked.value < line.pool.value and not served(line.accuracy, audit.accuracy)
    ]
    found = [_uneven(line) for line in urgent[:1]]
    found += served_worse(audit.accuracy)
    found += [Look(text, "people") for text in audit.people.odd]
    found += disputed(len(audit.people.disputes))
    found += suspected(0 if isinstance(audit.suspects, str) else len(audit.suspects))
    score = "" if isinstance(audit.score, str) else audit.score.said
    if "take random" in score:
        found.append(Look(f"the score of {audit.strategy}: AUROC for errors {score}", "accuracy"))
    if sum(line.labelled for line in audit.classes) >= ENOUGH:
        found += [Look(f"nobody has given {name!r} yet", "classes") for name in audit.never_given]
    return found + [_uneven(line) for line in uneven if line not in urgent][:1]


def _uneven(line: Group) -> Look:
    return Look(replace(line, accuracy=None).said + accuracy_of(line.accuracy), "groups")


def served_worse(estimate: Estimate | None) -> list[Look]:
    """Return the groups whose accuracy lies below that of all, its whole interval included,
    the worst first.
    """
    if estimate is None:
        return []
    worse = [
        (found.value, f"{column}={name}: accuracy {found.said}, below that of all, {estimate.value:.3f}")
        for column, groups in estimate.per_group.items()
        for name, found in groups.items()
        if found.rows >= FEW and found.high < estimate.value
    ]
    return [Look(text, "groups") for _, text in sorted(worse)]


def served(accuracy: Share | None, overall: Estimate | None) -> bool:
    """Whether the model is known to serve a group as well as all:
    then it does no harm that few of its rows are picked.
    """
    if accuracy is None or overall is None or accuracy.rows < FEW:
        return False
    return accuracy.value >= overall.value


def accuracy_of(found: Share | None) -> str:
    """Return the end of a sentence about a group; empty where too little is known."""
    if found is None or found.rows < FEW:
        return ""
    return f"; accuracy {found.value:.2f} ({found.low:.2f} to {found.high:.2f}) on {found.rows:,}"


def disputed(rows: int) -> list[Look]:
    """Return something to look at where people differ about rows."""
    verb = "is" if rows == 1 else "are"
    return [Look(f"{_rows(rows)} {verb} disputed", "people", "shortlist loop audit --disputes")] if rows else []


def suspected(rows: int) -> list[Look]:
    """Return something to look at where labels are suspect."""
    return (
        [Look(f"{rows:,} label{'s' if rows > 1 else ''} may be wrong", "labels", "shortlist loop audit")]
        if rows
        else []
    )


def sections(audit: Audit) -> list[Section]:
    """Return all of an audit."""
    model = "no model yet" if audit.model is None else f"model {audit.model}"
    first = Section(
        f"{audit.name}   round {audit.round}   {model}", [f"look at    {each.said}" for each in audit.look_at]
    )
    if not audit.look_at:
        first.lines.append("nothing stands out")
    return [
        first,
        *_groups(audit),
        _classes(audit),
        _people(audit),
        *([disputes_table(audit.people.disputes, SHOWN)] if audit.people.disputes else []),
        _suspects(audit),
        _regions(audit),
        _model(audit),
        Section("What was read", audit.notes) if audit.notes else Section(""),
    ]


def disputes_table(rows: Sequence[Dispute], most: int | None = None) -> Section:
    """Return who said what of the rows about which people differ."""
    cells = [
        [row.id, "; ".join(f"{who}: {name_of(label)}" for who, label in row.answers.items()), text_in(row.shown)]
        for row in rows[:most]
    ]
    return Section(
        f"Disputed rows: {len(rows):,}",
        [] if most is None or len(rows) <= most else [f"the first {most}; all: shortlist loop audit --disputes"],
        _without_empty([["row", "who says what", "text"], *cells]) if cells else [],
    )


def text_of(found: Sequence[Section]) -> str:
    """Return sections as text."""
    parts = []
    for section in found:
        lines = [section.title, *section.lines] if section.title else []
        parts += ["\n".join(map(visible, lines)) + ("\n" + aligned(section.rows) if section.rows else "")]
    return "\n\n".join(part for part in parts if part)


def _groups(audit: Audit) -> list[Section]:
    """Return two tables, as one would be too wide for a terminal:
    how groups are picked, and how they are served.
    """
    if not audit.groups:
        return [Section("Groups", ["none are named in [pool] groups"])]
    picked, shown = audit.groups[0].picked.rows, audit.groups[:MOST_GROUPS]
    lines = [f"{picked:,} rows were picked by the strategy" if picked else "the strategy has picked no rows yet"]
    if len(audit.groups) > MOST_GROUPS:
        lines.append(f"the first {MOST_GROUPS} of {len(audit.groups):,}; all: --json")
    asked = [["group", "of pool", "of picked", "p (Holm)", "of labelled", "by round"], *map(_asked, shown)]
    head = ["group", "accuracy", "rows for ±0.05", "uncertain", "skipped", "alpha"]
    return [Section("Groups", lines, asked), Section("How groups are served", [], [head, *map(_served, shown)])]


def _asked(line: Group) -> list[str]:
    small = round(line.pool.value * line.pool.rows) < FEW
    p = "too few" if small else "-" if line.p_holm is None else _p(line.p_holm)
    trends = trend(line.trend[-ROUNDS:])
    return [_group(line), f"{line.pool.value:.1%}", share(line.picked), p, share(line.labelled), trends]


def _served(line: Group) -> list[str]:
    return [
        _group(line),
        "-" if line.accuracy is None else line.accuracy.said,
        "-" if line.rows_needed is None else f"{line.rows_needed:,}",
        "-" if line.uncertainty is None else f"{line.uncertainty:.2f}",
        share(line.skipped),
        "-" if line.agreement is None else f"{line.agreement:.2f}",
    ]


def _group(line: Group) -> str:
    return f"{line.column}={line.name or UNGROUPED}"


def _classes(audit: Audit) -> Section:
    rows = [["class", "labelled", "of the pool (95%)", "validation rows"]]
    rows += [[line.name, f"{line.labelled:,}", line.said, f"{line.found:,} of {line.rows:,}"] for line in audit.classes]
    lines = [f"nobody has given {name!r} yet" for name in audit.never_given]
    return Section("Classes", lines, rows)


def _people(audit: Audit) -> Section:
    people = audit.people
    if not people.annotators:
        return Section("People", ["nobody has answered yet"])
    alpha = "can't be said" if people.alpha is None else f"{people.alpha:.2f}"
    agree = "" if people.agreement is None else f"; two people agree on {people.agreement.said}"
    lines = [f"Krippendorff's alpha {alpha}, on {_rows(people.twice)} labelled by two people or more{agree}"]
    rows = [["person", "labels", "skips", "agrees with others", "with the label in the end", "gives most", ""]]
    for who in people.annotators:
        most = f"{name_of(who.most)} {who.most_share:.0%}" if who.labels else "-"
        both = [part.said if part else "-" for part in (who.agrees, who.resolved)]
        rows.append([who.name, f"{who.labels:,}", f"{who.skips:,}", *both, most, who.said])
    return Section("People", lines, _without_empty(rows))


def _suspects(audit: Audit) -> Section:
    if isinstance(audit.suspects, str):
        return Section("Suspect labels", [audit.suspects])
    rows = [
        [row.id, "disputed" if row.label is None else row.label, "sent back" if row.asked else "", _text(audit, row.id)]
        for row in audit.suspects[:SHOWN]
    ]
    more = len(audit.suspects) - len(rows)
    lines = [f"the first {SHOWN}; all: --json"] if more > 0 else []
    table = _without_empty([["row", "label", "", "text"], *rows]) if rows else []
    return Section(f"Suspect labels: {len(audit.suspects):,}", lines, table)


def _regions(audit: Audit) -> Section:
    if not audit.looked_at:
        return Section("Regions without a label", ["nothing that trains is labelled yet"])
    if not audit.regions:
        return Section("Regions without a label", [f"none among {audit.looked_at:,} rows"])
    rows = [["rows", "of the pool", "distance to a label", "such as", "text"]]
    for region in audit.regions[:SHOWN]:
        shown = region.examples[:3]
        texts = " | ".join(filter(None, (_text(audit, row) for row in shown)))
        rows.append(
            [
                f"about {region.rows:,}",
                f"{region.share:.1%}",
                f"{region.distance:.1f} times the usual",
                ", ".join(shown),
                texts,
            ]
        )
    return Section(f"Regions without a label: {len(audit.regions):,}", [], _without_empty(rows))


def _model(audit: Audit) -> Section:
    score = audit.score if isinstance(audit.score, str) else f"AUROC {audit.score.said}"
    picked = audit.picked if isinstance(audit.picked, str) else audit.picked.said
    return Section(
        "The last model",
        [
            f"does the score of {audit.strategy} find its errors?  {score}",
            f"accuracy on rows that it picked:  {picked}",
        ],
    )


def share(found: Share) -> str:
    """Return a share as a percentage with its interval; a dash where there are no rows."""
    return f"{found.value:.1%} ({100 * found.low:.1f} to {100 * found.high:.1f})" if found.rows else "-"


def trend(shares: Sequence[float]) -> str:
    """Return shares round by round, as ``"5 11 8%"``; a dash for a round without picks."""
    if not shares or all(math.isnan(each) for each in shares):
        return "-"
    return " ".join("-" if math.isnan(each) else f"{100 * each:.0f}" for each in shares) + "%"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _text(audit: Audit, row: str) -> str:
    return text_in(audit.texts.get(row, {}))


def text_in(shown: Mapping[str, Any]) -> str:
    """Return what people are shown of a row in one line."""
    return ", ".join(str(value) for value in shown.values())


def _without_empty(rows: list[list[str]]) -> list[list[str]]:
    """Leave out columns that say nothing."""
    kept = [place for place in range(len(rows[0])) if any(row[place] for row in rows[1:])]
    return [[row[place] for place in kept] for row in rows] if kept else []
