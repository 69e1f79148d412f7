"""k_center and ranked_batch on two Dask workers: the picks of one machine for any chunks, and while a worker dies."""

import sys

import clusters
import numpy as np
import pytest

import shortlist as sl

da = pytest.importorskip("dask.array", reason="pip install 'shortlist[dask]'")
distributed = pytest.importorskip("distributed", reason="pip install 'shortlist[dask]'")
dd = pytest.importorskip("dask.dataframe", reason="pip install 'shortlist[dask]'")
pd = pytest.importorskip("pandas")
from shortlist.distributed import dask as sld  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
rng = np.random.default_rng(5)
N = 9000
X = (rng.normal(size=(20, 6))[rng.integers(20, size=N)] * 3 + rng.normal(size=(N, 6))).astype(np.float32)
U = rng.random(N)
WIDE = list("abcdef")
FRAME = pd.DataFrame(X, columns=WIDE).assign(id=[f"r{i}" for i in range(N)], doubt=U)
TEN = [500, 1000, 1337, 3000, 4095, 4096, 4097, 8999, N, (0, 4000, 1, 0, 4999)]


@pytest.fixture(scope="module", autouse=True)
def client():
    with distributed.Client(clusters.dask_cluster()) as client:
        yield client


def same(found, wanted):
    assert found == wanted
    assert found.report.cover_radii == wanted.report.cover_radii
    assert found.report.passes >= 1


@pytest.mark.parametrize("chunks", TEN)
def test_any_chunks_give_the_same_bits(chunks):
    lazy = da.from_array(X, chunks=(chunks, -1))
    same(sld.k_center(lazy, 60, candidates=300), sl.k_center(X, 60))
    found = sld.ranked_batch(lazy, U, 60, labelled=X[:4], candidates=300)
    assert found == sl.ranked_batch(X, U, 60, labelled=X[:4])


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine", "manhattan"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16])
def test_metrics_and_dtypes(metric, dtype):
    x = X.astype(dtype)
    lazy = da.from_array(x, chunks=(3500, 4))
    same(sld.k_center(lazy, 20, init="central", metric=metric), sl.k_center(x, 20, init="central", metric=metric))


def test_ties_duplicates_and_the_last_row():
    x = np.repeat(np.eye(3), 50, axis=0)
    lazy = da.from_array(x, chunks=(40, -1))
    for k, candidates in ((3, 5), (10, 5), (150, 50)):
        same(sld.k_center(lazy, k, candidates=candidates), sl.k_center(x, k))
        found = sld.ranked_batch(lazy, np.ones(150), k, labelled=x[:1], candidates=candidates)
        assert found == sl.ranked_batch(x, np.ones(150), k, labelled=x[:1])
    assert sld.k_center(lazy, 150).report.filled == sl.k_center(x, 150).report.filled


def test_options():
    lazy = da.from_array(X, chunks=(2500, -1))
    unknown = lazy.map_blocks(lambda block: block, chunks=((np.nan,) * 4, (6,)), dtype=X.dtype)
    same(sld.k_center(unknown, 20), sl.k_center(X, 20))
    same(sld.k_center(lazy, 20, labelled=X[:30]), sl.k_center(X, 20, labelled=X[:30]))
    same(sld.k_center(lazy, 20, init=7321), sl.k_center(X, 20, init=7321))
    among = np.r_[100:130, 5000:8000]
    same(sld.k_center(lazy, 20, among=among), sl.k_center(X, 20, among=among))
    doubts = da.from_array(U, chunks=1000)
    found = sld.ranked_batch(lazy, doubts, 20, labelled=X[:4], among=among)
    assert found == sl.ranked_batch(X, U, 20, labelled=X[:4], among=among)
    assert len(sld.k_center(lazy, 0)) == 0
    some = da.from_array(X[:50], chunks=20)
    assert sld.k_center(some, 99, strict=False) == sl.k_center(X[:50], 99, strict=False)
    told = []
    sld.k_center(lazy, 20, progress=lambda done, k: told.append((done, k)))
    assert told[-1] == (20, 20)


