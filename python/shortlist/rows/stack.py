"""Put rows under, and columns beside, each other."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

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
        return as_format(sparse.vstack(parts, format="csr"), parts[kinds.index("sparse")].format)
    first, holder = parts[0], kinds[0]
    if holder == "dict":
        return {name: vstack([part[name] for part in parts]) for name in first}
    if holder == "list":
        return [row for part in parts for row in part]
    if holder == "pandas":
        return import_module("pandas").concat([_as_pandas(part, first) for part in parts])
    if holder == "polars":
        return import_module("polars").concat([_as_polars(part, first) for part in parts])
    if holder == "torch":
        torch = import_module("torch")
        return torch.cat([torch.as_tensor(part, dtype=first.dtype, device=first.device) for part in parts])
    return np.concatenate([np.asarray(part) for part in parts])


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
    """Return a sparse matrix in the format its rows came in, even where SciPy would rather have another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sparse.SparseEfficiencyWarning)
        return matrix.asformat(name)


def _as_pandas(part: Rows, first: Any) -> Any:
    """Give `part` the labels of `first`, or say that the columns do not agree."""
    pandas = import_module("pandas")
    if first.ndim == 1:
        return part if kind(part) == "pandas" else pandas.Series(np.asarray(part), name=first.name)
    if kind(part) == "pandas":
        if set(part.columns) != set(first.columns):
            raise ValueError(f"columns {list(part.columns)} do not agree with {list(first.columns)}")
        return part
    return pandas.DataFrame(np.asarray(part), columns=first.columns)


def _as_polars(part: Rows, first: Any) -> Any:
    """Give `part` the labels of `first`, or say that the columns do not agree."""
    polars = import_module("polars")
    if isinstance(first, polars.Series):
        return part if kind(part) == "polars" else polars.Series(first.name, np.asarray(part))
    if kind(part) == "polars":
        if set(part.columns) != set(first.columns):
            raise ValueError(f"columns {part.columns} do not agree with {first.columns}")
        return part.select(first.columns)
    return polars.DataFrame(np.asarray(part), schema=first.schema)
