"""Pieces of HTML: whatever comes from people is escaped here,
and nowhere else is HTML made of text.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONG = 28
"""Characters of a name beyond which it is broken over lines."""


class Html(str):
    """Text that is HTML already, and is shown as what it stands for."""

    __slots__ = ()


def escaped(text: object) -> Html:
    """Return text as HTML that shows it as it is, control characters written out."""
    return Html(html.escape(visible(str(text))))


def joined(*parts: Html) -> Html:
    """Return pieces in a row."""
    return Html("".join(parts))


def shown(content: object) -> Html:
    """Return HTML as it is, and anything else escaped."""
    return content if isinstance(content, Html) else escaped(content)


def element(name: str, *content: Html, **attributes: object) -> Html:
    """Return an element; `class_` stands for ``class``, and underscores for hyphens."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"' for key, value in attributes.items() if value != ""
    )
    return Html(f"<{name}{given}>{''.join(content)}</{name}>")


def paragraph(content: object, class_: str = "") -> Html:
    """Return a paragraph."""
    return element("p", shown(content), class_=class_)


def listed(lines: Iterable[object]) -> Html:
    """Return a list of sentences."""
    return element("ul", *(element("li", shown(line)) for line in lines))


def table(
    caption: str, heading: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: Iterable[int] = ()
) -> Html:
    """Return a table that scrolls inside itself; its first column is the heading of each row.

    Parameters
    ----------
    caption : str
        What it shows, for those who can't see it.
    heading : sequence of str
    rows : sequence of sequence
        Text, which is escaped, or HTML.
    numbers : iterable of int
        Columns that are set to the right.
    """
    # A column that says nothing is left out.
    kept = [place for place in range(len(heading)) if not place or any(row[place] for row in rows)]
    right = {at for at, place in enumerate(kept) if place in set(numbers)}
    heading, rows = [heading[place] for place in kept], [[row[place] for place in kept] for row in rows]

    def kind(place: int) -> str:
        return "n" if place in right else ""

    head = [element("th", escaped(text), scope="col", class_=kind(place)) for place, text in enumerate(heading)]
    lines = []
    for row in rows:
        first, *rest = row
        cells = [element("td", shown(each), class_=kind(place)) for place, each in enumerate(rest, 1)]
        name = element("span", shown(first), class_="long") if len(str(first)) > LONG else shown(first)
        lines.append(element("tr", element("th", name, scope="row"), *cells))
    inside = element(
        "table",
        element("caption", escaped(caption)),
        element("thead", element("tr", *head)),
        element("tbody", *lines),
    )
    # Whoever has no mouse must be able to scroll too. Its name is not that of the section around
    # it.
    return element("div", inside, class_="scroll", tabindex="0", role="region", aria_label=f"Table: {caption}")


def interval(value: str, between: str, picture: Html | None = None) -> Html:
    """Return a figure, perhaps with a picture of it, and beneath it what it may be as well."""
    return joined(
        element("span", escaped(value), picture or Html(""), class_="value"),
        element("span", escaped(between), class_="between"),
    )
