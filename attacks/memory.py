"""Memory that can't be had: ``python -m attacks.memory``.

Of each call every request for memory that the compiled half of Shortlist makes fails: that one
alone, and then that one and all after it, those of the threads it starts too. The call must give
what it gives otherwise, or raise MemoryError; and once there is memory again, the same call must
give what it always does. Of calls with thousands of requests so many are tried, evenly spread.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import shortlist
from attacks.memory_calls import Call, answer, calls
from attacks.report import ended, say, table

SOURCE = Path(__file__).with_name("heap.c")
WATCHED = "SHORTLIST_WATCHED_HEAP"
LATER = 20
"""Requests beyond those of a call that was counted: threads may come late."""
SECONDS = 60


def code() -> tuple[int, int]:
    """Return where the compiled half lies in memory."""
    # Other packages have a `_core` too.
    file = f" {Path(shortlist._core.__file__).resolve()}"
    lines = [line for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(file)]
    spans = [[int(end, 16) for end in line.split()[0].split("-")] for line in lines]
    return min(low for low, _ in spans), max(high for _, high in spans)


CODE = code() if sys.platform == "linux" else (0, 0)


@dataclass
class Tally:
    """What failing requests of one call came to."""

    requests: int
    borne: int = 0
    told: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Run all, print the table, and return 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each so many-th fault")
    parser.add_argument("--most", type=int, default=400, help="requests of a call that fail, at most")
    parser.add_argument("--call", help="only this one")
    given = parser.parse_args()
    if sys.platform != "linux":
        raise SystemExit("this needs Linux and glibc, whose heap is made to fail")
    if not os.environ.pop(WATCHED, ""):
        return again_watched()
    del os.environ["LD_PRELOAD"]
    tallies = {}
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        for name, call in calls(60_000, 20_000, Path(folder)).items():
            if given.call in (None, name):
                say(name)
                tallies[name] = attacked(call, given.every, given.most, Path(folder) / "said.txt")
    rows = [[name, t.requests, t.borne, t.told, len(t.wrong)] for name, t in tallies.items()]
    print(table(["call", "requests", "borne", "MemoryError", "findings"], rows))
    wrong = [f"{name}: {line}" for name, tally in tallies.items() for line in tally.wrong]
    faults = sum(t.borne + t.told + len(t.wrong) for t in tallies.values())
    return ended("memory that can't be had", wrong, faults=faults)


def again_watched() -> int:
    """Run this once more with a heap that can fail."""
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        library = Path(folder) / "heap.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        words = [sys.executable, "-m", "attacks.memory", *sys.argv[1:]]
        watched = {**os.environ, "LD_PRELOAD": str(library), WATCHED: "1"}
        return subprocess.run(words, check=False, env=watched).returncode


def attacked(call: Call, every: int, most: int, said: Path) -> Tally:
    """Have requests of a call fail, and say what came of it."""
    first = ran(call, 0, True, said)
    if not isinstance(first, list) or first[1] != "done":
        raise AssertionError(f"without a fault it came to {first}")
    requests, _, wanted, _ = first
    tally = Tally(requests)
    step = max(1, requests // most)
    faults = [(at, once) for once in (True, False) for at in range(1, requests + LATER, step)]
    for at, once in faults[every // 2 :: every]:
        came = ran(call, at, once, said)
        place = f"request {at} {'alone' if once else 'and all after it'}"
        if not isinstance(came, list):
            tally.wrong.append(f"{place}: {came}")
            continue
        _, how, now, then = came
        if how not in ("done", "MemoryError"):
            tally.wrong.append(f"{place}: it ended with {how}")
        elif (now if how == "done" else then) != wanted:
            tally.wrong.append(f"{place}: {how}, and other results {'then' if how == 'done' else 'after it'}")
        else:
            tally.borne += how == "done"
            tally.told += how == "MemoryError"
    return tally


def ran(call: Call, at: int, once: bool, said: Path) -> list | str:
    """Return how many requests a call made, how it ended, what it gave, and after an error what it gives then.

    It is done by a process of its own; return a sentence where that ended by itself.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 2)
        try:
            os.write(writer, json.dumps(told(call, at, once)).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        line = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status or not line:
        return f"the process ended with {status}: {said.read_text(errors='replace')[-300:].strip()}"
    return json.loads(line)


def told(call: Call, at: int, once: bool) -> list:
    """Do a call with a request that fails; if it ends in an error, once more without."""
    heap, (low, high) = ctypes.CDLL(None), CODE
    heap.heap_seen.restype = ctypes.c_long
    requests, how, now, then = 0, "done", "", ""
    try:
        heap.heap_fail(ctypes.c_size_t(low), ctypes.c_size_t(high), ctypes.c_long(at), int(once))
        try:
            came = call.work()
        finally:
            requests = heap.heap_seen()
        now = digest(call, came)
    except BaseException as error:
        # Its kind, and its sentence where it is no lack of memory.
        how = "MemoryError" if type(error) is MemoryError else f"{type(error).__name__}: {error}"
        then = digest(call, call.work())
    return [requests, how, now, then]


def digest(call: Call, came: object) -> str:
    """Return what stands for all that a call gave."""
    return hashlib.sha256(answer(call.look(came))).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
