"""doccano: JSON lines to import, and its export as JSONL or JSON. As of doccano 1.8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.labels.handed import names_of, others_of, text_of_row, told_of
from shortlist.labels.records import TOLD, about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shortlist.labels.handed import HandedRow, Sent

OWN = ("id", "text", "data", "label", "comments", *TOLD)


def answers_of(example: Mapping[str, Any], id_names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the one answer to an example, which says nothing where there is none yet."""
    row = about(example, id_names, theirs=True)
    row["shown"] = {name: value for name, value in row["shown"].items() if name.lower() not in ("id", "comments")}
    label = row["shown"].pop("label", None)
    if isinstance(label, list) and any(isinstance(one, list | dict) for one in label):
        row["wrong"] = "its label is a span of text; accepted is one class for the whole row"
    yield {**row, "label": label or None}


def examples(rows: Sequence[HandedRow], sent: Sent) -> Iterator[dict[str, Any]]:
    """Yield examples in this order: the text, no label yet, and the rest,
    which comes back as it is.
    """
    for row, told in told_of(rows, sent):
        others = others_of(row, sent.text)
        names = names_of(list(others), OWN, "pool_")
        yield {
            "text": text_of_row(row, sent.text),
            "label": [],
            **dict(zip(names, others.values(), strict=True)),
            **told,
        }
