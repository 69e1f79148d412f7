"""k_center and ranked_batch on two Ray workers: the picks of one machine, by ids, and while a worker dies."""

import os
import signal
import sys
import threading
import time

import clusters
import numpy as np
import pytest

import shortlist as sl

ray = pytest.importorskip("ray", reason="pip install 'shortlist[ray]'")
pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
pytest.importorskip("ray.data", reason="pip install 'shortlist[ray]'")
from shortlist.distributed import ray as slr  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform == "win32", reason="Ray is tested on POSIX"),
]
rng = np.random.default_rng(5)
N = 9000
X = (rng.normal(size=(20, 6))[rng.integers(20, size=N)] * 3 + rng.normal(size=(N, 6))).astype(np.float32)
U = rng.random(N)
LISTS = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), 6)
TABLE = pa.table({"x": LISTS, "id": np.arange(N), "doubt": U})
SHUFFLED = TABLE.take(rng.permutation(N))


@pytest.fixture(scope="module", autouse=True)
def cluster():
    clusters.ray_cluster()
    ray.data.DataContext.get_current().enable_progress_bars = False


def blocks(table, size):
    return ray.data.from_arrow([table[start : start + size] for start in range(0, table.num_rows, size)])


@pytest.mark.parametrize("size", [700, 1000, 1337, 3000, 4095, 4096, 4097, 5000, 8999, N])
def test_any_blocks_give_the_same_bits(size):
    ordered, shuffled = blocks(TABLE, size), blocks(SHUFFLED, size)
    wanted = sl.k_center(X, 60)
    found = slr.k_center(ordered, 60, id_column="id", column="x", candidates=300)
    assert found == wanted
    assert found.report.cover_radii == wanted.report.cover_radii
    assert found.report.passes >= 3
    start = slr.k_center(shuffled, 60, id_column="id", column="x", init=8000, candidates=300)
    assert start == sl.k_center(X, 60, init=8000)
    found = slr.ranked_batch(shuffled, "doubt", 60, id_column="id", column="x", labelled=X[:4], candidates=300)
    assert found == sl.ranked_batch(X, U, 60, labelled=X[:4])


def test_numeric_columns_ties_and_ids_that_are_not_places():
    x = np.repeat(np.eye(3, dtype=np.float32), 40, axis=0)
    ids = np.arange(120) * 1000 + 7
    wide = pa.table({**{name: x[:, i] for i, name in enumerate("abc")}, "id": ids})
    found = slr.k_center(blocks(wide, 11), 120, id_column="id", candidates=5)
    wanted = sl.k_center(x, 120)
    assert found.indices.tolist() == ids[wanted.indices].tolist()
    assert np.array_equal(found.scores, wanted.scores)
    assert found.report.filled == wanted.report.filled


def test_mistakes():
    dataset, shuffled = blocks(TABLE, 3000), blocks(SHUFFLED, 3000)
    for call, message in (
        (lambda: slr.k_center(X, 3, id_column="id"), "dataset is a ndarray; accepted is a ray.data.Dataset"),
        (lambda: slr.k_center(dataset, 3, id_column="key"), "id_column is 'key', and the dataset has no such column"),
        (lambda: slr.k_center(dataset, N + 1, id_column="id", column="x"), "k is 9,001, and there are 9,000 rows"),
        (lambda: slr.k_center(dataset, 3, id_column="id", column="x", init=N), "init is 9000; accepted are the ids"),
        (lambda: slr.k_center(shuffled, 3, id_column="id", column="x"), "ids of blocks overlap"),
        (lambda: slr.ranked_batch(dataset, U, 3, id_column="id", labelled=X[:4]), "uncertainty is a ndarray"),
        (
            lambda: slr.ranked_batch(dataset, "doubt", 3, id_column="id", column="x", labelled=None),
            "labelled is missing, and without it the first pick",
        ),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()
    for values, message in (([7] * N, "two rows have the id 7"), (["a"] * N, "whole numbers")):
        twice = TABLE.set_column(1, "id", pa.array(values))
        with pytest.raises((ValueError, TypeError), match=f"^[^\n]*{message}[^\n]*$"):
            slr.k_center(blocks(twice, 3000), 3, id_column="id", column="x")


def test_a_worker_that_dies_in_the_middle_changes_nothing():
    """The process of whichever worker answers is killed while rounds go on."""
    dataset = blocks(TABLE, 300)
    killed = []

    @ray.remote
    def whose():
        return os.getpid()

    def kill(done, _k):
        # Between two rounds all states lie in the store; within the next, their worker dies.
        if done and not killed:
            pid = ray.get(whose.remote())
            killed.append(pid)
            threading.Timer(0.02, os.kill, (pid, signal.SIGKILL)).start()

    found = slr.k_center(dataset, 100, id_column="id", column="x", candidates=100, progress=kill)
    assert found == sl.k_center(X, 100)
    assert killed
    time.sleep(0.1)
