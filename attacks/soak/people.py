"""A loop with twenty people on its page, one after the other for as long as asked: ``python -m attacks.soak.people``.

A server of its own process, real HTTP, a pool that rows are appended to, trainings beside it. What was acknowledged is in
the log, once. It prints a line of JSON every few seconds.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from benches.loop_page import CLASSES, SPEC, Annotator, Page

import shortlist as sl
from attacks.soak.watched import held
from shortlist.loop.store import Store

PEOPLE, THINK = 20, 1.5
"""How many label, and the seconds that each thinks about a row."""
POOL, MORE = 4000, 500
ANSWERS = 3000
"""The most that are given to one loop."""
PATIENCE = 600.0
"""Seconds without an answer of anybody after which all are said to wait for ever."""


def main() -> int:
    """Label loops until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--loop-minutes", type=float, default=10.0, help="the longest that one loop is labelled")
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    number = 0
    with contextlib.suppress(BrokenPipeError):
        while time.monotonic() < until - 15 or not number:
            number += 1
            with tempfile.TemporaryDirectory(prefix="soak-") as place:
                _one_loop(Path(place), min(until, time.monotonic() + 60 * given.loop_minutes), number)
    return 0


def _one_loop(folder: Path, until: float, number: int) -> None:
    _append(folder / "pool.csv", 0, POOL)
    (folder / "page.toml").write_text(SPEC.replace("rows = 2500", "rows = 200"))
    loop = folder / "loop"
    sl.Loop.init(folder / "page.toml", loop).close()
    page = Page(loop)
    left = collections.Counter({"answers": ANSWERS})
    crowd = [Annotator(page, f"person {one}", left, threading.Lock(), THINK) for one in range(PEOPLE)]
    told, half, began = 0, False, time.monotonic()
    last = began
    try:
        for one in crowd:
            one.start()
        while any(one.is_alive() for one in crowd) and (now := time.monotonic()) < max(until, last) + PATIENCE:
            time.sleep(3)
            if now > until:
                left["answers"] = -PEOPLE  # each ends with the row it has
            if not half and now > (began + until) / 2:
                half = True
                _append(folder / "pool.csv", POOL, MORE)
            answers = sum(len(one.told) for one in crowd)
            counts = {"answers": answers - told}
            if answers > told:
                last = now
            print(
                json.dumps({"loop": number, "held": {**held(page.process.pid), "answers": answers}, "counts": counts})
            )
            sys.stdout.flush()
            told = answers
        wrong = [f"{one.name}: {one.wrong}" for one in crowd if one.wrong]
        wrong += [f"{one.name} waits for ever" for one in crowd if one.is_alive()]
    finally:
        page.stop()
    acknowledged = sorted((row, one.name, label) for one in crowd for row, label in one.told)
    with Store.open(loop) as store:
        kept = sorted((event.row, event.annotator, str(event.label)) for event in store.events())
        counts = {"loops": 1, "rounds": len(store.rounds()), "models": len(store.models())}
    if acknowledged != kept:
        wrong.append(f"{len(acknowledged):,} answers were acknowledged, and the log has {len(kept):,}")
    try:
        with sl.Loop(loop) as again:
            counts["answers"] = len(acknowledged) - told
            wrong += [
                f"round {row} is not the same again" for row, same in enumerate(again.replay_all(), 1) if not same
            ]
    except (ValueError, OSError) as error:
        wrong.append(f"the loop does not open again: {error}")
    print(
        json.dumps({"loop": number, "counts": counts, "wrong": [f"loop {number}: {line}" for line in wrong]}),
        flush=True,
    )


def _append(path: Path, start: int, rows: int) -> None:
    """Write a pool, or more rows behind those that are there."""
    rng = np.random.default_rng(start)
    words = np.array(["pay", "bill", "crash", "error", "how", "where", "spam", "rude"])
    with path.open("a" if start else "w", encoding="utf-8") as file:
        if not start:
            file.write("id,body\n")
        for row in range(start, start + rows):
            kind = row % len(CLASSES)
            text = " ".join([*rng.choice(words, 3), *rng.choice(words[2 * kind : 2 * kind + 2], 3)])
            file.write(f"r{row},{text} n{row}\n")


if __name__ == "__main__":
    raise SystemExit(main())
