"""Picks as tables of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.pools.extras import need

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.selection import Selection


def columns(picks: Selection) -> dict[str, NDArray[Any] | list[Any]]:
    """Return the columns of `Selection.to_csv`, by name; ids of any kind as a list."""
    found: dict[str, NDArray[Any] | list[Any]] = {
        "rank": np.arange(1, len(picks) + 1),
        "index": np.asarray(picks.indices),
        "score": np.asarray(picks.scores),
    }
    return found if picks.ids is None else {**found, "id": picks.ids.tolist()}


def to_arrow(picks: Selection) -> Any:
    """Return a pyarrow.Table."""
    return need("pyarrow", "arrow", "an Arrow table of picks").table(columns(picks))


def to_pandas(picks: Selection) -> Any:
    """Return a pandas.DataFrame."""
    return need("pandas", "pandas", "a pandas frame of picks").DataFrame(columns(picks))


def to_polars(picks: Selection) -> Any:
    """Return a polars.DataFrame."""
    return need("polars", "polars", "a Polars frame of picks").DataFrame(columns(picks))
