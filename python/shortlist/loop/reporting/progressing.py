"""Parts of a report: how good the model is, where the rules stand, and how it came to be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shortlist.loop.reporting.drawing import NARROW, WIDE, curve, stacked
from shortlist.loop.reporting.markup import Html, element, escaped, interval, joined, listed, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.auditing.audit import Audit
    from shortlist.loop.progress import Due, Stop
    from shortlist.loop.reporting.history import RoundLine, Step
    from shortlist.loop.store.summary import Summary

TARGET = re.compile(r"\btarget(?:_lower)?:([01]?\.?\d+)")
SHARES = ("seed", "strategy", "floor", "rare", "explore", "validation", "relabel", "overlap")
"""In the order in which they are drawn."""
MEANT = {
    "seed": "before a model",
    "strategy": "by the strategy",
    "floor": "the least share of a group",
    "rare": "for a rare class",
    "explore": "at random",
    "validation": "to validate",
    "relabel": "asked again, as the label may be wrong",
    "overlap": "asked of a second person",
}


def figures(audit: Audit, said: Summary, due: Due, stop: Stop) -> Html:
    """Return the four figures that people ask for first."""
    found = audit.accuracy
    needed = due.labels_needed
    wait = "due now" if due else f"in {needed:,} label{'s' if needed > 1 else ''}" if needed else "not yet"
    return element(
        "dl",
        _figure(
            "Accuracy",
            "none yet" if found is None else f"{found.value:.1%}",
            "it takes a model and 60 validation rows"
            if found is None
            else f"{found.low:.1%} to {found.high:.1%}, on {found.rows:,} validation rows",
        ),
        _figure("Labels", f"{said.given:,}", f"on {len(said.labels):,} rows with a label"),
        _figure("Next model", wait, "none so far" if audit.model is None else f"model {audit.model} is the last"),
        _figure("The end", "reached" if stop else "not yet", stop.why.split(" | ")[0]),
        class_="figures",
    )


def how_good(audit: Audit, steps: Sequence[Step], cost: str, stop_when: str) -> Html:
    """Return the learning curve, and what else is known of the accuracy."""
    points = [
        (step.given, step.accuracy.value, step.accuracy.low, step.accuracy.high)
        for step in steps
        if step.accuracy is not None
    ]
    parts = []
    if points:
        said = "; ".join(
            f"{value:.3f} ({low:.3f} to {high:.3f}) with {given:,} labels" for given, value, low, high in points
        )
        target = max((float(value) for value in TARGET.findall(stop_when)), default=None)
        pictures = [
            element("div", curve(points, target, size, f"Accuracy by labels: {said}"), class_=kind)
            for size, kind in ((WIDE, "wide"), (NARROW, "narrow"))
        ]
        parts.append(
            paragraph("Every model on all validation rows that are labelled by now, with its interval.", "soft")
        )
        parts.append(element("figure", *pictures))
    else:
        parts.append(
            paragraph("There is no estimate yet: it takes a model, and 60 validation rows with labels.", "soft")
        )
    lines = [cost] if cost else []
    picked = audit.picked if isinstance(audit.picked, str) else audit.picked.said
    score = audit.score if isinstance(audit.score, str) else f"AUROC {audit.score.said}"
    lines.append(f"A second estimate, on rows that the model picked: {picked}.")
    lines.append(f"Does the score of {audit.strategy} find its errors? {score[:1].upper()}{score[1:]}.")
    return joined(*parts, *(paragraph(line) for line in lines))


def rules(due: Due, stop: Stop) -> Html:
    """Return where each rule stands."""
    met = element("span", escaped("met"), class_="met")

    def part(title: str, holds: bool, why: str) -> Html:
        # All that is joined by "|" is a way of its own to the end.
        ways = [escaped(way) for way in why.split(" | ")]
        state = joined(escaped(f"{title}: "), met if holds else escaped("not yet"))
        return element("div", element("h3", state), listed(ways))

    return element("div", part("A new model", due.met, due.why), part("The end", stop.met, stop.why), class_="rules")


def history(steps: Sequence[Step], rounds: Sequence[RoundLine]) -> Html:
    """Return all models and rounds: what made each, and what came of it."""
    return joined(
        element("h3", escaped("Models")),
        _models(steps) if steps else paragraph("None yet.", "soft"),
        element("h3", escaped("Rounds")),
        _rounds(rounds) if rounds else paragraph("None yet.", "soft"),
    )


def _models(steps: Sequence[Step]) -> Html:
    rows = []
    for step in steps:
        model, found, over = step.model, step.accuracy, step.over
        rows.append(
            [
                f"{model.number}",
                "" if found is None else interval(f"{found.value:.3f}", f"{found.low:.3f} to {found.high:.3f}"),
                "" if over is None else interval(f"{over.difference:+.3f}", f"{over.low:+.3f} to {over.high:+.3f}"),
                f"{step.given:,}",
                f"{model.labels:,}",
                step.cost,
                element("span", escaped(model.why), class_="text"),
                _day(model.time),
            ]
        )
    head = ["model", "accuracy", "over the one before", "labels given", "trains on", "labels a point", "why", "trained"]
    return table("Models", head, rows, numbers=(1, 2, 3, 4, 5))


def _rounds(rounds: Sequence[RoundLine]) -> Html:
    lines = []
    for line in rounds:
        each = line.round
        ordered = {name: line.shares[name] for name in SHARES if name in line.shares}
        lines.append(
            [
                f"{each.number}",
                f"{line.rows:,}",
                stacked(ordered),
                f"{line.answered:,}",
                f"{line.skipped:,}",
                "none" if each.model is None else f"{each.model}",
                _day(line.opened),
                "open" if line.closed is None else _day(line.closed),
                element("span", escaped(each.why), class_="text"),
            ]
        )
    head = ["round", "rows", "what for", "answered", "skipped", "by model", "opened", "closed", "why"]
    used = [name for name in SHARES if any(name in line.shares for line in rounds)]
    swatch = [
        element(
            "li",
            element("svg", element("rect", width=10, height=10, rx=2, class_=f"s-{name}"), width=10, height=10,
                    aria_hidden="true"),
            escaped(f"{name}: {MEANT[name]}"),
        )
        for name in used
    ]  # fmt: skip
    return joined(table("Rounds", head, lines, numbers=(1, 3, 4, 5)), element("ul", *swatch, class_="key"))


def _figure(name: str, value: str, more: str) -> Html:
    return element(
        "div",
        element("dt", escaped(name)),
        element("dd", escaped(value), class_="value"),
        element("dd", escaped(more), class_="more"),
    )


def _day(time: str) -> Html:
    """Return a kept time to the minute, in UTC."""
    return element("time", escaped(f"{time[:10]} {time[11:16]}"), datetime=time, class_="tight")
