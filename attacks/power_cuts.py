"""The power goes while a loop is at work: ``python -m attacks.power_cuts``.

Each command of a loop is run once, with all of its calls that change files written down. Then the states of the disk that a
power cut may leave behind each few of them are made, and the loop goes on from there: to the same end. What a command has
acknowledged must be there even where nothing was kept that was not synced.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from attacks.disk import WAYS, Disk, calls_of
from attacks.kills.at_every_write import forgive_init, keep, steps
from attacks.kills.outcome import differences, outcome
from attacks.kills.project import write_project
from attacks.ran import FINE, Ran, given_to
from attacks.report import ended, say, table

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = 100
"""Where so few calls are cut behind, what was acknowledged is tried in two ways only."""


@dataclass
class Tally:
    """What power cuts within one kind of command came to."""

    calls: int = 0
    cuts: int = 0
    acknowledged: int = 0
    labels: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Run all, print the table, and return 1 where anything differs."""
    given = given_to("attacks.power_cuts", __doc__, "cut after each so many-th call")
    with tempfile.TemporaryDirectory(prefix="power-cuts-") as folder:
        tallies = run(Path(folder).resolve() / "project", given.every, given.journal, say)
    heads = ["power cut in", "calls", "states of the disk", "of them acknowledged", "labels compared", "findings"]
    rows = [[n, t.calls, t.cuts, t.acknowledged, t.labels, len(t.wrong)] for n, t in tallies.items()]
    print(table(heads, rows))
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    return ended("power cuts", wrong, kills=sum(t.cuts for t in tallies.values()))


def run(project: Path, every: int, journal: str, say: Callable[[str], None]) -> dict[str, Tally]:
    """Cut the power within each command, and after it; return what came of it by the kind of command."""
    write_project(project, journal)
    loop, after, log, said = project / "loop", project / "after", project.parent / "log", project.parent / "said.txt"
    keeper = project.parent / "loop.db"
    disk = Disk(project)
    tallies: dict[str, Tally] = {}
    turn = 0
    for words in steps(project):
        tally = tallies.setdefault(words[0], Tally())
        whole = [*words, "--dir", str(loop)]
        disk.meet()
        first = Ran(whole, said, project, log=log)
        if first.wait() not in FINE:
            raise AssertionError(f"{words} ended with {first.code}: {first.said}")
        wanted = outcome(loop)
        keep(loop, after)
        if not keeper.exists():
            os.link(loop / "loop.db", keeper)
        calls = calls_of(log)
        tally.calls += len(calls)
        before = tally.cuts
        for number, call in enumerate(calls, 1):
            disk.do(call)
            acknowledged = number == len(calls)
            if not acknowledged and (turn + number) % every:
                continue
            one = WAYS[(turn + number) // every % len(WAYS)]
            few = dict.fromkeys(("nothing", one)) if acknowledged else (one,)
            for way in WAYS if every == 1 or (acknowledged and every < SAMPLE) else few:
                left = disk.left(way, (words, number, way))
                _rebuild(loop, left, keeper)
                tally.cuts += 1
                tally.acknowledged += acknowledged
                place = f"{words[0]}, {way} kept at call {number} of {len(calls)}: "
                tally.wrong += [place + line for line in _after(loop, whole, said, wanted, acknowledged, tally)]
        turn += len(calls)
        say(f"{' '.join(words[:2])}: {len(calls):,} calls, {tally.cuts - before:,} states")
        _rebuild(loop, {str(loop / p.relative_to(after)): _bytes(p) for p in sorted(after.rglob("*"))}, keeper)
        shutil.rmtree(after)
    return tallies


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _rebuild(loop: Path, left: dict[str, bytes | None], keeper: Path) -> None:
    """Make the folder what was left of it. The database stays the same file: a copy would be another loop's."""
    shutil.rmtree(loop, ignore_errors=True)
    for name, data in left.items():
        path = Path(name)
        if not path.is_relative_to(loop):
            continue
        if data is None:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == "loop.db":
            os.link(keeper, path)
        path.write_bytes(data)


def _after(loop: Path, whole: list[str], said: Path, wanted: dict, acknowledged: bool, tally: Tally) -> list[str]:
    """Return what is wrong after a power cut, and after the command was run again where it had not ended."""
    if not acknowledged:
        again = Ran(whole, said, loop)
        if again.wait() not in FINE and not (whole[0] == "init" and "a loop lives in" in again.said):
            return [f"it ended with {again.code}: {again.said[-500:]}"]
    try:
        found = outcome(loop)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    if whole[0] == "init" and not acknowledged:
        forgive_init(found, wanted)
    tally.labels += len(found.get("labels", ()))
    return differences(found, wanted)


if __name__ == "__main__":
    raise SystemExit(main())
