"""Calls of every kind in one process, by chance, each compared with what it gave at the start: ``python -m attacks.soak.calls``.

It prints a line of JSON every few seconds, and ends when it is told to or when its time is over.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import shortlist as sl
from attacks.soak.watched import held, limit_memory

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, CLASSES, K = 60_000, 12, 40
MEASURES = ("margin", "entropy", "gini", "least_confident", "ratio")
MORE = 3 << 29
"""Bytes that the process may map beyond what it begins with."""
PATIENCE = 60.0
"""Seconds after which a child or a call hangs."""


class InterruptedCallError(Exception):
    """What the handler of the alarm raises in the middle of a call."""


class Calls:
    """THE list of calls is this class's methods without an underscore; each returns what is wrong, or nothing."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng = folder, random.Random(seed)
        rng = np.random.default_rng(7)
        self.P = rng.dirichlet(np.ones(CLASSES), ROWS).astype(np.float32)
        self.other = self.P[::-1].copy()
        self.F = np.asfortranarray(self.P)
        self.groups = np.array(["ant", "bee", "cat"])[rng.integers(3, size=ROWS)]
        self.X = rng.normal(size=(6000, 16)).astype(np.float32)
        y = (self.X[:, :3] + rng.normal(size=(6000, 3))).argmax(axis=1)
        self.model = LogisticRegression(max_iter=300).fit(self.X[:500], y[:500])
        self.committee = np.stack([self.P[:9000], self.P[9000:18000], self.P[18000:27000]])
        self.picks = {name: sl.select(self.P, name, K, n_threads=1) for name in MEASURES}
        self.scores = {name: sl.score(self.P, name, n_threads=1) for name in MEASURES}
        self.of_other = sl.select(self.other, "margin", K, n_threads=1)
        self.grouped = sl.select(self.P, "margin", None, groups=self.groups, per_group=9, n_threads=1)
        self.queried = sl.query(self.model, self.X, "margin", K)
        self.far = sl.k_center(self.X, 12, n_threads=1)
        self.bald = sl.score(self.committee, "bald", n_threads=1)
        self.drawn = sl.select(self.P, "margin", K, perturb="power", random_state=5, n_threads=1)
        self.file = folder / "pool.npy"
        np.save(self.file, self.P)
        np.save(folder / "one.npy", self.P)
        np.save(folder / "two.npy", self.other)

    def _threads(self) -> int:
        return self.rng.choice((1, 2, 3, 7))

    def select(self) -> str:
        name, pool = self.rng.choice(MEASURES), self.rng.choice((self.P, self.F))
        return _same(sl.select(pool, name, K, n_threads=self._threads()), self.picks[name])

    def score(self) -> str:
        name = self.rng.choice(MEASURES)
        found = sl.score(self.P, name, n_threads=self._threads())
        return "" if found.tobytes() == self.scores[name].tobytes() else "other scores"

    def small(self) -> str:
        found = sl.select(self.P[:300], "margin", 5).indices
        return _same(found.tolist(), sl.select(self.P[:300], "margin", 5, n_threads=2).indices.tolist())

    def groups_and_draws(self) -> str:
        one = {"n_threads": self._threads()}
        grouped = sl.select(self.P, "margin", None, groups=self.groups, per_group=9, **one)
        drawn = sl.select(self.P, "margin", K, perturb="power", random_state=5, **one)
        return _same(grouped, self.grouped) or _same(drawn, self.drawn)

    def committees(self) -> str:
        found = sl.score(self.committee, "bald", n_threads=self._threads())
        return "" if found.tobytes() == self.bald.tobytes() else "other scores"

    def query(self) -> str:
        return _same(sl.query(self.model, self.X, "margin", K), self.queried)

    def k_center(self) -> str:
        return _same(sl.k_center(self.X, 12, n_threads=self._threads()), self.far)

    def selectors(self) -> str:
        """Blocks by chance to several states, pickled now and then, merged in any order."""
        name = self.rng.choice(MEASURES)
        states = [sl.Selector(name, K, n_threads=self._threads()) for _ in range(self.rng.randint(1, 4))]
        at = 0
        while at < ROWS:
            end, which = min(ROWS, at + self.rng.randint(1, 20_000)), self.rng.randrange(len(states))
            states[which].update(self.P[at:end], first_id=at)
            if self.rng.random() < 0.4:
                states[which] = pickle.loads(pickle.dumps(states[which]))
            at = end
        self.rng.shuffle(states)
        whole = states[0]
        for state in states[1:]:
            whole.merge(state)
        return _same(whole.finish(), self.picks[name])

    def files(self) -> str:
        name = self.rng.choice(MEASURES)
        found = sl.select(self.folder / "one.npy", name, K, n_threads=self._threads())
        found.to_csv(self.folder / "picks.csv")
        wrong = (self.folder / "picks.csv").read_text().count("\n") != K + 1
        return _same(found, self.picks[name]) or ("the file of picks is short" if wrong else "")

    def a_pool_that_is_replaced(self) -> str:
        """Another process puts another file in its place, again and again: the picks of one or of the other."""
        child = self._forked(lambda: [self._link(name) for _ in range(20) for name in ("two", "one")])
        wrong = ""
        for _ in range(5):
            found = sl.select(self.file, "margin", K, n_threads=self._threads())
            if found not in (self.picks["margin"], self.of_other):
                wrong = "the picks of no pool"
        return wrong or self._ended(child)

    def a_pool_that_is_cut_short(self) -> str:
        """Another process cuts the file: its picks, or one sentence."""
        cut, size = self.folder / "cut.npy", (self.folder / "one.npy").stat().st_size
        cut.write_bytes((self.folder / "one.npy").read_bytes())
        at = self.rng.randrange(200, size)
        child = self._forked(lambda: (time.sleep(self.rng.random() / 300), os.truncate(cut, at)))
        try:
            wrong = _same(sl.select(cut, "margin", K, n_threads=self._threads()), self.picks["margin"])
        except (ValueError, OSError) as error:
            wrong = _sentence(error, "cut.npy")
        return self._ended(child) or wrong

    def mistakes(self) -> str:
        bad = self.P[:500].copy()
        bad[300, 3] = np.nan
        for call in (
            lambda: sl.select(bad, "margin", 5, n_threads=2),
            lambda: sl.select(self.P, "mragin", 5),
            lambda: sl.select(self.P[:3], "margin", 5),
            lambda: sl.Selector("margin", 5).update(bad),
        ):
            try:
                call()
            except ValueError as error:
                if wrong := _sentence(error, ""):
                    return wrong
            else:
                return "a mistake was taken"
        return ""

    def too_much(self) -> str:
        """Scores beyond the memory that there is: a sentence, and the next call is as before."""
        try:
            sl.score(np.broadcast_to(self.P[0], (2 * MORE, CLASSES)), "margin")
        except MemoryError:
            return self.small()
        return "memory that isn't there was taken"

    def a_progress_that_raises(self) -> str:
        told = []

        def stop(done: int, rows: int) -> None:
            told.append(done)
            raise InterruptedCallError

        try:
            sl.select(np.broadcast_to(self.P[0], (10**12, CLASSES)), "entropy", 10, progress=stop, n_threads=2)
        except InterruptedCallError:
            return "" if len(told) == 1 else "told again after it raised"
        return "an endless call ended"

    def an_interruption_here(self) -> str:
        """A signal in the middle of a call of this process, whose memory must not be the poorer for it."""
        state = sl.Selector("margin", K, n_threads=2).update(self.P)
        endless = np.broadcast_to(self.P[0], (10**12, CLASSES))
        call: Callable[[], Any] = self.rng.choice(
            (lambda: sl.select(endless, "margin", K, n_threads=self._threads()), lambda: state.update(endless))
        )
        signal.setitimer(signal.ITIMER_REAL, 0.002 + self.rng.random() / 50)
        try:
            call()
        except InterruptedCallError:
            return _same(state.finish(), self.picks["margin"])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return "an endless call ended"

    def a_fork(self) -> str:
        """A child calls with helpers of its own, while this process goes on."""
        child = self._forked(lambda: _raised(self.select() or self.selectors()))
        return self.select() or self._ended(child)

    def ctrl_c(self) -> str:
        """A child at work gets SIGINT: it hears of it, and its next call is right."""
        reader, writer = os.pipe()

        def work() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                os.write(writer, b"x")  # from here on the signal may come, before the call too
                sl.select(np.broadcast_to(self.P[0], (10**12, CLASSES)), "entropy", 10, n_threads=2)
            except KeyboardInterrupt:
                _raised(self.select())
            else:
                raise AssertionError("an endless call ended")

        child = self._forked(work)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        time.sleep(0.005 + self.rng.random() / 50)
        os.kill(child, signal.SIGINT)
        return self._ended(child)

    def _link(self, name: str) -> None:
        new = self.folder / f"new-{os.getpid()}"
        os.link(self.folder / f"{name}.npy", new)
        os.replace(new, self.file)
        new.unlink(missing_ok=True)  # where both were the same file already, a rename leaves them
        time.sleep(0.001)

    def _forked(self, work: Callable[[], object]) -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            work()
            code = 0
        except BaseException as error:
            (self.folder / f"said-{os.getpid()}").write_text(repr(error))
        finally:
            os._exit(code)

    def _ended(self, child: int) -> str:
        """Wait for a child; return what is wrong with its end."""
        until = time.monotonic() + PATIENCE
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "a child hangs"
            time.sleep(0.002)
        if not ended[1]:
            return ""
        said = self.folder / f"said-{child}"
        return f"a child ended with {os.waitstatus_to_exitcode(ended[1])}: {said.read_text() if said.exists() else ''}"


