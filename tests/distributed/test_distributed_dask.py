"""Dask on two worker processes: the picks of one machine, for every measure, option and chunking, and while a worker dies."""

import os
import signal
import sys
import threading

import clusters
import numpy as np
import oracles
import pytest

import shortlist as sl

da = pytest.importorskip("dask.array", reason="pip install 'shortlist[dask]'")
distributed = pytest.importorskip("distributed", reason="pip install 'shortlist[dask]'")
dd = pytest.importorskip("dask.dataframe", reason="pip install 'shortlist[dask]'")
pd = pytest.importorskip("pandas")
from shortlist.distributed import dask as sld  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
rng = np.random.default_rng(5)
P = oracles.probabilities(rng, 3000, 7, np.float32)
WIDE = list("abcdefg")
LABELS = np.array(["ant", "bee", "cat", "dog"])[rng.integers(4, size=3000)]
FRAME = pd.DataFrame(P, columns=WIDE).assign(id=[f"r{i}" for i in range(3000)], kind=LABELS)


@pytest.fixture(scope="module", autouse=True)
def client():
    with distributed.Client(clusters.dask_cluster()) as client:
        yield client


def unknown(x):
    """The same array, its chunks' sizes forgotten."""
    rows = x.ndim - 2
    chunks = tuple((np.nan,) * len(sizes) if axis == rows else sizes for axis, sizes in enumerate(x.chunks))
    return x.map_blocks(lambda block: block, chunks=chunks, dtype=x.dtype)


OPTIONS = [
    ("margin", {}),
    ("entropy", {"from_logits": True, "temperature": 1.7}),
    ("random", {"random_state": 3}),
    ("margin", {"ties": "random", "random_state": 3}),
    ("entropy", {"perturb": "power", "coldness": 2, "random_state": 3}),
    ("margin", {"perturb": "softmax", "random_state": 3}),
    ("margin", {"perturb": "softrank", "random_state": 3}),
    ("margin", {"exclude": np.arange(0, 3000, 2)}),
    ("margin", {"exclude": np.arange(3000) % 3 == 0}),
    ("margin", {"k": None, "groups": LABELS, "per_group": 3}),
    ("margin", {"groups": LABELS, "quotas": "proportional", "exclude": np.arange(100)}),
    ("margin", {"groups": LABELS, "quotas": "equal"}),
    ("margin", {"groups": LABELS, "quotas": {"ant": 5, "dog": 20}}),
    ("margin", {"k": 5000, "strict": False}),
    (lambda block: block[:, 0], {"order": "lowest"}),
]


@pytest.mark.parametrize(("measure", "options"), OPTIONS)
@pytest.mark.parametrize("sizes", ["known", "unknown"])
def test_every_option_gives_the_picks_of_one_machine(measure, options, sizes):
    options = dict(options)
    k = options.pop("k", 40)
    wanted = sl.select(P, measure, k, **options)
    x = da.from_array(P, chunks=(700, 4))
    found = sld.select(x if sizes == "known" else unknown(x), measure, k, **options)
    assert found == wanted
    assert found.report.rows == wanted.report.rows
    if "groups" in options:
        lazy = da.from_array(LABELS, chunks=700 if sizes == "unknown" else 450)
        assert sld.select(x if sizes == "known" else unknown(x), measure, k, **{**options, "groups": lazy}) == wanted


@pytest.mark.parametrize("chunks", [1, 2, 64, 999, 1000, 1500, 2999, 3000, (2000, 1, 999), (0, 1500, 0, 1500)])
def test_any_chunks_give_the_same_bits(chunks):
    x = P[:60] if chunks in (1, 2) else P
    lazy = da.from_array(x, chunks=(chunks, -1))
    assert sld.select(lazy, "entropy", 50) == sl.select(x, "entropy", 50)
    assert np.array_equal(sld.score(lazy, "entropy").compute(), sl.score(x, "entropy"))


@pytest.mark.parametrize("measure", [measure.name for measure in sl.measures()])
def test_every_measure(measure):
    committee = next(m for m in sl.measures() if m.name == measure).kind == "committee"
    options = {"from_logits": True} if measure == "energy" else {}
    x = np.stack([P, P[::-1], P[rng.permutation(3000)]]) if committee else P
    lazy = da.from_array(x, chunks=(2, 800, 3) if committee else (800, 3))
    assert sld.select(lazy, measure, 30, **options) == sl.select(x, measure, 30, **options)
    scores = sld.score(lazy, measure, **options)
    assert scores.dtype == np.float32
    assert np.array_equal(scores.compute(), sl.score(x, measure, **options))


def test_dataframes():
    frame = dd.from_pandas(FRAME, npartitions=5)
    wanted = sl.select(P, "margin", 25)
    picks = sld.select(frame, "margin", 25, column=WIDE, id_column="id")
    assert picks == wanted
    assert picks.ids.tolist() == [f"r{row}" for row in wanted.indices]
    grouped = sl.select(P, "margin", 20, groups=LABELS, quotas="equal")
    assert sld.select(frame, "margin", 20, groups="kind", quotas="equal", id_column="id") == grouped
    assert sld.select(frame[WIDE], "margin", 20, groups=LABELS, quotas="equal") == grouped
    assert sld.select(frame[WIDE], "random", 20, random_state=1) == sl.select(P, "random", 20, random_state=1)
    scores = sld.score(frame, "margin", column=WIDE).compute()
    assert np.array_equal(scores, sl.score(P, "margin"))
    assert scores.index.equals(FRAME.index)


