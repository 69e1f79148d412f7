"""Whatever holds an answer as an array: sparse matrices, tensors, frames, masked arrays, lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from shortlist.strategies.answers.asked import Asked

Array = np.ndarray[Any, Any]


def is_one_for_each_output(answer: Any) -> bool:
    """Return whether an answer is a list of matrices, as models of several outputs give it."""
    return isinstance(answer, list | tuple) and len(answer) > 0 and len(getattr(answer[0], "shape", ())) == 2


def plain(answer: Any, asked: Asked) -> Array:
    """Return an answer as a NumPy array with its values as they are."""
    if answer is None or isinstance(answer, str | bytes | Mapping):
        raise asked.wrong(f"{'None' if answer is None else 'a ' + type(answer).__name__}", "an array")
    if isinstance(answer, list | tuple) and answer and _needs_help(answer[0]):
        answer = [plain(part, asked) for part in answer]
    elif _needs_help(answer):
        answer = _from_library(answer)
    try:
        array = np.asarray(answer)
        if array.dtype.kind == "O" and array.ndim == 1 and len(array) and np.ndim(array[0]) > 0:
            array = np.stack([np.asarray(row) for row in array])
    except ValueError as error:
        raise asked.wrong("rows of different lengths", f"an array with rows of one length ({error})") from None
    return array


def floats(answer: Any, asked: Asked) -> Array:
    """Return an answer as an array of floats; missing cells are NaN."""
    array = plain(answer, asked)
    kind, name = array.dtype.kind, array.dtype.name
    if name in ("float16", "float32", "float64"):
        return array if array.dtype.isnative else array.astype(name)
    if kind in "biuf":
        return array.astype(np.float64)
    if name == "bfloat16":
        return array.astype(np.float32)
    if kind == "O":
        return np.array([_number(cell, asked) for cell in array.ravel()], dtype=np.float64).reshape(array.shape)
    what = "text" if kind in "US" else f"dtype {array.dtype}"
    raise asked.wrong(f"{what}, as {array.ravel()[0]!r}" if array.size else what, "numbers")


def column(answer: Any, asked: Asked) -> Array:
    """Return an answer of one value a row, maybe a column, as a vector; others as they are."""
    array = plain(answer, asked)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _needs_help(answer: Any) -> bool:
    return hasattr(answer, "toarray") or hasattr(answer, "detach") or isinstance(answer, np.ma.MaskedArray)


def _from_library(answer: Any) -> Any:
    if isinstance(answer, np.ma.MaskedArray):
        return np.ma.filled(answer.astype(np.float64), np.nan)
    if hasattr(answer, "toarray"):
        return answer.toarray()
    tensor = answer.detach().cpu()
    return (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).numpy()


def _number(cell: Any, asked: Asked) -> float:
    if cell is None or type(cell).__name__ == "NAType":
        return float("nan")
    if isinstance(cell, str | bytes):
        raise asked.wrong(f"text, as {cell!r}", "numbers")
    try:
        return float(cell)
    except (TypeError, ValueError):
        raise asked.wrong(f"objects, as a {type(cell).__name__}", "numbers") from None
