"""Tensors that lie on an accelerator: their rows come to memory block by block,
in the background.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.pools.ahead import ahead
from shortlist.pools.arrays import form_of, members_of
from shortlist.pools.convert import ACCEPTED, CPU
from shortlist.pools.pool import Block, Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading

    Fetch = Callable[[int, int], NDArray[Any]]

READ = 8 << 20
"""Bytes that are fetched at once: a small part of a device's pace is lost, and caches hold it."""
BUFFERS = 2
"""One is read while the next is filled."""


class DevicePool(Pool):
    """Rows of a tensor on an accelerator.

    `fetching` is called by the thread that fetches, before the first block, with the rows of a
    block; what it returns gives the rows between two numbers as an array in memory.
    """

    recycles = True

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        fetching: Callable[[int], Fetch],
        reading: Reading,
        name: str,
    ) -> None:
        _, form = form_of(shape, dtype, reading, name)
        super().__init__(name, shape[-2], form)
        self._fetching = fetching

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        for block in ahead(self._read()):
            yield from self._pieces(block, limit)

    def _read(self) -> Iterator[Block]:
        rows = self.rows or 0
        step = max(1, min(rows, READ // self.row_bytes))
        fetch = self._fetching(step)
        for start in range(0, rows, step):
            part = fetch(start, min(start + step, rows))
            part = part.view(np.uint16) if self.bfloat16 else part
            yield members_of(part, True, self.name) if self.members else part


def device_pool(x: Any, reading: Reading, name: str) -> DevicePool | None:
    """See a tensor on an accelerator as a pool; None for what lies in memory that a CPU reads."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        there = x.device.type not in ("cpu", "meta") and x.layout is torch.strided
        return _of_torch(torch, x, reading, name) if there else None
    if not (hasattr(x, "__dlpack_device__") and hasattr(x, "shape") and hasattr(x, "__getitem__")):
        return None
    device = int(x.__dlpack_device__()[0])
    return None if device == CPU else _by_dlpack(x, device, reading, name)


def _of_torch(torch: Any, x: Any, reading: Reading, name: str) -> DevicePool:
    """Fetch rows by way of pinned memory, which a GPU writes to at its own pace."""
    tensor = x.detach()
    bfloat16 = tensor.dtype is torch.bfloat16
    stored = np.dtype(np.uint16) if bfloat16 else _dtype(tensor.dtype, name)
    pinned = tensor.device.type == "cuda"

    def fetching(step: int) -> Fetch:
        shape = (*tensor.shape[:-2], step, tensor.shape[-1])
        buffers = [torch.empty(shape, dtype=tensor.dtype, pin_memory=pinned) for _ in range(BUFFERS)]

        def fetch(start: int, stop: int) -> NDArray[Any]:
            buffers.append(buffer := buffers.pop(0))
            rows = buffer[..., : stop - start, :]
            rows.copy_(tensor[..., start:stop, :], non_blocking=pinned)
            if pinned:
                torch.cuda.current_stream(tensor.device).synchronize()
            array: NDArray[Any] = (rows.view(torch.int16) if bfloat16 else rows).numpy()
            return array

        return fetch

    if pinned:
        # The rows may still be computed, on a stream of this thread.
        torch.cuda.current_stream(tensor.device).synchronize()
    if bfloat16:
        reading = replace(reading, dtype="bfloat16")
    pool = DevicePool(tuple(tensor.shape), stored, fetching, reading, name)
    way = ", by way of pinned memory" if pinned else ""
    pool.note(f"{name} was copied from {tensor.device} to memory block by block{way}")
    return pool


def _by_dlpack(x: Any, device: int, reading: Reading, name: str) -> DevicePool:
    """Fetch rows by the protocol that arrays of all packages speak, or by their own way."""
    kind = f"{type(x).__module__}.{type(x).__qualname__}"

    def fetch(start: int, stop: int) -> NDArray[Any]:
        rows = x[..., start:stop, :]
        try:
            return np.from_dlpack(rows, device="cpu")
        except (TypeError, ValueError, BufferError, RuntimeError):
            pass  # an older NumPy, or a package that copies by `__array__` alone
        try:
            array = np.asarray(rows)
        except (TypeError, ValueError, RuntimeError):
            array = None
        if array is None or array.shape != tuple(rows.shape):
            raise TypeError(
                f"{name} is a {kind} on DLPack device {device}, which gives no copy in memory; accepted is memory of the CPU, "
                f"device {CPU}"
            )
        return array

    pool = DevicePool(tuple(x.shape), _dtype(x.dtype, name), lambda _: fetch, reading, name)
    pool.note(f"{name} was copied from DLPack device {device} to memory block by block")
    return pool


def _dtype(found: Any, name: str) -> np.dtype[Any]:
    """Return the dtype of a tensor as NumPy's."""
    for said in (found, str(found).rpartition(".")[2]):
        try:
            dtype: np.dtype[Any] = np.dtype(said)
        except TypeError:
            continue
        return dtype
    raise TypeError(f"{name} has dtype {found}; accepted are {ACCEPTED}")
