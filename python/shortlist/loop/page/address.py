"""Where the page of a loop is: its address is kept in the loop's folder,
and stays from one start to the next.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shortlist.loop.store.jobs import is_over
from shortlist.writing import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.store import Store

FILE = "page.json"
JOB = "serve"
"""What serving the page is to the store: one process does it at a time."""


def place_of_page(store: Store) -> str:
    """Return where people find the page, for a sentence such as "40 rows in ..."."""
    job = store.job(JOB)
    address = None if job is None or is_over(job) else shown_address(kept_address(store.folder))
    return f"the page at {address}" if address else "the page: shortlist loop serve"


def kept_address(folder: Path) -> dict[str, Any]:
    """Return the address, port and token of the last time; nothing where there was none."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def shown_address(kept: dict[str, Any]) -> str | None:
    """Return an address without its token, which only the one who serves the page is told:
    sentences end up in logs.
    """
    address = kept.get("address")
    return address.partition("?")[0] if isinstance(address, str) else None


def keep_address(folder: Path, values: dict[str, Any]) -> None:
    """Write them down, for this user's eyes alone: the token is among them."""
    write_text(folder / FILE, [json.dumps(values)], private=True)
