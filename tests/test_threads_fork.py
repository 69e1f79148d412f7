"""Threads, forks, workers and Ctrl-C."""

import _thread
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist import _core
from shortlist.threads import thread_count

P = oracles.probabilities(np.random.default_rng(0), 200_000, 6, np.float32)


def picks(seed=0):
    return sl.select(P, "entropy", 50, n_threads=4).indices.tolist()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_selects_after_its_parent_did():
    wanted = picks()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        same = picks() == wanted
        # Helpers of its own, and not those its parent counts as waiting.
        helped = not Path("/proc/self/task").exists() or len(os.listdir("/proc/self/task")) > 1
        os.write(writer, (b"same" if same else b"other") + (b"" if helped else b", alone"))
        os._exit(0)
    os.close(writer)
    deadline = time.monotonic() + 60
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            pytest.fail("the child hangs")
        time.sleep(0.01)
    with os.fdopen(reader) as answer:
        assert answer.read() == "same"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    wanted = picks()
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(picks, range(4)).get(timeout=120) == [wanted] * 4


def test_many_threads_may_select_at_once():
    wanted = picks()
    found = []
    threads = [threading.Thread(target=lambda: found.append(picks())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [wanted] * 8


def test_repeated_runs_give_the_same():
    wanted = picks()
    assert all(picks() == wanted for _ in range(100))


def test_other_threads_run_meanwhile():
    def tick():
        for _ in range(20):
            time.sleep(0.001)
        _thread.interrupt_main()

    ticker = threading.Thread(target=tick)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the interruption may come before the call
        ticker.start()
        # It would never end, as nobody else could stop it.
        sl.select(np.broadcast_to(P[0], (10**12, 6)), "entropy", 5, n_threads=1)
    ticker.join()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("verb", ["select", "score"])
def test_ctrl_c_stops_long_work(ctrl_c, threads, verb):
    endless = np.broadcast_to(P[0], (10**12, 6))
    if verb == "select":
        ctrl_c(lambda: sl.select(endless, "entropy", 10, n_threads=threads))
    else:
        wide = np.broadcast_to(np.float32(1e-5), (10**7, 10**5))
        out = np.empty(len(wide), np.float32)
        ctrl_c(lambda: sl.score(wide, "entropy", out=out, n_threads=threads))


@pytest.mark.parametrize(
    "call",
    [
        lambda: sl.sample(10**13, 3, random_state=0),
        lambda: sl.select(np.broadcast_to(P[0], (10**13, 6)), "random", 3, random_state=0),
        lambda: sl.Selector("random", 3, random_state=0).update(np.broadcast_to(P[0], (10**13, 6))),
    ],
    ids=["sample", "select", "Selector"],
)
def test_ctrl_c_stops_drawing_at_random(ctrl_c, call):
    ctrl_c(call)


def test_progress_is_told_while_a_block_is_under_way():
    calls = []

    def stop(done, total):
        calls.append((done, total))
        if len(calls) == 3:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        sl.select(np.broadcast_to(P[0], (10**12, 6)), "entropy", 10, progress=stop)
    assert [total for _, total in calls] == [10**12] * 3
    assert 0 < calls[0][0] < calls[1][0] < calls[2][0]


SMALL_STACK = """
import faulthandler, sys, threading
import numpy as np
import shortlist as sl

faulthandler.enable()
rng = np.random.default_rng(0)
x = rng.dirichlet(np.ones(100), 3000)
F, X, u = np.asfortranarray(x), x[:, :64].copy(), np.ones(3000)
one = {"n_threads": 1}
calls = {
    "many classes": lambda: sl.select(x, "entropy", 10, **one),
    "few classes": lambda: sl.select(x[:, :5].copy(), "entropy", 10, normalize="renormalize", **one),
    "groups": lambda: sl.select(x, "margin", 10, groups=np.arange(3000) % 5, per_group=3, **one),
    "Fortran order": lambda: [sl.select(F, name, 10, **one) for name in ("margin", "entropy", "gini")],
    "Fortran order, float32": lambda: sl.score(F.astype(np.float32), "entropy", **one),
    "Fortran order, float16": lambda: sl.score(F.astype(np.float16), "entropy", normalize="as_is", **one),
    "Fortran order, logits": lambda: [sl.select(F, name, 10, from_logits=True, **one) for name in ("margin", "entropy", "gini")],
    "committee": lambda: [sl.score([x, F], name, **one) for name in ("bald", "vote_entropy")],
    "k_center": lambda: sl.k_center(X, 10, **one),
    "density": lambda: sl.density(X, **one),
    "min_distances": lambda: sl.min_distances(X, X[:50], **one),
    "badge": lambda: sl.badge(x, X, 5, random_state=0, **one),
    "ranked_batch": lambda: sl.ranked_batch(X, u, 5, **one),
    "herding": lambda: sl.herding(X, 5, scale=1.0, random_state=0, **one),
}
# What musl gives a thread.
threading.stack_size(128 << 10)
for name, call in calls.items():
    print(name, flush=True)
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
print("done")
"""


def test_a_thread_with_a_small_stack_has_room():
    ended = subprocess.run([sys.executable, "-c", SMALL_STACK], capture_output=True, text=True, timeout=120)
    assert ended.stdout.endswith("done\n"), (ended.stdout.splitlines()[-1:], ended.stderr[-500:])
    assert ended.stderr == ""


def test_threads_default_to_what_there_is(monkeypatch):
    assert thread_count(None) == _core.default_threads() >= 1
    assert thread_count(3) == 3
    if hasattr(os, "sched_setaffinity"):
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(mine)})
        try:
            assert thread_count(None) == 1
        finally:
            os.sched_setaffinity(0, mine)


def test_one_thread_inside_a_dask_worker(monkeypatch):
    monkeypatch.setattr(_core, "default_threads", lambda: 8)

    def outside():
        raise ValueError("no worker found")

    monkeypatch.setitem(sys.modules, "distributed", types.SimpleNamespace(get_worker=outside))
    assert thread_count(None) == 8
    monkeypatch.setitem(sys.modules, "distributed", types.SimpleNamespace(get_worker=object))
    assert thread_count(None) == 1
    assert thread_count(4) == 4


def test_one_thread_inside_a_ray_worker(monkeypatch):
    monkeypatch.setattr(_core, "default_threads", lambda: 8)

    def ray(mode):
        context = types.SimpleNamespace(worker=types.SimpleNamespace(mode=mode))
        return types.SimpleNamespace(WORKER_MODE=1, is_initialized=lambda: True, get_runtime_context=lambda: context)

    monkeypatch.setitem(sys.modules, "ray", ray(0))
    assert thread_count(None) == 8
    monkeypatch.setitem(sys.modules, "ray", ray(1))
    assert thread_count(None) == 1
