"""Rows that lie on an accelerator come to memory block by block: played without one."""

import sys
import types

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.pools import device

P = oracles.probabilities(np.random.default_rng(5), 3000, 6, np.float32)
BEST = sl.select(P, "margin", 25)
needs_copies = pytest.mark.skipif(
    tuple(map(int, np.__version__.split(".")[:2])) < (2, 1), reason="NumPy 2.0 asks nobody for a copy by DLPack"
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(device, "READ", 4096)


class OnDevice:
    """An array of a package that speaks DLPack, on a GPU."""

    def __init__(self, array, fails_at=None):
        self.array, self.shape, self.dtype, self.fails_at = array, array.shape, array.dtype, fails_at

    def __getitem__(self, key):
        rows = self.array[key]
        if self.fails_at is not None and key[1].start >= self.fails_at:
            raise RuntimeError("the device is lost")
        assert rows.nbytes <= 4096 * max(1, len(self.shape) - 1)
        return type(self)(rows)

    def __dlpack_device__(self):
        return (2, 0)

    def __dlpack__(self, dl_device=None, **options):
        assert dl_device == (1, 0)
        return self.array.__dlpack__(dl_device=dl_device, **options)


@needs_copies
def test_arrays_of_any_package_by_dlpack():
    picks = sl.select(OnDevice(P), "margin", 25)
    assert picks == BEST
    assert picks.report.copies == ("x was copied from DLPack device 2 to memory block by block",)
    assert picks.report.bytes == P.nbytes
    assert np.array_equal(sl.score(OnDevice(P), "entropy"), sl.score(P, "entropy"))
    half = P.astype(np.float16)
    assert sl.select(OnDevice(half), "margin", 25) == sl.select(half, "margin", 25)
    blocks = sl.select([OnDevice(P[:1000]), OnDevice(P[1000:])], "margin", 25)
    assert blocks == BEST


@needs_copies
def test_committees():
    members = np.stack([P, P[::-1]])
    assert sl.select(OnDevice(members), "vote_entropy", 9) == sl.select(members, "vote_entropy", 9)


@needs_copies
def test_what_goes_wrong_on_a_device_is_said():
    with pytest.raises(RuntimeError, match="the device is lost"):
        sl.select(OnDevice(P, fails_at=2000), "margin", 25)
    with pytest.raises(TypeError, match="x has dtype int64; accepted are float16, float32, float64"):
        sl.select(OnDevice(np.ones((9, 2), np.int64)), "margin", 1)
    with pytest.raises(ValueError, match="x has 1 dimensions"):
        sl.select(OnDevice(P[0]), "margin", 1)


def test_a_device_that_gives_nothing():
    class Locked(OnDevice):
        def __dlpack__(self, **options):
            raise BufferError("no")

    with pytest.raises(
        TypeError, match="Locked on DLPack device 2, which gives no copy in memory; accepted is memory of"
    ):
        sl.select(Locked(P), "margin", 25)


class Stream:
    waits = 0

    def synchronize(self):
        Stream.waits += 1


class Tensor:
    """As much of a tensor of torch as is asked for; on "cuda:0" one can only copy from it."""

    layout = "strided"

    def __init__(self, array, where="cuda:0", dtype=None):
        self.array, self.shape, self.where = array, array.shape, where
        self.dtype = dtype or f"torch.{array.dtype}"
        self.device = type("Device", (), {"type": where.partition(":")[0], "__str__": lambda _: where})()

    def __dlpack_device__(self):
        return (2, 0)

    def detach(self):
        return self

    def __getitem__(self, key):
        return type(self)(self.array[key], self.where, self.dtype)

    def copy_(self, rows, non_blocking):
        assert self.where == "pinned"
        assert non_blocking
        assert rows.where == "cuda:0"
        self.array[...] = rows.array

    def view(self, dtype):
        assert (self.dtype, dtype) == ("torch.bfloat16", "torch.int16")
        return type(self)(self.array.view(np.int16), self.where)

    def numpy(self):
        assert self.where == "pinned"
        return self.array


Tensor.__module__ = "torch"


@pytest.fixture
def made(monkeypatch):
    """Have a torch whose GPU is played, and return the shapes of its buffers."""
    shapes = []

    def empty(shape, dtype, pin_memory):
        assert pin_memory
        shapes.append(shape)
        kind = {"torch.float32": np.float32, "torch.bfloat16": np.uint16}[dtype]
        return Tensor(np.full(shape, 7, kind), "pinned", dtype)

    torch = types.ModuleType("torch")
    torch.Tensor, torch.empty, torch.strided = Tensor, empty, "strided"
    torch.bfloat16, torch.int16 = "torch.bfloat16", "torch.int16"
    torch.cuda = types.SimpleNamespace(current_stream=lambda _: Stream())
    monkeypatch.setitem(sys.modules, "torch", torch)
    return shapes


def test_tensors_of_cuda_come_by_way_of_pinned_memory(made):
    Stream.waits = 0
    picks = sl.select(Tensor(P), "margin", 25)
    assert picks == BEST
    assert picks.report.copies == ("x was copied from cuda:0 to memory block by block, by way of pinned memory",)
    assert made == [(170, 6), (170, 6)]  # one is read while the other is filled
    assert Stream.waits == 1 + -(-3000 // 170)  # for who makes the rows, and for each block


def test_bfloat16_of_cuda(made):
    bits = (P.view(np.uint32) >> 16).astype(np.uint16)
    tensor = Tensor(bits, dtype="torch.bfloat16")
    assert sl.select(tensor, "margin", 25, normalize="as_is") == sl.select(
        bits, "margin", 25, dtype="bfloat16", normalize="as_is"
    )
