"""Parts of a report: what the audit found of classes, groups, people, labels and regions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shortlist.loop.auditing.people import name_of
from shortlist.loop.auditing.tables import UNGROUPED, text_in
from shortlist.loop.facts.intervals import FEW, Share
from shortlist.loop.reporting.drawing import by_round, on_a_line
from shortlist.loop.reporting.markup import Html, element, escaped, interval, joined, paragraph, table

if TYPE_CHECKING:
    from shortlist.loop.auditing.audit import Audit
    from shortlist.loop.auditing.classes import ClassLine
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.facts.groups import Group

MOST = 50
"""Rows of a table at most; the audit as JSON has all."""


def classes(audit: Audit) -> Html:
    """Return how common each class is, how well the model finds it, and what it is taken for."""
    found, rows = audit.accuracy, []
    for line in audit.classes:
        recall = None if found is None else found.per_class.get(line.name)
        precision = None if found is None else found.precision.get(line.name)
        rows.append(
            [
                line.name,
                f"{line.labelled:,}",
                _prevalence(line),
                _said(recall),
                _said(precision),
            ]
        )
    head = ["class", "rows labelled", "of the pool", "of these, the model finds", "where it says so, it is right"]
    parts = [table("Classes", head, rows, numbers=(1,))]
    if audit.never_given:
        parts.append(paragraph(f"Nobody has given {', '.join(map(repr, audit.never_given))} yet.", "odd"))
    if found is not None:
        parts += [element("h3", escaped("What is taken for what")), _matrix(found)]
    return joined(*parts)


def groups(audit: Audit) -> Html:
    """Return whether groups get their share, and how well they are served."""
    if not audit.groups:
        return paragraph("No groups are named in [pool] groups.", "soft")
    picked = audit.groups[0].picked.rows
    rows = [_group(line) for line in audit.groups[:MOST]]
    head = ["group", "of pool", "of picked", "p", "by round", "accuracy", "rows it takes", "uncertainty", "skipped",
            "of labelled", "alpha"]  # fmt: skip
    lead = (
        f"Of the pool against {picked:,} rows that the strategy picked; rows drawn at random are in proportion anyhow. "
        "p is Holm's, over all groups of 20 rows or more. Accuracy takes so many validation rows to be known to 0.05."
        if picked
        else "The strategy has picked no rows yet."
    )
    return joined(paragraph(lead, "soft"), table("Groups", head, rows, numbers=(1, 3, 6, 7, 10)))


def people(audit: Audit) -> Html:
    """Return what each person did, how far they agree, and about which rows they differ."""
    found = audit.people
    if not found.annotators:
        return paragraph("Nobody has answered yet.", "soft")
    alpha = "cannot be said yet" if found.alpha is None else f"is {found.alpha:.2f}"
    agree = "" if found.agreement is None else f" Two people agree on {found.agreement.said} rows."
    rows = [
        [
            who.name,
            f"{who.labels:,}",
            f"{who.skips:,}",
            _said(who.agrees),
            _said(who.resolved),
            f"{name_of(who.most)} {who.most_share:.0%}" if who.labels else "",
            element("span", escaped(who.said), class_="odd") if who.said else "",
        ]
        for who in found.annotators
    ]
    head = ["person", "labels", "skips", "agrees with others", "with the label in the end", "gives most", "odd"]
    parts = [
        paragraph(f"Krippendorff's alpha {alpha}, on {found.twice:,} rows labelled by two people or more.{agree}"),
        table("People", head, rows, numbers=(1, 2)),
        element("h3", escaped(f"Disputed rows: {len(found.disputes):,}")),
    ]
    if found.disputes:
        lines = [
            [
                row.id,
                "; ".join(f"{who}: {name_of(label)}" for who, label in row.answers.items()),
                _text(text_in(row.shown)),
            ]
            for row in found.disputes[:MOST]
        ]
        parts.append(table("Disputed rows", ["row", "who says what", "text"], lines))
    return joined(*parts, _more(len(found.disputes)))


def suspects(audit: Audit) -> Html:
    """Return the labels that may be wrong."""
    if isinstance(audit.suspects, str):
        return paragraph(f"No suspect labels are told of: {audit.suspects}.", "soft")
    if not audit.suspects:
        return paragraph("No label looks wrong.", "soft")
    rows = [
        [
            row.id,
            "disputed" if row.label is None else row.label,
            "yes" if row.asked else "",
            _text(text_in(audit.texts.get(row.id, {}))),
        ]
        for row in audit.suspects[:MOST]
    ]
    lead = (
        f"{len(audit.suspects):,} labels that a model which was not trained on them would not give, the least credible first. "
        "No label is ever changed by the program."
    )
    head = ["row", "label", "sent back", "text"]
    return joined(paragraph(lead, "soft"), table("Suspect labels", head, rows), _more(len(audit.suspects)))


def regions(audit: Audit) -> Html:
    """Return the parts of the pool that the model learned nothing from."""
    if not audit.looked_at:
        return paragraph("Nothing that trains is labelled yet.", "soft")
    if not audit.regions:
        return paragraph(f"None: of {audit.looked_at:,} rows, each lies in a region with a label that trains.", "soft")
    rows = []
    for region in audit.regions[:MOST]:
        texts = [text_in(audit.texts.get(row, {})) for row in region.examples]
        rows.append(
            [
                f"about {region.rows:,} rows",
                f"{region.share:.1%}",
                f"{region.distance:.1f} times the usual",
                ", ".join(region.examples),
                _text(" / ".join(filter(None, texts))),
            ]
        )
    head = ["region", "of the pool", "distance to a label", "rows near its middle", "text"]
    lead = "Rows that lie together, and none of which has a label that trains."
    return joined(paragraph(lead, "soft"), table("Unseen regions", head, rows, numbers=(1,)))


def _group(line: Group) -> list[object]:
    small = round(line.pool.value * line.pool.rows) < FEW
    p = (
        "too few"
        if small
        else ""
        if line.p_holm is None
        else "< 0.001"
        if line.p_holm < 0.001
        else f"{line.p_holm:.3f}"
    )
    return [
        f"{line.column} = {line.name or UNGROUPED}",
        f"{line.pool.value:.1%}",
        _part(line.picked),
        element("span", escaped(p), class_="odd" if line.uneven else ""),
        by_round(line.trend, line.pool.value),
        _said(line.accuracy),
        "" if line.rows_needed is None else f"{line.rows_needed:,}",
        "" if line.uncertainty is None else f"{line.uncertainty:.2f}",
        _part(line.skipped),
        _part(line.labelled),
        "" if line.agreement is None else f"{line.agreement:.2f}",
    ]


def _prevalence(line: ClassLine) -> Html:
    if not line.rows or not line.found:
        return element("span", escaped(line.said), class_="between")
    drawn = on_a_line(Share(line.share, line.low, line.high, line.rows))
    return interval(f"{line.share:.1%}", f"{line.low:.1%} to {line.high:.1%}, {line.found:,} of {line.rows:,}", drawn)


def _matrix(found: Estimate) -> Html:
    head = [element("th", escaped(text), scope="col") for text in ("what people say", *found.classes)]
    lines = []
    for place, (name, counts) in enumerate(zip(found.classes, found.confusion, strict=True)):
        total = sum(counts) or 1.0
        cells = [
            element("td", escaped(f"{count:,.0f}" if count else "·"), style=f"--part: {count / total:.2f}",
                    class_="right" if place == other else "")
            for other, count in enumerate(counts)
        ]  # fmt: skip
        lines.append(element("tr", element("th", escaped(name), scope="row"), *cells))
    inside = element(
        "table",
        element("caption", escaped("Classes that people gave, down, by those that the model gave, across")),
        element("thead", element("tr", *head)),
        element("tbody", *lines),
        class_="matrix",
    )
    rejected = f" On {found.rejected:,} more people said none of these." if found.rejected else ""
    return joined(
        paragraph(f"Validation rows: down what people say, across what the model says.{rejected}", "soft"),
        element("div", inside, class_="scroll", tabindex="0", role="region", aria_label="What is taken for what"),
    )


def _said(found: Share | None) -> Html:
    if found is None or not found.rows or math.isnan(found.value):
        return Html("")
    if found.rows < FEW:
        return element("span", escaped(found.said), class_="between")
    return interval(f"{found.value:.3f}", f"{found.low:.3f} to {found.high:.3f}, of {found.rows:,}", on_a_line(found))


def _part(found: Share) -> Html:
    return interval(f"{found.value:.1%}", f"{found.low:.1%} to {found.high:.1%}") if found.rows else Html("")


def _text(text: str) -> Html:
    return element("span", escaped(text), class_="text") if text else Html("")


def _more(rows: int) -> Html:
    return paragraph(f"The first {MOST}; all: shortlist loop audit --json", "note") if rows > MOST else Html("")
