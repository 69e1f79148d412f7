"""Trainings that come back twice, late, broken or never: ``python -m attacks.trainings``.

A loop hands a training to a command that only submits it, and its result lies in the job's folder one day; or it trains itself,
in a process that is killed or stopped while another one goes on. A cluster that trains is attacked by `attacks.clusters`.
Each time a round has one model, which is the first result of the last job; every round is planned again as it was; people
get their next rows; and what went wrong is a sentence.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl
from attacks.kills.outcome import unfinished
from attacks.kills.project import CLASSES, truth, write_pool
from attacks.ran import Ran, begin_again_watched, import_all
from attacks.report import ended, table
from shortlist.loop import elsewhere
from shortlist.loop.errors import LoopError
from shortlist.loop.store import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 120
PATIENCE = 60.0
"""Seconds in which a training begins."""
SPEC = """
loop = 1
name = "trainings"
classes = ["billing", "bug", "how-to"]
[pool]
path = "tickets.csv"
id = "ticket"
text = "body"
[model]
{model}
[seed]
rows = 20
[round]
rows = 8
mix = {{ explore = 0.2 }}
[handoff]
tool = "csv"
[stop]
when = "budget:10000"
[retrain]
when = "growth:0.1"
"""
SUBMITTED = f'command = ["{sys.executable}", "-c", "pass"]\npoll = []\nretries = {{retries}}\ntimeout = 1000'
SLOW = """
import pathlib, time
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

class Slow(LogisticRegression):
    def fit(self, X, y):
        pathlib.Path({place!r}, "at-work").touch()
        time.sleep(1.5)
        return super().fit(X, y)

def model():
    return make_pipeline(CountVectorizer(), Slow())
"""
COMMAND = """
import pathlib, sys, time
import numpy as np
pathlib.Path({place!r}, "at-work").touch()
time.sleep(1.5)
out = pathlib.Path(sys.argv[1], "out")
np.save(out / "probs.npy", np.full(({rows}, 3), 1 / 3))
(out / "done.json").write_text("{{}}")
"""
TRIED: Counter[str] = Counter()
"""Results that came, results that were broken, and processes that were killed or stopped."""


class Project:
    """A loop whose first round is labelled, and what is done to it."""

    def __init__(self, folder: Path, model: str = SUBMITTED.format(retries=0)) -> None:
        self.place, self.folder, self.errors = folder, folder / "loop", list[str]()
        folder.mkdir()
        write_pool(folder, ROWS)
        (folder / "train.py").write_text(COMMAND.format(place=str(folder), rows=ROWS))
        # Under a name of its own, as Python imports a module once.
        (folder / f"slow_{folder.name}.py").write_text(SLOW.format(place=str(folder)))
        (folder / "loop.toml").write_text(SPEC.format(model=model))
        sl.Loop.init(folder / "loop.toml", self.folder).close()
        self.label()

    def label(self) -> None:
        """Answer the round that is open, or the next one."""
        with sl.Loop(self.folder) as loop:
            loop.ingest([{"id": row, "label": truth(row), "annotator": "amy"} for row in loop.next().ids])

    def run(self) -> list[str]:
        """Do what is due; return what was done, or what went wrong."""
        with sl.Loop(self.folder) as loop:
            try:
                return loop.run_once()
            except LoopError as error:
                self.errors.append(str(error))
                return [str(error)]

    def started(self, *words: str, at: int = 0) -> Ran:
        """Start a command in a process of its own."""
        TRIED["runs"] += 1
        return Ran([*words, "--dir", str(self.folder)], self.place / f"said-{TRIED['runs']}", self.folder, at)

    def out(self, job: int) -> Path:
        """Return where a job's result is to lie; it may be made again by one that doesn't know that it is over."""
        place = self.folder / "cache" / f"training-{job}" / "out"
        place.mkdir(parents=True, exist_ok=True)
        return place

    def bring(self, job: int, seed: int, done: str = "{}") -> bytes:
        """Let a job's result come; return the answers that it is to be."""
        TRIED["came"] += 1
        answers = np.random.default_rng(seed).dirichlet(np.ones(len(CLASSES)), ROWS).astype(np.float32)
        np.save(self.out(job) / "probs.npy", answers)
        (self.out(job) / "done.json").write_text(done)
        return answers.tobytes()

    def models(self) -> list[bytes]:
        """Return the answers of all models."""
        with sl.Loop(self.folder) as loop:
            store = loop._store
            return [np.load(store.blob(model.probabilities)).tobytes() for model in store.models()]

    def wrong(self, wanted: list[bytes] | int) -> Iterator[str]:
        """Yield what isn't as it is to be: which models there are (or how many), rounds, files, sentences."""
        found = self.models()
        if len(found) != wanted if isinstance(wanted, int) else found != wanted:
            yield f"{len(found)} models, of which {found == wanted}"
        with sl.Loop(self.folder) as loop:
            yield from (str(replay) for replay in loop.replay_all() if not replay)
            yield from (f"damaged: {blob}" for blob in loop._store.damaged_blobs())
            used = [job.number for job in loop._store.jobs_of("train") if job.ok and job.used]
            if len(used) != len(found):
                yield f"{len(found)} models of the jobs {used}"
            if not loop.next().ids:
                yield "nobody gets rows"
        yield from (f"left: {path}" for path in unfinished(self.folder))
        yield from (f"it said {error!r}" for error in self.errors if "Traceback" in error or not error.strip())

    def says(self, what: str) -> Iterator[str]:
        """Yield that it didn't say what it is to say, where it didn't."""
        if not any(what in error for error in self.errors):
            yield f"it did not say {what!r}, but {self.errors}"


