"""Hours of mixed use find what grows, and nothing else."""

import ctypes
import random

import pytest

pytest.importorskip("attacks", reason="needs the checkout")
from attacks.soak.watched import growth, held, slope, used


def sample(used, threads=4, files=9):
    return {"used": used, "objects": 1000, "memory": 3 * used, "threads": threads, "files": files}


def test_what_grows_is_found():
    leak = [sample(200_000_000 + 500_000 * at) for at in range(100)]
    assert [line.split(":")[0] for line in growth(leak)] == ["used grow"]
    assert growth([sample(1, files=9 + at // 10) for at in range(100)]) == [
        "files grow: from 13 at most to 16 at least"
    ]
    assert slope([{"x": at, "y": 3 * at} for at in range(50)], "y", "x") == pytest.approx(3)


def test_what_goes_up_and_down_is_not():
    rng = random.Random(0)
    noise = [sample(200_000_000 + rng.randrange(30_000_000), threads=rng.choice((1, 4, 8))) for _ in range(100)]
    warming = [sample(min(200_000_000, 10_000_000 * at)) for at in range(100)]
    assert growth(noise) == growth(warming) == growth(noise[:5]) == []


@pytest.mark.skipif(not used(), reason="needs the account that glibc gives of its memory")
def test_memory_that_nobody_gives_back_is_counted():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    before = held()["used"]
    small, large = libc.malloc(100_000), libc.malloc(50_000_000)
    with_both = held()["used"]
    libc.free(ctypes.c_void_p(small))
    libc.free(ctypes.c_void_p(large))
    assert with_both - before > 50_000_000 > held()["used"] - before
