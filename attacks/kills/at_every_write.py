"""Every command of a loop is ended at each of its writes in turn, and run again: then all must be as without."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from attacks.kills.outcome import differences, outcome, unfinished
from attacks.kills.project import ROUNDS, answers, write_pool, write_project
from attacks.ran import CHANGES, FINE, Ran
from shortlist.loop.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Tally:
    """What kills of one command came to."""

    writes: int = 0
    kills: int = 0
    labels: int = 0
    wrong: list[str] = field(default_factory=list)
    left: set[str] = field(default_factory=set)


def steps(project: Path) -> Iterator[list[str]]:
    """Yield the commands of a loop of five rounds. Between them people answer, and once edit the spec or append to the pool."""
    loop, exports = project / "loop", project / "exports"
    yield ["init", str(project / "loop.toml")]
    for number in range(1, ROUNDS + 1):
        yield ["next"]
        asked = loop / "handoff" / f"round-{number:04}.csv"
        files = [
            answers(asked, who, part, number, exports / f"{who}-{number}.csv")
            for who, part in (("amy", slice(0, 12)), ("raj", slice(12, None)))
        ]
        yield ["ingest", *map(str, files)]
        if number < 3:
            yield ["next", "--annotator", "eve"]
            again = loop / "handoff" / f"round-{number:04}-eve.csv"
            yield ["ingest", str(answers(again, "eve", slice(None), number, exports / f"eve-{number}.csv"))]
        if number == 2:
            spec = (loop / "loop.toml").read_text()
            (loop / "loop.toml").write_text(spec.replace("rows = 20", "rows = 16"))
        if number == 3:
            write_pool(project, 40, start=400)
        yield ["train"] if number == 4 else ["run", "--once"]
    yield ["labels", "--out", str(project / "labels.csv")]


def run(project: Path, every: int, journal: str, say: Callable[[str], None]) -> dict[str, Tally]:
    """End each command at every one of its writes, or every few; return what came of it by the kind of command."""
    write_project(project, journal)
    loop, kept, said = project / "loop", project / "kept", project / "said.txt"
    tallies: dict[str, Tally] = {}
    turn = 0
    for words in steps(project):
        tally = tallies.setdefault(words[0] if words[0] != "run" else "run --once", Tally())
        whole = [*words, "--dir", str(loop)]
        keep(loop, kept)
        first = Ran(whole, said, loop)
        code = first.wait()
        if code not in FINE:
            raise AssertionError(f"{words} ended with {code}: {first.said}")
        wanted = outcome(loop)
        after = project / "after"
        keep(loop, after)
        writes = [at for at, kind in enumerate(first.kinds, 1) if kind in CHANGES]
        tally.writes += len(writes)
        say(f"{' '.join(words[:2])}: {len(writes)} writes")
        for at in writes[turn % every :: every]:
            turn += 1
            restore(kept, loop)
            ended = Ran(whole, said, loop, at).wait()
            tally.kills += ended == -9
            again = Ran(whole, said, loop)
            code = again.wait()
            place = f"{' '.join(words[:1])} at call {at} of {first.calls}"
            if code not in FINE and not (words[0] == "init" and "a loop lives in" in again.said):
                tally.wrong.append(f"{place}: again it ended with {code}: {again.said[-500:]}")
                continue
            try:
                found = outcome(loop)
            except Exception as error:
                tally.wrong.append(f"{place}: {error}")
                continue
            if words[0] == "init":
                forgive_init(found, wanted)
            tally.labels += len(found.get("labels", ()))
            tally.wrong += [f"{place}: {line}" for line in differences(found, wanted)]
            tally.left.update(unfinished(loop))
        restore(after, loop)
        Store.open(loop, copied=True).close()
    return tallies


def forgive_init(found: dict, wanted: dict) -> None:
    """Let labels from before the loop be missing: `next` takes them in where `init` was killed."""
    if not found["events"]:
        found["events"], found["labels"] = wanted["events"], wanted["labels"]


def keep(loop: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    if loop.exists():
        shutil.copytree(loop, kept)


def restore(kept: Path, loop: Path) -> None:
    """Bring a folder back. The database stays the same file: a copy of it would be another loop's."""
    database = loop / "loop.db"
    loop.mkdir(exist_ok=True)
    for path in list(loop.iterdir()):
        if path.is_dir():
            shutil.rmtree(path)
        elif path != database or not (kept / "loop.db").exists():
            path.unlink()
    if not kept.exists():
        loop.rmdir()
        return
    for path in kept.iterdir():
        if path.name == "loop.db" and database.exists():
            database.write_bytes(path.read_bytes())
        elif path.is_dir():
            shutil.copytree(path, loop / path.name)
        else:
            shutil.copy2(path, loop / path.name)
