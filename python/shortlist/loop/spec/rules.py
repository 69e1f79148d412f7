"""The rules of a spec: their grammar, which `shortlist.stopping` knows,
and whether anything can ever meet them.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Literal

from shortlist.loop.spec.keys import place
from shortlist.loop.spec.toml import shown
from shortlist.stopping import check

if TYPE_CHECKING:
    from shortlist.loop.spec.mistakes import Mistakes

PLACES: tuple[tuple[str, str, Literal["trigger", "guard", "stop"]], ...] = (
    ("retrain", "when", "trigger"),
    ("retrain", "require", "guard"),
    ("stop", "when", "stop"),
)
FEWEST = 60
"""Rows below which there is no estimate."""
Z = 1.959963984540054
"""Of the 95% interval."""
TARGET = re.compile(r"\btarget(?:_lower)?:(0?\.\d+)")


def check_rules(found: dict[str, dict[str, Any]], m: Mistakes) -> None:
    """Note rules that can't be read, and those that can never hold."""
    for table, key, kind in PLACES:
        text = found[table][key]
        if text is not None and m.fine(f"[{table}] {key}"):
            try:
                check(text, kind)
            except ValueError as error:
                m.add(table, key, str(error).removeprefix(f"{place(table, key)} "))
    guard = found["retrain"]["require"]
    if (
        m.fine("[retrain] require", "[check] issues")
        and "issues_below" in (guard or "")
        and not found["check"]["issues"]
    ):
        m.add(
            "retrain",
            "require",
            f'is {shown(guard)}, and nothing looks for suspects; needed is [check] issues = "builtin"',
        )
    if m.fine("[stop] when", "[validation] share", "[validation] rows", "[round] mix.validation"):
        _target(found, m)


def _target(found: dict[str, dict[str, Any]], m: Mistakes) -> None:
    text, validation = found["stop"]["when"], found["validation"]
    needed = rows_needed(text)
    if not needed:
        return
    if found["round.mix"]["validation"] == 0:
        m.add("stop", "when", f"is {shown(text)}, and no row is for validation; needed is a share of it in [round] mix")
    elif validation["rows"] < needed:
        m.add(
            "validation",
            "rows",
            f"is {validation['rows']}, and [stop] when is {shown(text)}, which takes {needed} or more even with a model that is "
            "always right",
        )


def rows_needed(stop: str) -> int:
    """Return the fewest validation rows with which a rule's target can be met at all;
    0 where it has none.
    """
    target = TARGET.search(stop)
    if target is None:
        return 0
    lower = float(target[1]) if "_lower" in target[0] else 0.0
    # The interval of a model that is right on all of n rows begins at n / (n + z**2).
    return max(FEWEST, math.ceil(lower * Z * Z / (1 - lower)))