def test_dataframes():
    frame = dd.from_pandas(FRAME, npartitions=4)
    picks = sld.k_center(frame, 30, column=WIDE, id_column="id")
    same(picks, sl.k_center(X, 30))
    assert picks.ids.tolist() == [f"r{row}" for row in picks.indices]
    same(sld.k_center(frame[WIDE], 30), sl.k_center(X, 30))
    wanted = sl.ranked_batch(X, U, 30, labelled=X[:4])
    assert sld.ranked_batch(frame, "doubt", 30, labelled=X[:4], id_column="id") == wanted
    assert sld.ranked_batch(frame, "doubt", 30, labelled=X[:4], column=WIDE) == wanted
    assert sld.ranked_batch(frame[WIDE], frame["doubt"], 30, labelled=X[:4]) == wanted
    # Filtering leaves partitions empty.
    few = frame[frame["doubt"] < 0.001]
    rows = np.flatnonzero(U < 0.001)
    assert sld.k_center(few, 3, column=WIDE) == sl.k_center(X[rows], 3)


def test_mistakes():
    lazy = da.from_array(X, chunks=(2500, -1))
    bad = X.copy()
    bad[7000, 3] = np.inf
    frame = dd.from_pandas(FRAME, npartitions=2)
    for call, message in (
        (lambda: sld.k_center(X, 3), "x is a ndarray; accepted are dask arrays and dataframes"),
        (lambda: sld.k_center(lazy, N + 1), "k is 9,001, and there are 9,000 rows"),
        (lambda: sld.k_center(lazy, 3, metric="jaccard"), "metric is 'jaccard'"),
        (lambda: sld.k_center(lazy, 3, metric=np.dot), "metric is a callable"),
        (lambda: sld.k_center(lazy, 3, init="middle"), "init is 'middle'"),
        (lambda: sld.k_center(lazy, 3, init=N), "init is 9000; accepted are the ids of the 9,000 rows"),
        (lambda: sld.k_center(lazy, 3, labelled=X[:, :2]), "labelled has 2 features, and X has 6"),
        (lambda: sld.k_center(lazy, 3, among=[N]), "among has id 9000"),
        (lambda: sld.k_center(lazy, 3, candidates=0), "candidates is 0"),
        (lambda: sld.k_center(lazy, 3, id_column="id"), "id_column is 'id', and x has no such column"),
        (lambda: sld.k_center(da.from_array(bad, chunks=(2500, -1)), 3), "row 7000 has inf in column 3"),
        (lambda: sld.ranked_batch(lazy, U, 3, labelled=None), "labelled is missing, and without it the first pick"),
        (lambda: sld.ranked_batch(lazy, U[:9], 3, labelled=X[:4]), r"uncertainty has shape \(9,\)"),
        (lambda: sld.ranked_batch(lazy, da.from_array(U[:9]), 3, labelled=X[:4]), r"uncertainty has shape \(9,\)"),
        (lambda: sld.ranked_batch(frame, "doubts", 3, labelled=X[:4]), "uncertainty is 'doubts', and x has no such"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()
    doubts = da.from_array(np.where(np.arange(N) == 7000, np.nan, U), chunks=3000)
    with pytest.raises(ValueError, match="uncertainty of row 7000 is nan"):
        sld.ranked_batch(lazy, doubts, 3, labelled=X[:4])


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("visit", [2, 4])
def test_a_worker_that_dies_in_the_middle_changes_nothing(client, tmp_path, visit):
    """A chunk kills its worker when it is computed for the `visit`th time, with all the states that it holds."""

    def deadly(block, block_info=None):
        import os
        import signal

        if block_info and block_info[0]["chunk-location"][0] == 7:
            seen = len(list(tmp_path.iterdir())) + 1
            (tmp_path / str(seen)).touch()
            if seen == visit:
                os.kill(os.getpid(), signal.SIGKILL)
        return block

    x = da.from_array(X, chunks=(900, -1)).map_blocks(deadly, dtype=np.float32, meta=np.empty((0, 0), np.float32))
    same(sld.k_center(x, 100, candidates=100), sl.k_center(X, 100))
    assert len(list(tmp_path.iterdir())) > visit
    client.wait_for_workers(2, timeout=60)


def test_tasks_use_one_thread_and_other_schedulers_work_too():
    lazy = da.from_array(X, chunks=(2500, -1))
    assert sld.k_center(lazy, 5).report.n_threads == 1
    dask = pytest.importorskip("dask")
    with dask.config.set(scheduler="synchronous"):
        same(sld.k_center(lazy, 30, candidates=200), sl.k_center(X, 30))
