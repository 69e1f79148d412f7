"""The report of a loop: one HTML page without scripts that needs no other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.loop.auditing.audit import audit_of
from shortlist.loop.reporting.history import rounds_of, steps_of, whole_cost
from shortlist.loop.reporting.judged import classes, groups, people, regions, suspects
from shortlist.loop.reporting.markup import Html, element, escaped, joined, listed, paragraph
from shortlist.loop.reporting.progressing import figures, history, how_good, rules
from shortlist.loop.reporting.style import STYLE

if TYPE_CHECKING:
    from shortlist.loop.auditing.audit import Audit
    from shortlist.loop.auditing.evidence import Evidence
    from shortlist.loop.progress import Due, Stop

SECTIONS = (
    ("accuracy", "Accuracy"),
    ("rules", "What is next"),
    ("history", "History"),
    ("classes", "Classes"),
    ("groups", "Groups"),
    ("people", "People"),
    ("labels", "Labels to look at"),
    ("regions", "Unseen regions"),
    ("spec", "Specification"),
)


def page_of(of: Evidence, due: Due, stop: Stop, *, show_text: bool = False) -> str:
    """Return the whole document; the same loop gives the same bytes.

    Parameters
    ----------
    of : Evidence
        The loop as it is now.
    due, stop
        Whether a model is due and whether the end is reached, and where each rule stands.
    show_text : bool
        Whether texts of rows are on it.
    """
    spec, audit = of.ground.spec, audit_of(of, show_text=show_text)
    steps, lines = steps_of(of), rounds_of(of)
    contents: dict[str, Html] = {
        "accuracy": how_good(audit, steps, whole_cost(of, steps), spec.stop.when),
        "rules": rules(due, stop),
        "history": history(steps, lines),
        "classes": classes(audit),
        "groups": groups(audit),
        "people": people(audit),
        "labels": suspects(audit),
        "regions": regions(audit),
        "spec": element("pre", escaped_lines(spec.text), tabindex="0"),
    }
    sections = [
        element("section", element("h2", escaped(title), id=f"{name}-title"), contents[name], id=name,
                aria_labelledby=f"{name}-title")
        for name, title in SECTIONS
    ]  # fmt: skip
    links = [element("li", element("a", escaped(title), href=f"#{name}")) for name, title in SECTIONS]
    body = element(
        "div",
        element("header", _head(of, audit), figures(audit, of.said, due, stop), _look(audit)),
        element("nav", element("ul", *links), aria_label="Parts of this page"),
        element("main", *sections),
        element("footer", _foot(audit)),
        class_="page",
    )
    title = escaped(f"{spec.name}: round {audit.round}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer">'
        # Should anything slip through, it can neither run nor fetch.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def escaped_lines(text: str) -> Html:
    """Return text of several lines, which stay lines."""
    lines = text.replace("\r\n", "\n").split("\n")
    return Html("\n".join(escaped(line.replace("\t", "    ")) for line in lines))


def _head(of: Evidence, audit: Audit) -> Html:
    model = "no model yet" if audit.model is None else f"model {audit.model}"
    last = next((event.kept for event in of.store.events(of.store.position - 1)), None)
    until = f", with all answers up to {last[:10]} {last[11:16]} UTC" if last else ", before the first answer"
    at = f"Round {audit.round}" if audit.round else "No round yet"
    return joined(
        paragraph("Shortlist, a labelling loop", "kicker"),
        element("h1", escaped(audit.name)),
        paragraph(f"{at}, {model}{until}", "soft"),
    )


def _look(audit: Audit) -> Html:
    if not audit.look_at:
        return Html("")
    lines = [element("a", escaped(each.text), href=f"#{each.part}") for each in audit.look_at]
    return element("div", element("h2", escaped("Look at")), listed(lines), class_="look", role="note")


def _foot(audit: Audit) -> Html:
    return joined(
        paragraph(
            "Intervals are 95%: Wilson's for accuracy and shares, Clopper and Pearson's for how common a class is. "
            "Accuracy is on validation rows, which were chosen at random before the first round and train no model."
        ),
        *(paragraph(f"For this page {note}.") for note in audit.notes),
    )
