"""Put rows under, and columns beside, each other."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from shortlist.rows import arrow_rows, pandas_rows, polars_rows
from shortlist.rows.kinds import Rows, kind

if TYPE_CHECKING:
    from collections.abc import Sequence


def vstack(parts: Sequence[Rows]) -> Rows:
    """Stack rows under each other, as the kind of the first part.

    Parameters
    ----------
    parts : sequence of rows
        Their columns must agree. Frames are matched by column label, everything else by position.

    Raises
    ------
    ValueError
        If the columns do not agree.
    TypeError
        If something came that holds no rows.
    """
    kinds = [kind(part) for part in parts]
    if "sparse" in kinds:
        if any(getattr(part, "ndim", 2) != 2 for part in parts):
            raise ValueError("values of one dimension came with sparse rows; accepted are rows of as many columns")
        return as_format(sparse.vstack(parts, format="csr"), parts[kinds.index("sparse")].format)
    first, holder = parts[0], kinds[0]
    if holder == "dict":
        return {name: vstack([part[name] for part in parts]) for name in first}
    if holder == "list":
        return [row for part in parts for row in _as_list(part)]
    if holder == "pandas":
        return pandas_rows.stack(list(parts))
    if holder == "polars":
        return polars_rows.stack(list(parts))
    if holder == "arrow" and arrow_rows.is_table(first):
        return arrow_rows.stack(list(parts))
    if holder == "torch":
        torch = import_module("torch")
        return torch.cat([torch.as_tensor(part, dtype=first.dtype, device=first.device) for part in parts])
    first = np.asarray(first)
    return np.concatenate([first, *(_as_array(part, first) for part in parts[1:])])


def hstack(parts: Sequence[Rows]) -> Rows:
    """Put columns beside each other, as the kind of the first part.

    Raises
    ------
    ValueError
        If the numbers of rows differ.
    """
    kinds = [kind(part) for part in parts]
    if len(parts) == 1:
        return parts[0]
    if "sparse" in kinds:
        return sparse.hstack(parts, format="csr")
    holder = kinds[0]
    if holder == "pandas":
        pandas = import_module("pandas")
        return pandas.concat([part.reset_index(drop=True) for part in parts], axis=1).set_index(parts[0].index)
    if holder == "polars":
        return import_module("polars").concat(parts, how="horizontal")
    if holder == "torch":
        return import_module("torch").cat(list(parts), dim=1)
    if holder == "list":
        return np.hstack([np.asarray(part) for part in parts]).tolist()
    return np.hstack([np.asarray(part) for part in parts])


def as_format(matrix: Any, name: str) -> Any:
    """Return a sparse matrix in the format its rows came in,
    even where SciPy would rather have another.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sparse.SparseEfficiencyWarning)
        return matrix.asformat(name)


def _as_list(part: Rows) -> list[Any]:
    """Return the rows one by one; a frame would iterate over its columns."""
    return list(part) if kind(part) in ("list", "torch", "array") else np.asarray(part).tolist()


def _as_array(part: Rows, first: Any) -> Any:
    """Return rows as an array; text and numbers, which NumPy makes text of, do not agree."""
    array = np.asarray(part)
    text = array.dtype.kind in "US"
    if (
        array.size
        and first.size
        and text != (first.dtype.kind in "US")
        and "O" not in (array.dtype.kind, first.dtype.kind)
    ):
        raise ValueError(
            f"values came as {array.dtype}, and are {first.dtype} in the known rows; give them as the same"
        )
    return array
