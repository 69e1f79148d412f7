"""select(), sample() and Selector: the best 100 by width of the pool, and each way to ask for other rows."""

import numpy as np
import pytest

import shortlist as sl

K = 100


@pytest.mark.benchmark(group="select: best 100 of 2 million numbers")
@pytest.mark.parametrize("classes", [2, 3, 10, 100, 1000])
@pytest.mark.parametrize("measure", ["least_confident", "margin", "entropy"])
def test_widths(benchmark, probs, measure, classes):
    assert len(benchmark(sl.select, probs(classes), measure, K)) == K


WAYS = {
    "plain": {},
    "random ties": {"ties": "random", "random_state": 0},
    "perturbed by power": {"perturb": "power", "random_state": 0},
    "without half": {"exclude": np.arange(0, 200_000, 2)},
    "20 of each of 10 groups": {"k": None, "groups": np.arange(200_000) % 10, "per_group": 20},
    "all rows": {"k": 200_000},
    "unchecked": {"normalize": "as_is"},
}


@pytest.mark.benchmark(group="select: margin, 200,000 x 10")
@pytest.mark.parametrize("way", WAYS)
def test_ways(benchmark, probs, way):
    benchmark(sl.select, probs(10), "margin", **{"k": K, **WAYS[way]})


@pytest.mark.benchmark(group="sample: 100 of 200,000")
@pytest.mark.parametrize("weighted", [False, True], ids=["uniform", "weighted"])
def test_sample(benchmark, probs, weighted):
    what = probs(10)[:, 0] if weighted else 200_000
    assert len(benchmark(sl.sample, what, K, random_state=0)) == K


@pytest.mark.benchmark(group="Selector: 64 blocks of 200,000 x 10, merged")
@pytest.mark.parametrize("parts", [1, 8])
def test_selector(benchmark, probs, parts):
    blocks = np.array_split(probs(10), 64)
    starts = np.cumsum([0, *map(len, blocks[:-1])])

    def run():
        states = [sl.Selector("margin", K) for _ in range(parts)]
        for number, (start, block) in enumerate(zip(starts, blocks, strict=True)):
            states[number % parts].update(block, first_id=int(start))
        for other in states[1:]:
            states[0].merge(other)
        return states[0].finish()

    assert benchmark(run) == sl.select(probs(10), "margin", K)
