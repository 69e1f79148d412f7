"""What is wrong with a loop, in a sentence for the person who runs it."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LoopError(ValueError):
    """A loop can't go on as it was asked to; the message says why and what would help."""


class UnderWayError(LoopError):
    """Somebody else is at it already, and nothing is wrong."""


def full(folder: object) -> LoopError:
    """Return what is said of a disk that is full."""
    return LoopError(
        f"the disk that holds {folder} is full, and nothing of this call was kept; make room, and repeat it"
    )


@contextlib.contextmanager
def with_room(folder: Path) -> Iterator[None]:
    """Say in one sentence that a disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise full(folder) from None
        raise