def _same(found: object, wanted: object) -> str:
    return "" if found == wanted else "other picks"


def _sentence(error: Exception, part: str) -> str:
    said = str(error)
    return "" if said and "\n" not in said and part in said else f"no sentence: {error!r}"


def _raised(wrong: str) -> None:
    if wrong:
        raise AssertionError(wrong)


def main() -> int:
    """Call until the time is over, and print every few seconds how that goes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    until, told = time.monotonic() + 60 * given.minutes, 0.0

    def alarm(*_: object) -> None:
        raise InterruptedCallError

    signal.signal(signal.SIGALRM, alarm)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with tempfile.TemporaryDirectory(prefix="soak-") as place, contextlib.suppress(BrokenPipeError):
        calls = Calls(Path(place), given.seed)
        names = [name for name in vars(Calls) if not name.startswith("_")]
        counts, wrong, number = dict.fromkeys(names, 0), list[str](), 0
        limit_memory(MORE)
        while (now := time.monotonic()) < until:
            name = calls.rng.choice(names)
            try:
                found = getattr(calls, name)()
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            counts[name] += 1
            number += 1
            if found:
                wrong.append(f"call {number} of seed {given.seed}, {name}: {found}")
            if now > told + 3:
                told = now
                print(json.dumps({"held": held(), "counts": counts, "wrong": wrong}), flush=True)
                counts, wrong = dict.fromkeys(names, 0), []
        print(json.dumps({"held": held(), "counts": counts, "wrong": wrong}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
