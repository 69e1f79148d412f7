"""Who is asked for which row, in every order in which people come: ``python -m attacks.leases``.

All that touches the store behind the page is done in one thread, a job at a time, so an order of
jobs is all that chance decides. This takes the real desk, its leases and its store, under a clock
of its own, and goes through all orders of the jobs of three people up to a depth, and through long
ones at random: rows asked for, answered, skipped, sent again, taken back, left, answers of two in
one transaction, what another process writes (before a job or amid one), a server that begins anew,
and time. After each, what was done is compared with `Book`, which knows the rules and not the code.
Then the code is made wrong in one place after the other, and each time an order must show it.
"""

from __future__ import annotations

import argparse
import copy
import datetime
import json
import random
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

from attacks.book import Book
from attacks.report import ended, table
from shortlist.loop.page import asking, desk, leases, taking
from shortlist.loop.page.leases import LEAVE, LONG, STAY
from shortlist.loop.page.posts import Post
from shortlist.loop.spec.reading import read_spec
from shortlist.loop.store import Event, Store
from shortlist.loop.store.times import PLAYED

PEOPLE = ("amy", "bob", "eve")
ROWS = ("first", "second", "twice")
"""Rows of the round. The last was labelled by amy before, and waits for a second person."""
STEPS = (LEAVE + 1, LONG, STAY - LEAVE / 2)
BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
SPEC = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.jsonl"
id = "id"
text = "body"
[round]
rows = 2
[retrain]
when = "growth:0.25"
[stop]
when = "budget:100"
"""
MODULES = {"leases": leases, "taking": taking, "asking": asking, "desk": desk}
FAULTS = {
    "an answered row stays somebody's": ("desk", "self._asking.leases.give_back(post.row)", "pass"),
    "a row taken back goes to nobody": ("desk", "self._asking.leases.take(post.row, post.annotator, shown=True)", "pass"),
    "a sign of life is everybody's": ("leases", "            if lease.annotator == annotator:", "            if True:"),
    "who leaves keeps rows": ("leases", "lease.until = min(lease.until, until)", "pass"),
    "who leaves gets more time": ("leases", "min(lease.until, until)", "until"),
    "rows never come back": ("leases", "lease is not None and lease.until > self._clock()", "lease is not None"),
    "a row kept ready is nobody's": ("asking", "for place, row in enumerate(rows):", "for place, row in enumerate(rows[:1]):"),
    "two get the same row": ("asking", "held is None or held.annotator == annotator", "True"),
    "the last row goes on at once": ("leases", "if lease.since <= self._clock() - LONG", "if True"),
    "the last row never goes on": ("asking", "yield from [] if spare is None else [spare]", "return"),
    "somebody is asked twice": ("asking", "annotator not in self._said[row]", "True"),
    "answers of others are not seen": ("asking", "if position != self._position:", "if self._position == 0:"),
    "a row taken back is not open": ("asking", "reopened |= self._enter(row)", "self._enter(row)"),
    "a skip holds the round open": ("asking", ' + self._holding["skipped"]', ""),
    "keys are lost": ("taking", 'key = f"{SOURCE}:{post.key}" if post.key else ""\n    payload', 'key = ""\n    payload'),
    "the last of a batch is lost": ("taking", "for post in posts:", "for post in posts[:1] + posts[2:]:"),
    "an undo takes nothing back": ("taking", "store.append([event, *back])", "store.append(back)"),
}  # fmt: skip
"""THE list of faults: what is made wrong, and how: the module, and the text that another takes the place of."""


class World:
    """A desk with its store, and the book that is kept beside it."""

    def __init__(self, folder: Path, code: dict[str, Any]) -> None:
        self._code, self._store = code, Store.open(folder)
        self.desk = code["desk"].Desk(folder)
        self._store = self.desk._store
        self.desk._in_thread = _at_once
        self.amid: Event | None = None
        self.time = 0.0
        code["desk"].take = self._take
        self.book = Book(PEOPLE, ROWS)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.desk._asking = self._code["asking"].Asking(self._store, self._code["leases"].Leases(lambda: self.time))
        self.desk._asking.refresh()

    def _take(self, *given: Any) -> Any:
        found = self._code["taking"].take(*given)
        if self.amid is not None:  # What another process does between the answer and what follows from it.
            self._store.append([self.amid])
            self.amid = None
        return found

    def jobs(self) -> list[tuple[Any, ...]]:
        """Return all that may come next."""
        book, found = self.book, []
        for who in PEOPLE:
            found += [("turn", who), ("leave", who)]
            if book.screen[who]:
                found += [("answer", who), ("skip", who)]
            if book.sent[who]:
                found += [("again", who), ("undo", who)]
        found += [("both", *pair) for pair in (PEOPLE[:2], PEOPLE[1:]) if all(book.screen[who] for who in pair)]
        found += [("other", row) for row in ROWS[:2] if row not in book.by_others]
        found += [
            ("amid", who, row)
            for who in PEOPLE[:1]
            if book.screen[who]
            for row in ROWS[1:2]
            if row not in book.by_others
        ]
        return [*found, ("anew",), *(("wait", step) for step in STEPS)]

    def do(self, job: tuple[Any, ...]) -> list[str]:
        """Do a job, and return what is wrong with it; nothing may be raised."""
        try:
            return self._did(job)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"]

    def _did(self, job: tuple[Any, ...]) -> list[str]:
        kind, *of = job
        book = self.book
        PLAYED.set(BEGIN + datetime.timedelta(seconds=self.time))
        if kind == "wait":
            self.time += of[0]
            book.wait(of[0])
        elif kind == "anew":
            self._begin_anew()
            book.anew()
        elif kind == "leave":
            _run(self.desk.leave(of[0]))
            book.leave(of[0])
        elif kind == "turn":
            turn, progress = _run(self.desk.turn(of[0], book.screen[of[0]], int(of[0] == "amy")))
            return book.turned(of[0], turn.pick and turn.pick.row, turn.ahead) + self._wrong(progress)
        elif kind == "other":
            event = Event("label", of[0], "zoe", "", "a", "file", f"zoe {of[0]}", {"round": 2})
            self._store.append([event])
            book.other(of[0])
        else:
            return self._post(kind, *of)
        return self._wrong(None)

    def _post(self, kind: str, *of: str) -> list[str]:
        book, who = self.book, of[0]
        if kind == "amid":
            self.amid = Event("label", of[1], "zoe", "", "a", "file", f"zoe {of[1]}", {"round": 2})
        if kind == "again":
            posts = [book.sent[who][-1]]
        elif kind == "undo":
            posts = [Post("undo", book.sent[who][-1].row, who, key=book.key(who))]
        else:
            skip = kind == "skip"
            people = of if kind == "both" else of[:1]
            posts = [
                Post("answer", book.screen[each], each, None if skip else "a", skip, book.key(each), 2)
                for each in people
            ]
        found, progress = self.desk._take(posts)
        wrong = []
        for post, taken in zip(posts, found, strict=True):
            wrong += book.posted(post, getattr(taken, "new", taken))
        if kind == "amid":
            book.other(of[1])
        return wrong + self._wrong(progress)

    def _wrong(self, progress: Any) -> list[str]:
        held = {
            row: (lease.annotator, lease.until - self.time) for row, lease in self.desk._asking.leases._of_row.items()
        }
        log = [(event.kind, event.row, event.annotator, event.source) for event in self._store.events()]
        return self.book.compared(held, log, progress)

    def kept(self) -> Any:
        """Return what `back` goes back to; the store has a savepoint of its own."""
        return self.time, self.book.copied(), _copied(self.desk._asking), self.desk._through

    def back(self, kept: Any) -> None:
        """Go back to how all was, which can be done again."""
        self.time, book, of, self.desk._through = kept
        self.book, self.desk._asking = book.copied(), _copied(of)

    def close(self) -> None:
        """End."""
        self.desk._thread.shutdown()
        self._store.close()


def _copied(of: Any) -> Any:
    """Return a copy that changes on its own, of the same store."""
    new = copy.copy(of)
    for name, value in vars(of).items():
        if isinstance(value, dict):
            setattr(new, name, type(value)({key: copy.copy(part) for key, part in value.items()}))
    if hasattr(of, "leases"):
        new.leases = _copied(of.leases)
    return new


async def _at_once(call: Any) -> Any:
    return call()


def _run(job: Any) -> Any:
    try:
        job.send(None)
    except StopIteration as ended_:
        return ended_.value
    raise AssertionError("a job waits for something")


def every_order(world: World, depth: int) -> tuple[int, list[str]]:
    """Go through all orders of so many jobs; return how many jobs there were, and what is wrong
    with the first that is. An order that leads to where another has led is not followed further.
    """
    connection = world._store._database.connection()
    been: dict[str, int] = {}
    steps = 0

    def follow(left: int, done: list[Any]) -> list[str]:
        nonlocal steps
        place = world.book.place()
        if been.get(place, 0) >= left:
            return []
        been[place] = left
        kept = world.kept()
        for job in world.jobs():
            connection.execute(f"SAVEPOINT s{left}")
            steps += 1
            wrong = world.do(job)
            wrong = [f"{line}, after {[*done, job]}" for line in wrong] or (
                follow(left - 1, [*done, job]) if left > 1 else []
            )
            connection.execute(f"ROLLBACK TO s{left}")
            world.back(kept)
            if wrong:
                return wrong
        return []

    connection.execute("BEGIN IMMEDIATE")
    wrong = follow(depth, [])
    connection.execute("ROLLBACK")
    return steps, wrong


def some_orders(world: World, count: int, length: int, seed: int) -> tuple[int, list[str]]:
    """The same for so many orders at random, which are longer."""
    chance, steps = random.Random(seed), 0
    connection = world._store._database.connection()
    kept = world.kept()
    for _ in range(count):
        done: list[Any] = []
        connection.execute("BEGIN IMMEDIATE")
        try:
            for _ in range(length):
                job = chance.choice(world.jobs())
                done.append(job)
                steps += 1
                if wrong := world.do(job):
                    return steps, [f"{line}, after {done}" for line in wrong]
        finally:
            connection.execute("ROLLBACK")
            world.back(kept)
    return steps, []


def begun(folder: Path) -> Path:
    """Begin a loop whose second round is out."""
    (folder / "pool.jsonl").write_text("".join(json.dumps({"id": row, "body": "x"}) + "\n" for row in (*ROWS, "more")))
    (folder / "x.toml").write_text(SPEC)
    with Store.create(folder / "loop", read_spec(folder / "x.toml")) as store, store.transaction() as connection:
        _add_round(connection, 1, "closed", {"twice": "seed"})
        store.append([Event("label", "twice", "amy", "", "a", "page", "", {"round": 1})])
        _add_round(connection, 2, "handed", {"first": "seed", "second": "seed", "twice": "overlap"})
    return folder / "loop"


def _add_round(connection: Any, number: int, state: str, rows: dict[str, str]) -> None:
    connection.execute("INSERT INTO rounds VALUES (?, ?, '', 0, NULL, 0, '', '', '{}')", (number, _spec(connection)))
    connection.execute("INSERT INTO states (round, state, time) VALUES (?, ?, '')", (number, state))
    for place, (row, share) in enumerate(rows.items()):
        picked = (number, place, row, place, share)
        connection.execute("INSERT INTO picks VALUES (?, ?, ?, ?, ?, '', NULL, NULL)", picked)


def _spec(connection: Any) -> str:
    return str(connection.execute("SELECT version FROM specs").fetchone()[0])


def code_with(fault: tuple[str, str, str] | None = None) -> dict[str, Any]:
    """Return the modules behind the page anew, one of them made wrong."""
    found: dict[str, Any] = {}
    for name, module in MODULES.items():
        source = Path(module.__file__ or "").read_text(encoding="utf-8")
        if fault is not None and fault[0] == name:
            if fault[1] not in source:
                raise ValueError(f"{name} has no {fault[1]!r}, which a fault is made of")
            source = source.replace(fault[1], fault[2])
        made = types.ModuleType(f"attacks.leases.{name}")
        sys.modules[made.__name__] = made
        exec(compile(source, str(module.__file__), "exec"), made.__dict__)
        found[name] = made
    return found


def tried(
    depth: int, count: int, length: int, seed: int, fault: tuple[str, str, str] | None = None
) -> tuple[int, list[str]]:
    """Go through orders of jobs of the code, or of the code with a fault."""
    with tempfile.TemporaryDirectory(prefix="leases-") as place:
        world = World(begun(Path(place)), code_with(fault))
        try:
            steps, wrong = every_order(world, depth)
            if not wrong:
                more, wrong = some_orders(world, count, length, seed)
                steps += more
        finally:
            world.close()
    return steps, wrong


def main() -> int:
    """Go through orders of the code, then of each fault; return 1 where one is wrong, or a fault is not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=int, default=5, help="jobs of the orders that are all gone through")
    parser.add_argument("--orders", type=int, default=2000, help="orders at random, of 40 jobs each")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    steps, wrong = tried(given.depth, given.orders, 40, given.seed)
    print(f"{steps:,} jobs of three people, after each of which all was compared")
    rows: list[list[str | int]] = []
    for name, fault in FAULTS.items():
        needed, found = tried(min(given.depth, 3), given.orders, 40, given.seed, fault)
        rows.append([name, needed, found[0][:120] if found else ""])
        wrong += [] if found else [f"no order shows that {name}"]
    print(table(["made wrong", "jobs until it shows", "as"], rows))
    return ended("orders of people on the page", wrong, inputs=steps, faults=len(rows))


if __name__ == "__main__":
    raise SystemExit(main())
