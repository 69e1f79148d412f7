"""What people see of a row: texts, values and pictures, each by its kind, and never as HTML."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from shortlist.tables import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shortlist.loop.spec import Spec

LONGEST = 4_000_000
"""Characters of one text that are shown."""
PICTURES = {
    ".avif": "image/avif", ".bmp": "image/bmp", ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
    ".png": "image/png", ".svg": "image/svg+xml", ".webp": "image/webp",
}  # fmt: skip
"""Files that are shown, and what they are to a browser."""
PICTURE_NAMES = ("image", "img", "photo", "picture", "thumbnail")
"""Names in ``show`` whose address is a picture, whatever it ends with."""
LARGEST = 64 << 20
"""Bytes of one picture."""

Kind = Literal["text", "value", "image", "link"]


@dataclass(frozen=True)
class Field:
    """One thing that is shown: its kind, where that can be told from the specification,
    and the folder of its files.
    """

    kind: Kind | None
    root: Path | None = None


def fields_of(spec: Spec) -> dict[str, Field]:
    """Return what is known of each name in ``[pool] show`` that stands for an address."""
    found = {}
    for name, what in spec.pool.show.items():
        if "{" not in what:
            continue
        picture = name.lower() in PICTURE_NAMES or Path(urlsplit(what).path).suffix.lower() in PICTURES
        if origin_of(what) is not None:
            found[name] = Field("image" if picture else "link")
        elif "://" not in what and picture:
            fixed = what.partition("{")[0]
            found[name] = Field("image", spec.at(fixed.rpartition("/")[0]))
    return found


def origins_of(spec: Spec) -> list[str]:
    """Return the addresses that pictures may come from, for a policy that the browser keeps."""
    remote = {name for name, field in fields_of(spec).items() if field.kind == "image" and field.root is None}
    return sorted({origin for name in remote if (origin := origin_of(spec.pool.show[name])) is not None})


def origin_of(template: str) -> str | None:
    """Return the origin of a web address; None where it isn't one,
    or where the row decides about it.
    """
    found = re.match(r"(https?)://([A-Za-z0-9.-]+(?::\d{1,5})?)/", template)
    return f"{found[1]}://{found[2]}" if found else None


def shown_of(row: Mapping[str, Any], fields: Mapping[str, Field]) -> tuple[dict[str, Any], dict[str, Kind]]:
    """Return a row as values for JSON, and the kind of each."""
    values: dict[str, Any] = {}
    kinds: dict[str, Kind] = {}
    for name, value in row.items():
        values[name] = _plain(value)
        known = fields.get(name, Field(None)).kind
        kinds[name] = known or ("text" if isinstance(values[name], str) else "value")
    return values, kinds


def picture_of(value: Any, spec: Spec, field: Field) -> Path | None:
    """Return the file of a picture; None where there is none inside its folder."""
    if field.root is None or not isinstance(value, str):
        return None
    path = Path(spec.at(unquote(value)))
    if path.suffix.lower() not in PICTURES or "\0" in str(path):
        return None
    try:
        real, root = path.resolve(strict=True), field.root.resolve(strict=True)
        inside = real.is_relative_to(root) and real.is_file() and real.stat().st_size <= LARGEST
    except (OSError, ValueError):
        return None
    return real if inside else None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = value if isinstance(value, str) else text_of(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n[cut: {len(text):,} characters in all]"
