"""Hours of mixed use find what grows, and nothing else."""

import random

import pytest

pytest.importorskip("attacks", reason="needs the checkout")
from attacks.soak.watched import growth, slope


def sample(memory, threads=4, files=9):
    return {"memory": memory, "threads": threads, "files": files}


def test_what_grows_is_found():
    leak = [sample(200_000_000 + 500_000 * at) for at in range(100)]
    assert [line.split(":")[0] for line in growth(leak)] == ["memory grow"]
    assert growth([sample(1, files=9 + at // 10) for at in range(100)]) == [
        "files grow: from 13 at most to 16 at least"
    ]
    assert slope([{"x": at, "y": 3 * at} for at in range(50)], "y", "x") == pytest.approx(3)


def test_what_goes_up_and_down_is_not():
    rng = random.Random(0)
    noise = [sample(200_000_000 + rng.randrange(30_000_000), threads=rng.choice((1, 4, 8))) for _ in range(100)]
    warming = [sample(min(200_000_000, 10_000_000 * at)) for at in range(100)]
    assert growth(noise) == growth(warming) == growth(noise[:5]) == []
