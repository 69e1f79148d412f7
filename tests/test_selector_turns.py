"""A Selector that several callers want at once: threads, callbacks, signal handlers, forked children; updates that fail."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import oracles
import pytest

import shortlist as sl

P = oracles.probabilities(np.random.default_rng(1), 3000, 5, np.float32)
ID_BEYOND = 10**9


@pytest.fixture(params=["array", "chain", "files", "callable", "random", "committee"])
def kind(request, tmp_path):
    """A way of rows into a Selector: how it is made, and what is given to it."""
    measure, options, block = "margin", {}, P
    match request.param:
        case "chain":
            block = [P[:1000], P[1000:]]
        case "files":
            options = {"n_threads": 4}
            np.save(tmp_path / "p.npy", P)
            block = tmp_path / "p.npy"
        case "callable":
            measure, options = oracles.modal_margin, {"order": "lowest"}
        case "random":
            measure, options = "random", {"random_state": 1}
        case "committee":
            measure, block = "bald", [P, P[::-1]]
    return lambda: sl.Selector(measure, 10, **options), block


CALLS = {
    "finish": lambda s: s.finish(),
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "update": lambda s: s.update(P[:10], first_id=ID_BEYOND),
    "merge into it": lambda s: s.merge(sl.Selector("margin", 10)),
    "merge it": lambda s: sl.Selector("margin", 10).merge(s),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_from_within_a_call_is_refused(call):
    selector = sl.Selector("margin", 10)
    refused = []

    def progress(done, total):
        with pytest.raises(RuntimeError, match="this Selector is in the middle of a call on the same thread") as caught:
            call(selector)
        refused.append(caught.value)

    selector.update(P, progress=progress)
    assert refused
    assert selector.finish() == sl.select(P, "margin", 10)
    call(selector)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_signal_handler_that_calls_within_a_call_is_refused(call):
    selector = sl.Selector("margin", 10)
    refused = []

    def handle(*_):
        try:
            call(selector)
        except RuntimeError as error:
            refused.append(str(error))

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        selector.update(P, progress=lambda *_: os.kill(os.getpid(), signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert refused
    assert all("on the same thread" in sentence for sentence in refused)
    assert selector.finish() == sl.select(P, "margin", 10)


def test_a_callback_may_use_any_other_selector():
    other = sl.Selector("margin", 10).update(P)
    found = []
    selector = sl.Selector("margin", 10).update(P, progress=lambda *_: found.append(other.finish()))
    assert found[0] == selector.finish()


WHILE_A_THREAD_UPDATES = """
    import pickle, sys, threading
    import numpy as np
    import shortlist as sl

    p = np.full((3000, 4), 0.25, np.float32)
    selector = sl.Selector("margin", 10)
    inside, go_on = threading.Event(), threading.Event()

    def progress(done, total):
        inside.set()
        assert go_on.wait(60)

    updating = threading.Thread(target=lambda: selector.update(p, progress=progress))
    updating.start()
    assert inside.wait(60)
    found = []
    calls = {
        "pickle": lambda: pickle.loads(pickle.dumps(selector)).finish().report.rows,
        "finish": lambda: selector.finish().report.rows,
        "merge": lambda: sl.Selector("margin", 10).merge(selector).finish().report.rows,
        "update": lambda: selector.update(p).finish().report.rows,
    }
    began = threading.Event()
    asking = threading.Thread(target=lambda: (began.set(), found.append(calls[sys.argv[1]]())))
    asking.start()
    assert began.wait(60)
    # Python goes on while one thread is inside and another waits.
    assert sum(range(100_000)) and not found
    go_on.set()
    asking.join()
    updating.join()
    print(found[0])
