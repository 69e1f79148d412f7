"""What a model answers, checked before anybody is asked because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SUM = 1e-3
"""How far probabilities of a row may sum from 1, as results come in float32."""


def checked(
    block: Any, rows: int, classes: Sequence[str], name_of: Callable[[int], str], *, logits: bool = False
) -> NDArray[np.float32]:
    """Return what a model answered for a block of rows as float32, in the order of the classes.

    Parameters
    ----------
    block : array, shape (rows, classes)
        The answer.
    rows : int
        Rows that were asked about.
    classes : sequence of str
        The classes of the specification, in its order.
    name_of : callable
        The id of a row of the block, for the message.
    logits : bool
        Whether the answer is logits, which need be no more than finite.

    Raises
    ------
    LoopError
        Another shape, NaN, negative probabilities, rows that do not sum to 1.
    """
    found = np.asarray(block)
    if found.dtype.kind not in "fiu":
        raise LoopError(f"the model returned dtype {found.dtype}; accepted are numbers")
    if found.shape != (rows, len(classes)):
        raise LoopError(
            f"the model returned shape {found.shape} for {rows:,} rows; accepted is ({rows}, {len(classes)}), a column for each "
            f"of {', '.join(classes)}"
        )
    bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(bad):
        came = "NaN" if np.isnan(found[bad[0]]).any() else "infinity"
        raise LoopError(f"the model returned {came} for row {name_of(int(bad[0]))!r}; accepted are finite numbers")
    if not logits:
        low = np.flatnonzero((found < 0).any(axis=1))
        if len(low):
            raise LoopError(
                f"the model returned {found[low[0]].min():.6g} for row {name_of(int(low[0]))!r}; accepted are probabilities "
                '(logits need returns = "logits")'
            )
        sums = found.sum(axis=1, dtype=np.float64)
        off = np.flatnonzero(np.abs(sums - 1) > SUM)
        if len(off):
            raise LoopError(
                f"the model returned probabilities that sum to {sums[off[0]]:.6g} for row {name_of(int(off[0]))!r}; accepted "
                'is 1 (logits need returns = "logits")'
            )
    return found.astype(np.float32)
