"""DuckDB: a table with one column a class, and `ORDER BY ... LIMIT`, which it runs as a top-N.

The table is filled in `setup`, so the time is that of the query alone.
"""

from __future__ import annotations

import duckdb
import numpy as np

from shortlist.benchmarking.rivals import LOWEST, MEASURES

WIDEST = 50  # with more columns a query takes longer to plan than to run


class DuckDB:
    """An in-memory table; scoring and selection are one query."""

    name = "DuckDB"
    fused = True
    cold = False

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Fill the table."""
        self.columns = [f"c{i}" for i in range(x.shape[1])]
        if len(self.columns) > WIDEST:
            return
        self.base = duckdb.connect(config={"threads": n_threads})
        pool = {name: np.ascontiguousarray(x[:, i]) for i, name in enumerate(self.columns)}
        pool["id"] = np.arange(len(x))
        self.base.register("arrays", pool)
        self.base.execute("CREATE TABLE pool AS SELECT * FROM arrays")
        self.base.unregister("arrays")

    def has(self, measure: str) -> bool:
        """All three, for few classes."""
        return measure in MEASURES and len(self.columns) <= WIDEST

    def expression(self, measure: str) -> str:
        """The measure in SQL."""
        if measure == "least_confident":
            return f"1 - greatest({', '.join(self.columns)})"
        if measure == "entropy":
            return "-(" + " + ".join(f"CASE WHEN {c} > 0 THEN {c} * ln({c}) ELSE 0 END" for c in self.columns) + ")"
        ordered = f"list_reverse_sort([{', '.join(self.columns)}])"
        return f"{ordered}[1] - {ordered}[2]"

    def scores(self, measure: str) -> None:
        """Not asked for: the query does both."""

    def top(self, measure: str, scores: None, k: int) -> np.ndarray:
        """One query."""
        order = "ASC" if measure in LOWEST else "DESC"
        query = f"SELECT id FROM pool ORDER BY {self.expression(measure)} {order} LIMIT {k}"
        return np.asarray(self.base.execute(query).fetchnumpy()["id"])
