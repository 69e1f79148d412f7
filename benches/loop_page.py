"""How quick a page is while many label at once and a model trains: ``python -m benches.loop_page``.

20 annotators give 2,000 answers to one server over loopback, each thinking for a tenth of a second (``--think 0``: as fast as the
server takes them, which leaves little time for a training); the 99th percentile of an answer, from sending it to hearing that
it is on disk, is to be below 100 ms beside a training. Then the same with the server killed five
times. Both times every answer that was acknowledged is compared with the log, row by row.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import csv
import http.client
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

import shortlist as sl
from shortlist.loop.store import Store

CLASSES = ("billing", "bug", "how-to", "abuse")
SPEC = """
loop = 1
name = "page"
classes = ["billing", "bug", "how-to", "abuse"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
[seed]
rows = 300
[round]
rows = 2500
[labels]
overlap = 0.1
[retrain]
when = "growth:0.25"
[stop]
when = "budget:1000000"
"""
TARGET = 0.1
"""Seconds within which 99 of 100 answers are to be on disk and acknowledged."""


class Page:
    """A server, which may be killed and started again at its address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "shortlist", "loop", "serve", "--dir", str(self.folder), "--no-open"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"http://([^:/]+):(\d+)", self.process.stdout.readline())
        assert found
        self.host, self.port = found[1], int(found[2])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Annotator(threading.Thread):
    """Somebody who labels, and sends again what was not acknowledged."""

    def __init__(
        self, page: Page, name: str, left: collections.Counter[str], guard: threading.Lock, think: float
    ) -> None:
        super().__init__(daemon=True)
        self.think = think
        self.page, self.name, self.left, self.guard = page, name, left, guard
        self.told: list[tuple[str, str]] = []
        self.times: list[tuple[float, float]] = []
        self.connection: http.client.HTTPConnection | None = None
        self.wrong: str | None = None

    def run(self) -> None:
        rng = random.Random(self.name)
        try:
            while self._one_left():
                row = self._row()
                label = rng.choice(CLASSES)
                time.sleep(2 * self.think * rng.random())
                body = {"id": row, "label": label, "annotator": self.name, "key": f"{self.name}-{len(self.told)}"}
                start = time.time()
                self._ask("POST", "/api/answer", body)
                self.times.append((start, time.time()))
                self.told.append((row, label))
        except Exception as error:
            self.wrong = repr(error)

    def _one_left(self) -> bool:
        with self.guard:
            self.left["answers"] -= 1
            return self.left["answers"] >= 0

    def _row(self) -> str:
        while True:
            found = self._ask("GET", f"/api/next?annotator={quote(self.name)}")
            if found["id"] is not None:
                return str(found["id"])
            time.sleep(0.1)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.page.host, self.page.port, timeout=30)
                headers = {"content-type": "application/json"} if body else {}
                self.connection.request(method, path, json.dumps(body) if body else None, headers)
                answer = self.connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                if self.connection is not None:
                    self.connection.close()
                self.connection = None
                time.sleep(0.05)
                continue
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {content[:300]!r}")
            return json.loads(content)


def run(folder: Path, people: int, answers: int, kills: int, think: float) -> None:
    """Label with one server, and print how that went."""
    page = Page(folder)
    left, guard = collections.Counter({"answers": answers}), threading.Lock()
    crowd = [Annotator(page, f"person {number}", left, guard, think) for number in range(people)]
    with contextlib.closing(http.client.HTTPConnection(page.host, page.port, timeout=30)) as connection:
        while True:  # the first round is there
            connection.request("GET", "/api/next?annotator=person%200")
            if json.loads(connection.getresponse().read())["id"] is not None:
                break
            time.sleep(0.1)
    start = time.perf_counter()
    for one in crowd:
        one.start()
    for number in range(1, kills + 1):
        while left["answers"] > answers * (1 - number / (kills + 1)):
            time.sleep(0.005)
        page.kill()
        page.start()
    for one in crowd:
        one.join()
    seconds = time.perf_counter() - start
    page.stop()
    wrong = [one.wrong for one in crowd if one.wrong]
    assert not wrong, wrong
    told = sorted((row, one.name, label) for one in crowd for row, label in one.told)
    with Store.open(folder) as store:
        kept = sorted((event.row, event.annotator, str(event.label)) for event in store.events())
        trainings = [(job.begun, job.ended) for job in store.jobs() if job.kind == "train"]
        models, rounds = len(store.models()), len(store.rounds())
    same = "the log has each of them once" if told == kept else "MISSED: the log has others"
    people_of_row = collections.Counter(row for row, _, _ in told)
    print(
        f"{len(told):,} answers of {people} people in {seconds:.1f} s, {rounds} rounds, {models} models, {kills} kills: {same}; "
        f"{sum(count > 1 for count in people_of_row.values()):,} rows labelled by two, none by {max(people_of_row.values()) + 1}"
    )
    if kills:
        return
    spans = [(_seconds(begun), _seconds(ended)) for begun, ended in trainings if ended]
    all_times = [pair for one in crowd for pair in one.times]
    beside = [pair for pair in all_times if any(begun < pair[1] and pair[0] < ended for begun, ended in spans)]
    for what, times in (("beside a training", beside), ("in all", all_times)):
        taken = np.array([end - begin for begin, end in times])
        if len(taken):
            p50, p99 = np.quantile(taken, [0.5, 0.99])
            verdict = "met" if p99 < TARGET else "MISSED"
            print(
                f"{1000 * p50:7.1f} ms median, {1000 * p99:7.1f} ms p99 of {len(taken):,} answers {what} ({verdict}: 100 ms)"
            )


def _seconds(text: str) -> float:
    import datetime

    return datetime.datetime.fromisoformat(text).timestamp()


def main() -> None:
    """Run both and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--answers", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--think", type=float, default=0.1)
    parser.add_argument("--pool", type=int, default=30_000)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(3_000)])
    for kills in dict.fromkeys((0, options.kills)):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            with (folder / "pool.csv").open("w", newline="") as file:
                out = csv.writer(file)
                out.writerow(["id", "body"])
                for row in range(options.pool):
                    out.writerow([f"T-{row}", " ".join(rng.choice(words, 12))])
            (folder / "page.toml").write_text(SPEC)
            sl.Loop.init(folder / "page.toml", folder / "loop").close()
            run(folder / "loop", options.people, options.answers, kills, options.think)


if __name__ == "__main__":
    main()