def twice(folder: Path, every: int) -> Iterator[str]:
    """The same result comes again, and then another one of the same job."""
    project = Project(folder)
    project.run()
    first = project.bring(1, seed=1)
    project.run()
    for seed in (1, 2):
        project.bring(1, seed)
        project.run()
        yield from project.wrong([first])
    project.label()
    project.run()
    second = project.bring(2, seed=3)
    project.bring(1, seed=4)
    project.run()
    yield from project.wrong([first, second])


def two_take_it_in(folder: Path, every: int) -> Iterator[str]:
    """Two processes find the result at the same time; one of them is killed at each of its writes."""
    for at in range(0, 200, every):
        project = Project(folder / str(at))
        project.run()
        wanted = project.bring(1, seed=1)
        both = [project.started("run", "--once", at=at), project.started("run", "--once")]
        codes = [one.wait() for one in both]
        TRIED["killed"] += codes[0] == -9
        yield from (f"it ended with {one.code}: {one.said[-300:]}" for one in both if one.code not in (0, 3, -9))
        project.run()
        yield from project.wrong([wanted])
        shutil.rmtree(project.place)
        if at and codes[0] != -9:
            return


def after_newer_rounds(folder: Path, every: int) -> Iterator[str]:
    """It comes when two more rounds were labelled, which were planned again in between."""
    project = Project(folder)
    for _ in range(3):
        project.run()
        yield from project.wrong([])
        project.label()
    with sl.Loop(project.folder) as loop:
        rounds = len(loop._store.rounds())
        position = loop._store.job("train").detail["facts"]["position"]
    wanted = project.bring(1, seed=1)
    project.run()
    yield from project.wrong([wanted])
    with sl.Loop(project.folder) as loop:
        model = loop._store.models()[0]
        if (model.round, model.position) != (1, position) or len(loop._store.rounds()) < rounds:
            yield f"the model says round {model.round} and position {model.position}, and was submitted at {position}"


def after_another_training(folder: Path, every: int) -> Iterator[str]:
    """Another training was forced meanwhile: the first result comes before, with and after the other one's."""
    for number, order in enumerate(([1, 2], [2, 1], [1], [12])):
        project = Project(folder / str(number))
        project.run()
        with sl.Loop(project.folder) as loop:
            loop.train(force=True)
        wanted = []
        for job in order:
            for each in (1, 2) if job == 12 else (job,):
                answers = project.bring(each, seed=each)
                wanted += [answers] if each == 2 else []
            project.run()
        yield from project.wrong(wanted)


def of_another_loop(folder: Path, every: int) -> Iterator[str]:
    """What comes says that it is of another job, another pool or other classes."""
    for number, done in enumerate(('{"token": "0"}', '{"fingerprint": "0"}', '{"classes": ["a"]}', "[]", '{"tok')):
        project = Project(folder / str(number))
        project.run()
        project.bring(1, 1, done)
        TRIED["broken"] += 1
        project.run()
        yield from project.wrong([])
        yield from project.says("out/done.json")


def cut_short(folder: Path, every: int) -> Iterator[str]:
    """It comes cut short at each of its bytes, is submitted again, and comes whole."""
    project = Project(folder / "whole")
    project.run()
    project.bring(1, seed=1)
    whole = (project.out(1) / "probs.npy").read_bytes()
    for length in range(0, len(whole), 7 * every):
        here = Project(folder / str(length), SUBMITTED.format(retries=1))
        here.run()
        wanted = here.bring(1, seed=1)
        TRIED["broken"] += 1
        (here.out(1) / "probs.npy").write_bytes(whole[:length])
        said = here.run()
        if not any("submitted as job 2" in line for line in said):
            yield f"cut at {length}: {said}"
            continue
        yield from here.wrong([])
        here.bring(2, seed=1)
        here.run()
        yield from (f"cut at {length}: {line}" for line in here.wrong([wanted]))
        shutil.rmtree(here.place)


