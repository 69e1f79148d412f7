"""Nothing is lost: ``python -m attacks.kills``.

Loops of five rounds are played by processes that are killed: one command after the other at each of its writes, and many at
once at random moments. Each is compared with the loop that nobody killed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from attacks.kills import at_every_write, at_random
from attacks.ran import given_to
from attacks.report import ended, say, table


def main() -> int:
    """Play the loops, print the tables, and return 1 where anything differs."""
    given = given_to(
        "attacks.kills",
        __doc__,
        "end at every so many-th write",
        kills={"type": int, "default": 200, "help": "kills at random moments"},
        at_writes={"action": "store_true", "help": "kill at the n-th write, n drawn, in place of moments"},
        part={"choices": ["writes", "random"], "help": "only one of the two"},
    )
    wrong: list[str] = []
    kills = 0
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        if given.part != "random":
            tallies = at_every_write.run(Path(folder) / "writes", given.every, given.journal, say)
            wrong += _writes(tallies)
            kills += sum(tally.kills for tally in tallies.values())
        if given.part != "writes":
            place = Path(folder) / "random"
            played = at_random.run(place, given.kills, given.journal, say, at_writes=given.at_writes)
            wrong += _random(played)
            kills += sum(played.kills.values())
    return ended("kills of a loop", wrong, kills=kills)


def _writes(tallies: dict[str, at_every_write.Tally]) -> list[str]:
    rows = [[n, t.writes, t.kills, t.labels, len(t.wrong), len(t.left)] for n, t in tallies.items()]
    print(
        table(
            ["ended at its writes", "calls that write", "kills", "labels compared", "differences", "files left"], rows
        )
    )
    return [line for tally in tallies.values() for line in (*tally.wrong, *(f"left: {path}" for path in tally.left))]


def _random(played: at_random.Played) -> list[str]:
    names = sorted({*played.kills, *played.ended})
    rows = [[name, played.kills[name], played.ended[name]] for name in names]
    rows.append(["all", sum(played.kills.values()), sum(played.ended.values())])
    print(table(["killed at random", "kills", "ran to the end"], rows))
    print(
        f"{played.loops} loops: {played.acknowledged:,} answers acknowledged, {played.labels:,} labels compared, "
        f"{len(played.wrong)} differences\n"
    )
    return played.wrong


if __name__ == "__main__":
    raise SystemExit(main())
