"""Whether two sets of picks are the same, and if not, whether ties or rounding explain it."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist.benchmarking.rivals import reference


def agreement(ours: Any, theirs: Any, measure: str, probs: Any) -> str:
    """Return "the same", or how many picks differ and why.

    Rows picked by one side alone are scored by the definition in double precision: they must all be
    equal, or as near to each other as the dtype can tell.
    """
    mine, others = np.setdiff1d(ours, theirs), np.setdiff1d(theirs, ours)
    if len(ours) != len(theirs):
        return f"{len(theirs)} picks, not {len(ours)}"
    if not len(mine):
        return "the same"
    exact = reference(probs[np.concatenate([mine, others])], measure)
    spread = exact.max() - exact.min()
    if spread == 0:
        return f"{len(mine)} differ: ties at the cut"
    single = np.asarray(probs[:1]).dtype.itemsize < 8
    rounding = 4 * np.finfo(np.float32 if single else np.float64).eps * max(1.0, float(np.abs(exact).max()))
    why = "rounding at the cut" if spread <= rounding else "NOT explained by rounding"
    return f"{len(mine)} differ by {spread:.0e}: {why}"