def never(folder: Path, every: int) -> Iterator[str]:
    """It never comes: the job's time is over, its folder is gone, or both; and comes after all."""
    for number, gone in enumerate((False, True)):
        project = Project(folder / str(number))
        project.run()
        if gone:
            shutil.rmtree(project.out(1).parent)
            project.run()
            yield from project.says("is gone")
        else:
            with _later("2999-01-01T00:00:00.000000Z"):
                project.run()
            yield from project.says("nothing came within 1000 s")
        yield from project.wrong([])
        project.label()
        project.bring(1, seed=1)
        with sl.Loop(project.folder) as loop:
            loop.train(force=True)
        yield from project.wrong([])
        wanted = project.bring(2, seed=2)
        project.run()
        yield from project.wrong([wanted])


def killed_while_it_submits(folder: Path, every: int) -> Iterator[str]:
    """Whoever submits is killed at each write; all that was submitted comes."""
    for at in range(1, 400, every):
        project = Project(folder / str(at))
        killed = project.started("run", "--once", at=at).wait()
        TRIED["killed"] += killed == -9
        project.run()
        last = _last(project)
        for job in range(1, last + 1):
            answers = project.bring(job, seed=job)
        project.run()
        yield from (f"killed at write {at}: {line}" for line in project.wrong([answers]))
        shutil.rmtree(project.place)
        if killed != -9:
            return


def _last(project: Project) -> int:
    with sl.Loop(project.folder) as loop:
        return int(loop._store.job("train").number)


def side_by_side(folder: Path, every: int) -> Iterator[str]:
    """Two processes train; the first is killed, or stopped while the other goes on, and goes on later.

    A command that it had begun goes on without it.
    """
    ways = [("killed", "run --once"), ("stopped", "run --once"), ("stopped", "train --force"), ("both", "run --once")]
    command = f'command = ["{sys.executable}", "train.py", "{{job}}"]'
    for number, (what, words) in enumerate(2 * ways):
        model = command if number >= len(ways) else f'estimator = "slow_{number}:model"'
        project = Project(folder / str(number), model)

        yield from (f"{what}, {words}, {model}: {line}" for line in _beside(project, what, words))


def _beside(project: Project, what: str, words: str) -> Iterator[str]:
    forced = words.startswith("train")
    first = project.started("run", "--once")
    if what != "both":
        _until(project.place / "at-work")
        os.kill(first.process, signal.SIGKILL if what == "killed" else signal.SIGSTOP)
        TRIED["killed"] += 1
    other = project.started(*words.split())
    other.wait()
    if what == "stopped":
        # People go on while it stands still.
        yield from project.wrong(int(forced))
        os.kill(first.process, signal.SIGCONT)
    first.wait()
    right = -9 if what == "killed" else int(forced)
    if first.code != right or other.code not in (0, 3):
        yield f"they ended with {first.code} and {other.code}: {first.said[-300:]} {other.said[-300:]}"
    if first.code == 1 and "whose result is kept and not used" not in first.said:
        yield f"it said {first.said[-300:]!r}"
    yield from project.wrong(1)
    project.label()
    project.run()
    yield from project.wrong(2)


def _until(path: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"no training began within {PATIENCE:g} s")
        time.sleep(0.01)


@contextlib.contextmanager
def _later(when: str) -> Iterator[None]:
    """Let it be later."""
    before = elsewhere.now, jobs.now
    elsewhere.now = jobs.now = lambda: when  # type: ignore[assignment]
    try:
        yield
    finally:
        elsewhere.now, jobs.now = before  # type: ignore[assignment]


WAYS: dict[str, Callable[[Path, int], Iterator[str]]] = {
    way.__name__: way
    for way in (
        twice,
        two_take_it_in,
        after_newer_rounds,
        after_another_training,
        of_another_loop,
        cut_short,
        never,
        killed_while_it_submits,
        side_by_side,
    )
}
"""THE list of what may become of a training."""


def main() -> int:
    """Try all of it, print what it came to, and return 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", nargs="*", metavar="WAY", help=f"only these of {', '.join(WAYS)}")
    parser.add_argument("--every", type=int, default=1, help="only each so many-th cut and kill")
    given = parser.parse_args()
    begin_again_watched("attacks.trainings")
    import_all()
    rows: list[list[Any]] = []
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="trainings-") as place:
        for name in given.way or WAYS:
            print(name, file=sys.stderr, flush=True)
            before, folder = TRIED.copy(), Path(place) / name
            if WAYS[name] not in (twice, after_newer_rounds):
                folder.mkdir()
            found = [f"{name}: {line}" for line in WAYS[name](folder, given.every)]
            tried = [TRIED[what] - before[what] for what in ("came", "broken", "killed")]
            rows.append([name.replace("_", " "), *tried, len(found)])
            wrong += found
    print(table(["a training", "results", "of them broken", "processes killed or stopped", "findings"], rows))
    return ended("trainings elsewhere", wrong, inputs=TRIED["came"], faults=TRIED["broken"], kills=TRIED["killed"])


if __name__ == "__main__":
    raise SystemExit(main())
