"""numexpr: one expression over the columns where there are few, row chunks where there are many.

Its reductions run in one thread and it has no second largest, so wide rows go through a buffer
and NumPy sums them, and the margin is offered up to 16 classes.
"""

from __future__ import annotations

import numexpr as ne
import numpy as np

from shortlist.benchmarking.rivals import LOWEST

NARROW = 16
CHUNK = 1 << 21  # bytes: numexpr cuts it into its own cache blocks, one run per thread


class NumExpr:
    """Virtual machine over cache blocks, in threads."""

    name = "numexpr"
    fused = False
    cold = False

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Name the columns, allocate output and buffers."""
        ne.set_num_threads(n_threads)
        n_rows, n_classes = x.shape
        self.x = x
        self.narrow = n_classes <= NARROW
        self.columns = {f"p{c}": x[:, c] for c in range(n_classes)} if self.narrow else {}
        self.out = np.empty(n_rows, x.dtype)
        self.first, self.second = np.empty((2, n_rows if self.narrow else 0), x.dtype)
        self.rows = max(64, CHUNK // (n_classes * x.itemsize))
        self.buffer = np.empty((self.rows, n_classes), x.dtype)
        self.ones = np.ones(n_classes, x.dtype)

    def has(self, measure: str) -> bool:
        """The margin only for narrow rows."""
        return self.narrow or measure != "margin"

    def scores(self, measure: str) -> np.ndarray:
        """Dispatch on the width."""
        if measure == "margin":
            self.running_top_two()
        elif not self.narrow:
            self.wide(measure)
        elif measure == "entropy":
            terms = (f"where({p} > 0, {p} * log({p}), 0)" for p in self.columns)
            self.evaluate(f"-({' + '.join(terms)})", self.columns, self.out)
        else:
            best = "p0"
            for name in list(self.columns)[1:]:
                best = f"maximum({best}, {name})"
            self.evaluate(f"1 - {best}", self.columns, self.out)
        return self.out

    def running_top_two(self) -> None:
        """Largest and second largest, column by column."""
        names = iter(self.columns.values())
        a, b = next(names), next(names)
        first, second = self.first, self.second
        self.evaluate("maximum(a, b)", {"a": a, "b": b}, first)
        self.evaluate("minimum(a, b)", {"a": a, "b": b}, second)
        for p in names:
            given = {"f": first, "s": second, "p": p}
            self.evaluate("maximum(s, minimum(f, p))", given, second)
            self.evaluate("maximum(f, p)", given, first)
        self.evaluate("f - s", {"f": first, "s": second}, self.out)

    def wide(self, measure: str) -> None:
        """Terms in parallel into a buffer, sums by NumPy."""
        for start in range(0, len(self.x), self.rows):
            chunk = self.x[start : start + self.rows]
            out = self.out[start : start + len(chunk)]
            if measure == "least_confident":
                self.evaluate("max(p, axis=1)", {"p": chunk}, out)
                np.subtract(1, out, out=out)
            else:
                terms = self.buffer[: len(chunk)]
                self.evaluate("where(p > 0, -p * log(p), 0)", {"p": chunk}, terms)
                np.dot(terms, self.ones, out=out)

    def evaluate(self, expression: str, given: dict[str, np.ndarray], out: np.ndarray) -> None:
        """One call, result in place, float32 kept."""
        ne.evaluate(expression, local_dict=given, out=out, casting="same_kind")

    def top(self, measure: str, scores: np.ndarray, k: int) -> np.ndarray:
        """`np.argpartition`, from the side that is informative."""
        if measure in LOWEST:
            return np.argpartition(scores, k - 1)[:k]
        return np.argpartition(scores, len(scores) - k)[-k:]
