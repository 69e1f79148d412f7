"""Label Studio's labelling interfaces: one made for a loop's classes,
and checks of one that somebody wrote.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from shortlist.disk import check_regular
from shortlist.labels.handed import columns_of, is_image, names_of
from shortlist.labels.label_studio import CHOICES
from shortlist.labels.prodigy import NONE_OF_THESE
from shortlist.labels.records import TOLD
from shortlist.tables import visible

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from shortlist.labels.handed import HandedRow

DECLARED = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
VARIABLE = re.compile(r"\$(\w+)")


def config_for(rows: Sequence[HandedRow], classes: Sequence[str]) -> str:
    """Return a labelling interface that shows the columns of rows and offers the classes,
    and "none of these".

    Examples
    --------
    >>> from shortlist.labels.handed import HandedRow
    >>> print(config_for([HandedRow("7", {"body": "It crashes"})], ["bug", "how-to"]))
    <View>
      <Text name="body" value="$body"/>
      <Choices name="label" toName="body" choice="single" showInline="true" required="true">
        <Choice value="bug" hotkey="1"/>
        <Choice value="how-to" hotkey="2"/>
        <Choice value="none of these"/>
      </Choices>
    </View>
    """
    columns = columns_of(rows)
    names = names_of(columns, TOLD, "pool_")
    lines, first = ["<View>"], ""
    for number, (column, name) in enumerate(zip(columns, names, strict=True), 1):
        values = [row.shown.get(column) for row in rows if row.shown.get(column) is not None]
        tag = "Image" if values and all(map(is_image, values)) else "Text"
        own = re.sub(r"\W", "_", name)
        own = own if own != CHOICES else f"{own}_{number}"
        first = first or own
        if len(columns) > 1:
            lines.append(f"  <Header value={quoteattr(column)}/>")
        lines.append(f'  <{tag} name="{own}" value={quoteattr(f"${name}")}/>')
    lines.append(f'  <Choices name="{CHOICES}" toName="{first}" choice="single" showInline="true" required="true">')
    for number, name in enumerate(classes, 1):
        key = f' hotkey="{number}"' if number < 10 else ""
        lines.append(f"    <Choice value={quoteattr(name)}{key}/>")
    lines += [f"    <Choice value={quoteattr(NONE_OF_THESE)}/>", "  </Choices>", "</View>"]
    return "\n".join(lines)


def config_text(config: str | os.PathLike[str]) -> str:
    """Return a labelling interface that is given as XML or as the path of a file."""
    if isinstance(config, str) and config.lstrip().startswith("<"):
        return config
    check_regular(Path(config))
    return Path(config).read_text(encoding="utf-8-sig")


def check_config(text: str, columns: Iterable[str] | None, classes: Sequence[str] | None, name: str) -> None:
    """Check a labelling interface against the columns of the tasks and the classes;
    `name` is what it is called.

    Raises
    ------
    ValueError
        It is no XML, shows what the tasks don't have, or offers other answers than the classes.
    """
    if DECLARED.search(text):
        # Such as let a few lines stand for gigabytes, or for other files.
        raise ValueError(
            f"{name} has a document type of its own; accepted is an interface without <!DOCTYPE and <!ENTITY"
        )
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - it declares nothing
    except ElementTree.ParseError as error:
        raise ValueError(f"{name} is no labelling interface of Label Studio: it is no XML ({error})") from None
    if columns is not None:
        there = list(columns)
        wanted = [VARIABLE.match(value) for tag in root.iter() for value in tag.attrib.values()]
        for found in wanted:
            if found and found[1] not in there:
                listed = visible(", ".join(there))
                raise ValueError(f"{name} shows ${found[1]}, and the tasks have no such column; accepted are {listed}")
    choices = _choices(root)
    if not choices:
        raise ValueError(f"{name} has no <Choices>; accepted is one with a <Choice> for each class")
    if classes is None or any((tag.get("value") or "").startswith("$") for tag in choices[0].iter()):
        return
    offered = [tag.get("alias") or tag.get("value") or "" for tag in choices[0].iter("Choice")]
    lacking = [one for one in classes if one not in offered]
    strange = [one for one in offered if one not in classes and one.casefold() not in (NONE_OF_THESE, "skip")]
    if lacking or strange:
        said = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
        said += (
            [f"has {', '.join(map(repr, strange))}, which {'is' if len(strange) == 1 else 'are'} no class"]
            if strange
            else []
        )
        raise ValueError(f"{name} {' and '.join(said)}; accepted are the classes {visible(', '.join(classes))}")


def control_of(text: str) -> tuple[str, str]:
    """Return what the choices of a labelling interface are called, and what they are about."""
    choices = _choices(ElementTree.fromstring(text))[0]  # noqa: S314 - it was checked
    return choices.get("name") or CHOICES, choices.get("toName") or ""


def _choices(root: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the choices that classes are offered in: those called as ours, or else all."""
    found = list(root.iter("Choices"))
    return [tag for tag in found if tag.get("name") == CHOICES] or found
