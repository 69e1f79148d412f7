"""What threads share: each takes part in it, and what comes out is what one thread alone would get.

On a Python without a GIL the threads run at once, also within Python's code; elsewhere they take turns anywhere.
"""

import csv
import os
import re
import subprocess
import sys
import sysconfig
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist import registry
from shortlist.names import MODULE_OF
from shortlist.npy import NpyFile

THREADS = 8
P = oracles.probabilities(np.random.default_rng(4), 8000, 5, np.float32)


def at_once(work, threads=THREADS):
    """Begin `work(number)` in several threads at the same moment; return what each came to."""
    barrier = threading.Barrier(threads)

    def begin(number):
        barrier.wait(60)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


def alone(code, *options):
    """Run code in a process of its own; return what it prints."""
    command = [sys.executable, *options, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python has a GIL")
def test_no_module_of_the_package_brings_the_gil_back():
    code = """
        import importlib, pkgutil, sys
        import shortlist

        found = [module.name for module in pkgutil.walk_packages(shortlist.__path__, "shortlist.")]
        done = 0
        for name in ["shortlist._core", *found]:
            if not name.endswith("__main__"):
                try:
                    importlib.import_module(name)
                    done += 1
                except ImportError:  # of a package that isn't installed
                    pass
                assert not sys._is_gil_enabled(), name
        print(done)
    """
    assert int(alone(code)) > 400


def test_threads_may_be_the_first_to_use_any_name():
    code = f"""
        import threading
        import shortlist as sl

        barrier = threading.Barrier({THREADS})
        found = [[] for _ in range({THREADS})]

        def use(number):
            first = number * len(sl.__all__) // {THREADS}
            barrier.wait(60)
            for name in sl.__all__[first:] + sl.__all__[:first]:
                found[number].append((name, id(getattr(sl, name))))

        threads = [threading.Thread(target=use, args=[number]) for number in range({THREADS})]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found[0]) == len(sl.__all__)
        assert all(dict(each) == dict(found[0]) for each in found)
        print("the same")
    """
    assert alone(code) == "the same\n"


def test_no_module_loads_a_name_while_it_is_loaded_itself():
    # It would wait for the thread that loads a name, which may wait for this module.
    lazy = "|".join(MODULE_OF)
    for path in Path(sl.__file__).parent.rglob("*.py"):
        assert not re.search(rf"^from shortlist import ({lazy})\b", path.read_text(encoding="utf-8"), re.MULTILINE), (
            path
        )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_forked_while_a_name_is_loaded_loads_names():
    code = """
        import os, sys, threading, warnings
        import shortlist as sl
        warnings.simplefilter("ignore", DeprecationWarning)
        held, over = threading.Event(), threading.Event()
        def hold():
            with sl._loading:
                held.set()
                over.wait(60)
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        child = os.fork()
        if not child:
            sl.select
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        over.set()
        thread.join()
    """
    assert alone(code).strip() == "7"


def test_threads_update_one_selector():
    for _ in range(5):
        selector = sl.Selector("margin", 50)

        def update(number, selector=selector):
            for first in range(number * 1000, (number + 1) * 1000, 100):
                selector.update(P[first : first + 100], first_id=first)
                if first % 500 == 0:
                    selector.finish()

        at_once(update)
        found = selector.finish()
        assert found == sl.select(P, "margin", 50)
        assert (found.report.rows, found.report.bytes) == (len(P), P.nbytes)


def test_threads_merge_into_one_selector():
    whole = sl.Selector("entropy", 50)
    parts = [
        sl.Selector("entropy", 50).update(P[n::THREADS], ids=np.arange(len(P))[n::THREADS]) for n in range(THREADS)
    ]
    at_once(lambda number: whole.merge(parts[number]))
    assert whole.finish() == sl.select(P, "entropy", 50)


def test_threads_fill_the_tables_of_measures():
    """Each table is made by the first that wants it, which here are many."""
    wanted = {name: sl.select(P, name, 20) for name in oracles.ROW}
    names = list(wanted)

    def use(number):
        return {name: sl.select(P, name, 20) for name in names[number:] + names[:number]}

    for _ in range(3):
        registry._known_scorer.cache_clear()
        registry._by_name.cache_clear()
        assert all(found == wanted for found in at_once(use))


def test_threads_read_one_file(tmp_path):
    np.save(tmp_path / "p.npy", P)
    wanted = sl.select(P, "margin", 20)
    source = sl.Source(tmp_path / "p.npy")
    for _ in range(5):
        assert all(picks == wanted for picks in at_once(lambda _: sl.select(source, "margin", 20, n_threads=3)))
        file = NpyFile(tmp_path / "p.npy")
        assert all((found == P).all() for found in at_once(lambda _, file=file: file.array))


SPEC = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
[seed]
rows = 80
[round]
rows = 40
[validation]
share = 0.2
[retrain]
when = "growth:0.25"
[stop]
when = "budget:1000"
"""


@pytest.fixture
def loop(tmp_path):
    with (tmp_path / "pool.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "body"])
        out.writerows([f"T-{row}", f"word{row % 7} n{row}"] for row in range(400))
    (tmp_path / "x.toml").write_text(SPEC)
    with sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop") as begun:
        begun.next()
    with sl.Loop(tmp_path / "loop") as opened:
        yield opened


def test_threads_share_one_loop(loop):
    """Nothing was asked of it yet: threads are the first to want its pool and its features, and answers come meanwhile."""
    rows = [pick.row for pick in loop._store.picks(1)]

    def work(number):
        new = 0
        for row in rows[number::THREADS]:
            new += loop.ingest({row: "ab"[int(row[2:]) % 2]}, annotator="amy").new
            loop.due()
            loop.status()
        return new

    assert sum(at_once(work)) == len(rows)
    assert loop.labels() == {row: "ab"[int(row[2:]) % 2] for row in rows}
    assert loop.status()["answers"] == len(rows)
    assert not loop.check().damage
