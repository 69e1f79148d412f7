"""Workers of Dask that can't do the work, and clusters that are lost: one sentence, and no wait without an end."""

import threading
from types import SimpleNamespace

import clusters
import numpy as np
import pytest

import shortlist as sl

da = pytest.importorskip("dask.array", reason="pip install 'shortlist[dask]'")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed", reason="pip install 'shortlist[dask]'")
from shortlist.distributed import dask as sld  # noqa: E402
from shortlist.distributed import workers  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
P = np.random.default_rng(0).dirichlet(np.ones(4), 300)
X = da.from_array(P, chunks=(100, -1))


@pytest.fixture
def empty():
    """Return a cluster without a worker."""
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster),
    ):
        yield cluster


def forget():
    """Be a Shortlist that has no such function."""
    import shortlist.distributed.states as states

    states.kept = states.take_note
    del states.take_note


def know_again():
    import shortlist.distributed.states as states

    states.take_note = states.kept


def test_a_worker_that_knows_no_such_task_is_told_apart_before_it_is_sent_one():
    with distributed.Client(clusters.dask_cluster()) as client:
        there = sorted(client.nthreads())
        client.run(forget)
        try:
            for call in (lambda: sld.select(X, "margin", 9), lambda: sld.k_center(X, 9)):
                with pytest.raises(
                    ValueError, match=r"the worker at .* doesn't know what it is to do .*take_note.*the same Shortlist"
                ):
                    call()
        finally:
            client.run(know_again)
        # Nobody has died of it.
        assert sorted(client.nthreads()) == there
        assert sld.select(X, "margin", 9) == sl.select(P, "margin", 9)


@pytest.mark.parametrize("call", [lambda: sld.select(X, "margin", 9), lambda: sld.k_center(X, 9)])
def test_a_cluster_without_workers_is_not_waited_for_without_an_end(empty, monkeypatch, call):
    monkeypatch.setattr(workers, "LOOK", 0.05)
    with (
        dask.config.set({"shortlist.no-workers-timeout": "200ms"}),
        pytest.raises(ConnectionError, match=r"the cluster at .* had no worker for 0.2 s, and the call was given up"),
    ):
        call()


def test_workers_that_come_late_are_waited_for(empty, monkeypatch):
    monkeypatch.setattr(workers, "LOOK", 0.05)
    threading.Timer(0.3, empty.scale, (1,)).start()
    with dask.config.set({"shortlist.no-workers-timeout": None}):
        assert sld.select(X, "margin", 9) == sl.select(P, "margin", 9)


@pytest.mark.parametrize(
    "error",
    [
        distributed.client.FutureCancelledError("a-1", "scheduler-connection-lost", "Client lost it.\nRun again."),
        distributed.comm.CommClosedError("in <TCP (closed)>"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_scheduler_that_is_lost_is_said_in_a_sentence(error):
    """`attacks.clusters` loses real ones."""
    client = SimpleNamespace(scheduler=SimpleNamespace(address="tcp://there:8786"))
    with (
        pytest.raises(ConnectionError, match=r"^the cluster at tcp://there:8786 was lost in the middle of the[^\n]*$"),
        workers.lost_in_words(client),
    ):
        raise error


@pytest.mark.parametrize("error", [OSError("no such bucket"), ZeroDivisionError("by zero")])
def test_what_goes_wrong_in_a_task_is_said_as_it_is(error):
    def wrong(block):
        raise error

    with distributed.Client(clusters.dask_cluster()):
        x = X.map_blocks(wrong, dtype=P.dtype, meta=np.empty((0, 0)))
        with pytest.raises(type(error), match=f"^{error}$"):
            sld.select(x, "margin", 9)


def test_a_task_may_select():
    """On a worker its own client computes, and the task gives its place up meanwhile."""
    with distributed.Client(clusters.dask_cluster()) as client:
        picks = client.submit(lambda x: sld.select(x, "margin", 9), X).result(timeout=60)
        assert picks == sl.select(P, "margin", 9)