"""


@pytest.mark.parametrize(("call", "rows"), [("pickle", 3000), ("finish", 3000), ("merge", 3000), ("update", 6000)])
def test_a_call_waits_for_that_of_another_thread_and_holds_up_no_one_else(call, rows):
    code = textwrap.dedent(WHILE_A_THREAD_UPDATES)
    # In a process of its own: where the wait held the GIL, nothing here would go on.
    ended = subprocess.run([sys.executable, "-c", code, call], capture_output=True, text=True, timeout=120)
    assert (ended.stdout.strip(), ended.stderr) == (str(rows), "")


class Held:
    """A thread that is in the middle of an update, until the block ends."""

    def __init__(self, selector):
        self._inside, self._go_on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: selector.update(P, progress=self._wait))

    def _wait(self, *_):
        self._inside.set()
        assert self._go_on.wait(60)

    def __enter__(self):
        self._thread.start()
        assert self._inside.wait(60)

    def __exit__(self, *_):
        self._go_on.set()
        self._thread.join()


def test_ctrl_c_ends_the_wait_for_another_thread(ctrl_c):
    selector = sl.Selector("margin", 10)
    with Held(selector):
        ctrl_c(selector.finish)
    assert selector.finish() == sl.select(P, "margin", 10)


def in_a_child(call):
    """What a call ends with in a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            call()
            os.write(writer, b"done")
        except BaseException as error:
            os.write(writer, repr(error).encode())
        os._exit(0)
    os.close(writer)
    deadline = time.monotonic() + 60
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the child hangs")
        time.sleep(0.01)
    with os.fdopen(reader) as answer:
        return answer.read()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
class TestForks:
    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
    def test_a_child_is_told_that_a_thread_of_its_parent_was_inside(self, call):
        selector = sl.Selector("margin", 10)
        with Held(selector):
            assert "this Selector was busy in another thread when the process was forked" in in_a_child(
                lambda: call(selector)
            )
        assert selector.finish() == sl.select(P, "margin", 10)

    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
    def test_a_child_may_go_on_with_one_that_no_thread_was_in(self, call):
        selector = sl.Selector("margin", 10).update(P)
        with Held(sl.Selector("margin", 10)):
            assert in_a_child(lambda: call(selector)) == "done"


def fail(*_):
    raise RuntimeError("the bar was closed")


def test_nothing_is_remembered_of_an_update_whose_progress_raises(kind):
    make, block = kind
    wanted = make().update(block).finish()
    total = wanted.report.rows

    def at_the_end(done, _):
        if done == total:
            fail()

    for progress in (fail, at_the_end):
        selector = make()
        before = pickle.dumps(selector)
        with pytest.raises(RuntimeError, match="the bar was closed"):
            selector.update(block, progress=progress)
        assert pickle.dumps(selector) == before
        found = selector.update(block).finish()
        assert found == wanted
        assert (found.report.rows, found.report.bytes) == (total, wanted.report.bytes)


def test_nothing_is_remembered_of_a_stream_that_fails():
    bad = P[2000:].copy()
    bad[5, 2] = np.nan

    def broken():
        yield P[:2000]
        raise OSError("the disk is gone")

    selector = sl.Selector("margin", 10).update(P[:100])
    before = pickle.dumps(selector)
    for block, error in ((iter([P[100:2000], bad]), "has NaN"), (broken(), "the disk is gone")):
        with pytest.raises((ValueError, OSError), match=error):
            selector.update(block)
        assert pickle.dumps(selector) == before
    assert selector.update(P[100:]).finish() == sl.select(P, "margin", 10)


def test_a_copy_goes_its_own_way():
    selector = sl.Selector("margin", 10).update(P[:1000])
    other = copy.copy(selector)
    assert other.update(P[1000:]).finish() == sl.select(P, "margin", 10)
    assert selector.finish() == sl.select(P[:1000], "margin", 10)


def test_blocks_see_the_threshold_of_earlier_ones():
    """What a bound spares does not depend on how rows are cut into updates, or hardly."""
    peaked = oracles.probabilities(np.random.default_rng(2), 400_000, 10, np.float32, peak=0.05)
    selector = sl.Selector("entropy", 10)
    for start in range(0, len(peaked), 20_000):
        selector.update(peaked[start : start + 20_000])
    cold = [sl.Selector("entropy", 10).update(peaked[:20_000]).finish().report.scored_fraction]
    assert selector.finish().report.scored_fraction < cold[0]
