"""Loops whose processes are killed at random moments while several people's answers are taken in at once."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from attacks.kills.outcome import differences, outcome
from attacks.kills.project import ROUNDS, answers, write_project
from attacks.ran import FINE, Ran
from shortlist.loop.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PEOPLE = ("amy", "raj", "eve", "kim")
FILES = 3
"""Exports that each brings in a round, one after the other."""
ATTEMPTS = 6
"""Times that a command is started; it is not killed at the last."""


@dataclass
class Played:
    """What loops came to: kills by command, and what was lost or differs."""

    kills: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    loops: int = 0
    acknowledged: int = 0
    labels: int = 0
    wrong: list[str] = field(default_factory=list)


def run(place: Path, kills: int, journal: str, say: Callable[[str], None], *, at_writes: bool = False) -> Played:
    """Play loops until so many processes were killed; compare each with the one that nobody killed.

    With `at_writes` a process ends at one of its writes and not at a moment, so that all is the same when it is run again.
    """
    played = Played()
    wanted = _play(place / "undisturbed", played, None, journal, at_writes)
    while sum(played.kills.values()) < kills:
        seed = played.loops
        found = _play(place / f"loop-{seed}", played, random.Random(seed), journal, at_writes)
        played.loops += 1
        played.labels += len(found["labels"])
        played.wrong += [f"loop {seed}: {line}" for line in differences(found, wanted)]
        say(f"loop {seed}: {sum(played.kills.values())} kills so far, {len(played.wrong)} differences")
    return played


class _Killer:
    """Starts commands, of which some are killed."""

    def __init__(self, project: Path, played: Played, chance: random.Random | None, at_writes: bool) -> None:
        self._project, self._played, self._chance, self._at_writes = project, played, chance, at_writes
        self._started = 0

    def start(self, *words: str, spare: bool = False) -> tuple[Ran, float | None]:
        """Start a command; return it, and when it is to be killed."""
        self._started += 1
        chance = None if spare or self._chance is None or self._chance.random() > 0.75 else self._chance
        at = chance.randrange(1, 400) if chance and self._at_writes else 0
        loop, said = self._project / "loop", self._project / f"said-{self._started}.txt"
        ran = Ran([*words, "--dir", str(loop)], said, loop, at)
        within = 1.2 * self._played.seconds.get(words[0], 0.2)
        until = time.monotonic() + chance.uniform(0, within) if chance and not self._at_writes else None
        return ran, until

    def end(self, *started: tuple[Ran, float | None]) -> None:
        """Kill those that are to be, at their moments, and wait for all."""
        for ran, until in sorted(started, key=lambda each: each[1] or 0):
            if until is not None:
                time.sleep(max(0.0, until - time.monotonic()))
                ran.kill()
        for ran, _ in started:
            code = ran.wait()
            name = "run --once" if ran.words[0] == "run" else ran.words[0]
            if code == -9:
                self._played.kills[name] += 1
            else:
                self._played.ended[name] += 1
                if code not in FINE and "a loop lives in" not in ran.said:
                    self._played.wrong.append(f"{ran.words[:2]} ended with {code}: {ran.said[-300:]}")

    def until_done(self, *words: str) -> None:
        """Run a command until nobody has killed it."""
        for attempt in range(ATTEMPTS):
            began = time.monotonic()
            started = self.start(*words, spare=attempt == ATTEMPTS - 1)
            self.end(started)
            if started[0].code != -9:
                self._played.seconds[words[0]] = time.monotonic() - began
                return


def _play(project: Path, played: Played, chance: random.Random | None, journal: str, at_writes: bool) -> dict[str, Any]:
    write_project(project, journal)
    loop, exports = project / "loop", project / "exports"
    killer = _Killer(project, played, chance, at_writes)
    killer.until_done("init", str(project / "loop.toml"))
    acknowledged: set[tuple[str, str]] = set()
    for number in range(1, ROUNDS + 1):
        killer.until_done("next")
        asked = loop / "handoff" / f"round-{number:04}.csv"
        if not asked.exists():
            raise AssertionError(f"{asked.name} isn't there; commands that ended with an error: {played.wrong}")
        last = len(asked.read_text().splitlines()) - 2
        files = {}
        for place, who in enumerate(PEOPLE):
            # A few rows are answered by two people, and one by nobody yet: so that no round ends before all is taken in.
            begin = place * last // len(PEOPLE)
            parts = [slice(begin + 2 * part, min(last, begin + 2 * part + 3)) for part in range(FILES)]
            files[who] = [
                answers(asked, who, part, number, exports / f"{who}-{number}-{n}.csv") for n, part in enumerate(parts)
            ]
        left = dict(files)
        for attempt in range(ATTEMPTS):
            spare = attempt == ATTEMPTS - 1
            ingests = {who: killer.start("ingest", *map(str, some), spare=spare) for who, some in left.items()}
            killer.end(*ingests.values(), killer.start("status"), killer.start("next"))
            for who, (ran, _) in ingests.items():
                acknowledged |= _acknowledged(ran, files[who])
            _check(loop, acknowledged, played)
            left = {who: some for who, some in left.items() if ingests[who][0].code == -9}
            if not left:
                break
        killer.until_done(
            "ingest", str(answers(asked, "amy", slice(last, None), number, exports / f"last-{number}.csv"))
        )
        killer.until_done("run", "--once")
    played.acknowledged += len(acknowledged)
    return outcome(loop)


def _acknowledged(ran: Ran, files: list[Path]) -> set[tuple[str, str]]:
    """Return row and person of all answers of files that an ingest has said something of."""
    found = set()
    for path in files:
        if f"{path.name}: " in ran.said:
            for line in path.read_text().splitlines()[1:]:
                row, _, who, _ = line.split(",")
                found.add((row, who))
    return found


def _check(loop: Path, acknowledged: set[tuple[str, str]], played: Played) -> None:
    with Store.open(loop) as store:
        kept = {(event.row, event.annotator) for event in store.events()}
    if acknowledged - kept:
        played.wrong.append(f"acknowledged answers are lost: {sorted(acknowledged - kept)[:3]}")
