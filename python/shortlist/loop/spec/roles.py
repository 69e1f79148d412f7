"""What the columns of a pool are, guessed from their names and their first rows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shortlist.loop.spec.keys import NONE_OF_THESE, alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.spec.looking import Sample

ID = re.compile(r"(^|[\W_])(id|ids|uuid|guid|key|identifier|nr|no)$|[a-z](Id|ID)$", re.IGNORECASE)
TEXTS = (
    "text", "body", "message", "content", "description", "comment", "review", "sentence", "question", "title", "summary",
)  # fmt: skip
LABELS = (
    "label", "labels", "class", "gold", "truth", "ground_truth", "target", "y",
    "category", "intent", "sentiment", "topic", "outcome", "fraud", "spam",
)  # fmt: skip
"""Names of columns of labels, the likeliest first."""
DATE = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}\b.*")
MOST_CLASSES = 200
MOST_GROUPS = 4
MOST_IN_GROUPS = 30
"""Distinct values of a column of groups, at most."""


@dataclass
class Roles:
    """What each column is; `said` has a sentence for each guess."""

    id: str | None = None
    text: str | None = None
    label: str | None = None
    classes: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def roles_of(sample: Sample) -> Roles:
    """Guess what the columns of a sample are."""
    found = Roles()
    left = {name: values for name, values in sample.columns.items() if any(v is not None for v in values)}
    found.label = _label(left)
    if found.label is not None:
        _classes(left.pop(found.label), found)
    found.id = _id(left, found.said)
    left.pop(found.id or "", None)
    found.text = _text(left)
    if found.text is not None:
        left.pop(found.text)
        found.said.append(f"text is {found.text!r}, the column of the longest texts")
    groups = [name for name, values in left.items() if _groups(values)]
    found.groups = groups[:MOST_GROUPS]
    if found.groups:
        found.said.append(
            f"groups are {_listed(found.groups)}: few distinct values; they are audited, and neither models nor people see them"
        )
    if len(groups) > MOST_GROUPS:
        found.said.append(f"{_listed(groups[MOST_GROUPS:])} could be groups too")
    lists = [name for name, values in left.items() if any(isinstance(value, list) for value in values)]
    if lists:
        found.said.append(
            f"there are columns of lists, {_listed(lists)}: a model reads such numbers from a file, named as embeddings in [pool]"
        )
    if found.text is None:
        found.features = [name for name, values in left.items() if name not in groups and _numbers(values)]
        many = f"{len(found.features)} columns of numbers" if len(found.features) > 5 else _listed(found.features)
        found.said.append(
            f"features are {many}: take out what is not known before a row is labelled"
            if found.features
            else "no column has text or numbers that a model could read: name it in [pool]"
        )
    return found


def _label(columns: dict[str, list[Any]]) -> str | None:
    for wanted in LABELS:
        for name, values in columns.items():
            plain = name.strip().lower().replace(" ", "_").replace("-", "_")
            given = [value for value in values if value is not None]
            if plain == wanted and all(map(_class_like, given)):
                distinct = len(set(map(str, given)))
                if distinct <= MOST_CLASSES and distinct <= max(2, len(given) // 2):
                    return name
    return None


def _class_like(value: Any) -> bool:
    return isinstance(value, str | int) or (isinstance(value, float) and value.is_integer())


def _classes(values: list[Any], found: Roles) -> None:
    given = [" ".join(_as_text(value).split()) for value in values if value is not None]
    spellings: dict[str, Counter[str]] = {}
    for name in given:
        spellings.setdefault(alike(name), Counter())[name] += 1
    spellings.pop(NONE_OF_THESE, None)
    found.classes = sorted(max(sorted(names), key=lambda name: names[name]) for names in spellings.values())
    found.said.append(
        f"labels are in {found.label!r}, so classes are its values: {_listed(found.classes)}; no model sees them"
    )
    merged = [sorted(names) for names in spellings.values() if len(names) > 1]
    if merged:
        found.said.append(f"{_listed(merged[0])} look alike and are one class")
    if len(found.classes) == 1:
        found.said.append(f"warning: there is one class in {found.label!r}; active learning pays with two or more")


def _id(columns: dict[str, list[Any]], said: list[str]) -> str | None:
    named = sorted((name for name in columns if ID.search(name)), key=lambda name: name.strip().lower() != "id")
    for name in named:
        again = _repeated(columns[name])
        if again is None:
            said.append(f"id is {name!r}: another value in each row that was looked at")
            return name
        said.append(f"{name!r} names no row: {again}")
    for name, values in columns.items():
        if name not in named and _repeated(values) is None and all(map(_id_like, values)):
            said.append(f"id is {name!r}: another value in each row that was looked at")
            return name
    said.append("no column has another value in each row: add one, and name it as id in [pool]")
    return None


def _repeated(values: list[Any]) -> str | None:
    """Say which rows have the same value, or none; rows are counted from 1."""
    first: dict[str, int] = {}
    for row, value in enumerate(values, 1):
        if value is None:
            return f"row {row:,} has nothing there"
        other = first.setdefault(_as_text(value), row)
        if other != row:
            return f"rows {other:,} and {row:,} have the same"
    return None


def _id_like(value: Any) -> bool:
    if isinstance(value, str):
        decimal = "." in value and _number(value)
        return len(value) <= 64 and not re.search(r"\s", value) and not decimal and not DATE.fullmatch(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _text(columns: dict[str, list[Any]]) -> str | None:
    best: tuple[bool, float] = (False, 0.0)
    found = None
    for name, values in columns.items():
        given = [value for value in values if value is not None]
        if not all(isinstance(value, str) for value in given) or _numbers(values):
            continue
        length = sum(map(len, given)) / len(given)
        words = sum(len(value.split()) for value in given) / len(given)
        long = words >= 3 or (length >= 8 and not any(map(str.isascii, given)))
        named = name.strip().lower() in TEXTS and not _groups(values)
        if (long or named) and (named, length) > best:
            best, found = (named, length), name
    return found


def _groups(values: Sequence[Any]) -> bool:
    given = [value for value in values if value is not None]
    distinct = len({value for value in given if isinstance(value, bool | str)})
    if not 2 <= distinct <= min(MOST_IN_GROUPS, max(2, len(given) // 3)) or len(given) == 2 or _numbers(values):
        return False
    return all(map(_group_like, given))


def _group_like(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and len(value) <= 40 and not DATE.fullmatch(value))


def _numbers(values: Sequence[Any]) -> bool:
    """Whether all values that are there are numbers."""
    return all(map(_number, (value for value in values if value is not None)))


def _number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
