"""The least that each group gets of a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.groups import apportion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from shortlist.loop.planning.shares import Shares
    from shortlist.loop.planning.situation import Situation


def shortages(
    at: Situation, shares: Shares, rows: int, picked: list[int], left: int
) -> Iterator[tuple[str, list[str], NDArray[np.int32], dict[int, int]]]:
    """Yield each column of groups with its labels and codes,
    and the rows that its groups lack of their least share.

    `picked` may grow between columns: what was picked for one column counts for the next.
    """
    share = at.spec.round.floor
    for column in at.spec.pool.groups if share else ():
        codes, labels = at.pool.group(column)
        sizes = np.bincount(codes, minlength=len(labels)).tolist()
        have = np.bincount(codes[np.array(picked, dtype=np.int64)], minlength=len(labels)).tolist()
        lacks = []
        for label, size, there in zip(labels, sizes, have, strict=True):
            name = f"floor:{column}={label}"
            least = shares.take(name, share * size / at.pool.rows)
            lacks.append(max(0, least - there))
        room = min(left, rows)
        if sum(lacks) > room:
            lacks = [min(a, b) for a, b in zip(lacks, apportion(room, lacks), strict=True)]
        left -= sum(lacks)
        if any(lacks):
            yield column, labels, codes, {code: n for code, n in enumerate(lacks) if n}
