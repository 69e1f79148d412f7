"""Whether what a spec says of its pool fits together:
the kind of file, what names a row, and what is what in it.
"""

from __future__ import annotations

import glob
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.spec import names
from shortlist.loop.spec.toml import shown
from shortlist.registry import did_you_mean

if TYPE_CHECKING:
    from shortlist.loop.spec.mistakes import Mistakes

COLUMNS = ("id", "text", "features", "embeddings", "groups")
"""Keys that only a table has a use for."""


def check_pool(
    pool: dict[str, Any], seed: dict[str, Any], rounds: dict[str, Any], m: Mistakes, folder: Path
) -> str | None:
    """Note what does not fit together; return what a model is given of a row,
    or None where that is not known.
    """
    kind = None
    if m.fine("[pool] path"):
        array = names.is_array(pool["path"]) or (
            pool["ids"] is not None and pool["id"] is None and not _suffix(pool["path"])
        )
        _path(pool["path"], m, folder)
        kind = _array(pool, m) if array else _table(pool, m)
    _columns(pool, m)
    _others(pool, seed, rounds, kind, m)
    return kind


def _suffix(path: str) -> str:
    found = Path(path).suffix.lower()
    return "" if glob.has_magic(found) else found


def _path(path: str, m: Mistakes, folder: Path) -> None:
    suffix = _suffix(path)
    if suffix and suffix not in names.TABLES + names.ARRAYS and not (folder / path).is_dir():
        known = ", ".join(names.TABLES + names.ARRAYS)
        m.add("pool", "path", f"is {shown(path)}; accepted are files of the kinds {known}, their folder, and a glob")


def _array(pool: dict[str, Any], m: Mistakes) -> str:
    for key in COLUMNS:
        if pool[key]:
            m.add("pool", key, f"is {shown(pool[key])}, and {pool['path']} has no columns; accepted is to leave it out")
    if pool["ids"] is None and m.fine("[pool] ids"):
        m.add(
            "pool",
            "ids",
            'is missing; needed is as ids = "ids.txt", a file with one id a line: labels come home by id, never by position',
        )
    return "embeddings"


def _table(pool: dict[str, Any], m: Mistakes) -> str | None:
    if pool["ids"] is not None:
        m.add(
            "pool", "ids", f"is {shown(pool['ids'])}, which is for arrays; accepted is id, the column that names a row"
        )
    elif pool["id"] is None and m.fine("[pool] id"):
        m.add("pool", "id", 'is missing; needed is as id = "ticket_id": labels come home by id, never by position')
    given = [key for key in ("text", "features", "embeddings") if pool[key] is not None]
    if not m.fine("[pool] text", "[pool] features", "[pool] embeddings"):
        return None
    if not given:
        m.add("pool", "text", 'is missing, and so are features and embeddings; needed is one of them, as text = "body"')
        return None
    if pool["embeddings"] is not None and not names.is_array(pool["embeddings"]):
        known = ", ".join(names.ARRAYS)
        m.add("pool", "embeddings", f"is {shown(pool['embeddings'])}; accepted are files of the kinds {known}")
    if "features" in given and len(given) > 1:
        other = next(key for key in given if key != "features")
        m.add("pool", "features", f"is {shown(pool['features'])}, and there is {other} too; accepted is one of the two")
    return given[-1]


def _columns(pool: dict[str, Any], m: Mistakes) -> None:
    features = pool["features"] if isinstance(pool["features"], tuple) else ()
    seen = set(features) | ({pool["text"]} - {None})
    for column in pool["groups"]:
        if column in seen or column == pool["id"]:
            what = "what the model reads" if column in seen else "the id"
            m.add("pool", "groups", f"has {shown(column)}, which is {what}; accepted are other columns")
    if pool["id"] is not None and pool["id"] in seen:
        m.add("pool", "id", f"is {shown(pool['id'])}, which is what the model reads; accepted is another column")
    for name, shows in pool["show"].items() if m.fine("[pool] show") else ():
        # A column that is shown as it is may have braces in its name.
        parts = string.Formatter().parse(shows) if shows != name else ()
        used = {field for _, field, _, _ in parts if field} or {shows}
        hidden = sorted(used & set(pool["groups"]))
        if hidden:
            m.add("pool", "show", f"has {shown(hidden[0])} for {name!r}, a column of groups, which people never see")


def _others(pool: dict[str, Any], seed: dict[str, Any], rounds: dict[str, Any], kind: str | None, m: Mistakes) -> None:
    """Check what other tables say of the pool's columns."""
    groups = pool["groups"]
    needs = 'needed is as [pool] groups = ["language"]'
    if m.fine("[seed] how", "[pool] groups") and seed["how"].startswith(names.STRATIFIED):
        column = seed["how"].removeprefix(names.STRATIFIED)
        if not groups:
            m.add("seed", "how", f"is {shown(seed['how'])}, and [pool] has no groups; {needs}")
        elif column not in groups:
            accepted = f"accepted are {', '.join(groups)}{did_you_mean(column, groups)}"
            m.add("seed", "how", f"is {shown(seed['how'])}, and {column!r} is no column of [pool] groups; {accepted}")
    if m.fine("[round] floor", "[pool] groups") and rounds["floor"] > 0 and not groups:
        m.add("round", "floor", f"is {rounds['floor']:g}, and [pool] has no groups; {needs}")
    path = pool["path"] if m.fine("[pool] path") else ""
    if m.fine("[round] weight") and rounds["weight"] is not None and names.is_array(path):
        m.add(
            "round", "weight", f"is {shown(rounds['weight'])}, and {path} has no columns; accepted is to leave it out"
        )
    if m.fine("[seed] search") and seed["search"] and kind is not None and pool["text"] is None:
        m.add("seed", "search", "has words, and the pool has no text; accepted is to leave it out")
