"""score(): every measure of a row and of a committee, dtypes and memory orders."""

import numpy as np
import pytest

import shortlist as sl

ROW = {m.name: "probabilities" not in m.inputs for m in sl.measures() if m.kind == "row"}
COMMITTEE = [m.name for m in sl.measures() if m.kind == "committee"]


@pytest.mark.benchmark(group="score: measures, 100 classes")
@pytest.mark.parametrize(("measure", "from_logits"), ROW.items(), ids=ROW)
def test_measures(benchmark, probs, logits, measure, from_logits):
    pool = (logits if from_logits else probs)(100)
    assert len(benchmark(sl.score, pool, measure, from_logits=from_logits)) == len(pool)


@pytest.mark.benchmark(group="score: committees, 4 members, 10 classes")
@pytest.mark.parametrize("measure", COMMITTEE)
def test_committees(benchmark, probs, measure):
    members = np.array_split(probs(10), 4)
    assert len(benchmark(sl.score, members, measure)) == len(members[0])


@pytest.mark.benchmark(group="score: margin by dtype and order, 10 classes")
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_layouts(benchmark, probs, dtype, order):
    pool = np.asarray(probs(10), dtype=dtype, order=order)
    benchmark(sl.score, pool, "margin", out=np.empty(len(pool), np.float64 if dtype == "float64" else np.float32))


@pytest.mark.benchmark(group="score: entropy, 100 classes")
@pytest.mark.parametrize("temperature", [None, 1.0, 1.3])
def test_logits(benchmark, probs, logits, temperature):
    if temperature is None:
        benchmark(sl.score, probs(100), "entropy")
    else:
        benchmark(sl.score, logits(100), "entropy", from_logits=True, temperature=temperature)
