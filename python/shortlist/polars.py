"""Scores as Polars expressions: after ``import shortlist.polars`` every
expression has ``.shortlist``.

``pl.col("proba").shortlist.margin()`` scores a column of arrays, one row of probabilities or logits
each, in the eager, lazy and streaming engines. A struct of such columns is a committee.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from shortlist.pools import Source
from shortlist.pools.extras import need
from shortlist.registry import Measure, find_measure, measures
from shortlist.scoring import score

pl = need("polars", "polars", "shortlist.polars")


@pl.api.register_expr_namespace("shortlist")
class ShortlistExpressions:
    """What ``expression.shortlist`` offers: one method for each measure,
    all with the options of `shortlist.score`.

    Examples
    --------
    >>> import polars as pl, shortlist.polars
    >>> proba = [[0.75, 0.25], [0.5, 0.5]]
    >>> frame = pl.DataFrame({"proba": proba}, schema={"proba": pl.Array(pl.Float32, 2)})
    >>> frame.select(pl.col("proba").shortlist.margin())["proba"].to_list()
    [0.5, 0.0]
    >>> wide = pl.LazyFrame({"cat": [0.9, 0.6], "dog": [0.1, 0.4]})
    >>> margin = pl.concat_arr("cat", "dog").shortlist.margin().alias("margin")
    >>> round(wide.with_columns(margin).bottom_k(1, by="margin").collect()["margin"].item(), 3)
    0.2
    """

    def __init__(self, expression: Any) -> None:
        self._expression = expression

    def score(self, measure: str, **options: Any) -> Any:
        """Score every row by a measure.

        Parameters
        ----------
        measure : str
            Name of a measure, see `shortlist.measures`.
        **options
            What `shortlist.score` takes: from_logits, temperature, normalize, invalid, dtype,
            n_threads.

        Returns
        -------
        Expr
            Float64; scores of narrower input are what `shortlist.score` gives, widened. Null where
            the row is null, and with ``invalid="skip"`` where it is no valid input. Messages count
            rows from the start of the batch.
        """
        about = find_measure(measure)
        work = partial(_score, about=about, options=options)
        return self._expression.map_batches(work, return_dtype=pl.Float64, is_elementwise=True)

    def __getattr__(self, name: str) -> Any:
        if name not in dir(self):
            raise AttributeError(f"no measure is called {name!r}; there are {', '.join(m.name for m in measures())}")
        return partial(self.score, name)

    def __dir__(self) -> list[str]:
        return ["score", *(measure.name for measure in measures())]


def _score(series: Any, about: Measure, options: dict[str, Any]) -> Any:
    """Score one batch."""
    valid = series.is_not_null()
    rows = series.filter(valid) if series.null_count() else series
    if not len(rows):
        return pl.Series(series.name, [None] * len(series), dtype=pl.Float64)
    if about.kind == "committee":
        if not isinstance(series.dtype, pl.Struct):
            raise TypeError(
                f"{about.name} is for a committee, and column {series.name!r} is a {series.dtype}; accepted is a struct of "
                'Array columns, one for each member: pl.struct("a", "b")'
            )
        rows = rows.struct.unnest()
    found = score(Source(rows), about.name, **options)
    scores = pl.Series(series.name, np.asarray(found, dtype=np.float64)).fill_nan(None)
    if len(rows) == len(series):
        return scores
    out = np.full(len(series), np.nan)
    out[valid.to_numpy()] = found
    return pl.Series(series.name, out).fill_nan(None)
