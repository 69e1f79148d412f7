"""What is wrong with a loop, in a sentence for the person who runs it."""

from __future__ import annotations


class LoopError(ValueError):
    """A loop can't go on as it was asked to; the message says why and what would help."""
