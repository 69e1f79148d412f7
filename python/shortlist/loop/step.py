"""What a loop that runs by itself has done, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

What: TypeAlias = Literal[
    "ingested", "waits", "trained", "submitted", "opened", "failed", "nothing", "stopped", "ended"
]


@dataclass(frozen=True)
class Step:
    """One thing that was done, or that could not be: a word for programs, a sentence for people, and its numbers."""

    did: What
    said: str
    facts: Mapping[str, Any] = field(default_factory=dict)
