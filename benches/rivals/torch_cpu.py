"""torch on the CPU: chunks with reused outputs, columns for narrow rows, `topk` to select.

`topk(2)` along rows is what one would write first; it is 3 to 20 times slower than the forms here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from shortlist.benchmarking.rivals import LOWEST, MEASURES

if TYPE_CHECKING:
    import numpy as np

NARROW = 12
CHUNK = 1 << 18  # numbers per chunk: enough for every thread, still in cache


class Torch:
    """Tensors over the same memory."""

    name = "torch"
    fused = False
    cold = False

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Wrap the pool, allocate the buffers."""
        torch.set_num_threads(n_threads)
        torch.set_grad_enabled(False)
        self.x = torch.from_numpy(x)
        self.n_rows, self.n_classes = x.shape
        self.rows = max(64, CHUNK // self.n_classes)
        dtype = self.x.dtype
        self.out = torch.empty(self.n_rows, dtype=dtype)
        self.buffer = torch.empty((self.rows, self.n_classes), dtype=dtype)
        self.vectors = torch.empty((3, self.rows), dtype=dtype)
        self.ones = torch.ones(self.n_classes, dtype=dtype)

    def has(self, measure: str) -> bool:
        """All three."""
        return measure in MEASURES

    def scores(self, measure: str) -> torch.Tensor:
        """All scores, into the reused output."""
        if measure == "least_confident" and self.n_classes > NARROW:
            torch.amax(self.x, 1, out=self.out)
        else:
            score = getattr(self, measure)
            for start in range(0, self.n_rows, self.rows):
                score(self.x[start : start + self.rows], self.out[start : start + self.rows])
        if measure == "least_confident":
            self.out.neg_().add_(1)
        elif measure == "entropy":
            self.out.neg_()
        return self.out

    def least_confident(self, chunk: torch.Tensor, out: torch.Tensor) -> None:
        """Running maximum over the columns."""
        torch.maximum(chunk[:, 0], chunk[:, 1], out=out)
        for column in range(2, self.n_classes):
            torch.maximum(out, chunk[:, column], out=out)

    def margin(self, chunk: torch.Tensor, out: torch.Tensor) -> None:
        """Running top two, or two maxima per row with the first masked."""
        if self.n_classes > NARROW:
            rest = self.buffer[: len(chunk)]
            rest.copy_(chunk)
            best, where = rest.max(1)
            rest.scatter_(1, where[:, None], -1.0)
            torch.sub(best, rest.amax(1), out=out)
            return
        first, second, low = self.vectors[:, : len(chunk)]
        torch.maximum(chunk[:, 0], chunk[:, 1], out=first)
        torch.minimum(chunk[:, 0], chunk[:, 1], out=second)
        for column in range(2, self.n_classes):
            p = chunk[:, column]
            torch.minimum(first, p, out=low)
            torch.maximum(second, low, out=second)
            torch.maximum(first, p, out=first)
        torch.sub(first, second, out=out)

    def entropy(self, chunk: torch.Tensor, out: torch.Tensor) -> None:
        """p ln p, summed by a matrix-vector product; redone with `xlogy` where a p is 0."""
        terms = self.buffer[: len(chunk)]
        torch.log(chunk, out=terms)
        terms.mul_(chunk)
        torch.mv(terms, self.ones, out=out)
        if torch.isnan(out).any():
            torch.special.xlogy(chunk, chunk, out=terms)
            torch.mv(terms, self.ones, out=out)

    def top(self, measure: str, scores: torch.Tensor, k: int) -> np.ndarray:
        """`torch.topk`."""
        return torch.topk(scores, k, largest=measure not in LOWEST, sorted=False).indices.numpy()
