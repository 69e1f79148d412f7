"""Values that cannot be scored: which row has one, and what is only a matter of rounding."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies.answers.asked import SEVERAL_LABELS
from shortlist.strategies.answers.models import taught_several_labels

if TYPE_CHECKING:
    from shortlist.strategies.answers.asked import Asked

Array = np.ndarray[Any, Any]

NEXT_TO_NOTHING = 1e-18
_TOLERANCES = {2: 1e-2, 4: 1e-3, 8: 1e-4}
_SKIP = 'invalid="skip" leaves such rows out'


def tolerance(array: Array) -> float:
    """Return how far by rounding a row may be from a sum of 1, and a probability below 0."""
    return _TOLERANCES[array.dtype.itemsize]


def mended(answer: Array) -> Array:
    """Return probabilities, 0 for those below it by rounding; a row of zeros favours no class."""
    below = (answer < 0) & (answer >= -tolerance(answer))
    answer = np.where(below, answer.dtype.type(0), answer)
    empty = ~np.asarray(answer.any(axis=-1))
    least = answer.dtype.type(max(NEXT_TO_NOTHING, np.finfo(answer.dtype).tiny))
    return np.where(empty[..., None], least, answer)


def check_valid(answer: Array, asked: Asked, *, logits: bool = False) -> None:
    """Raise for the first row with NaN, an infinity, or a probability below 0."""
    bad = (np.isnan(answer) | np.isposinf(answer)) if logits else ~np.isfinite(answer)
    if not logits:
        bad |= answer < -tolerance(answer)
    in_row = bad.any(axis=-1).reshape(-1, answer.shape[-2])
    if not in_row.any():
        return
    row = int(in_row.any(axis=0).argmax())
    member = int(in_row[:, row].argmax())
    line = answer.reshape(-1, *answer.shape[-2:])[member, row]
    place = int(bad.reshape(-1, *answer.shape[-2:])[member, row].argmax())
    who = f" of member {member}" if len(in_row) > 1 else ""
    value = "NaN" if np.isnan(line[place]) else f"{line[place]:g}"
    gave = f"{asked} gave {value} in column {place}{who} for row {asked.first + row} of the pool"
    if np.isfinite(line[place]):
        raise ValueError(
            f"{gave}; accepted are probabilities, at least 0: where these are logits, apply a softmax in predict_proba"
        )
    raise ValueError(f"{gave}; accepted are finite numbers, and {_SKIP}")


def check_values(values: Array, asked: Asked) -> None:
    """Raise for the first row whose value is NaN."""
    missing = np.isnan(values).reshape(len(values), -1).any(axis=1)
    if missing.any():
        row = asked.first + int(missing.argmax())
        raise ValueError(f"{asked} gave NaN for row {row} of the pool; accepted are numbers, and {_SKIP}")


def warn_sums(answer: Array, asked: Asked, *, as_they_are: bool = True) -> bool:
    """Say that rows do not sum to 1, or raise where they are those of several labels.

    Parameters
    ----------
    as_they_are : bool, default=True
        Whether the strategy can do with such rows; otherwise they are an error.

    Returns
    -------
    bool
        Whether there was something to say. Rows of zeros and rows that are not valid are told of
        elsewhere.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        sums = answer.sum(axis=-1, dtype=np.float64)
    odd = (np.abs(sums - 1) > tolerance(answer)) & (sums != 0)
    if odd.any():
        odd[odd] = (np.isfinite(answer[odd]) & (answer[odd] >= -tolerance(answer))).all(axis=-1)
    if not odd.any():
        return False
    at = np.unravel_index(int(odd.argmax()), odd.shape)
    gave = f"{asked} gave rows that do not sum to 1: row {asked.first + at[-1]} of the pool sums to {sums[at]:.4g}"
    if taught_several_labels(asked.model):
        raise ValueError(f"{gave}; this strategy reads one label a row: {SEVERAL_LABELS}")
    if not as_they_are:
        raise ValueError(f"{gave}; accepted are probabilities: divide them by their sum in predict_proba")
    warnings.warn(
        f"{gave}; they are taken as they are. Divide them by their sum in predict_proba, or {SEVERAL_LABELS}",
        UserWarning,
        stacklevel=5,
    )
    return True
