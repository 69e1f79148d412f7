"""What people send: read from JSON, bounded, or refused in a sentence."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shortlist.labels.values import plain_text
from shortlist.loop.ids import LONGEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 64 << 10
"""Bytes of what is sent."""
LONGEST_NAME = 100
LONGEST_NOTE = 4_000
LONGEST_KEY = 100
LONGEST_WAIT = 90 * 86400.0
"""Seconds that an answer may have waited for a connection; above that, a clock was wrong."""

Act = Literal["answer", "undo", "review"]


class PostError(ValueError):
    """What was sent can't be taken: the sentence says why, and `status` is that of HTTP."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Post:
    """One thing that somebody did.

    Attributes
    ----------
    act : {"answer", "undo", "review"}
    row, annotator : str
    label : object
        As it was sent; None where there is none.
    skip : bool
    key : str
        What makes it the same however often it is sent; empty where the sender has none.
    round : int or None
    note : str
    flag : bool
        Whether the row is to be looked at by whoever decides.
    waited : float
        Seconds for which it waited for a connection.
    """

    act: Act
    row: str
    annotator: str
    label: Any = None
    skip: bool = False
    key: str = ""
    round: int | None = None
    note: str = ""
    flag: bool = False
    waited: float = 0.0


def read_post(act: Act, body: bytes) -> Post:
    """Read what was sent.

    Raises
    ------
    PostError
        What is wrong with it.
    """
    values = _object(body)
    row = plain_text(values.get("id"))
    if row is None or isinstance(values["id"], bool) or len(row) > LONGEST_ID:
        raise PostError("id is missing; accepted is that of a row, as /api/next gives it")
    _check_whole(row, "id")
    skip = _flag(values, "skip")
    label = values.get("label")
    if label is not None and not isinstance(label, str):
        raise PostError(f"label is {_shown(label)}; accepted is a class as text")
    if act == "answer" and skip and label is not None:
        raise PostError("there are a label and a skip; accepted is one of the two")
    flag, note = _flag(values, "flag"), _text(values, "note", LONGEST_NOTE)
    if act == "answer" and not (skip or label or flag or note):
        raise PostError("there is no label; accepted are a class, and skip = true")
    if act == "review" and not label:
        raise PostError('there is no label; accepted are a class, and "none of these"')
    return Post(
        act,
        row,
        annotator_of(values.get("annotator")),
        label or None,
        skip,
        _text(values, "key", LONGEST_KEY),
        _round(values),
        note,
        flag,
        _waited(values),
    )


def read_leaving(body: bytes) -> str:
    """Read who has closed the page.

    Raises
    ------
    PostError
        Nobody is named.
    """
    return annotator_of(_object(body).get("annotator"))


def annotator_of(value: Any) -> str:
    """Return a person's name.

    Raises
    ------
    PostError
        It is none.
    """
    accepted = f"accepted is a name of 1 to {LONGEST_NAME} characters in one line"
    if value is None or value == "":
        raise PostError(f"annotator is missing; {accepted}")
    if not isinstance(value, str):
        raise PostError(f"annotator is {_shown(value)}; {accepted}")
    name = " ".join(value.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise PostError(f"annotator is {_shown(value)}; {accepted}")
    _check_whole(name, "annotator")
    return name


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise PostError('what was sent is not JSON; accepted is an object, as {"id": "7", "label": "bug"}') from None
    if not isinstance(found, dict):
        raise PostError(f"what was sent is {_shown(found)}; accepted is an object")
    return found


def _flag(values: Mapping[str, Any], name: str) -> bool:
    value = values.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise PostError(f"{name} is {_shown(value)}; accepted are true and false")


def _text(values: Mapping[str, Any], name: str, longest: int) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise PostError(f"{name} is {_shown(value)}; accepted is text of at most {longest:,} characters")
    _check_whole(value, name)
    return value.strip()


def _round(values: Mapping[str, Any]) -> int | None:
    value = values.get("round")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise PostError(f"round is {_shown(value)}; accepted is a whole number")


def _waited(values: Mapping[str, Any]) -> float:
    value = values.get("waited", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PostError(f"waited is {_shown(value)}; accepted are seconds")
    return min(max(0.0, float(value)), LONGEST_WAIT)


def _check_whole(text: str, name: str) -> None:
    if not text.isascii() and text.encode(errors="replace").decode() != text:
        raise PostError(f"{name} holds half of a character, which can't be kept")


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
