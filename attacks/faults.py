"""Every call of a loop that touches its files fails once: ``python -m attacks.faults``.

Each command of a loop is run with one of its calls failing, and then once more. What was acknowledged must be kept, nothing be
doubled, the error be one sentence, and the loop be as if nothing had happened. The ways in which a call can fail take turns, or
with `--all-ways` each call fails in all of them.
"""

from __future__ import annotations

import errno
import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from attacks.kills.at_every_write import forgive_init, keep, restore, steps
from attacks.kills.outcome import differences, outcome, unfinished
from attacks.kills.project import write_project
from attacks.ran import FINE, HALF, Ran, given_to
from attacks.report import ended, say, table
from shortlist.loop.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAULTS = {
    "w": (errno.ENOSPC, errno.EIO, errno.EINTR, HALF),
    "o": (errno.EACCES, errno.EMFILE, errno.ENOSPC, errno.EINTR),
    "s": (errno.EIO, errno.ENOSPC, errno.EINTR),
    "n": (errno.ENOSPC, errno.EACCES, errno.EIO),
    "t": (errno.EIO, errno.EINTR),
    "c": (errno.EIO,),
    "m": (errno.ENOMEM,),
    "l": (errno.ENOLCK, errno.EIO),
    "p": (errno.EPERM,),
}
"""How a call of each kind may fail."""
CALLS = {
    "w": "write", "o": "open", "s": "fsync", "n": "rename, link, unlink, mkdir", "t": "ftruncate", "c": "close",
    "m": "mmap", "l": "lock", "p": "chmod, chown",
}  # fmt: skip


@dataclass
class Tally:
    """What faults of one kind of call came to."""

    calls: int = 0
    faults: int = 0
    borne: int = 0
    told: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Run all, print the table, and return 1 where anything differs."""
    begin = {"type": int, "default": 0, "help": "with the fault of this number"}
    all_ways = {"action": "store_true", "help": "each call in every way that it can fail, and not in one"}
    given = given_to("attacks.faults", __doc__, "only each so many-th fault", begin=begin, all_ways=all_ways)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        tallies = run(Path(folder) / "project", given.every, given.journal, say, given.begin, all_ways=given.all_ways)
    rows = [[CALLS[kind], t.calls, t.faults, t.borne, t.told, len(t.wrong)] for kind, t in tallies.items()]
    print(table(["call", "calls", "faults", "borne", "told in a sentence", "findings"], rows))
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    return ended("faults of a loop's calls", wrong, faults=sum(t.faults for t in tallies.values()))


def run(
    project: Path, every: int, journal: str, say: Callable[[str], None], begin: int = 0, *, all_ways: bool = False
) -> dict[str, Tally]:
    """Have every call of each command fail, or each few; return what came of it by the kind of call."""
    write_project(project, journal)
    loop, kept, after, said = project / "loop", project / "kept", project / "after", project / "said.txt"
    tallies = {kind: Tally() for kind in CALLS}
    turn = begin
    for words in more_steps(project):
        whole = [*words, "--dir", str(loop)]
        keep(loop, kept)
        first = Ran(whole, said, loop)
        if first.wait() not in FINE:
            raise AssertionError(f"{words} ended with {first.code}: {first.said}")
        wanted = outcome(loop)
        keep(loop, after)
        ways = {kind: itertools.cycle(FAULTS[kind]) for kind in FAULTS}
        faults = [
            (at, kind, what)
            for at, kind in enumerate(first.kinds, 1)
            for what in (FAULTS[kind] if all_ways else (next(ways[kind]),))
        ]
        for kind in first.kinds:
            tallies[kind].calls += 1
        chosen = faults[-turn % every :: every]
        turn += len(faults)
        say(f"{' '.join(words[:2])}: {first.calls:,} calls, {len(chosen):,} faults")
        for at, kind, what in chosen:
            restore(kept, loop)
            faulty = Ran(whole, said, loop, at, what)
            code, told = faulty.wait(), faulty.said
            tally = tallies[kind]
            tally.faults += 1
            name = "half of it" if what == HALF else errno.errorcode[what]
            place = f"{' '.join(words[:1])}, {CALLS[kind]} {at} of {first.calls} with {name}"
            tally.borne += code in FINE
            tally.told += code == 1
            tally.wrong += [f"{place}: {line}" for line in _after(loop, whole, said, code, told, wanted)]
        restore(after, loop)
        Store.open(loop, copied=True).close()
    return tallies


def more_steps(project: Path) -> Iterator[list[str]]:
    """Yield the commands of a loop, and those that only look at it or copy it."""
    for words in steps(project):
        yield words
        if words[0] == "train":
            yield ["status"]
            yield ["retract", "--annotator", "eve"]
            yield ["labels", "--out", str(project / "loop" / "labels.csv")]
            yield ["report", "--out", str(project / "loop" / "report.html")]


def _after(loop: Path, whole: list[str], said: Path, code: int, told: str, wanted: dict) -> Iterator[str]:
    """Yield what is wrong after a command one of whose calls failed."""
    if code not in (*FINE, 1):
        yield f"it ended with {code}: {told[-700:]}"
    elif code == 1 and not _is_sentence(told):
        yield f"it said {told[-700:]!r}"
    if code in FINE:
        yield from _compared(loop, wanted, "")
        return
    again = Ran(whole, said, loop)
    if again.wait() not in FINE and not (whole[0] == "init" and "a loop lives in" in again.said):
        yield f"after {told[-200:]!r} it ended with {again.code} again: {again.said[-500:]}"
        return
    # A training that failed is tried again after a while, and people go on with the next round meanwhile.
    parts = ("events", "labels", "specs") if whole[0] == "run" else tuple(wanted)
    yield from _compared(loop, wanted, f"after {told[-200:]!r} and again: ", parts, init=whole[0] == "init")


def _compared(
    loop: Path, wanted: dict, place: str, parts: tuple[str, ...] = (), *, init: bool = False
) -> Iterator[str]:
    try:
        found = outcome(loop)
    except Exception as error:
        yield f"{place}{type(error).__name__}: {error}"
        return
    if init:
        forgive_init(found, wanted)
    if parts:
        found, wanted = ({name: each[name] for name in parts if name in each} for each in (found, wanted))
    yield from (place + line[:200] for line in differences(found, wanted))
    yield from (f"{place}left: {path}" for path in unfinished(loop))


def _is_sentence(told: str) -> bool:
    """Whether the last line is an error for a person, and no line is Python's."""
    lines = told.strip().split("\n")
    return lines[-1].startswith("shortlist: error: ") and "Traceback" not in told and "File " not in told


if __name__ == "__main__":
    raise SystemExit(main())
