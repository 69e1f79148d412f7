"""The values of a spec, key by key: unknown keys, types and ranges,
and defaults for what is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shortlist.loop.spec import checks
from shortlist.loop.spec.checks import Wrong
from shortlist.loop.spec.keys import OPTIONAL, TABLES, fields, place
from shortlist.loop.spec.toml import key_written, shown, written
from shortlist.registry import did_you_mean

if TYPE_CHECKING:
    from shortlist.loop.spec.keys import Key
    from shortlist.loop.spec.mistakes import Mistakes

FREE = ("help",)
"""Tables whose keys are names of classes."""


def read_tables(values: Mapping[str, Any], mistakes: Mistakes) -> dict[str, dict[str, Any]]:
    """Return every table with all its keys; what is wrong has its default, or nothing."""
    found: dict[str, dict[str, Any]] = {}
    for table, keys in TABLES.items():
        part = given(values, table)
        if part is not None and not isinstance(part, Mapping):
            mistakes.add(table, "", f"is {shown(part)}; accepted is a table, as {_sample(table)}")
            if table not in OPTIONAL:
                found[table] = {key.name: key.default for key in keys}
        elif table in FREE:
            found[table] = _free(table, part or {}, mistakes)
        elif part is not None or table not in OPTIONAL:
            part = part or {}
            if table == "handoff" and checks.is_path(part.get("tool")):
                # The others mean what the class says.
                keys = tuple(key for key in keys if key.name == "tool")
            known = {key.name: _value(table, key, part, mistakes) for key in keys}
            found[table] = known | _others(table, part, known, mistakes)
    return found


def given(values: Mapping[str, Any], table: str) -> Any:
    """Return what a spec has for a table; None where it has none."""
    part: Any = values
    for name in table.split(".") if table else []:
        part = part.get(name) if isinstance(part, Mapping) else None
    return part


def _value(table: str, key: Key, part: Mapping[str, Any], mistakes: Mistakes) -> Any:
    if key.name not in part:
        if key.needed:
            sample = f"{key.name} = {written(key.example)}"
            mistakes.add(table, key.name, f"is missing; needed is as {sample} ({key.about})")
        return key.default
    value = part[key.name]
    try:
        return key.check(value)
    except Wrong as wrong:
        _note(table, key.name, value, wrong, mistakes)
        return key.default


def _note(table: str, key: str, value: Any, wrong: Wrong, mistakes: Mistakes) -> None:
    for one in (wrong, *wrong.more):
        mistakes.add(table, key, f"{one.came or f'is {shown(value)}'}; {one.accepted}")


def _others(table: str, part: Mapping[str, Any], known: Mapping[str, Any], mistakes: Mistakes) -> dict[str, Any]:
    """Return keys that a tool of the user's own is told; refuse any others."""
    if table == "handoff" and checks.is_path(known.get("tool")):
        return {name: value for name, value in part.items() if name not in known}
    others = {name: value for name, value in part.items() if name not in fields(table)}
    for name in others:
        mistakes.add(table, key_written(name), f"is no key; {_hint(table, name)}")
    return {}


def _hint(table: str, name: str) -> str:
    names = fields(table)
    elsewhere = [place(other, name) for other in TABLES if other != table and name in fields(other)]
    near = f"; did you mean {elsewhere[0]}?" if elsewhere else did_you_mean(name, names)
    return f"known {'here ' if table else ''}{'are' if len(names) > 1 else 'is'} {', '.join(names)}{near}"


def _free(table: str, part: Mapping[str, Any], mistakes: Mistakes) -> dict[str, Any]:
    try:
        return checks.texts_by_name(dict(part))
    except Wrong as wrong:
        _note(table, "", part, wrong, mistakes)
        return {}


def _sample(table: str) -> str:
    name = table.rpartition(".")[2]
    keys = {key.name: key.example if key.default is None else key.default for key in TABLES[table]}
    if "." in table:
        return f"{name} = {written(keys)}"
    return f"[{name}] with {', '.join(keys) or 'a line for each class'} below it"
