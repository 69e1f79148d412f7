"""What every kind of table can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

VECTOR = "\0vector"
"""The name by which a table of vectors gives these; no column can be called so."""
BLOCK = 1 << 14
"""Rows of a block at most."""


class Table(Protocol):
    """Rows with columns of any values, by place."""

    name: str
    rows: int
    columns: tuple[str, ...]
    vectors: bool

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the first row of each block, and of each column a list or an array."""

    def take(self, columns: Sequence[str], rows: NDArray[np.int64]) -> Mapping[str, Any]:
        """Return columns of some rows, in the order of these."""

    def where(self, row: int) -> str:
        """Say where a row is found, for a person who looks for it."""