def test_a_bad_row_is_named():
    bad = P.copy()
    bad[2500] = np.nan
    x = da.from_array(bad, chunks=(700, -1))
    with pytest.raises(ValueError, match="row 2500 has NaN"):
        sld.select(x, "margin", 9)
    with pytest.raises(ValueError, match="row 2500 has NaN"):
        sld.score(x, "margin").compute()
    for call in (lambda x: sld.select(x, "margin", 9), lambda x: sld.score(x, "margin").compute()):
        with pytest.raises(ValueError, match="row 400 of partition 3 has NaN"):
            call(unknown(x))
    assert sld.select(x, "margin", 9, invalid="skip") == sl.select(bad, "margin", 9, invalid="skip")


def test_mistakes_are_found_before_anything_is_read():
    def explode(block):
        raise AssertionError("read")

    x = da.from_array(P, chunks=700).map_blocks(explode, dtype=np.float32, meta=np.empty((0, 0), np.float32))
    for call, message in (
        (lambda: sld.select(x, "mragin", 9), "did you mean"),
        (lambda: sld.select(x, "margin", -1), "k is -1"),
        (lambda: sld.select(x, "bald", 9), "x has 2 dimensions"),
        (lambda: sld.select(x, "margin", 9, per_group=2), "groups go with per_group or quotas"),
        (lambda: sld.select(x, "margin", 9, id_column="id"), "id_column is 'id', and x has no such column"),
        (lambda: sld.select(x, "margin", 9, groups="kind", per_group=1), "groups is 'kind', and x has no such column"),
        (lambda: sld.select(x, "margin", 9, exclude=[5000]), "exclude has id 5000; accepted are 0 to 2999"),
        (lambda: sld.score(x, "margin", k=3), "score has no option 'k'"),
        (lambda: sld.select(P, "margin", 9), "x is a ndarray; accepted are dask arrays and dataframes"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()


def test_too_few_rows_are_an_error_as_on_one_machine():
    with pytest.raises(ValueError, match="k is 5,000, and 3,000 of the 3,000 rows of the pool can be picked"):
        sld.select(da.from_array(P, chunks=(700, -1)), "margin", 5000)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_worker_that_dies_in_the_middle_changes_nothing(client, tmp_path):
    marker = tmp_path / "died"

    def deadly(block, block_info=None):
        import os
        import signal

        if block_info and block_info[0]["chunk-location"][0] == 20 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    x = da.from_array(P, chunks=(100, -1)).map_blocks(deadly, dtype=np.float32, meta=np.empty((0, 0), np.float32))
    assert sld.select(x, "margin", 40) == sl.select(P, "margin", 40)
    assert marker.exists()
    client.wait_for_workers(2, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_a_worker_that_stands_still_for_a_while_changes_nothing(client):
    number = next(iter(client.run(os.getpid).values()))
    os.kill(number, signal.SIGSTOP)
    threading.Timer(1, os.kill, (number, signal.SIGCONT)).start()
    assert sld.select(da.from_array(P, chunks=(100, -1)), "margin", 40) == sl.select(P, "margin", 40)


def test_tasks_use_one_thread(client):
    picks = sld.select(da.from_array(P, chunks=(700, -1)), "margin", 9)
    assert picks.report.n_threads == 1
    assert client.submit(lambda: __import__("shortlist").threads.thread_count(None)).result() == 1


def know_versions(states, rounds):
    import shortlist.diversity.rounds.part
    import shortlist.selector

    shortlist.selector.STATE_VERSION, shortlist.diversity.rounds.part.VERSION = states, rounds


def test_workers_of_another_version_say_so(client):
    from shortlist.diversity.rounds.part import VERSION
    from shortlist.selector import STATE_VERSION

    client.run(know_versions, 99, 99)
    try:
        x = da.from_array(P, chunks=(700, -1))
        with pytest.raises(
            ValueError, match="this worker's Shortlist knows version 99 of states, and the client's version 1"
        ):
            sld.select(x, "margin", 9)
        with pytest.raises(
            ValueError, match="this worker's Shortlist knows version 99 of rounds, and the client's version 1"
        ):
            sld.k_center(x, 9)
    finally:
        client.run(know_versions, STATE_VERSION, VERSION)


def test_models_are_asked_where_the_features_lie():
    linear_model = pytest.importorskip("sklearn.linear_model")
    X = rng.normal(size=(12_000, 6))
    y = (X[:, :3] + rng.normal(size=(12_000, 3))).argmax(axis=1)
    model = linear_model.LogisticRegression(max_iter=300).fit(X[:400], y[:400])
    lazy = da.from_array(X, chunks=(4_000, 2))
    expected = sl.query(model, X, "margin", 30)
    found = sld.query(model, lazy, "margin", 30)
    assert found == expected
    assert (found.report.rows, found.report.screen) == (12_000, "linear")
    assert expected.report.asked < found.report.asked < 1_000
    whole = sld.query(model, unknown(lazy.rechunk((4_000, -1))), "margin", 30, screen=False)
    assert whole == expected
    assert (whole.report.asked, whole.report.screen) == (12_000, "turned off")
    frame = dd.from_pandas(pd.DataFrame(X[:, :6], columns=list("abcdef")), npartitions=3)
    named = linear_model.LogisticRegression(max_iter=300).fit(frame.head(400), y[:400])
    there, here = sld.query(named, frame, "entropy", 30), sl.query(named, frame.compute(), "entropy", 30)
    assert there.indices.tolist() == here.indices.tolist()
    with pytest.raises(sl.PoolTooSmallError, match="k came as 12001; the pool has 12000 rows"):
        sld.query(model, lazy, "margin", 12_001)
    with pytest.raises(sl.ArgumentError, match="measure came as 'margins'"):
        sld.query(model, lazy, "margins", 3)
    X[5_000, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        sld.query(model, da.from_array(X, chunks=(4_000, -1)), "margin", 30)
