"""Put rows under, and columns beside, each other."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from shortlist.rows import arrow_rows, pandas_rows
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
        return [row for part in parts for row in _as_list(part)]
    if holder == "pandas":
        return pandas_rows.stack(list(parts))
    if holder == "polars":
        return _stack_polars([_as_polars(part, first) for part in parts])
    if holder == "arrow":
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
    """Return a sparse matrix in the format its rows came in, even where SciPy would rather have another."""
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


def _stack_polars(parts: list[Any]) -> Any:
    polars, first = import_module("polars"), parts[0]
    if isinstance(first, polars.Series):
        return _stack_polars([part.rename("values").to_frame() for part in parts]).to_series().rename(first.name)
    whole = first
    for part in parts[1:]:
        try:
            whole = polars.concat(_agreed(polars, whole, part), how="vertical_relaxed")
        except polars.exceptions.PolarsError as error:
            raise ValueError(str(error)) from error
    return whole


def _agreed(polars: Any, known: Any, new: Any) -> list[Any]:
    """Unite the categories of Enum columns; text and numbers, which Polars makes text of, do not agree."""
    for name, old in known.schema.items():
        came = new.schema[name]
        if isinstance(old, polars.Enum) and isinstance(came, polars.Enum) and old != came:
            added = [label for label in came.categories if label not in set(old.categories)]
            united = polars.Enum([*old.categories, *added])
            known, new = (part.with_columns(part[name].cast(united)) for part in (known, new))
        elif (old == polars.String) != (came == polars.String) and (old.is_numeric() or came.is_numeric()):
            raise ValueError(f"column {name!r} came as {came}, and is {old} in the known rows; give it the same dtype")
    return [known, new]


def _as_polars(part: Rows, first: Any) -> Any:
    """Give `part` the labels of `first`, or say that the columns do not agree."""
    polars = import_module("polars")
    if isinstance(first, polars.Series):
        if isinstance(part, polars.DataFrame) and part.width == 1:
            return part.to_series()
        return part if isinstance(part, polars.Series) else polars.Series(first.name, np.asarray(part))
    if isinstance(part, polars.Series) and first.width == 1:
        return part.rename(first.columns[0]).to_frame()
    if kind(part) == "polars":
        if set(part.columns) != set(first.columns):
            raise ValueError(f"columns {part.columns} do not agree with {first.columns}")
        return part.select(first.columns)
    return polars.DataFrame(np.asarray(part), schema=first.schema)
