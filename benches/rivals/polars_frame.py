"""Polars: one column a class, expressions over columns, `top_k` to select.

The columns are made in `setup`, so the time is that of the query alone. The number of its threads is fixed when Polars is
imported (POLARS_MAX_THREADS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from shortlist.benchmarking.rivals import LOWEST, MEASURES

if TYPE_CHECKING:
    import numpy as np

WIDEST = 50  # with more columns an expression takes longer to plan than to run


class Polars:
    """A lazy frame over the pool."""

    name = "Polars"
    fused = False
    cold = False

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Make the columns."""
        names = [f"c{i}" for i in range(x.shape[1])]
        self.frame = pl.from_numpy(x, schema=names) if x.shape[1] <= WIDEST else pl.DataFrame()
        self.columns = [pl.col(name) for name in names]
        self.n_classes = x.shape[1]

    def has(self, measure: str) -> bool:
        """All three, for few classes."""
        return measure in MEASURES and self.n_classes <= WIDEST

    def scores(self, measure: str) -> np.ndarray:
        """One expression; for the margin a running top two."""
        if measure == "margin":
            return self.margin()
        return self.frame.select(self.expression(measure).alias("score"))["score"].to_numpy()

    def expression(self, measure: str) -> Any:
        """Least confidence or entropy over columns."""
        if measure == "least_confident":
            return 1 - pl.max_horizontal(self.columns)
        # p ln p is NaN at 0, and counts as 0.
        return -pl.sum_horizontal([(c * c.log()).fill_nan(0) for c in self.columns])

    def margin(self) -> np.ndarray:
        """Largest less second largest; sorting a list a row takes a hundred times longer."""
        first, second = pl.max_horizontal(self.columns[:2]), pl.min_horizontal(self.columns[:2])
        frame = self.frame.lazy().with_columns(first=first, second=second)
        for column in self.columns[2:]:
            low = pl.min_horizontal("first", column)
            frame = frame.with_columns(
                first=pl.max_horizontal("first", column), second=pl.max_horizontal("second", low)
            )
        return frame.select(pl.col("first") - pl.col("second")).collect().to_series().to_numpy()

    def top(self, measure: str, scores: np.ndarray, k: int) -> np.ndarray:
        """`top_k` or `bottom_k` of a frame with row numbers."""
        frame = pl.DataFrame({"score": scores}).with_row_index()
        best = frame.bottom_k(k, by="score") if measure in LOWEST else frame.top_k(k, by="score")
        return best["index"].to_numpy()
