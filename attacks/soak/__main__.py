"""Hours of mixed use: ``python -m attacks.soak --minutes 60``. It can be stopped, and goes on where it was.

One process makes calls of every kind, by chance, under a limit of memory; another serves a page on which twenty people label.
Both are watched: memory, threads and open files must not grow. Hours and counts are summed in ``target/soak.json``.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from attacks.report import ended, table
from attacks.soak.watched import growth, slope
from shortlist.writing import write_json

ROOT = Path(__file__).parents[2]
PARTS = ("calls", "people")
MIB = 1 << 20
MOST_AN_ANSWER = 20_000
"""Bytes of memory of a server for an answer, of which it keeps who has what."""


class Part:
    """A process that does one part, and what it has told."""

    def __init__(self, name: str, words: list[str]) -> None:
        self.name = name
        self.counts: collections.Counter[str] = collections.Counter()
        self.wrong: list[str] = []
        self.samples: dict[int, list[dict[str, int]]] = {}
        command = [sys.executable, "-m", f"attacks.soak.{name}", *words]
        # Ctrl-C is for this process alone, which then ends its children.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.stopped = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told: dict[str, Any] = json.loads(line)
            self.counts.update(told["counts"])
            self.wrong += told.get("wrong", [])
            if "held" in told:
                self.samples.setdefault(told.get("loop", 0), []).append(told["held"])

    def stop(self) -> None:
        """End it and what it has started."""
        self.stopped = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)

    def end(self) -> list[str]:
        """Return all that is wrong, once it has ended."""
        code = self.process.wait()
        self.reader.join()
        grown = [f"{self.name}: {line}" for samples in self.samples.values() for line in growth(samples)]
        dear = [
            f"{self.name}: the server's memory rises by {rise:,.0f} bytes an answer"
            for samples in self.samples.values()
            if "answers" in samples[0] and (rise := slope(samples, "memory", "answers")) > MOST_AN_ANSWER
        ]
        died = [f"{self.name} ended with {code}"] if code and not self.stopped else []
        return [*self.wrong, *grown, *dear, *died]

    def rows(self) -> list[list[str | int]]:
        """Return what the longest run held."""
        if not self.samples:
            return []
        samples = max(self.samples.values(), key=len)
        last = samples[-1]
        if "answers" in last:
            rise = f"{slope(samples, 'memory', 'answers'):,.0f} bytes an answer"
        else:
            numbered = [{**sample, "number": number} for number, sample in enumerate(samples)]
            rise = f"in use by {slope(numbered, 'used', 'number'):,.0f} bytes a sample"
        first = samples[len(samples) // 5]
        return [
            [self.name, len(samples), f"{first['memory'] / MIB:,.0f}", f"{last['memory'] / MIB:,.0f}", rise]
            + [f"{first[what]} to {last[what]}" for what in ("threads", "files")]
        ]


def main() -> int:
    """Run all parts side by side, add to the sums, print them; return 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m attacks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, help="of the calls; by default the number of the run")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this")
    parser.add_argument("--sums", type=Path, default=ROOT / "target" / "soak.json", help="where hours are summed")
    given = parser.parse_args()
    sums = (
        json.loads(given.sums.read_text())
        if given.sums.exists()
        else {"hours": {}, "counts": {}, "wrong": [], "runs": 0}
    )
    seed = sums["runs"] if given.seed is None else given.seed
    minutes = ["--minutes", str(given.minutes)]
    words = {"calls": [*minutes, "--seed", str(seed)], "people": minutes}
    began = time.monotonic()
    parts = [Part(name, words[name]) for name in given.part or PARTS]

    def stop(*_: object) -> None:
        for part in parts:
            part.stop()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    wrong = []
    for part in parts:
        wrong += part.end()
        sums["hours"][part.name] = sums["hours"].get(part.name, 0) + (time.monotonic() - began) / 3600
        sums["counts"][part.name] = dict(collections.Counter(sums["counts"].get(part.name, {})) + part.counts)
    sums["wrong"], sums["runs"] = [*sums["wrong"], *wrong], sums["runs"] + 1
    given.sums.parent.mkdir(parents=True, exist_ok=True)
    write_json(given.sums, sums, indent=1)
    heads = ["part", "samples", "MiB early", "MiB at the end", "memory rises by", "threads", "files"]
    print(table(heads, [row for part in parts for row in part.rows()]))
    counted = [[part, kind, n] for part, kinds in sums["counts"].items() for kind, n in kinds.items()]
    print(table(["part", "in all runs", "times"], counted))
    hours = ", ".join(f"{part} {time:.2f}" for part, time in sums["hours"].items())
    print(f"hours in all {sums['runs']} runs: {hours}")
    return ended("hours of mixed use", wrong, inputs=sum(sum(part.counts.values()) for part in parts))


if __name__ == "__main__":
    raise SystemExit(main())
