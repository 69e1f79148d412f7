"""Every call of a writer of files fails once, and is where it is killed once: ``python -m attacks.writers``.

Over an old file and in an empty folder: who reads the target must find the old content or the new one, and where the writer
returned, the new one. The error is one sentence, and nothing is left beside the target but by a kill of a file system without
files that have no name.
"""

from __future__ import annotations

import argparse
import errno
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import shortlist as sl
from attacks import core
from attacks.faults import CALLS, FAULTS, Tally
from attacks.ran import HALF, KILL, Ran, begin_again_watched
from attacks.report import ended, table
from shortlist import writing
from shortlist.labels.formats import write_rows
from shortlist.labels.handed import HandedRow, Sent

if TYPE_CHECKING:
    from collections.abc import Callable

PICKS = sl.select(np.random.default_rng(1).dirichlet(np.ones(3), 2_000), "margin", 500)
ROWS = [HandedRow(f"r{n}", {"body": f"text {n} " * 9}, None, "", 1, None) for n in range(400)]
WRITERS: dict[str, Callable[[Path], object]] = {
    "csv": PICKS.to_csv,
    "jsonl": PICKS.to_jsonl,
    "json": lambda path: writing.write_json(path, {"a": [*range(5_000)]}),
    "bytes": lambda path: writing.write_bytes(path, [bytes(100_000)] * 3),
    "inputs that are kept": lambda path: core.keep(_inputs(path.parents[1] / "inputs"), path),
    "private": lambda path: writing.write_text(path, ["token"], private=True),
    "hand-off csv": lambda path: write_rows(path, "csv", ROWS, Sent()),
    "hand-off label-studio": lambda path: write_rows(path, "label-studio", ROWS, Sent(("a", "b"))),
    "hand-off prodigy": lambda path: write_rows(path, "prodigy", ROWS, Sent(("a", "b"))),
}


def _inputs(folder: Path) -> Path:
    """Return a folder of inputs, as libFuzzer leaves them."""
    if not folder.exists():
        folder.mkdir()
        for number in range(300):
            (folder / str(number)).write_bytes(bytes([number % 256]) * (number % 90))
    return folder


OLD = b"what was there before\n"


def main() -> int:
    """Run all, print the table, and return 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each so many-th fault")
    given = parser.parse_args()
    begin_again_watched("attacks.writers")
    tallies = {kind: Tally() for kind in CALLS}
    kills = turn = 0
    with tempfile.TemporaryDirectory(prefix="writers-") as place:
        folder, said = Path(place).resolve() / "out", Path(place) / "said.txt"
        for name, write in WRITERS.items():
            for there in (False, True):
                first = _ran(folder, said, write, there)
                if first.code:
                    raise AssertionError(f"{name}: {first.said}")
                wanted = (folder / "file").read_bytes()
                for kind in first.kinds:
                    tallies[kind].calls += 1
                faults = [(at, kind, what) for at, kind in enumerate(first.kinds, 1) for what in (*FAULTS[kind], KILL)]
                chosen = faults[-turn % given.every :: given.every]
                turn += len(faults)
                for at, kind, what in chosen:
                    ran = _ran(folder, said, write, there, at, what)
                    tally = tallies[kind]
                    kills += ran.code == -9
                    tally.faults += 1
                    tally.borne += ran.code == 0
                    tally.told += ran.code == 1
                    call = {KILL: "a kill", HALF: "half of it"}.get(what) or errno.errorcode[what]
                    where = f"{name}, {'over' if there else 'new'}, {CALLS[kind]} {at} of {first.calls} with {call}: "
                    tally.wrong += [where + line for line in _wrong(folder, ran, wanted, there)]
    rows = [[CALLS[kind], t.calls, t.faults, t.borne, t.told, len(t.wrong)] for kind, t in tallies.items() if t.calls]
    print(table(["call of a writer", "calls", "faults", "borne", "told in a sentence", "findings"], rows))
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    faults = sum(tally.faults for tally in tallies.values()) - kills
    return ended("faults and kills of writers of files", wrong, faults=faults, kills=kills)


def _ran(folder: Path, said: Path, write: Callable[[Path], object], there: bool, at: int = 0, what: int = KILL) -> Ran:
    """Return a writer that has ended."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    if there:
        (folder / "file").write_bytes(OLD)

    def writer() -> None:
        try:
            write(folder / "file")
        except OSError as error:
            print(error)
            raise SystemExit(1) from None

    ran = Ran(writer, said, folder, at, what)
    ran.wait()
    return ran


def _wrong(folder: Path, ran: Ran, wanted: bytes, there: bool) -> list[str]:
    """Return what is wrong after a writer one of whose calls failed."""
    target = folder / "file"
    found = target.read_bytes() if target.exists() else None
    old = OLD if there else None
    wrong = []
    if ran.code not in (0, 1, -9):
        wrong.append(f"it ended with {ran.code}: {ran.said[-400:]}")
    if found not in (old, wanted):
        wrong.append(f"neither old nor new: {(found or b'')[:40]!r}")
    if ran.code == 0 and found != wanted:
        wrong.append("it returned, and the file isn't there")
    if ran.code == 1 and ("\n" in ran.said.strip() or "[Errno" in ran.said):
        wrong.append(f"it said {ran.said[-400:]!r}")
    if ran.code == 1 and "nothing was changed" in ran.said and found != old:
        wrong.append("it said that nothing was changed, and the file is the new one")
    left = [path.name for path in folder.iterdir() if path != target]
    if left and ran.code != -9:
        wrong.append(f"left: {left}")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
